"""Health: `/healthz` says that the process lives, `/readyz` that it can do its work, or why not."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from time import monotonic

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

PROBE_SECONDS = 2.0
"""An answer holds so long: however often it is asked for, the disk hears of it seldom."""
PROBE_SECONDS_MAX = 5.0

Probe = Callable[[], Sequence[str]]
"""What keeps a server from its work, in sentences; nothing when all is well."""


class Health:
    """Two addresses without a token, for load balancers and supervisors."""

    def __init__(self, probe: Probe, threads: Executor) -> None:
        self._probe = probe
        self._threads = threads
        self._asked_at = float("-inf")
        self._complaints: tuple[str, ...] = ()
        self._asking: asyncio.Task[tuple[str, ...]] | None = None

    def routes(self) -> list[Route]:
        """Both addresses."""
        return [
            Route("/healthz", self._live, methods=["GET"]),
            Route("/readyz", self._ready, methods=["GET"]),
        ]

    async def _live(self, _: Request) -> PlainTextResponse:
        return _told(200, "alive")

    async def _ready(self, _: Request) -> PlainTextResponse:
        complaints = await self._asked()
        return _told(503, "\n".join(complaints)) if complaints else _told(200, "ready")

    async def _asked(self) -> tuple[str, ...]:
        """The probe's answer, one at a time, however many ask."""
        if self._asking is None and monotonic() - self._asked_at < PROBE_SECONDS:
            return self._complaints
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        try:
            asked = loop.run_in_executor(self._threads, self._probe)
            self._complaints = tuple(await asyncio.wait_for(asked, PROBE_SECONDS_MAX))
        except TimeoutError:
            self._complaints = (f"The store does not answer within {PROBE_SECONDS_MAX:g} s.",)
        finally:
            self._asked_at, self._asking = monotonic(), None
        return self._complaints


def _told(status: int, text: str) -> PlainTextResponse:
    return PlainTextResponse(f"{text}\n", status, headers={"Cache-Control": "no-store"})
