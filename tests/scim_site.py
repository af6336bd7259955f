"""A SCIM site of two accounts, asked through the ASGI application, or over a socket."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from builders import an_account
from rolecall.domain.account import Account
from rolecall.store.memory import MemoryStore
from rolecall.web import server
from rolecall.web.accounts import Places
from rolecall.web.scim import Receive, ScimApp, Scope, Send, Threads
from scim_client import ScimClientInProcess

PUBLIC = "https://acme-one.example.com"
SCIM = "application/scim+json"


class Site:
    """Two accounts of one server, an integration in each, and an HTTP client."""

    def __init__(self, threads: Executor, loop: asyncio.Runner) -> None:
        store = MemoryStore()
        self.loop = loop
        self.one = ScimClientInProcess(an_account(store, 1, "ONE"))
        self.two = ScimClientInProcess(an_account(store, 2, "TWO"))
        places = Places(lambda: [(1, "ACME", "ONE"), (2, "ACME", "TWO")], PUBLIC)
        self.accounts: dict[int, Account] = {1: self.one.account, 2: self.two.account}
        self.app = ScimApp(
            places, self.accounts.__getitem__, self.one.world, Threads(*[threads] * 3)
        )

    def send(
        self,
        method: str,
        path: str,
        content: bytes | AsyncIterator[bytes] | None = None,
        *,
        host: str = "acme-one.example.com",
        token: str | None = None,
        lines: Iterable[tuple[str, str]] = (),
        **headers: str,
    ) -> httpx.Response:
        """One request as an HTTP client sends it; `lines` are headers that may come twice."""
        given = [(name.replace("_", "-"), value) for name, value in headers.items()]
        bearer = ("Authorization", f"Bearer {token or self.one.token}")

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("192.0.2.9", 4711))
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
                place = f"/scim/v2{path}"
                return await http.request(
                    method, place, content=content, headers=[bearer, *given, *lines]
                )

        return self.loop.run(ask())

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        given: Any = {"Content_Type": SCIM} | headers
        return self.send("POST", path, json.dumps(body).encode(), **given)


class Only:
    """An application that is SCIM alone."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._site.app(scope, receive, send)

    def leave(self) -> None:
        pass

    def close(self) -> None:
        pass


@contextmanager
def listening_site() -> Iterator[tuple[Site, int]]:
    """A site on a real socket, and its port."""
    listening = server.listen("127.0.0.1", 0)
    ready = threading.Event()
    with ThreadPoolExecutor(2) as threads, asyncio.Runner() as loop:
        site = Site(threads, loop)
        background = server.Background(Only(site), listening, ready.set)
        background.start()
        assert ready.wait(10)
        yield site, listening.getsockname()[1]
        background.stop()
    listening.close()
