"""Logins of a real server: many at once, across a restart, and until the provider says leave."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from rolecall_process import (
    Server,
    patch_body,
    resident_megabytes,
    rolecall,
    started,
    user_body,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PASSWORD = "correct-horse-battery"
AT_ONCE = 200
MEGABYTES_MORE_MAX = 150
CREATE_SECONDS_MAX = 2.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with started(tmp_path, "--data", str(tmp_path / "data")) as running:
        running.token = running.issue_token(tmp_path)
        running.sql(
            "alter security integration generic_scim_provisioning set sync_password = true;"
            f"create user bob password = '{PASSWORD}'",
        )
        yield running


def log_in(
    server: Server, name: str, password: str = PASSWORD, client: httpx.Client | None = None
) -> dict[str, Any]:
    data = {"LOGIN_NAME": name, "PASSWORD": password}
    path = f"{server.root}/session/v1/login-request"
    answer = (client or httpx).post(path, json={"data": data}, timeout=120)
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


def ask(server: Server, token: str, statement: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    path = f"{server.root}/api/v2/statements"
    return httpx.post(path, json={"statement": statement}, headers=headers, timeout=60)


def test_two_hundred_logins_at_once_stall_nothing_and_exhaust_nothing(server: Server) -> None:
    before = resident_megabytes(server.pid)
    peak = before
    slowest = 0.0
    limits = httpx.Limits(max_connections=AT_ONCE)
    with (
        httpx.Client(limits=limits, timeout=120) as client,
        ThreadPoolExecutor(AT_ONCE) as clients,
        server.client() as scim,
    ):
        logins = [clients.submit(log_in, server, "bob", client=client) for _ in range(AT_ONCE)]
        count = 0
        while not all(login.done() for login in logins):
            began = time.monotonic()
            body = user_body(f"joiner-{count}@example.com", password="pushed")
            assert scim.post("/Users", json=body).status_code == 201
            slowest = max(slowest, time.monotonic() - began)
            peak = max(peak, resident_megabytes(server.pid))
            count += 1
        said = [login.result() for login in logins]
    codes = {each["code"] for each in said if not each["success"]}
    assert codes <= {"390505"}, "who is too many is asked to try again, and nothing else"
    assert sum(each["success"] for each in said) >= AT_ONCE // 4
    assert count >= 5, "provisioning went on meanwhile"
    assert slowest < CREATE_SECONDS_MAX
    assert peak - before < MEGABYTES_MORE_MAX


def test_a_provisioned_user_logs_in_with_the_pushed_password_until_the_provider_says_leave(
    server: Server,
) -> None:
    with server.client() as scim:
        made = scim.post("/Users", json=user_body("ann@example.com", password="pushed-1")).json()
        token = log_in(server, "ann@example.com", "pushed-1")["data"]["token"]
        assert ask(server, token, "select current_user()").json()["data"] == [["ANN@EXAMPLE.COM"]]
        group = scim.post(
            "/Groups", json={"displayName": "CLERKS", "members": [{"value": made["id"]}]}
        ).json()
        assert ask(server, token, "use role clerks").status_code == 200
        removed = patch_body({"op": "remove", "path": f'members[value eq "{made["id"]}"]'})
        assert scim.patch(f"/Groups/{group['id']}", json=removed).is_success
        refused = ask(server, token, "select current_role()")
        assert (refused.status_code, refused.json()["code"]) == (422, "003013")

        leave = patch_body({"op": "replace", "path": "active", "value": False})
        assert scim.patch(f"/Users/{made['id']}", json=leave).status_code == 200
    assert ask(server, token, "select 1").status_code == 401
    assert log_in(server, "ann@example.com", "pushed-1")["code"] == "390100"


def test_a_user_without_a_password_hears_what_a_wrong_one_hears(server: Server) -> None:
    with server.client() as scim:
        scim.post("/Users", json=user_body("sso@example.com"))
    nobody, without, wrong = (
        log_in(server, name, "guess") for name in ("nobody", "sso@example.com", "bob")
    )
    told = [(said["code"], said["message"], said["success"]) for said in (nobody, without, wrong)]
    assert told == [("390100", "Incorrect username or password was specified.", False)] * 3


def test_a_session_survives_a_restart(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with started(tmp_path / "one", "--data", data) as first:
        first.sql(f"create user bob password = '{PASSWORD}'")
        granted = log_in(first, "bob")["data"]
        assert ask(first, granted["token"], "use schema demo_db.public").status_code == 200
        first.kill()
    with started(tmp_path / "two", "--data", data) as second:
        answer = ask(second, granted["token"], "select current_user(), current_schema()")
        assert answer.json()["data"] == [["BOB", "PUBLIC"]]
        renewed = httpx.post(
            f"{second.root}/session/token-request",
            json={"oldSessionToken": granted["token"], "requestType": "RENEW"},
            headers={"authorization": f'Snowflake Token="{granted["masterToken"]}"'},
        ).json()
        assert ask(second, granted["token"], "select 1").status_code == 401
        assert ask(second, renewed["data"]["sessionToken"], "select 1").status_code == 200


def test_the_worksheet_changes_a_password_that_must_be_changed(server: Server) -> None:
    server.sql("alter user bob set must_change_password = true")
    asked = ("sql", "--url", server.root, "--user", "bob", "-c", "select current_user()")
    said = rolecall(*asked, ROLECALL_PASSWORD=PASSWORD, fails=1)
    assert "ROLECALL_NEW_PASSWORD" in said
    done = rolecall(*asked, ROLECALL_PASSWORD=PASSWORD, ROLECALL_NEW_PASSWORD="another-one")
    assert done == "BOB\n"
    assert rolecall(*asked, ROLECALL_PASSWORD="another-one") == "BOB\n"
    rolecall(*asked, ROLECALL_PASSWORD=PASSWORD, fails=1)
