"""A backup taken under a running server; after a restore the provider's next cycle converges."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from rolecall_process import Server, rolecall, started, user_body

pytestmark = pytest.mark.e2e

FIRST, SECOND = ("--seed", "1"), ("--seed", "2")
SIZE = ("--users", "30", "--groups", "3", "--changes", "6")


def cycle(server: Server, token: Path, *story: str) -> dict[str, Any]:
    """One provider's whole cycle, which reads everything back at its end."""
    options = ("--url", server.url, "--token-file", str(token), *SIZE, *story, "--format", "json")
    report: dict[str, Any] = json.loads(rolecall("simulate", "generic", *options))
    assert report["surprises"] == []
    return report


def users(client: httpx.Client) -> dict[str, bool]:
    found = client.get("/Users", params={"count": 1000}).json()
    assert found["totalResults"] == len(found["Resources"])
    return {user["userName"]: user["active"] for user in found["Resources"]}


def test_after_a_restore_the_providers_next_cycle_converges(tmp_path: Path) -> None:
    token, kept = tmp_path / "token", tmp_path / "kept"
    with started(tmp_path / "1", "--data", str(tmp_path / "data")) as server:
        server.rolecall("token", "issue", "GENERIC_SCIM_PROVISIONING", "--out", str(token))
        server.token = token.read_text().strip()
        first = cycle(server, token, *FIRST)
        assert "holds 1 account" in server.rolecall("backup", str(kept))
        with server.client() as client:
            before = users(client)
        second = cycle(server, token, *SECOND)
        again = cycle(server, token, *FIRST)
        with server.client() as client:
            wanted = users(client)
    assert len(wanted) > len(before)

    said = rolecall("restore", str(kept), "--data", str(tmp_path / "new"))
    assert "live again" in said
    with started(tmp_path / "2", "--data", str(tmp_path / "new")) as server:
        server.token = token.read_text().strip()
        with server.client() as client:
            assert users(client) == before, "the token of the backup works, on its moment"
        repeated = [cycle(server, token, *SECOND), cycle(server, token, *FIRST)]
        with server.client() as client:
            assert users(client) == wanted
    # What a story plans, a create that is retried, is all that is refused: no storm of 409.
    assert [report["refusals"] for report in repeated] == [second["refusals"], again["refusals"]]
    assert repeated[1]["memberships"] == first["memberships"]


def test_a_backup_under_load_holds_everything_acknowledged_before_it(tmp_path: Path) -> None:
    with started(tmp_path / "1", "--data", str(tmp_path / "data")) as server:
        server.token = server.issue_token(tmp_path)
        with server.client() as client:
            for number in range(20):
                assert client.post("/Users", json=user_body(f"u{number}@x.com")).status_code == 201
            server.rolecall("backup", str(tmp_path / "kept"))
            assert client.post("/Users", json=user_body("late@x.com")).status_code == 201
        why = rolecall("restore", str(tmp_path / "kept"), "--data", str(tmp_path / "data"), fails=1)
        assert "is in use: end the server" in why
    rolecall("restore", str(tmp_path / "kept"), "--data", str(tmp_path / "new"))
    with started(tmp_path / "2", "--data", str(tmp_path / "new")) as server:
        server.token = (tmp_path / "token").read_text().strip()
        with server.client() as client:
            assert len(users(client)) == 20
