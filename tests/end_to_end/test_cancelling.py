"""A query that is ended leaves nothing behind: its process is gone within a second.

However it ends: aborted by its driver, cancelled through the SQL API, at its time, with its user.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from rolecall_process import Server

pytestmark = pytest.mark.e2e

PASSWORD = "correct-horse-battery"
DIGITS = "(" + " union all ".join(f"select {n} as n" for n in range(10)) + ")"
HEAVY = "select sum(a0.n) from " + ", ".join(f"{DIGITS} a{place}" for place in range(12))
"""A cross join of a million million rows."""
GONE_SECONDS_MAX = 1.0
OUT_SECONDS_MAX = 2.0
"""A leaver's query is looked for every half second."""
START_SECONDS_MAX = 20.0


class Client:
    """A session of a user of its own, whose statements are sent from a thread."""

    def __init__(self, server: Server, name: str) -> None:
        server.sql(f"create or replace user {name} password = '{PASSWORD}'")
        self.server = server
        self.name = name
        data = {"LOGIN_NAME": name, "PASSWORD": PASSWORD}
        said = httpx.post(f"{server.root}/session/v1/login-request", json={"data": data}).json()
        self.token = said["data"]["token"]

    def post(self, path: str, body: object = None) -> dict[str, Any]:
        scheme = "Bearer {}" if path.startswith("/api") else 'Snowflake Token="{}"'
        headers = {"authorization": scheme.format(self.token)}
        url = f"{self.server.root}{path}"
        said: dict[str, Any] = httpx.post(url, json=body or {}, headers=headers, timeout=60).json()
        return said

    def driver(self, text: str, **more: object) -> dict[str, Any]:
        path = f"/queries/v1/query-request?requestId=of-{self.name}"
        return self.post(path, {"sqlText": text, **more})

    def sql_api(self, text: str, **more: object) -> dict[str, Any]:
        return self.post("/api/v2/statements", {"statement": text, **more})


def busy_children(server: Server) -> list[int]:
    """The engine's processes that work: their time on a processor grows."""
    before = {pid: worked(pid) for pid in children(server)}
    time.sleep(0.1)
    return [pid for pid, ticks in before.items() if worked(pid) > ticks]


def children(server: Server) -> list[int]:
    tasks = Path(f"/proc/{server.pid}/task")
    pids = [int(pid) for each in tasks.iterdir() for pid in (each / "children").read_text().split()]
    return [pid for pid in pids if b"rolecall.select.child" in command_line(pid)]


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def worked(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except OSError:
        return 0


def awaited(what: Callable[[], bool], seconds: float) -> float:
    """How long it took until it was so."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it is not so yet"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def working(server: Server, future: "Future[dict[str, Any]]") -> list[int]:
    """The processes that carry the query out, once they do."""
    found: list[int] = []

    def are_there() -> bool:
        assert not future.done(), future.result()
        found[:] = busy_children(server)
        return bool(found)

    awaited(are_there, START_SECONDS_MAX)
    return found


def are_gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: not any(command_line(pid) for pid in pids)


def test_a_query_that_its_driver_aborts_is_killed(server: Server, pool: ThreadPoolExecutor) -> None:
    client = Client(server, "aborting")
    answer = pool.submit(client.driver, HEAVY)
    pids = working(server, answer)
    assert client.post("/queries/v1/abort-request", {"requestId": "of-aborting"})["success"]
    awaited(are_gone(pids), GONE_SECONDS_MAX)
    said = answer.result()
    assert (said["success"], said["code"], said["data"]["sqlState"]) == (False, "000604", "57014")


def test_of_several_statements_the_one_under_way_is_killed_and_none_follows(
    server: Server, pool: ThreadPoolExecutor
) -> None:
    client = Client(server, "several")
    text = f"select 1; {HEAVY}; create role never_made"
    answer = pool.submit(client.driver, text, parameters={"MULTI_STATEMENT_COUNT": 0})
    pids = working(server, answer)
    client.post("/queries/v1/abort-request", {"requestId": "of-several"})
    awaited(are_gone(pids), GONE_SECONDS_MAX)
    assert answer.result()["code"] == "000604"
    assert "NEVER_MADE" not in server.sql("show roles")


def test_a_statement_that_the_sql_api_cancels_is_killed(server: Server) -> None:
    client = Client(server, "cancelling")
    begun = client.post("/api/v2/statements?async=true", {"statement": HEAVY})
    pids = working(server, Future())
    said = client.post(f"/api/v2/statements/{begun['statementHandle']}/cancel")
    assert said["code"] == "000604"
    awaited(are_gone(pids), GONE_SECONDS_MAX)


def test_a_statement_is_killed_at_the_time_that_its_request_allows(
    server: Server, pool: ThreadPoolExecutor
) -> None:
    client = Client(server, "hurried")
    answer = pool.submit(client.sql_api, HEAVY, timeout=3)
    pids = working(server, answer)
    assert answer.result()["code"] == "000630"
    awaited(are_gone(pids), GONE_SECONDS_MAX)


def test_a_statement_is_killed_at_the_sessions_timeout(
    server: Server, pool: ThreadPoolExecutor
) -> None:
    client = Client(server, "patient")
    client.post(
        "/queries/v1/query-request",
        {"sqlText": "alter session set statement_timeout_in_seconds = 3"},
    )
    answer = pool.submit(client.driver, HEAVY)
    pids = working(server, answer)
    assert answer.result()["code"] == "000630"
    awaited(are_gone(pids), GONE_SECONDS_MAX)


@pytest.mark.parametrize("way", [Client.driver, Client.sql_api])
def test_a_leavers_query_is_killed(
    server: Server, pool: ThreadPoolExecutor, way: Callable[..., dict[str, Any]]
) -> None:
    client = Client(server, "leaving")
    answer = pool.submit(way, client, HEAVY)
    pids = working(server, answer)
    server.sql("alter user leaving set disabled = true")
    awaited(are_gone(pids), OUT_SECONDS_MAX)
    assert answer.result()["code"] == "390112"
