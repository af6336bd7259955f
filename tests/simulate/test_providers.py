"""Each provider plays its own sequences, and a server with a flaw is caught by the flaw's name."""

import json
from random import Random

import httpx
import pytest

from rolecall.simulate.caller import Caller
from rolecall.simulate.directory import story_of
from rolecall.simulate.manners import MANNERS
from rolecall.simulate.player import Player, Report, play, report_of
from rolecall.simulate.rules import RULES
from rolecall.simulate.simulation import Plan, player_of
from tiny_scim_server import TinyScimServer

FLAG = "aadOptscim062020"
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


@pytest.mark.parametrize(
    ("provider", "query"), [("generic", ""), ("okta", ""), ("entra", ""), ("entra", FLAG)]
)
def test_nobody_stumbles_over_a_server_without_a_flaw(provider: str, query: str) -> None:
    report = played(TinyScimServer(), provider, query)
    assert report.surprises == ()
    assert report.users_active > 0


@pytest.mark.parametrize("provider", ["okta", "entra"])
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
    assert all('"active"' in body for body in bodies(server, "PATCH", "Users"))
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


@pytest.mark.parametrize("provider", ["okta", "entra"])
def test_a_provider_that_gets_nothing_done_changes_nothing(provider: str) -> None:
    """A server that refuses every create: no later step may ask for what was never created."""

    class Refusing(TinyScimServer):
        def create(self, endpoint: str, body: dict[str, object]) -> httpx.Response:
            return self.refused(403, f"no {endpoint} for {len(body)}")

    server = Refusing()
    report = played(server, provider)
    assert (report.users_active, report.groups) == (0, 0)
    assert not bodies(server, "PATCH", "")


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_says_why_it_matters(rule: str) -> None:
    assert RULES[rule].endswith(".")
