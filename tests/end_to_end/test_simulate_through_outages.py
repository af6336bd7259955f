"""Providers play on through refusals and power cuts, and both sides are equal in the end."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from rolecall_process import ROLECALL, Server, environment, started

pytestmark = pytest.mark.e2e

USERS = 120
USERS_THROUGH_FAULTS = 600
"""So many that the quickest player is still at work when the last fault is injected."""
SIZE = ("--groups", "6", "--changes", "30", "--format", "json")
PLAY_SECONDS_MAX = 150
DIALECTS = {"okta": "okta", "okta-aiw": "okta", "entra": "azure", "generic": "generic"}
FAULTS: tuple[dict[str, object], ...] = (
    {"count": 3, "status": 503, "retry_after": 0},
    {"count": 2, "status": 401},
    {"count": 4, "delay_seconds": 0.1},
    {"count": 3, "status": 429, "retry_after": 1},
)


@contextmanager
def playing(
    server: Server, folder: Path, provider: str, users: int = USERS
) -> Iterator["subprocess.Popen[str]"]:
    """A provider at work in a process of its own, on an integration that speaks its dialect."""
    server.sql(
        "create role provisioner; grant create user, create role on account to role provisioner; "
        "grant role provisioner to role accountadmin; create security integration played "
        f"type = scim scim_client = '{DIALECTS[provider]}' run_as_role = 'PROVISIONER'"
    )
    server.token = server.issue_token(folder, "PLAYED")
    process = subprocess.Popen(
        [ROLECALL, "simulate", provider, "--url", server.url, "--users", str(users), *SIZE],
        env=environment() | {"ROLECALL_TOKEN": server.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def report_of(process: "subprocess.Popen[str]") -> dict[str, object]:
    told, complaint = process.communicate(timeout=PLAY_SECONDS_MAX)
    assert process.returncode == 0, told + complaint
    report: dict[str, object] = json.loads(told)
    return report


def counted(server: Server) -> tuple[int, int, int]:
    """Active and inactive users and groups, by the account's own word."""
    with server.client() as client:
        asked = (
            ("/Users", "active eq true"),
            ("/Users", "active eq false"),
            ("/Groups", "id pr"),
        )
        active, inactive, groups = (
            client.get(place, params={"filter": wanted, "count": "0"}).json()["totalResults"]
            for place, wanted in asked
        )
    return active, inactive, groups


def sides(report: dict[str, object]) -> tuple[object, object, object]:
    return report["users_active"], report["users_inactive"], report["groups"]


@pytest.mark.parametrize("provider", DIALECTS)
def test_injected_refusals_leave_both_sides_equal(tmp_path: Path, provider: str) -> None:
    with (
        started(tmp_path, "--ephemeral") as server,
        playing(server, tmp_path, provider, USERS_THROUGH_FAULTS) as player,
    ):
        awaited_users(server, 5)
        for fault in FAULTS:
            assert httpx.post(f"{server.root}/control/faults", json=fault).status_code == 200
            while is_faulty(server):
                assert player.poll() is None, "it ended before every fault struck"
                sleep(0.02)
        report = report_of(player)
        refusals = report["refusals"]
        assert isinstance(refusals, dict)
        assert {"401", "429", "503"} <= refusals.keys()
        assert sides(report) == counted(server)


@pytest.mark.parametrize("provider", DIALECTS)
def test_a_server_killed_in_the_middle_and_started_again_leaves_both_sides_equal(
    tmp_path: Path, provider: str
) -> None:
    data = ("--data", str(tmp_path / "data"))
    with started(tmp_path, *data) as first, playing(first, tmp_path, provider) as player:
        awaited_users(first, 40)
        first.kill()
        port = str(httpx.URL(first.root).port)
        with started(tmp_path / "again", *data, "--port", port) as second:
            second.token = first.token
            awaited_users(second, 80)
            second.kill()
        with started(tmp_path / "once-more", *data, "--port", port) as third:
            third.token = first.token
            assert sides(report_of(player)) == counted(third)


def is_faulty(server: Server) -> bool:
    """Whether a fault still waits for its requests."""
    return httpx.get(f"{server.root}/control").json()["faults"] is not None


def awaited_users(server: Server, count: int) -> None:
    """Return once so many users are there: the load is under way."""
    until = monotonic() + PLAY_SECONDS_MAX
    with server.client() as client:
        while client.get("/Users", params={"count": "0"}).json()["totalResults"] < count:
            assert monotonic() < until
            sleep(0.01)
