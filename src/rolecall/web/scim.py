"""SCIM over HTTP: bytes in, bytes out, limits kept, nothing blocked (DESIGN contract 6)."""

import asyncio
import logging
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

from rolecall.domain.account import Account, Effects
from rolecall.domain.errors import ChangeHeld, Refusal, StoreFailure
from rolecall.domain.names import Id
from rolecall.domain.ports import Done
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming, Reply, announced
from rolecall.fronts.scim_steps import Accepted, Entrances, Read, Work, Write
from rolecall.fronts.world import World
from rolecall.scim import errors
from rolecall.scim.bulk import PAYLOAD_BYTES_MAX
from rolecall.web.accounts import Place, Places
from rolecall.web.fairness import LoopTurns, Ring, Slots
from rolecall.web.limits import InFlight, Known, Passage, endpoint_of
from rolecall.web.mailbox import Mailbox
from rolecall.web.meter import Meter, scim_endpoint
from rolecall.web.prompt import BODILESS, WHOLE, Whole

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
BEGUN_AT_ONCE = 32
"""Requests begun in one turn of the loop, while others wait for theirs."""
WRITING_AT_ONCE = 32
"""Writes handed to the store at once: half a group, so that who comes next waits for no more."""
BULKS_AT_ONCE = 2
"""Bulks in work: half the threads that they share with SQL."""
READING_AT_ONCE = 8
"""Long answers in work at once, or waiting for a thread: twice the readers."""
PROVING_AT_ONCE = 2
"""JSON Web Tokens in check at once: some wait for their issuer."""
JSON_TYPES = ("application/scim+json", "application/json")
PLAIN_ENCODINGS = ("", "identity")
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})
NO_EXTENSIONS: dict[str, Any] = {}
CONTENT_TYPE = (b"content-type", b"application/scim+json;charset=utf-8")

Outgoing = tuple[Account, Write, Done[Effects]]
Outcome = TypeVar("Outcome")


class Sent(NamedTuple):
    """What the headers say of a body: its length (-1: unknown), its type, how it is packed."""

    length: int
    content_type: str
    encoding: str


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
        meter: Meter | None = None,
    ) -> None:
        self._meter = meter or Meter()
        self._places = places
        self._fronts: dict[int, ScimFront] = {}
        self._account_of = account_of
        self._world = world
        self._readers = threads.readers
        self._hashers = threads.hashers
        self._workers = threads.workers
        self._mailbox: Mailbox | None = None
        self.in_flight = InFlight()
        self._known = Known()
        self._turns = LoopTurns(BEGUN_AT_ONCE)
        self._reading = Slots(READING_AT_ONCE)
        self._bulks = Slots(BULKS_AT_ONCE)
        self._proving = Slots(PROVING_AT_ONCE)
        # Threads of their own: an issuer that takes long keeps nobody else waiting.
        self._provers = ThreadPoolExecutor(PROVING_AT_ONCE, thread_name_prefix="proof")
        self._entrances: dict[int, Entrances] = {}
        self._outgoing: Ring[Outgoing] = Ring()
        self._writing = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one reply, one attempt."""
        began = perf_counter()
        world = self._world
        place, incoming, sent = _incoming(scope, self._places)
        front = self._front(place.number)
        exchange = Exchange(incoming, world.clock.now(), world.ids.new())
        passage = Passage(
            account=place.number,
            endpoint=endpoint_of(exchange.resource),
            caller=self._known.caller(place.number, exchange.authorization),
        )
        try:
            self.in_flight.enter(passage, front.requests_max)
        except errors.ScimError as full:
            reply = front.refuse(exchange, full)
            await _send(scope, send, reply, exchange)
            self._count(place.number, exchange, reply.status, began)
            return
        try:
            turn = self._turns.take(passage.account, passage.caller)
            if turn is not None:
                await turn
            reply = await self._reply(front, exchange, passage, receive, sent)
            if reply.pieces is None:
                await _send(scope, send, reply, exchange)
            else:
                await self._send_pieces(send, receive, reply, reply.pieces, exchange, passage)
        finally:
            self.in_flight.leave(passage)
        self._count(place.number, exchange, reply.status, began)

    def _count(self, account: int, exchange: Exchange, status: int, began: float) -> None:
        """One request for the metrics."""
        meter, integration = self._meter, exchange.integration or ""
        labels = (account, integration, scim_endpoint(exchange.resource), exchange.method, status)
        meter.answered(labels, perf_counter() - began)
        if exchange.quirks:
            meter.tolerated(account, integration, exchange.quirks)
        if exchange.refusal is not None:
            meter.refused(account, integration, exchange.refusal)

    def waiting(self) -> dict[str, int]:
        """How many wait for their turn, by at what."""
        return {
            "loop": self._turns.waiting,
            "writer": len(self._outgoing),
            "readers": self._reading.waiting,
            "bulk": self._bulks.waiting,
        }

    def _front(self, number: int) -> ScimFront:
        front = self._fronts.get(number)
        if front is None:
            front = self._fronts[number] = ScimFront(self._account_of(number), self._world, _report)
        return front

    async def _reply(
        self,
        front: ScimFront,
        exchange: Exchange,
        passage: Passage,
        receive: Receive,
        sent: Sent,
    ) -> Reply:
        try:
            if front.needs_proof(exchange):
                await self._on(self._provers, passage, front.prove, exchange, slots=self._proving)
            step = front.begin(exchange, self._entrances_of(passage.account))
            if passage.caller is None and exchange.integration is not None:
                self._accept(front, exchange, passage)
            if isinstance(step, Accepted):
                _require_json(sent)
                exchange.body = await _body(receive, sent.length, exchange)
                threads = self._threads(exchange, step)
                if threads is not None:
                    step = await self._on(threads, passage, front.answer, exchange, step)
                else:
                    step = front.answer(exchange, step)
        except Exception as error:  # noqa: BLE001  worded and noted, whatever it is
            return front.refuse(exchange, error)
        if isinstance(step, Write):
            return await self._write(front, step, passage)
        if isinstance(step, Work):
            return await self._on(
                self._workers, passage, front.work, exchange, step, slots=self._bulks
            )
        if isinstance(step, Read):
            return await self._on(self._readers, passage, front.read, exchange, step)
        return step

    async def _send_pieces(
        self,
        send: Send,
        receive: Receive,
        reply: Reply,
        pieces: Iterator[bytes],
        exchange: Exchange,
        passage: Passage,
    ) -> None:
        """Send a long answer, each piece made on a thread when the client has taken those before.

        What goes wrong in between leaves the answer without its end, which the client sees.
        """
        request = (b"x-request-id", exchange.request.encode())
        headers = [request, *announced(exchange), CONTENT_TYPE, *reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        gone = asyncio.ensure_future(_gone(receive))
        try:
            while not gone.done():
                piece = await self._on(self._readers, passage, next, pieces, None)
                body = {"type": "http.response.body", "body": piece or b""}
                await send({**body, "more_body": piece is not None})
                if piece is None:
                    return
        except Refusal as refusal:
            LOGGER.info("SCIM request %s ended within its answer: %s", exchange.request, refusal)
        except Exception as error:  # noqa: BLE001  the answer has begun: it can't be told any more
            _report(exchange.request, error)
        finally:
            gone.cancel()

    def _entrances_of(self, account: int) -> Entrances | None:
        """Which tokens were found good since the loop last looked for requests (decision 79).

        They are for requests that had come by then: one that is a task already asks for itself.
        """
        if asyncio.current_task() is not None:
            return None
        found = self._entrances.get(account)
        if found is None:
            if not self._entrances:
                asyncio.get_running_loop().call_soon(self._entrances.clear)
            found = self._entrances[account] = {}
        return found

    def _accept(self, front: ScimFront, exchange: Exchange, passage: Passage) -> None:
        """A stranger's token is good: from now on the request is its account's. Raises a 429."""
        caller = self._known.accept(passage.account, exchange.authorization)
        self.in_flight.accept(passage, caller, front.requests_max)

    async def _on(
        self,
        threads: Executor,
        passage: Passage,
        work: Callable[..., Outcome],
        *arguments: object,
        slots: Slots | None = None,
    ) -> Outcome:
        """The outcome of work that takes long, when it is the caller's turn at a thread."""
        place = slots or self._reading
        await place.enter(passage.account, passage.caller)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(threads, work, *arguments)
        finally:
            place.leave()

    def _threads(self, exchange: Exchange, accepted: Accepted) -> Executor | None:
        """Where to read a body that takes long: a password to hash, or a great many members."""
        if accepted.integration.sync_password:
            return self._hashers
        return self._readers if len(exchange.body) > BODY_BYTES_INLINE_MAX else None

    def _submit(self) -> None:
        """Hand over what this turn of the loop has gathered: the writer begins when it is done.

        Otherwise the two would take the interpreter from each other at every statement. What the
        writer can't take into its next groups waits here, where it is taken by turns.
        """
        while self._outgoing and self._writing < WRITING_AT_ONCE:
            account, step, done = self._outgoing.pop()
            self._writing += 1
            try:
                account.submit(step.session, step.commands, step.describe, done)
            except Exception as error:  # noqa: BLE001  a store that is closed takes nothing
                done(None, error)

    async def _write(self, front: ScimFront, step: Write, passage: Passage) -> Reply:
        loop = asyncio.get_running_loop()
        if self._mailbox is None:
            self._mailbox = Mailbox(loop)
        mailbox = self._mailbox
        future: asyncio.Future[tuple[Effects | None, Exception | None]] = loop.create_future()

        def done(result: Effects | None, error: Exception | None) -> None:
            mailbox.post(future, (result, error))

        if not self._outgoing:
            loop.call_soon(self._submit)
        self._outgoing.push(passage.account, passage.caller, (front.account, step, done))
        result, error = await future
        self._writing -= 1
        if self._outgoing:
            self._submit()
        if step.heavy:
            return await self._on(self._readers, passage, step.finish, result, error)
        return step.finish(result, error)


def _report(request: Id, error: Exception) -> None:
    if isinstance(error, StoreFailure):  # the disk's fault: where in the code says nothing
        LOGGER.error("SCIM request %s: %s", request, error)
        return
    if isinstance(error, ChangeHeld):
        LOGGER.warning(
            "The brake of integration %s holds a change that removes %d (request %s): %s",
            error.integration,
            error.removes,
            request,
            error.remedy,
        )
        return
    LOGGER.error("SCIM request %s failed", request, exc_info=error)


def _incoming(scope: Scope, places: Places) -> tuple[Place, Incoming, Sent]:
    """Whose request it is, what the front wants to know, and what is said of the body."""
    host = authorization = content_type = encoding = ""
    if_match: str | None = None
    if_none_match: str | None = None
    length = -1
    for name, value in scope["headers"]:
        if name == b"authorization":
            # Two make no token: whoever stands before this server may have judged the other one.
            authorization = _listed(authorization or None, value)
        elif name == b"host":
            host = value.decode("latin-1")
        elif name == b"content-length":
            length = int(value) if value.isdigit() and len(value) < LENGTH_DIGITS_MAX else -1
        elif name == b"content-type":
            content_type = value.decode("latin-1")
        elif name == b"content-encoding":
            encoding = value.decode("latin-1")
        elif name == b"if-match":
            if_match = _listed(if_match, value)
        elif name == b"if-none-match":
            if_none_match = _listed(if_none_match, value)
    place = places.at(host)
    client = scope.get("client")
    came = Incoming(
        method=scope["method"],
        path=scope["path"][len(PREFIX) :],
        query=scope["query_string"].decode("latin-1"),
        authorization=authorization,
        base_url=place.url + PREFIX,
        # A caller without an address is nobody on this machine: a policy refuses it.
        client_ip=client[0] if client else "",
        if_match=if_match,
        if_none_match=if_none_match,
    )
    return place, came, Sent(length, content_type, encoding)


def _listed(before: str | None, value: bytes) -> str:
    """A list that came in several header lines is one (RFC 9110 section 5.3)."""
    text = value.decode("latin-1")
    return text if before is None else f"{before}, {text}"


def _require_json(sent: Sent) -> None:
    """`application/scim+json` and `application/json`; none at all is taken for the first."""
    if sent.encoding.strip().lower() not in PLAIN_ENCODINGS:
        raise errors.unsupported_media_type(
            f"Content-Encoding {sent.encoding} is not understood; send the JSON as it is."
        )
    if sent.content_type in JSON_TYPES:
        return
    media, _, parameters = sent.content_type.partition(";")
    media = media.strip().lower()
    if media and media not in JSON_TYPES:
        raise errors.unsupported_media_type(
            f"Content-Type {media} is not understood; send application/scim+json."
        )
    for parameter in parameters.lower().split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in UTF_8:
            raise errors.unsupported_media_type(
                f"The charset {value.strip()} is not understood; send application/scim+json in "
                "UTF-8."
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


async def _send(scope: Scope, send: Send, reply: Reply, exchange: Exchange) -> None:
    headers = [(b"x-request-id", exchange.request.encode()), *announced(exchange), *reply.headers]
    if reply.body:
        headers.append(CONTENT_TYPE)
    whole: Whole | None = scope.get("extensions", NO_EXTENSIONS).get(WHOLE)
    if whole is not None and whole(scope, reply.status, headers, reply.body):
        return
    if reply.status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _gone(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
