"""A SCIM site of two accounts, asked through the ASGI application and no socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Executor
from typing import Any

import httpx

from builders import an_account
from rolecall.domain.account import Account
from rolecall.store.memory import MemoryStore
from rolecall.web.accounts import Places
from rolecall.web.scim import ScimApp, Threads
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
