"""The deprovisioning brake in a real process: the player is stopped, waits and finds it done."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from rolecall.simulate.caller import Caller
from rolecall.simulate.manners import ENTRA
from rolecall_process import INTEGRATION, Server, patch_body, started, user_body

pytestmark = pytest.mark.e2e

LIMIT, PEOPLE = 3, 8
SOFT_DELETE = patch_body({"op": "Replace", "path": "active", "value": "False"})
NAMED = f"alter security integration {INTEGRATION}"


def held(server: Server, state: str) -> list[dict[str, Any]]:
    """What SHOW HELD CHANGES lists in a state."""
    rows = json.loads(server.sql("show held changes", "--format", "json"))
    return [row for row in rows if row["state"] == state]


def made(client: httpx.Client) -> list[str]:
    answers = [client.post("/Users", json=user_body(f"p{each}")) for each in range(PEOPLE)]
    return [str(answer.json()["id"]) for answer in answers]


def test_the_player_is_stopped_and_finds_done_what_was_released(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    with started(tmp_path, *data) as server:
        server.token = server.issue_token(tmp_path)
        server.sql(f"{NAMED} set deprovisioning_limit = {LIMIT}")
        with server.client() as client:
            people = made(client)
            answers = [client.patch(f"/Users/{user}", json=SOFT_DELETE) for user in people]
        assert [each.status_code for each in answers] == [200] * LIMIT + [429] * (PEOPLE - LIMIT)
        assert answers[-1].headers["retry-after"] == "3600"
        assert "holds a change that removes 1" in server.awaited("The brake of integration")
        token = server.token
    with started(tmp_path, *data) as server:  # the count and what is held outlive the process
        server.token = token
        assert len(held(server, "HELD")) == PEOPLE - LIMIT
        pauses: list[float] = []

        def released_meanwhile(seconds: float) -> None:
            if not pauses:
                server.sql(f"{NAMED} release held changes")
            pauses.append(seconds)

        with httpx.Client(base_url=server.url) as client:
            caller = Caller(client, token, None, released_meanwhile, ENTRA)
            for user in people:
                told = caller.ask("PATCH", f"/Users/{user}", SOFT_DELETE, expected=(200,))
                assert told.status == 200
        assert (len(pauses), caller.refusals[429], caller.surprises) == (1, 1, [])
        assert len(held(server, "RELEASED")) == PEOPLE - LIMIT
