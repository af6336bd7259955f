"""The drivers' endpoints in process: what a real server is seldom busy enough to show."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import pytest
from starlette.routing import Router

from rolecall.web import driver
from rolecall.web.accounts import Places
from sql_world import Desk

LOGIN = "/session/v1/login-request"


class Wire:
    """An account behind the drivers' endpoints."""

    def __init__(self, workers: ThreadPoolExecutor, hashers: ThreadPoolExecutor) -> None:
        desk = Desk()
        desk.run("create user bob password = 'swordfish'")
        places = Places(lambda: [(1, "ACME", "DEMO")], "http://localhost")
        self.driver = driver.Driver(places, lambda _: desk.account, desk.world, workers, hashers)
        transport = httpx.ASGITransport(app=Router(self.driver.routes()))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    async def log_in(self, **more: object) -> dict[str, Any]:
        """What a driver hears that logs in; every answer is HTTP 200."""
        data = {"LOGIN_NAME": "BOB", "PASSWORD": "swordfish", **more}
        answer = await self.client.post(LOGIN, json={"data": data})
        assert answer.status_code == 200
        said: dict[str, Any] = answer.json()
        return said


def test_a_login_too_many_is_told_to_try_again_and_the_others_get_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver, "LOGINS_WAITING_MAX", 2)
    gate = Event()

    async def flood(wire: Wire, hashers: ThreadPoolExecutor) -> None:
        hashers.submit(gate.wait, 10)
        waiting = [asyncio.create_task(wire.log_in()) for _ in range(2)]
        await asyncio.sleep(0.1)
        refused = await wire.log_in()
        assert (refused["success"], refused["code"]) == (False, "390505")
        assert "try again" in refused["message"]
        gate.set()
        assert [said["success"] for said in await asyncio.gather(*waiting)] == [True, True]
        assert (await wire.log_in())["success"] is True, "the turn of those who wait is over"
        await wire.client.aclose()

    with ThreadPoolExecutor(1) as workers, ThreadPoolExecutor(1) as hashers:
        asyncio.run(flood(Wire(workers, hashers), hashers))


def test_what_was_aborted_before_its_turn_is_never_begun() -> None:
    gate = Event()

    async def abort(wire: Wire, workers: ThreadPoolExecutor) -> None:
        token = (await wire.log_in())["data"]["token"]
        wire.client.headers["authorization"] = f'Snowflake Token="{token}"'
        workers.submit(gate.wait, 10)
        path = "/queries/v1/query-request?requestId=r-1"
        text = "alter session set query_tag = 'begun'"
        waiting = asyncio.create_task(wire.client.post(path, json={"sqlText": text}))
        await asyncio.sleep(0.1)
        await wire.client.post("/queries/v1/abort-request", json={"requestId": "r-1"})
        assert (await waiting).json()["code"] == "000604"
        gate.set()
        path = "/queries/v1/query-request?requestId=r-2"
        shown = await wire.client.post(
            path, json={"sqlText": "show parameters like 'query_tag' in session"}
        )
        assert "begun" not in str(shown.json()["data"]["rowset"])
        await wire.client.aclose()

    with ThreadPoolExecutor(1) as workers, ThreadPoolExecutor(1) as hashers:
        asyncio.run(abort(Wire(workers, hashers), workers))
