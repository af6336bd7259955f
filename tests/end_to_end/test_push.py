"""A directory export pushed to a real server, again and again: only what changed is sent."""

import io
import json
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from directory_export import DirectoryExport, directory_export
from rolecall.push.command import push_command
from rolecall_process import rolecall

pytestmark = pytest.mark.e2e


class Server(Protocol):
    """What the fixture offers: the SCIM base address of a running server, and a token for it."""

    url: str
    token: str


class Push:
    """One file, pushed to one server under a source of its own."""

    def __init__(self, server: Server, file: Path) -> None:
        self.server = server
        self.file = file
        self.source = file.parent.name
        self.status = 0

    def send(self, export: bytes) -> dict[str, Any]:
        out = io.StringIO()
        self.file.write_bytes(export)
        self.status = push_command(
            [self.file],
            self.server.url,
            self.server.token,
            format="json",
            source=self.source,
            out=out,
        )
        summary: dict[str, Any] = json.loads(out.getvalue())
        return summary

    def only(self, kind: str, name: str) -> dict[str, Any]:
        attribute = "userName" if kind == "Users" else "displayName"
        answer = httpx.get(
            f"{self.server.url.rstrip('/')}/{kind}",
            params={"filter": f'{attribute} eq "{name}"'},
            headers={"Authorization": f"Bearer {self.server.token}"},
        )
        (found,) = answer.json()["Resources"]
        resource: dict[str, Any] = found
        return resource


@pytest.fixture
def push(server: Server, tmp_path: Path) -> Push:
    return Push(server, tmp_path / "export.ldif")


def changes(summary: dict[str, Any]) -> dict[str, int]:
    """Every count that is neither zero nor of what stayed."""
    return {
        f"{kind} {outcome}": number
        for kind in ("users", "groups", "memberships")
        for outcome, number in summary[kind].items()
        if number and outcome != "unchanged"
    }


def memberships(export: DirectoryExport) -> int:
    return sum(len(export.members_of(group.number)) for group in export.groups)


@pytest.mark.slow
def test_a_thousand_people_are_synced_and_then_only_what_changed(push: Push) -> None:
    export = directory_export(1000, 50, first=1)
    assert changes(push.send(export.ldif())) == {
        "users created": 1000,
        "groups created": 50,
        "memberships created": memberships(export),
    }
    assert changes(push.send(export.ldif())) == {}

    leaver, mover = export.groups[0].people[0], export.groups[1].people[0]
    changed = export.without(leaver).moved(mover, source=2, target=11)
    third = changes(push.send(changed.ldif()))
    assert third.pop("users deactivated") == 1
    assert third.pop("memberships created") >= 1
    assert third.pop("memberships removed") >= 1
    assert third == {}
    assert push.status == 0

    assert not push.only("Users", f"person-{leaver:04}")["active"]
    assert len(push.only("Groups", "group-001")["members"]) == len(changed.members_of(1))
    assert changes(push.send(changed.ldif())) == {}


def test_a_truncated_file_removes_nobody(push: Push) -> None:
    export = directory_export(30, 5, first=2001)
    push.send(export.ldif())
    summary = push.send(export.ldif()[:-1500])
    assert (summary["users"]["deactivated"], summary["memberships"]["removed"]) == (0, 0)
    assert (push.status, bool(summary["problems"])) == (1, True)
    assert changes(push.send(export.ldif())) == {}


def test_most_people_missing_stops_with_the_plan(push: Push) -> None:
    export = directory_export(30, 0, first=3001)
    push.send(export.ldif())
    summary = push.send(DirectoryExport(people=export.people[:10], groups=()).ldif())
    assert push.status == 3
    assert "deactivate user person-3030: no longer in the export" in summary["plan"]
    assert push.only("Users", "person-3030")["active"]


def test_the_command_takes_its_token_from_the_environment(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "export.ldif"
    file.write_bytes(directory_export(10, 2, first=4001).ldif())
    command = ("push", str(file), "--url", server.url, "--source", "command", "--format", "json")
    summary = json.loads(rolecall(*command, ROLECALL_TOKEN=server.token))
    assert (summary["users"]["created"], summary["groups"]["created"]) == (10, 2)
    assert changes(json.loads(rolecall(*command, ROLECALL_TOKEN=server.token))) == {}
