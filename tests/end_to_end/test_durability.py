"""A power cut under load loses nothing that was acknowledged."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event, Lock

import apsw
import httpx
import pytest

from rolecall_process import Server, group_body, patch_body, started, user_body

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

WRITERS = 32
REQUESTS_MAX = 2_000
GROUPS = 4
ACKNOWLEDGED = range(120, 400)
"""Where the cut may fall, in requests."""


class Acknowledged:
    """What clients were told is done; `enough` is set when it is time for the cut."""

    def __init__(self, cut_at: int) -> None:
        self.users: dict[str, str] = {}
        self.members: dict[str, set[str]] = {}
        self.enough = Event()
        self._cut_at = cut_at
        self._lock = Lock()

    @property
    def count(self) -> int:
        return len(self.users) + sum(len(members) for members in self.members.values())

    def user(self, user: str, name: str) -> None:
        with self._lock:
            self.users[user] = name
            self._look()

    def member(self, group: str, user: str) -> None:
        with self._lock:
            self.members[group].add(user)
            self._look()

    def _look(self) -> None:
        if self.count >= self._cut_at:
            self.enough.set()


def write(server: Server, acknowledged: Acknowledged, round_: int, writer: int) -> None:
    """Create users and put each into a group, until the server is gone."""
    groups = list(acknowledged.members)
    with server.client() as client:
        for number in range(REQUESTS_MAX // 2):
            name = f"round-{round_}-writer-{writer}-user-{number}@example.com"
            group = groups[(writer + number) % GROUPS]
            try:
                answer = client.post("/Users", json=user_body(name))
                assert answer.status_code == 201, answer.text
                user = answer.json()["id"]
                acknowledged.user(user, name)
                operation = {"op": "add", "path": "members", "value": [{"value": user}]}
                answer = client.patch(f"/Groups/{group}", json=patch_body(operation))
                assert answer.status_code in {200, 204}, answer.text
                acknowledged.member(group, user)
            except httpx.TransportError:
                return


def cut_under_load(server: Server, round_: int, cut_at: int) -> Acknowledged:
    """Load from many writers, a kill in the middle of it; what was acknowledged before."""
    acknowledged = Acknowledged(cut_at)
    with server.client() as client:
        for number in range(GROUPS):
            answer = client.post("/Groups", json=group_body(f"round-{round_}-group-{number}"))
            acknowledged.members[answer.json()["id"]] = set()
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [
            pool.submit(write, server, acknowledged, round_, writer) for writer in range(WRITERS)
        ]
        assert acknowledged.enough.wait(60), f"only {acknowledged.count} in a minute"
        server.kill()
        for writing in writers:
            writing.result()
    return acknowledged


def users_of(client: httpx.Client) -> dict[str, str]:
    """The name of every user by id."""
    found: dict[str, str] = {}
    total = 1
    while len(found) < total:
        page = client.get("/Users", params={"startIndex": len(found) + 1, "count": 1000}).json()
        total = page["totalResults"]
        found |= {user["id"]: user["userName"] for user in page["Resources"]}
    return found


AUDIT = """
    select method, resource_name
    from table(demo_db.information_schema.rest_event_history('scim', result_limit => 10000))
    where status = 'SUCCESS' and method in ('POST', 'PATCH');
"""


def audited(server: Server) -> Counter[str]:
    """How many successful changes of each name the audit trail has."""
    rows = json.loads(server.sql(AUDIT, "--format", "json"))
    return Counter(row["RESOURCE_NAME"] for row in rows)


def assert_sound(file: Path) -> None:
    """The database is whole, and so is what points from one table to another."""
    connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


def assert_kept(server: Server, acknowledged: Acknowledged) -> None:
    """Each acknowledged change is there, and so is its attempt."""
    trail = audited(server)
    with server.client() as client:
        assert acknowledged.users.items() <= users_of(client).items()
        for group, members in acknowledged.members.items():
            shown = client.get(f"/Groups/{group}").json()
            assert members <= {member["value"] for member in shown["members"]}
            assert trail[shown["displayName"]] >= 1 + len(members)
    assert set(acknowledged.users.values()) <= trail.keys()


def test_a_kill_under_load_loses_no_acknowledged_write(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    random = Random(2)
    rounds: list[Acknowledged] = []
    for number in range(3):
        with started(tmp_path, "--data", data) as server:
            server.token = server.issue_token(tmp_path)
            rounds.append(cut_under_load(server, number, random.choice(ACKNOWLEDGED)))
        assert rounds[-1].count > 100

        with started(tmp_path, "--data", data) as server:
            server.token = server.issue_token(tmp_path)
            for earlier in rounds:
                assert_kept(server, earlier)
        assert_sound(Path(data) / "rolecall.db")
