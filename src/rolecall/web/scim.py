"""SCIM over HTTP: bytes in, bytes out, limits kept, nothing blocked (DESIGN contract 6)."""

import asyncio
import logging
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import Executor
from typing import Any, NamedTuple

from rolecall.domain.account import Account, Effects
from rolecall.domain.names import Id
from rolecall.domain.ports import Done
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming, Reply
from rolecall.fronts.scim_steps import Accepted, Read, Work, Write
from rolecall.fronts.world import World
from rolecall.scim import errors
from rolecall.scim.bulk import PAYLOAD_BYTES_MAX
from rolecall.web.accounts import Places
from rolecall.web.mailbox import Mailbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Any]
Send = Callable[[MutableMapping[str, Any]], Any]

LOGGER = logging.getLogger(__name__)
PREFIX = "/scim/v2"
BODY_BYTES_MAX = 1 << 20
GROUP_BODY_BYTES_MAX = 16 << 20
BODIES_BYTES_MAX = {"Groups": GROUP_BODY_BYTES_MAX, "Bulk": PAYLOAD_BYTES_MAX}
BODY_BYTES_INLINE_MAX = 64 << 10
"""A larger body is read on a thread: half a millisecond is the longest that the loop may wait."""
LENGTH_DIGITS_MAX = 19
JSON_TYPES = ("application/scim+json", "application/json")
CONTENT_TYPE = (b"content-type", b"application/scim+json;charset=utf-8")


class Threads(NamedTuple):
    """Where what takes long runs: heavy questions, password hashes, and whole bulks."""

    readers: Executor
    hashers: Executor
    workers: Executor


class ScimApp:
    """The SCIM endpoints of every account."""

    def __init__(
        self,
        places: Places,
        account_of: Callable[[int], Account],
        world: World,
        threads: Threads,
    ) -> None:
        self._places = places
        self._fronts: dict[int, ScimFront] = {}
        self._account_of = account_of
        self._world = world
        self._readers = threads.readers
        self._hashers = threads.hashers
        self._workers = threads.workers
        self._mailbox: Mailbox | None = None
        self._outgoing: list[tuple[Account, Write, Done[Effects]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one reply, one attempt."""
        world = self._world
        host, incoming, length, content_type = _incoming(scope)
        place = self._places.at(host)
        incoming_path = scope["path"][len(PREFIX) :]
        front = self._front(place.number)
        exchange = Exchange(
            Incoming(
                method=scope["method"],
                path=incoming_path,
                base_url=place.url + PREFIX,
                **incoming,
            ),
            world.clock.now(),
            world.ids.new(),
        )
        reply = await self._reply(front, exchange, receive, length, content_type)
        await _send(send, reply, exchange)

    def _front(self, number: int) -> ScimFront:
        front = self._fronts.get(number)
        if front is None:
            front = self._fronts[number] = ScimFront(self._account_of(number), self._world, _report)
        return front

    async def _reply(
        self,
        front: ScimFront,
        exchange: Exchange,
        receive: Receive,
        length: int,
        content_type: str,
    ) -> Reply:
        try:
            step = front.begin(exchange)
            if isinstance(step, Accepted):
                _require_json(content_type)
                exchange.body = await _body(receive, length, exchange)
                threads = self._threads(exchange, step)
                if threads is not None:
                    loop = asyncio.get_running_loop()
                    step = await loop.run_in_executor(threads, front.answer, exchange, step)
                else:
                    step = front.answer(exchange, step)
        except Exception as error:  # noqa: BLE001  worded and noted, whatever it is
            return front.refuse(exchange, error)
        if isinstance(step, Write):
            return await self._write(front, step)
        if isinstance(step, Work):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._workers, front.work, exchange, step)
        if isinstance(step, Read):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._readers, front.read, exchange, step)
        return step

    def _threads(self, exchange: Exchange, accepted: Accepted) -> Executor | None:
        """Where to read a body that takes long: a password to hash, or a great many members."""
        if accepted.integration.sync_password:
            return self._hashers
        return self._readers if len(exchange.body) > BODY_BYTES_INLINE_MAX else None

    def _submit(self) -> None:
        """Hand over what this turn of the loop has gathered: the writer begins when it is done.

        Otherwise the two would take the interpreter from each other at every statement.
        """
        outgoing, self._outgoing = self._outgoing, []
        for account, step, done in outgoing:
            try:
                account.submit(step.session, step.commands, step.describe, done)
            except Exception as error:  # noqa: BLE001  a store that is closed takes nothing
                done(None, error)

    async def _write(self, front: ScimFront, step: Write) -> Reply:
        loop = asyncio.get_running_loop()
        if self._mailbox is None:
            self._mailbox = Mailbox(loop)
        mailbox = self._mailbox
        future: asyncio.Future[tuple[Effects | None, Exception | None]] = loop.create_future()

        def done(result: Effects | None, error: Exception | None) -> None:
            mailbox.post(future, (result, error))

        if not self._outgoing:
            loop.call_soon(self._submit)
        self._outgoing.append((front.account, step, done))
        result, error = await future
        if step.heavy:
            return await loop.run_in_executor(self._readers, step.finish, result, error)
        return step.finish(result, error)


def _report(request: Id, error: Exception) -> None:
    LOGGER.error("SCIM request %s failed", request, exc_info=error)


def _incoming(scope: Scope) -> tuple[str, dict[str, Any], int, str]:
    """Host, what the front wants to know, content length (-1: unknown), content type."""
    host = content_type = ""
    length = -1
    client = scope.get("client")
    found: dict[str, Any] = {
        "query": scope["query_string"].decode("latin-1"),
        "client_ip": client[0] if client else None,
    }
    for name, value in scope["headers"]:
        if name == b"authorization":
            found["authorization"] = value.decode("latin-1")
        elif name == b"host":
            host = value.decode("latin-1")
        elif name == b"content-length":
            length = int(value) if value.isdigit() and len(value) < LENGTH_DIGITS_MAX else -1
        elif name == b"content-type":
            content_type = value.decode("latin-1")
        elif name == b"if-match":
            found["if_match"] = value.decode("latin-1")
        elif name == b"if-none-match":
            found["if_none_match"] = value.decode("latin-1")
    return host, found, length, content_type


def _require_json(content_type: str) -> None:
    """`application/scim+json` and `application/json`; none at all is taken for the first."""
    media = content_type.partition(";")[0].strip().lower()
    if media and media not in JSON_TYPES:
        raise errors.unsupported_media_type(
            f"Content-Type {media} is not understood; send application/scim+json."
        )


async def _body(receive: Receive, length: int, exchange: Exchange) -> bytes:
    """The whole body, as soon as it is within the limit. Raises 413."""
    most = BODIES_BYTES_MAX.get(exchange.resource, BODY_BYTES_MAX)
    if length > most:
        raise _too_large(most)
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > most:
            raise _too_large(most)
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise errors.invalid_syntax("The connection ended before the body did.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise _too_large(most)
    return b"".join(parts)


def _too_large(most: int) -> errors.ScimError:
    return errors.too_large(
        f"The body is larger than {most >> 20} MiB; split it into smaller requests."
    )


async def _send(send: Send, reply: Reply, exchange: Exchange) -> None:
    headers: list[tuple[bytes, bytes]] = [
        (b"content-length", str(len(reply.body)).encode()),
        (b"x-request-id", exchange.request.encode()),
        *_typed(reply),
    ]
    if reply.status in {204, 304}:
        del headers[0]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _typed(reply: Reply) -> Iterable[tuple[bytes, bytes]]:
    return (CONTENT_TYPE, *reply.headers) if reply.body else reply.headers
