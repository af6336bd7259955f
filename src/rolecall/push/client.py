"""A patient SCIM client: pooled, bounded, and silent about its token."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from rolecall.push.resources import (
    GROUP_SCHEMA,
    PATCH_SCHEMA,
    USER_SCHEMA,
    ErrorAnswer,
    Group,
    Json,
    Operation,
    Page,
    Schema,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from types import TracebackType

ATTEMPTS_MAX = 5
PAUSE_SECONDS_FIRST = 0.5
PAUSE_SECONDS_MAX = 60.0
TIMEOUT_SECONDS = 60.0
PAGE_ROWS = 100
PAGES_MAX = 100_000
# 429 and 503 were not carried out; 502 and 504 may have been, and every request here can be
# repeated: a PATCH sets, and a POST that had worked answers 409 the second time.
BUSY = {429, 502, 503, 504}

Resource = TypeVar("Resource", User, Group)
Piece = TypeVar("Piece")


class ScimError(Exception):
    """The server said no to one request; the message is a sentence, the rest of a run goes on."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Stopped(Exception):
    """Nothing more can be done in this run; the message says why and what to do."""


class ScimClient:
    """A connection to one SCIM base URL. Open it with `async with`."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        concurrency: int = 8,
        transport: httpx.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        self.concurrency = concurrency
        self._pause = pause
        self._http = httpx.AsyncClient(
            transport=transport,
            timeout=TIMEOUT_SECONDS,
            # A redirect would carry the token to wherever it points.
            follow_redirects=False,
            limits=httpx.Limits(max_connections=concurrency),
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/scim+json, application/json",
                "User-Agent": "rolecall-push",
            },
        )

    async def __aenter__(self) -> ScimClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def locate(self) -> None:
        """Find the base: an address without the customary `/scim/v2` is tried with it, too."""
        for base in dict.fromkeys((self.url, f"{self.url.removesuffix('/scim/v2')}/scim/v2")):
            answer = await self._send("GET", f"{base}/ServiceProviderConfig")
            if answer.is_success and _is_json_object(answer):
                self.url = base
                return

    async def user_attributes(self) -> frozenset[str] | None:
        """Names of the attributes that the server knows; None when it doesn't say."""
        answer = await self._send("GET", f"{self.url}/Schemas/{USER_SCHEMA}")
        if not answer.is_success:
            return None
        try:
            schema = msgspec.json.decode(answer.content, type=Schema)
        except msgspec.DecodeError:
            return None
        return frozenset(a.name.lower() for a in schema.attributes) or None

    async def users(self) -> list[User]:
        return await self._all("/Users", User)

    async def groups(self) -> list[Group]:
        return await self._all("/Groups", Group)

    async def group(self, group_id: str) -> Group:
        answer = await self._ask("GET", f"/Groups/{_segment(group_id)}")
        return _resource(answer.content, Group)

    async def user_named(self, user_name: str) -> User | None:
        """Look a user up by name: after a lost answer, or where lists leave some users out."""
        quoted = msgspec.json.encode(user_name).decode()
        answer = await self._ask("GET", "/Users", query={"filter": f"userName eq {quoted}"})
        found = [_resource(raw, User) for raw in _page(answer).Resources]
        return next((u for u in found if u.user_name.casefold() == user_name.casefold()), None)

    async def create_user(self, user: Mapping[str, Json]) -> User:
        body: Json = {"schemas": [USER_SCHEMA], **user}
        return _resource((await self._ask("POST", "/Users", body=body)).content, User)

    async def create_group(self, group: Mapping[str, Json]) -> Group:
        body: Json = {"schemas": [GROUP_SCHEMA], **group}
        return _resource((await self._ask("POST", "/Groups", body=body)).content, Group)

    async def patch_user(self, user_id: str, operations: Sequence[Operation]) -> User | None:
        """Change a user; the changed user, unless the server answers without one (204)."""
        answer = await self._patch(f"/Users/{_segment(user_id)}", operations)
        return _resource(answer.content, User) if answer.content else None

    async def patch_group(self, group_id: str, operations: Sequence[Operation]) -> None:
        await self._patch(f"/Groups/{_segment(group_id)}", operations)

    async def _patch(self, path: str, operations: Sequence[Operation]) -> httpx.Response:
        body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
        return await self._ask("PATCH", path, body=msgspec.to_builtins(body))

    async def _all(self, path: str, kind: type[Resource]) -> list[Resource]:
        """Walk the pages until one brings nothing new: totals are wrong on too many servers.

        Only when pages repeat is the total believed: whoever is not seen would not be removed.
        """
        found: dict[str, Resource] = {}
        start = 1
        for _ in range(PAGES_MAX):
            query = {"startIndex": str(start), "count": str(PAGE_ROWS)}
            answer = await self._ask("GET", path, query=query)
            listed = _page(answer)
            page = [_resource(raw, kind) for raw in listed.Resources]
            fresh = {resource.id: resource for resource in page if resource.id not in found}
            if page and not fresh and len(found) < total_of(listed):
                raise Stopped(
                    f"{self.url}{path} shows {len(found)} of {listed.total} and then the same "
                    "again; nothing was changed. Who is there can't be known unless startIndex "
                    "works (RFC 7644 section 3.4.2.4)"
                )
            if not fresh:
                return list(found.values())
            found.update(fresh)
            start += len(page)
        raise Stopped(f"{self.url}{path} never ends; nothing was changed")

    async def _ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Json = None
    ) -> httpx.Response:
        """Send and judge: a success is returned, anything else is a sentence."""
        answer = await self._send(method, f"{self.url}{path}", query=query, body=body)
        if answer.is_success:
            return answer
        # A PATCH may be forbidden for one object that another owns; the rest of a run goes on.
        if answer.status_code == 401 or (answer.status_code == 403 and method != "PATCH"):
            raise Stopped(_unwelcome(answer))
        if answer.is_redirect:
            there = answer.headers.get("Location", "another address")
            raise Stopped(f"the server redirects to {there}; give --url the address it wants")
        raise ScimError(answer.status_code, _sentence(answer))

    async def _send(
        self, method: str, url: str, *, query: Mapping[str, str] | None = None, body: Json = None
    ) -> httpx.Response:
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/scim+json"} if content is not None else {}
        seconds, trouble = 0.0, ""
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                await self._pause(seconds)
            seconds = PAUSE_SECONDS_FIRST * 2**attempt
            try:
                answer = await self._http.request(
                    method, url, params=query, content=content, headers=headers
                )
            except httpx.TransportError as error:
                trouble = str(error) or type(error).__name__
                continue
            if answer.status_code not in BUSY:
                return answer
            trouble = _sentence(answer)
            seconds = _wait_asked(answer, seconds)
        raise Stopped(
            f"{self.url} does not answer ({trouble}); is the address right and the server "
            "running? What was done so far stands: run the same command again"
        )


async def each(
    pieces: Iterable[Piece], act: Callable[[Piece], Awaitable[None]], *, workers: int
) -> None:
    """Act on every piece, at most `workers` at a time; the first exception ends them all."""
    remaining = iter(pieces)

    async def work() -> None:
        for piece in remaining:
            await act(piece)

    tasks = [asyncio.create_task(work()) for _ in range(workers)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def total_of(listed: Page) -> int:
    """How many there are, by the server's word; 0 when it says nothing that can be read."""
    total = listed.total
    return int(total) if isinstance(total, int) or total.isdecimal() else 0


def _page(answer: httpx.Response) -> Page:
    try:
        return msgspec.json.decode(answer.content, type=Page)
    except msgspec.DecodeError as error:
        raise Stopped(f"{answer.url.path} answers no SCIM list ({error}); check --url") from error


def _resource(content: bytes | msgspec.Raw, kind: type[Resource]) -> Resource:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise Stopped(f"the server sent no SCIM {kind.__name__} ({error}); check --url") from error


def _is_json_object(answer: httpx.Response) -> bool:
    return answer.content.lstrip()[:1] == b"{"


def _segment(identifier: str) -> str:
    """An id is the server's own text, so it may hold anything, a slash included."""
    return quote(identifier, safe="")


def _sentence(answer: httpx.Response) -> str:
    try:
        told = msgspec.json.decode(answer.content, type=ErrorAnswer)
    except msgspec.DecodeError:
        told = ErrorAnswer()
    kind = f" {told.scim_type}" if told.scim_type else ""
    return f"the server answered {answer.status_code}{kind}: {told.detail or answer.reason_phrase}"


def _unwelcome(answer: httpx.Response) -> str:
    advice = {
        401: "check ROLECALL_TOKEN or --token-file; the token may be wrong, expired or revoked",
        403: "the token is valid but may not do this here; check its role and the network policy",
    }
    return f"{_sentence(answer)}; {advice[answer.status_code]}"


def _wait_asked(answer: httpx.Response, otherwise: float) -> float:
    """Retry-After in seconds (RFC 9110 §10.2.3); its date form would need this host's clock."""
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), PAUSE_SECONDS_MAX) if asked.isdecimal() else otherwise
