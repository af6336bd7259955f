"""The command: a file in, a server changed once, and a status that a scheduler can act on."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import httpx
import pytest

from directory_export import DirectoryExport, directory_export
from rolecall.push.command import is_spreadsheet, push_command
from scim_in_memory import TOKEN, URL, ScimInMemory

if TYPE_CHECKING:
    from pathlib import Path

EXPORT = directory_export(60, 10)


class Options(TypedDict, total=False):
    format: Literal["text", "json"]
    dry_run: bool
    allow_removals: int
    source: str
    concurrency: int


class Push:
    """Pushes to one in-memory server from one folder, and keeps what the last run wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ScimInMemory()
        self.out = self.err = ""

    def text(
        self,
        content: bytes | DirectoryExport,
        name: str = "x.ldif",
        url: str = URL,
        token: str = TOKEN,
        **options: Unpack[Options],
    ) -> int:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.ldif())
        return self.files([path], url, token, **options)

    def files(
        self, paths: list[Path], url: str = URL, token: str = TOKEN, **options: Unpack[Options]
    ) -> int:
        self.server.requests.clear()
        out, err = io.StringIO(), io.StringIO()
        status = push_command(
            paths, url, token, out=out, err=err, transport=self.server.transport, **options
        )
        self.out, self.err = out.getvalue(), err.getvalue()
        return status

    def summary(
        self, content: bytes | DirectoryExport, **options: Unpack[Options]
    ) -> dict[str, Any]:
        options["format"] = "json"
        self.text(content, **options)
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def push(tmp_path: Path) -> Push:
    return Push(tmp_path)


def counts(kind: dict[str, int]) -> dict[str, int]:
    return {outcome: number for outcome, number in kind.items() if number}


def test_the_first_run_creates_everybody_and_fills_nested_groups(push: Push) -> None:
    summary = push.summary(EXPORT)
    assert counts(summary["users"]) == {"created": 60}
    assert counts(summary["groups"]) == {"created": 10}
    assert summary["problems"] == summary["skipped"] == []
    for number in (1, 5, 10):
        group = EXPORT.groups[number - 1]
        assert push.server.members(group.name) == EXPORT.members_of(number)


def test_the_second_run_changes_nothing(push: Push) -> None:
    push.text(EXPORT)
    assert push.text(EXPORT) == 0
    assert push.server.writes == []


def test_the_third_run_sends_only_the_leaver_and_the_mover(push: Push) -> None:
    push.text(EXPORT)
    group = EXPORT.groups[0]
    changed = EXPORT.without(group.people[0]).moved(group.people[1], source=1, target=2)
    summary = push.summary(changed)
    assert counts(summary["users"]) == {"deactivated": 1, "unchanged": 59}
    assert counts(summary["groups"]) == {"unchanged": 10}
    assert not push.server.user(f"person-{group.people[0]:04}")["active"]
    assert push.server.members(group.name) == changed.members_of(1)
    assert push.summary(changed)["memberships"]["unchanged"] == summary["memberships"]["unchanged"]
    assert push.server.writes == []


@pytest.mark.parametrize("missing", [1, 50, 700, 4000])
def test_a_truncated_file_removes_nobody(push: Push, missing: int) -> None:
    push.text(EXPORT)
    assert push.text(EXPORT.ldif()[:-missing]) == 1
    assert [request for request in push.server.writes if b'"remove"' in request.content] == []
    assert all(user["active"] for user in push.server.resources["Users"].values())
    assert "be cut" in push.out


def test_too_many_removals_stop_with_the_plan_and_nothing_sent(push: Push) -> None:
    push.text(EXPORT)
    smaller = EXPORT
    for number in range(1, 8):
        smaller = smaller.without(number)
    assert push.text(smaller) == 3
    assert push.server.writes == []
    assert "deactivate user person-0007" in push.out
    assert "deactivate 7 of 60 active users" in push.out


def test_removals_that_are_allowed_are_sent(push: Push) -> None:
    push.text(EXPORT)
    smaller = DirectoryExport(people=EXPORT.people[7:], groups=())
    assert push.text(smaller, allow_removals=1000) == 0
    assert sum(not user["active"] for user in push.server.resources["Users"].values()) == 7
    assert push.server.members("group-001") == set()


def test_who_comes_back_is_the_same_user_again(push: Push) -> None:
    push.text(EXPORT)
    push.text(EXPORT.without(3))
    assert counts(push.summary(EXPORT)["users"]) == {"updated": 1, "unchanged": 59}
    assert push.server.user("person-0003")["active"]


def test_a_dry_run_says_the_plan_and_sends_nothing(push: Push) -> None:
    assert push.text(directory_export(3, 1), dry_run=True) == 0
    assert push.server.writes == []
    assert "  create user person-0001\n" in push.out
    assert "This was a dry run: nothing was sent." in push.out


def test_a_refused_user_is_skipped_with_the_reason_and_the_run_goes_on(push: Push) -> None:
    push.server.refuse("POST", "/Users", httpx.Response(400, json={"detail": "bad name"}))
    summary = push.summary(directory_export(3, 1), concurrency=1)
    assert counts(summary["users"]) == {"created": 2, "skipped": 1}
    assert summary["skipped"][0]["why"] == "the server answered 400: bad name"
    assert counts(summary["memberships"]) == {"created": 2, "skipped": 1}


def test_a_repeated_create_finds_the_user_that_the_lost_answer_created(push: Push) -> None:
    push.text(directory_export(2, 1))
    listed = httpx.Response(200, json={"Resources": []})
    push.server.refuse("GET", "/Users", listed)
    assert counts(push.summary(directory_export(2, 1))["users"]) == {"created": 2}


def test_a_user_that_lists_hide_is_skipped_but_still_a_member(push: Push) -> None:
    push.server.add("Users", userName="person-0001", externalId="okta")
    push.server.refuse("GET", "/Users", httpx.Response(200, json={"Resources": []}))
    summary = push.summary(directory_export(2, 1))
    assert counts(summary["users"]) == {"created": 1, "skipped": 1}
    assert push.server.members("group-001") == {"person-0001", "person-0002"}


def test_a_name_that_is_taken_out_of_sight_is_skipped(push: Push) -> None:
    push.server.refuse("POST", "/Users", httpx.Response(409, json={"detail": "taken"}))
    push.server.refuse("GET", "/Users", httpx.Response(200, json={"Resources": []}))
    push.server.refuse("GET", "/Users", httpx.Response(400))
    (skip,) = push.summary(directory_export(1, 0))["skipped"]
    assert skip["why"] == "the server answered 409: taken"


def test_text_of_others_does_not_steer_the_terminal(push: Push) -> None:
    push.server.refuse("POST", "/Users", httpx.Response(400, json={"detail": "\x1b[2Jgone"}))
    push.text(directory_export(1, 0))
    assert "400: \N{REPLACEMENT CHARACTER}[2Jgone" in push.out


def test_one_refused_member_spoils_no_other(push: Push) -> None:
    for _ in range(2):
        push.server.refuse("PATCH", "/Groups", httpx.Response(404, json={"detail": "no such user"}))
    summary = push.summary(directory_export(3, 1))
    assert counts(summary["memberships"]) == {"created": 2, "skipped": 1}


@pytest.mark.parametrize(
    ("method", "kind", "outcome"),
    [("POST", "groups", "/Groups"), ("PATCH", "groups", "/Groups"), ("PATCH", "users", "/Users")],
)
def test_every_kind_of_refusal_is_counted(push: Push, method: str, kind: str, outcome: str) -> None:
    small = directory_export(2, 1)
    if method == "PATCH":
        push.text(small)
        push.server.user("person-0001")["title"] = "Other"
        next(iter(push.server.resources["Groups"].values()))["displayName"] = "Other"
    push.server.refuse(method, outcome, httpx.Response(400, json={"detail": "no"}))
    summary = push.summary(small)
    assert summary[kind]["skipped"] == 1


def test_a_refused_deactivation_is_counted(push: Push) -> None:
    push.text(directory_export(3, 0))
    push.server.refuse("PATCH", "/Users", httpx.Response(403, json={"detail": "not yours"}))
    summary = push.summary(directory_export(2, 0))
    assert counts(summary["users"]) == {"unchanged": 2, "skipped": 1}
    assert push.text(directory_export(2, 0)) == 0


def test_a_renamed_group_is_renamed(push: Push) -> None:
    push.text(directory_export(2, 1))
    next(iter(push.server.resources["Groups"].values()))["displayName"] = "old-name"
    assert counts(push.summary(directory_export(2, 1))["groups"]) == {"updated": 1}
    assert push.server.members("group-001") == {"person-0001", "person-0002"}


def test_a_token_that_ends_in_the_middle_stops_the_run(push: Push) -> None:
    push.server.refuse("POST", "/Groups", httpx.Response(401, json={"detail": "expired"}))
    assert push.text(directory_export(3, 1)) == 1
    assert "Stopped: the server answered 401: expired" in push.out


def test_a_server_that_keeps_no_external_id_is_named(push: Push) -> None:
    push.server.drops = ("externalId",)
    assert "does not keep externalId" in push.summary(directory_export(2, 0))["problems"][0]["why"]


def test_a_change_that_the_server_does_not_keep_is_not_counted_as_made(push: Push) -> None:
    push.server.drops = ("title",)
    push.text(directory_export(2, 0))
    summary = push.summary(directory_export(2, 0))
    assert counts(summary["users"]) == {"skipped": 2}
    assert summary["skipped"][0]["why"] == "the server accepted, but did not keep, title"


def test_members_that_a_list_leaves_out_are_asked_for(push: Push) -> None:
    push.text(EXPORT)
    push.server.lists_members = False
    push.text(EXPORT)
    assert push.server.writes == []


def test_large_groups_are_filled_in_portions(push: Push) -> None:
    people = b"".join(b"user-%d,staff\n" % number for number in range(250))
    assert push.text(b"userName,groups\n" + people, "x.csv") == 0
    patches = [r for r in push.server.writes if r.method == "PATCH"]
    assert [len(json.loads(r.content)["Operations"][0]["value"]) for r in patches] == [100, 100, 50]


def test_a_member_may_stand_in_another_file_than_the_group(push: Push) -> None:
    whole = directory_export(3, 1).ldif()
    cut = whole.index(b"dn: cn=group-001")
    files = [push.folder / "people.ldif", push.folder / "groups.ldif"]
    files[0].write_bytes(whole[:cut])
    files[1].write_bytes(whole[cut:])
    assert push.files(files) == 0
    assert len(push.server.members("group-001")) == 3


def test_a_loop_of_groups_is_noted_and_fails_nothing(push: Push) -> None:
    text = directory_export(1, 0).ldif() + (
        b"dn: cn=a\nobjectClass: groupOfNames\ncn: a\nmember: cn=a\n"
        b"member: uid=person-0001,ou=people,dc=example,dc=com\n\n"
    )
    assert push.text(text) == 0
    assert "groups a: the group contains itself" in push.out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "there are no people in x.ldif; nothing was sent"),
        (b"oops\n\n", "x.ldif, line 1: the record does not begin with 'dn:'"),
    ],
)
def test_an_export_without_people_is_refused(push: Push, content: bytes, told: str) -> None:
    assert push.text(content) == 2
    assert told in push.err
    assert push.server.requests == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("scim.example.com", "must begin with https://"),
        ("https://scim.example.com:port", "is no address"),
    ],
)
def test_what_is_no_address_is_refused(push: Push, url: str, told: str) -> None:
    assert push.text(EXPORT, url=url) == 2
    assert told in push.err


@pytest.mark.parametrize("token", ["", " ", "a\nb", "é"])
def test_what_is_no_token_is_refused_with_advice(push: Push, token: str) -> None:
    assert push.text(EXPORT, token=token) == 2
    assert "no usable token: set ROLECALL_TOKEN" in push.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (Options(source="a:b"), "--source takes"),
        (Options(allow_removals=-1), "--allow-removals must not be negative"),
    ],
)
def test_options_that_make_no_sense_are_refused(push: Push, options: Options, told: str) -> None:
    assert push.text(EXPORT, **options) == 2
    assert told in push.err


def test_files_that_are_not_there_are_refused(push: Push) -> None:
    assert push.files([push.folder / "none.ldif"]) == 2
    assert push.files([]) == 2


def test_an_address_that_is_no_scim_server_is_named(push: Push) -> None:
    push.server.refuse("GET", "/Users", httpx.Response(404, text="not found"))
    assert push.text(EXPORT) == 1
    assert "can't be read: the server answered 404: Not Found; check --url" in push.err


def test_a_token_over_plain_http_is_warned_about(push: Push) -> None:
    push.text(EXPORT, url="http://scim.example.com/scim/v2")
    assert push.err.startswith("rolecall: the token travels unencrypted")


@pytest.mark.parametrize(
    ("name", "content", "spreadsheet"),
    [
        ("a.CSV", b"", True),
        ("a.ldif", b"a,b\n", False),
        ("a.txt", b"userName,email\n", True),
        ("a.txt", b"\xef\xbb\xbfdn: cn=a,dc=b\n", False),
        ("a.txt", b"# a, comment\n", False),
    ],
)
def test_a_file_is_known_by_its_name_or_its_first_line(
    push: Push, name: str, content: bytes, *, spreadsheet: bool
) -> None:
    assert is_spreadsheet(push.folder / name, content) == spreadsheet
