"""Changes go out in order, over the data folder and over HTTP, and the documented script acts."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from rolecall_process import ROLECALL, USER_SCHEMA, Server, started

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "events.md"
SECONDS_MAX = 20


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("events")
    with started(folder / "log", "--data", str(folder / "data")) as server:
        server.token = server.issue_token(folder)
        yield server


@pytest.fixture(scope="module")
def access_token(running: Server) -> str:
    """The access token of a service user who may follow."""
    running.sql(
        "create role followers; grant monitor on account to role followers; "
        "create user feed type = service default_role = followers; "
        "grant role followers to user feed"
    )
    printed = running.sql(
        "alter user feed add programmatic access token t role_restriction = 'FOLLOWERS'",
        "--format",
        "json",
    )
    found = re.search(r'"token_secret"\s*:\s*"([^"]+)"', printed)
    assert found is not None, printed
    return found[1]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def last(running: Server) -> int:
    return int(lines(running.rolecall("events"))[-1]["seq"])


def user(running: Server, name: str) -> str:
    with running.client() as client:
        answer = client.post("/Users", json={"schemas": [USER_SCHEMA], "userName": name})
    return str(answer.json()["id"])


def leave(running: Server, id: str) -> None:
    with running.client() as client:
        assert client.delete(f"/Users/{id}").status_code == 204


def test_the_command_prints_changes_in_order_and_goes_on_where_it_stopped(running: Server) -> None:
    before = last(running)
    ada = user(running, "ada")
    leave(running, ada)
    told = lines(running.rolecall("events", "--after", str(before)))
    assert [(one["change"], one["object"]["name"]) for one in told] == [
        ("CREATE USER", "ADA"),
        ("DROP USER", "ADA"),
    ]
    assert all(one["integration"] == "GENERIC_SCIM_PROVISIONING" for one in told)
    assert all({"attempt", "token", "client_ip"} <= one.keys() for one in told)
    again = lines(running.rolecall("events", "--after", str(told[0]["seq"])))
    assert again == told[1:]


def test_the_command_follows(running: Server) -> None:
    before = last(running)
    command = [ROLECALL, "events", "--follow", "--after", str(before), "--data", str(running.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        user(running, "grace")
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS_MAX) in {0, 130, -signal.SIGINT}
    assert (told["change"], told["object"]["name"]) == ("CREATE USER", "GRACE")


def events(running: Server, token: str | None, query: str = "") -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{running.root}/events{query}", headers=headers, timeout=SECONDS_MAX)


def test_http_tells_the_same_as_the_command(running: Server, access_token: str) -> None:
    over_http = events(running, access_token)
    assert over_http.headers["content-type"] == "application/x-ndjson"
    printed = lines(running.rolecall("events"))
    assert lines(over_http.text) == printed[: len(lines(over_http.text))]
    assert events(running, access_token, f"?after={printed[-1]['seq'] + 99}").text == ""


def test_http_follows_as_it_happens(running: Server, access_token: str) -> None:
    url = f"{running.root}/events?follow=true&after={last(running)}"
    headers = {"Authorization": f"Bearer {access_token}"}
    with httpx.stream("GET", url, headers=headers, timeout=SECONDS_MAX) as stream:
        assert stream.status_code == 200
        user(running, "edsger")
        changes = (json.loads(line) for line in stream.iter_lines())
        names = (one["object"]["name"] for one in changes if one.get("change") == "CREATE USER")
        assert next(names) == "EDSGER"


@pytest.mark.parametrize(
    ("query", "status"), [("?after=-1", 400), ("?after=x", 400), ("?follow=maybe", 400)]
)
def test_bad_parameters_are_named(
    running: Server, access_token: str, query: str, status: int
) -> None:
    answer = events(running, access_token, query)
    assert (answer.status_code, "after is" in answer.json()["message"]) == (status, True)


def test_who_may_not_follow_is_told_so(running: Server, access_token: str) -> None:
    assert events(running, None).status_code == 401
    assert events(running, "nonsense").status_code == 401
    assert events(running, running.token).status_code == 401
    running.sql("revoke monitor on account from role followers")
    try:
        assert events(running, access_token).status_code == 403
    finally:
        running.sql("grant monitor on account to role followers")


def test_a_follower_whose_privilege_is_taken_is_told_so_and_left(
    running: Server, access_token: str
) -> None:
    url = f"{running.root}/events?follow=true&after={last(running)}"
    headers = {"Authorization": f"Bearer {access_token}"}
    with httpx.stream("GET", url, headers=headers, timeout=SECONDS_MAX) as stream:
        running.sql("revoke monitor on account from role followers")
        told = [json.loads(line) for line in stream.iter_lines()]
    running.sql("grant monitor on account to role followers")
    assert "ended" in told[-1]


def test_the_end_of_the_server_ends_the_streams(tmp_path: Path) -> None:
    with started(tmp_path / "log", "--data", str(tmp_path / "data")) as server:
        server.sql(
            "create user feed type = service default_role = accountadmin; "
            "grant role accountadmin to user feed"
        )
        add = "alter user feed add programmatic access token t role_restriction = 'ACCOUNTADMIN'"
        found = re.search(r'"token_secret"\s*:\s*"([^"]+)"', server.sql(add, "--format", "json"))
        assert found is not None
        headers = {"Authorization": f"Bearer {found[1]}"}
        url = f"{server.root}/events?follow=true"
        with httpx.stream("GET", url, headers=headers, timeout=SECONDS_MAX) as stream:
            told = stream.iter_lines()
            assert "seq" in json.loads(next(told))
            server.end()
            assert all("seq" in json.loads(line) for line in told)


def test_the_documented_script_locks_leavers_out_of_postgresql(
    running: Server, access_token: str, tmp_path: Path
) -> None:
    """A stand-in for psql notes what it was called with."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    noted = tmp_path / "noted"
    psql = tmp_path / "psql"
    psql.write_text(f'#!/bin/sh\necho "$@" >> {noted}\ncat >> {noted}\n')
    psql.chmod(psql.stat().st_mode | stat.S_IXUSR)
    state = tmp_path / "state"
    state.write_text(str(last(running)))
    ada = user(running, "leaver@example.com")
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "ROLECALL_URL": running.root,
        "ROLECALL_TOKEN": access_token,
        "STATE_FILE": str(state),
    }
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        leave(running, ada)
        until = monotonic() + SECONDS_MAX
        gone = last(running)
        while state.read_text() != str(gone):
            assert monotonic() < until, "the script has not dealt with the leaver"
            sleep(0.05)
    finally:
        process.kill()
        process.wait()
    called = noted.read_text()
    assert "leaver=leaver@example.com" in called
    assert "NOLOGIN" in called
    assert "pg_terminate_backend" in called
