"""Who follows events hears a sign of life, is one of thirty-two, and is let go at the end."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.routing import Router

from rolecall.fronts.login import log_in
from rolecall.web import events as web_events
from rolecall.web.accounts import Places
from rolecall.web.events import Events
from sql_world import Desk

SECONDS_MAX = 10


class Line:
    """One follower's connection: what it was answered, line by line."""

    def __init__(self, app: Router, token: str, query: str) -> None:
        self._app = app
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "query_string": query.encode(),
            "headers": [(b"authorization", f"Bearer {token}".encode()), (b"host", b"localhost")],
            "client": ("192.0.2.1", 1),
        }
        self.status = 0
        self.lines: list[dict[str, Any]] = []
        self.gone = asyncio.Event()

    async def run(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    def has_told_two(self) -> bool:
        return len([one for one in self.lines if "seq" in one]) >= 2

    async def _receive(self) -> dict[str, str]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:  # noqa: ANN401  what ASGI sends
        self.status = message.get("status", self.status)
        self.lines += [json.loads(line) for line in message.get("body", b"").splitlines()]


class Feed:
    """An account whose events are followed, with a heartbeat that a test can wait for."""

    def __init__(self, workers: ThreadPoolExecutor) -> None:
        self.desk = Desk()
        self.desk.run(
            "create user bob password = 'swordfish' default_role = accountadmin; "
            "grant role accountadmin to user bob"
        )
        token = log_in(self.desk.account, self.desk.world, "bob", "swordfish").token
        self.token = token
        places = Places(lambda: [(1, "ACME", "DEMO")], "http://localhost")
        self.events = Events(
            places, lambda _: self.desk.account, self.desk.world, workers, heartbeat_seconds=0.02
        )
        self.app = Router(self.events.routes())

    def line(self, query: str = "follow=true&after=0") -> Line:
        return Line(self.app, self.token, query)


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Feed]:
    monkeypatch.setattr(web_events, "LOOK_SECONDS", 0.01)
    with ThreadPoolExecutor(4) as workers:
        yield Feed(workers)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not true():  # noqa: ASYNC110  what is waited for rings no bell
            await asyncio.sleep(0.005)


def played(scene: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(3 * SECONDS_MAX):
            await scene()

    asyncio.run(whole())


def test_a_follower_hears_a_sign_of_life_that_says_where_to_go_on(feed: Feed) -> None:
    async def scene() -> None:
        line = feed.line()
        running = asyncio.create_task(line.run())
        await until(lambda: line.lines and "heartbeat" in line.lines[-1])
        told = [one["seq"] for one in line.lines if "seq" in one]
        assert line.lines[-1]["after"] == told[-1]
        feed.events.leave()
        await running
        assert line.status == 200

    played(scene)


def test_thirty_two_may_follow_and_the_next_is_told_to_wait(feed: Feed) -> None:
    async def scene() -> None:
        lines = [feed.line() for _ in range(web_events.FOLLOWERS_MAX)]
        running = [asyncio.create_task(line.run()) for line in lines]
        await until(lambda: all(line.lines for line in lines))
        late = feed.line()
        await late.run()
        assert (late.status, late.lines[0]["message"]) == (
            429,
            "32 follow already; try again later",
        )
        lines[0].gone.set()
        await running[0]
        again = feed.line("after=0")  # room for one, who reads what there is and goes
        await again.run()
        assert (again.status, bool(again.lines)) == (200, True)
        feed.events.leave()
        await asyncio.gather(*running)

    played(scene)


def test_a_refused_follower_leaves_room(feed: Feed) -> None:
    async def scene() -> None:
        for _ in range(web_events.FOLLOWERS_MAX + 1):
            refused = Line(feed.app, "nonsense", "follow=true")
            await refused.run()
            assert refused.status == 401
        admitted = feed.line("after=0")
        await admitted.run()
        assert admitted.status == 200

    played(scene)


def test_whoever_is_cut_off_goes_on_behind_the_last_line(feed: Feed) -> None:
    """Cut off in the middle, again and again, with changes in between: nothing is missing."""

    async def scene() -> None:
        dealt: list[int] = []
        for turn in range(5):
            feed.desk.run(f"create role r{turn}; drop role r{turn}")
            line = feed.line(f"follow=true&after={dealt[-1] if dealt else 0}")
            running = asyncio.create_task(line.run())
            await until(line.has_told_two)
            line.gone.set()
            await running
            dealt += [one["seq"] for one in line.lines if "seq" in one][:2]
        rest = feed.line(f"after={dealt[-1]}")
        await rest.run()
        every = feed.line("after=0")
        await every.run()
        told = [one["seq"] for one in every.lines]
        assert sorted({*dealt, *(one["seq"] for one in rest.lines)}) == told

    played(scene)
