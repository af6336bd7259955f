"""Events out over HTTP: GET /events streams committed changes as lines of JSON, with a heartbeat.

The bearer is a programmatic access token, or a login's session token, of a user whose role is
ACCOUNTADMIN or holds MONITOR on the account; it is asked again at every look.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from functools import partial
from time import monotonic
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from rolecall.domain.account import Account
from rolecall.domain.errors import AddressRefused
from rolecall.domain.past import Change
from rolecall.fronts import following
from rolecall.fronts.login import require_admitted_here
from rolecall.fronts.sql import SqlRefusal, Worksheet
from rolecall.fronts.sql_refusals import refused
from rolecall.fronts.world import World
from rolecall.web.accounts import Places

T = TypeVar("T")

FOLLOWERS_MAX = 32
LOOK_SECONDS = 0.25
NUMBER_MAX = 2**62
FORBIDDEN_CODES = frozenset({"003001", "390422"})
MEDIA_TYPE = "application/x-ndjson"


class Events:
    """The changes of every account, to those who follow them."""

    def __init__(
        self,
        places: Places,
        account_of: Callable[[int], Account],
        world: World,
        workers: Executor,
        *,
        heartbeat_seconds: float = following.HEARTBEAT_SECONDS,
    ) -> None:
        """Look on `workers`."""
        self._leaving = False
        self._places = places
        self._account_of = account_of
        self._world = world
        self._workers = workers
        self._heartbeat_seconds = heartbeat_seconds
        self._followers = 0

    def leave(self) -> None:
        """The server is about to end: so does every stream."""
        self._leaving = True

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/events", self.events, methods=["GET"])]

    async def events(self, request: Request) -> Response:
        """What comes after a number, and with `follow=true` what happens from then on."""
        after = _number(request.query_params.get("after", "0"))
        follow = request.query_params.get("follow", "false").lower()
        if after is None or follow not in {"true", "false"}:
            return _refused(400, "after is a whole number, follow is true or false")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        presented = token.strip() if scheme.lower() == "bearer" else ""
        if self._followers >= FOLLOWERS_MAX:
            return _refused(429, f"{FOLLOWERS_MAX} follow already; try again later")
        self._followers += 1
        try:
            who = await self._work(lambda: self._who(request, presented))
            first = await self._work(lambda: following.page_after(who, after))
        except SqlRefusal as refusal:
            self._followers -= 1
            status = 403 if refusal.code in FORBIDDEN_CODES else 401
            return _refused(status, refusal.message.split(":\n", 1)[-1])
        except AddressRefused as refusal:
            self._followers -= 1
            return _refused(403, refused(refusal).message)
        except BaseException:
            self._followers -= 1
            raise
        lines = self._lines(who, first, after, follow=follow == "true")
        return StreamingResponse(
            lines, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
        )

    def _who(self, request: Request, token: str) -> Worksheet:
        account = self._account_of(self._places.at(request.headers.get("host", "")).number)
        address = request.client.host if request.client else None
        if not token:
            require_admitted_here(account, self._world, address)
            raise SqlRefusal(
                "390303", "08001", "send the header 'Authorization: Bearer <access token>'"
            )
        return following.follower(account, self._world, token, address)

    async def _lines(
        self, who: Worksheet, page: tuple[Change, ...], after: int, *, follow: bool
    ) -> AsyncIterator[bytes]:
        """Until there is no more, or for as long as the client listens and may."""
        heard = monotonic()
        try:
            while True:
                if page:
                    after, heard = page[-1].seq, monotonic()
                    yield b"".join([following.line_of(change) for change in page])
                elif not follow or self._leaving:
                    return
                else:
                    if monotonic() - heard >= self._heartbeat_seconds:
                        heard = monotonic()
                        yield following.heartbeat(after, self._world.clock.now())
                    await asyncio.sleep(LOOK_SECONDS)
                page = await self._work(partial(following.page_after, who, after))
        except SqlRefusal as refusal:
            yield following.ended(refusal.message.split(":\n", 1)[-1], after)
        finally:
            self._followers -= 1

    async def _work(self, act: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workers, act)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= NUMBER_MAX else None


def _refused(status: int, message: str) -> Response:
    body = msgspec.json.encode({"message": message})
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(body, status_code=status, media_type="application/json", headers=headers)
