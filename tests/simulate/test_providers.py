"""Each provider plays its own sequences, and a server with a flaw is caught by the flaw's name."""

import json
from random import Random
from typing import Any

import httpx
import pytest

from rolecall.simulate.caller import Caller
from rolecall.simulate.directory import story_of
from rolecall.simulate.manners import MANNERS
from rolecall.simulate.player import Player
from rolecall.simulate.playing import (
    BASIS,
    COMPARING,
    Choice,
    CouldNotRun,
    Report,
    play,
    report_of,
)
from rolecall.simulate.rules import RULES
from rolecall.simulate.simulation import Plan, chapters_of, player_of
from tiny_scim_server import Json, TinyScimServer

FLAG = "aadOptscim062020"
EVERYBODY = [("entra", FLAG), *((name, "") for name in sorted(MANNERS))]
GENERIC_MEETS = {
    *("no-answer", "status", "not-json", "list-shape", "no-match", "wrong-match", "id"),
    *("boolean", "link", "lost-member", "lost-change"),
}
"""The rules that the generic player can find broken; the others need what it never asks."""


def a_player(server: TinyScimServer, provider: str, query: str = "") -> Player:
    story = story_of(Random(7), users=60, groups=4, changes=12)
    client = httpx.Client(
        base_url="http://scim.test/v2/", params=query, transport=httpx.MockTransport(server)
    )
    caller = Caller(client, "token", None, lambda _: None, MANNERS[provider])
    return player_of(Plan(provider=provider, users=60, groups=4), story, caller, query)


def played(server: TinyScimServer, provider: str, query: str = "") -> Report:
    player = a_player(server, provider, query)
    play(player, lambda _: None, player.caller.manners.concurrency, compares=True)
    return report_of(player, 1.0)


def bodies(server: TinyScimServer, method: str, endpoint: str) -> list[str]:
    """What was sent, as text."""
    return [
        request.content.decode()
        for request in server.requests
        if request.method == method and f"/v2/{endpoint}" in request.url.path
    ]


@pytest.mark.parametrize(("provider", "query"), EVERYBODY)
def test_nobody_stumbles_over_a_server_without_a_flaw(provider: str, query: str) -> None:
    report = played(TinyScimServer(), provider, query)
    assert report.surprises == ()
    assert report.users_active > 0


@pytest.mark.parametrize("provider", sorted(MANNERS))
def test_a_story_played_twice_is_clean_the_second_time(provider: str) -> None:
    server = TinyScimServer()
    played(server, provider)
    assert played(server, provider).surprises == ()


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"null", "conflict"}))
def test_okta_stumbles_over_each_flaw(rule: str) -> None:
    assert rule in {each.rule for each in played(TinyScimServer(rule), "okta").surprises}


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"walk", "conflict", "password-shown"}))
def test_entra_stumbles_over_each_flaw(rule: str) -> None:
    assert rule in {each.rule for each in played(TinyScimServer(rule), "entra").surprises}


@pytest.mark.parametrize("rule", sorted(GENERIC_MEETS))
def test_a_client_by_the_book_stumbles_over_what_breaks_the_book(rule: str) -> None:
    assert rule in {each.rule for each in played(TinyScimServer(rule), "generic").surprises}


def test_okta_puts_profiles_and_patches_memberships() -> None:
    server = TinyScimServer()
    played(server, "okta")
    assert bodies(server, "PUT", "Users")
    patched = [json.loads(body)["Operations"][0] for body in bodies(server, "PATCH", "Users")]
    assert all("path" not in each for each in patched)
    assert {name for each in patched for name in each["value"]} == {"active", "password"}
    assert not bodies(server, "DELETE", "Users")
    assert bodies(server, "DELETE", "Groups")


def test_okta_sends_a_password_and_no_groups_with_a_create() -> None:
    server = TinyScimServer()
    played(server, "okta")
    sent = [json.loads(body) for body in bodies(server, "POST", "Users")]
    assert all(body["password"] and body["groups"] == [] for body in sent)
    assert {request.headers["User-Agent"] for request in server.requests} == {
        "Okta SCIM Client 1.0.0"
    }


def test_entra_sends_text_for_booleans_and_capitals_without_the_flag() -> None:
    server = TinyScimServer()
    played(server, "entra")
    sent = "".join(bodies(server, "PATCH", ""))
    assert all(text in sent for text in ('"False"', '"Add"', '"Remove"', '"$ref":null'))
    assert not any(FLAG in str(request.url) for request in server.requests)


def test_entra_with_the_flag_sends_it_with_every_request_and_follows_the_standard() -> None:
    server = TinyScimServer()
    played(server, "entra", FLAG)
    sent = "".join(bodies(server, "PATCH", ""))
    assert not any(text in sent for text in ('"False"', '"Add"', '"Remove"', '"$ref"'))
    assert '"name.familyName"' in sent
    assert all(FLAG in str(request.url) for request in server.requests)


def test_entra_deletes_one_leaver_and_looks_for_the_disabled() -> None:
    server = TinyScimServer()
    played(server, "entra")
    assert len(bodies(server, "DELETE", "Users")) == 1


def test_an_app_of_oktas_wizard_patches_nothing() -> None:
    server = TinyScimServer()
    played(server, "okta-aiw")
    assert not bodies(server, "PATCH", "")
    assert any('"active":false' in body for body in bodies(server, "PUT", "Users"))
    assert not bodies(server, "DELETE", "Users")


def test_okta_says_what_it_is_and_what_it_takes_with_every_request() -> None:
    server = TinyScimServer()
    played(server, "okta")
    for request in server.requests:
        assert request.headers["Accept-Charset"] == "utf-8"
        assert request.headers["Accept"] == "application/scim+json"
        if request.content:
            declared = request.headers["Content-Type"]
            assert declared == "application/scim+json; charset=utf-8"


def test_okta_clears_a_group_before_it_is_unlinked() -> None:
    server = TinyScimServer()
    played(server, "okta")
    sent = [json.loads(body)["Operations"][0] for body in bodies(server, "PATCH", "Groups")]
    assert {"op": "replace", "path": "members", "value": []} in sent


def test_onelogin_puts_users_and_deletes_one_who_was_suspended() -> None:
    server = TinyScimServer()
    played(server, "onelogin")
    assert not bodies(server, "PATCH", "Users")
    assert any('"active":false' in body for body in bodies(server, "PUT", "Users"))
    assert len(bodies(server, "DELETE", "Users")) == 1
    assert bodies(server, "PATCH", "Groups")


def test_jumpcloud_leaves_nothing_of_its_test_behind() -> None:
    server = TinyScimServer()
    player = a_player(server, "jumpcloud")
    player.test_connection()
    assert server.resources == {"Users": {}, "Groups": {}}
    assert player.caller.surprises == []


def test_jumpcloud_deactivates_its_test_user_where_nobody_is_deleted() -> None:
    class Keeping(TinyScimServer):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.method == "DELETE":
                return self.refused(501, "nobody is deleted here")
            return super().__call__(request)

    server = Keeping()
    player = a_player(server, "jumpcloud")
    player.test_connection()
    [left] = server.resources["Users"].values()
    assert left["active"] is False
    assert player.caller.surprises == []


def test_jumpcloud_takes_up_what_an_earlier_test_has_left() -> None:
    server = TinyScimServer()
    server.create("Users", {"schemas": [], "userName": "jumpcloud-test@example.com"})
    player = a_player(server, "jumpcloud")
    player.test_connection()
    assert player.caller.surprises == []
    assert server.resources["Users"] == {}


def test_jumpclouds_test_ends_where_nothing_can_be_made() -> None:
    class Refusing(TinyScimServer):
        def create(self, endpoint: str, body: dict[str, object]) -> httpx.Response:
            return self.refused(403, f"no {endpoint} for {len(body)}")

    player = a_player(Refusing(), "jumpcloud")
    player.test_connection()
    assert [each.form for each in player.caller.surprises] == ["jumpcloud-test"]


def test_rippling_adds_members_without_a_path_and_one_as_an_object() -> None:
    server = TinyScimServer()
    played(server, "rippling")
    sent = [json.loads(body)["Operations"][0] for body in bodies(server, "PATCH", "Groups")]
    added = [each for each in sent if each["op"] == "add"]
    assert any("path" not in each and "members" in each["value"] for each in added)
    assert any(isinstance(each["value"], dict) and "value" in each["value"] for each in added)


def test_entra_sets_entries_that_nobody_has_made_and_merges_later_parts() -> None:
    server = TinyScimServer()
    player = a_player(server, "entra")
    play(player, lambda _: None, 1, compares=True)
    id = player.ledger.users[1]
    assert server.resources["Users"][id]["addresses"] == [
        {"type": "work", "formatted": "1 Rowan Way", "locality": "Quarry"}
    ]
    assert player.ledger.details.keys() == {1, 2, 3}


def test_entra_stumbles_over_entries_that_are_doubled_instead_of_merged() -> None:
    class Doubling(TinyScimServer):
        def set(self, resource: dict[str, Any], path: str, value: Json) -> None:
            if path.startswith("phoneNumbers"):
                resource.setdefault("phoneNumbers", []).append({"type": "mobile", "value": value})
                if len(resource["phoneNumbers"]) == 2:
                    resource["phoneNumbers"] = [{"type": "mobile", "value": value}] * 2
            else:
                super().set(resource, path, value)

    found = played(Doubling(), "entra").surprises
    assert [(each.rule, each.form) for each in found] == [("lost-change", "entra-details")]


def test_a_profile_that_was_not_kept_is_a_lost_change() -> None:
    [found] = played(Forgetful(), "generic").surprises
    assert found.rule == "lost-change"


@pytest.mark.parametrize(("provider", "rules"), [("okta", set()), ("entra", {"echo"})])
def test_who_compares_what_comes_back_is_the_only_one_to_stumble(
    provider: str, rules: set[str]
) -> None:
    """Okta's own test looks at userName alone; Entra sends again what differs."""

    class Unlabelled(TinyScimServer):
        def shown(self, status: int, resource: dict[str, Any]) -> httpx.Response:
            if "userName" not in resource:
                return super().shown(status, resource)
            left = {name: value for name, value in resource.items() if name != "displayName"}
            return super().shown(status, left)

    assert {each.rule for each in played(Unlabelled(), provider).surprises} == rules


def test_okta_imports_users_and_groups_page_by_page() -> None:
    server = TinyScimServer()
    player = a_player(server, "okta")
    play(player, lambda _: None, 1, choice=Choice(only=("importing",)))
    last = [request.url.path for request in server.requests[-2:]]
    assert last == ["/v2/Users", "/v2/Groups"]


def test_entra_sets_an_app_role_by_a_boolean_as_text() -> None:
    server = TinyScimServer()
    played(server, "entra")
    assert any('roles[primary eq \\"True\\"].value' in body for body in bodies(server, "PATCH", ""))


def test_a_group_that_is_refused_in_the_providers_form_hides_nothing_of_what_comes_later() -> None:
    class Strict(TinyScimServer):
        def create(self, endpoint: str, body: dict[str, Any]) -> httpx.Response:
            if endpoint == "Groups" and "roles" in body:
                return self.refused(400, "no roles")
            return super().create(endpoint, body)

    report = played(Strict("lost-member"), "entra")
    assert {(each.rule, each.form) for each in report.surprises} == {
        ("status", "entra-create-group"),
        ("lost-member", ""),
    }
    assert report.groups > 0


def test_a_second_user_of_a_name_is_a_lost_link() -> None:
    class Lax(TinyScimServer):
        def create(self, endpoint: str, body: dict[str, Any]) -> httpx.Response:
            id = f"id-{len(self.resources[endpoint]) + 1}"
            kept = {key: value for key, value in body.items() if key != "password"}
            self.resources[endpoint][id] = {"id": id, "members": [], **kept}
            return self.shown(201, self.resources[endpoint][id])

    assert "link" in {each.rule for each in played(Lax(), "okta").surprises}


def test_a_group_that_is_there_and_not_found_is_a_lost_link() -> None:
    class Blind(TinyScimServer):
        def search(self, endpoint: str, params: httpx.QueryParams) -> httpx.Response:
            if endpoint == "Groups":
                return super().search(endpoint, httpx.QueryParams(filter='displayName eq "?"'))
            return super().search(endpoint, params)

    server = Blind()
    played(server, "generic")
    assert ("link", "create-group") in {
        (each.rule, each.form) for each in played(server, "generic").surprises
    }


# ---- outages -----------------------------------------------------------------------------------


class Forgetful(TinyScimServer):
    """Takes a title and does not keep it."""

    def set(self, resource: dict[str, Any], path: str, value: Json) -> None:
        if path != "title":
            super().set(resource, path, value)


class Failing(TinyScimServer):
    """Fails by a seed: refuses, breaks before the request is carried out, or loses the answer."""

    def __init__(self, seed: int, until: int) -> None:
        super().__init__()
        self._random = Random(seed)
        self._until = until

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            fate = self._random.choice(FATES) if len(self.requests) < self._until else "answered"
            if fate == "lost":
                super().__call__(request)
            if fate in {"lost", "broken"}:
                self.requests.append(request)
                raise httpx.ReadError("gone")
            if fate != "answered":
                self.requests.append(request)
                return self.refused(int(fate), "later")
            return super().__call__(request)


FATES = ("401", "429", "503", "lost", "broken", *["answered"] * 25)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("provider", "query"), EVERYBODY)
def test_after_refusals_and_lost_answers_both_sides_are_equal(
    provider: str, query: str, seed: int
) -> None:
    server = Failing(seed, until=500)
    player = a_player(server, provider, query)
    chapters = play(player, lambda _: None, player.caller.manners.concurrency, compares=True)
    assert [(each.rule, each.said) for each in player.caller.surprises] == []
    assert sum(each.postponed for each in chapters) > 0
    assert server.resources["Users"].keys() == set(player.ledger.users.values())
    assert len(server.resources["Groups"]) == len(player.ledger.groups)


def test_a_server_that_is_gone_for_good_ends_the_play() -> None:
    class Ending(TinyScimServer):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if len(self.requests) > 50:
                raise httpx.ConnectError("refused")
            return super().__call__(request)

    player = a_player(Ending(), "entra")
    with pytest.raises(CouldNotRun, match="stopped answering in the chapter “creating users”"):
        play(player, lambda _: None, 1)


def test_what_fails_in_every_cycle_is_a_stumble_and_the_rest_is_played() -> None:
    class Broken(TinyScimServer):
        def create(self, endpoint: str, body: dict[str, Any]) -> httpx.Response:
            if endpoint == "Groups":
                return self.refused(500, "a bug")
            return super().create(endpoint, body)

    report = played(Broken(), "okta")
    [found] = report.surprises
    assert (found.rule, found.form, found.count) == ("status", "create-group", 4)
    assert report.users_active > 0


# ---- parts of the story ------------------------------------------------------------------------


def test_only_the_chosen_chapters_are_played_with_what_they_build_upon() -> None:
    player = a_player(TinyScimServer(), "okta")
    played = play(player, lambda _: None, 1, compares=True, choice=Choice(only=("importing",)))
    assert [each.chapter for each in played] == [*BASIS, "importing", COMPARING]


def test_a_chapter_that_is_skipped_is_not_played() -> None:
    player = a_player(TinyScimServer(), "entra")
    choice = Choice(skip=("details", COMPARING))
    played = {
        each.chapter for each in play(player, lambda _: None, 1, compares=True, choice=choice)
    }
    assert not played & {"details", COMPARING}
    assert "managers" in played


@pytest.mark.parametrize("provider", sorted(MANNERS))
def test_a_provider_names_its_chapters(provider: str) -> None:
    named = chapters_of(provider)
    assert named[: len(BASIS)] == list(BASIS)
    assert named[-1] == COMPARING
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("provider", ["okta", "okta-aiw", "entra", "onelogin"])
def test_a_provider_that_gets_nothing_done_changes_nothing(provider: str) -> None:
    """A server that refuses every create: no later step may ask for what was never created."""

    class Refusing(TinyScimServer):
        def create(self, endpoint: str, body: dict[str, object]) -> httpx.Response:
            return self.refused(403, f"no {endpoint} for {len(body)}")

    server = Refusing()
    report = played(server, provider)
    assert (report.users_active, report.groups) == (0, 0)
    assert not bodies(server, "PATCH", "")
    assert not bodies(server, "DELETE", "")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_says_why_it_matters(rule: str) -> None:
    assert RULES[rule].endswith(".")
