"""SIGTERM under load: what was taken is answered, nothing acknowledged is lost, the end is near."""

import json
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from rolecall_process import ROLECALL, Server, environment, started, user_body

pytestmark = pytest.mark.e2e

WRITERS = 24
DIGITS = "(" + " union all ".join(f"select {n} as n" for n in range(10)) + ")"
HEAVY = "select sum(a0.n) from " + ", ".join(f"{DIGITS} a{place}" for place in range(12))
"""A cross join of a million million rows."""
AUDIT = """
    select resource_name
    from table(demo_db.information_schema.rest_event_history('scim', result_limit => 10000))
    where status = 'SUCCESS' and method = 'POST';
"""
PASSWORD = "correct-horse-battery"
ENDED_SECONDS_MAX = 20.0
"""Queries that run have ten seconds."""


class Load:
    """Writers that go on until nobody answers, and what they were told."""

    def __init__(self, server: Server) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self.enough = Event()
        self._server = server

    def write(self, writer: int) -> None:
        with self._server.client() as client:
            for number in range(5_000):
                name = f"writer-{writer}-{number}@example.com"
                try:
                    answer = client.post("/Users", json=user_body(name))
                except httpx.TransportError:
                    return
                if answer.status_code == 201:
                    self.acknowledged.append(name)
                else:
                    self.refused.append(answer.status_code)
                if len(self.acknowledged) > 150:
                    self.enough.set()


def users(client: httpx.Client) -> set[str]:
    found: set[str] = set()
    total = 1
    while len(found) < total:
        page = client.get("/Users", params={"startIndex": len(found) + 1, "count": 1000}).json()
        total = page["totalResults"]
        found |= {user["userName"] for user in page["Resources"]}
    return found


def test_what_was_taken_is_answered_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with started(tmp_path / "1", "--data", data) as server:
        server.token = server.issue_token(tmp_path)
        load = Load(server)
        with ThreadPoolExecutor(WRITERS) as pool:
            writing = [pool.submit(load.write, writer) for writer in range(WRITERS)]
            assert load.enough.wait(60)
            began = time.monotonic()
            server.end()
            seconds = time.monotonic() - began
            for each in writing:
                each.result()
    assert load.refused == []
    assert seconds < 10, "nothing ran that would take longer"
    with started(tmp_path / "2", "--data", data) as server:
        server.token = (tmp_path / "token").read_text().strip()
        with server.client() as client:
            kept = users(client)
        rows = json.loads(server.sql(AUDIT, "--format", "json"))
        carried_out = {row["RESOURCE_NAME"] for row in rows}
    # Both ways: no acknowledged write is lost, and what was carried out was answered.
    assert set(load.acknowledged) <= kept
    assert carried_out == set(load.acknowledged)


def test_followers_and_long_queries_do_not_keep_a_server(tmp_path: Path) -> None:
    with started(tmp_path / "1", "--data", str(tmp_path / "data")) as server:
        server.sql(
            "create role followers; grant monitor on account to role followers; "
            "create user feed type = service default_role = followers; "
            "grant role followers to user feed; "
            f"create user driver password = '{PASSWORD}' default_role = accountadmin; "
            "grant role accountadmin to user driver"
        )
        printed = server.sql(
            "alter user feed add programmatic access token t role_restriction = 'FOLLOWERS'",
            *("--format", "json"),
        )
        secret = re.search(r'"token_secret"\s*:\s*"([^"]+)"', printed)
        assert secret is not None
        first, ended = Event(), Event()

        def follow() -> None:
            headers = {"Authorization": f"Bearer {secret[1]}"}
            address = f"{server.root}/events?follow=true"
            with httpx.stream("GET", address, headers=headers, timeout=60) as answer:
                for _ in answer.iter_lines():
                    first.set()
            ended.set()

        following = Thread(target=follow)
        following.start()
        query = subprocess.Popen(
            [ROLECALL, "sql", "--url", server.root, "--user", "driver", "-c", HEAVY],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment() | {"ROLECALL_PASSWORD": PASSWORD},
        )
        try:
            assert first.wait(20)
            time.sleep(2)
            assert query.poll() is None, "it runs"
            server.process.send_signal(signal.SIGTERM)
            assert ended.wait(5), "the stream ends whole"
            assert server.process.wait(ENDED_SECONDS_MAX) == 0
        finally:
            query.kill()
            query.wait()
        following.join()
