"""The SQL API over HTTP: submit a statement, ask for its answer, end it (reference section 10a).

Every request brings its own credential: a key pair's token, a programmatic access token, or the
token of a session, which `rolecall sql --url` uses.
"""

import asyncio
import gzip
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.domain.account import Account
from rolecall.domain.errors import Refusal
from rolecall.domain.names import Id
from rolecall.fronts import driver, sql_api
from rolecall.fronts.sql import Answer, Worksheet
from rolecall.fronts.sql_api import Asked, refusal_said, status_of
from rolecall.fronts.sql_refusals import SqlRefusal, misread, refused
from rolecall.fronts.world import World
from rolecall.sql.binding import bound
from rolecall.sql.cursor import StatementText, split_script
from rolecall.sql.errors import SqlCompilationError, SqlSyntaxError
from rolecall.web.accounts import Places
from rolecall.web.bodies import UnreadableBody, object_of
from rolecall.web.callers import Caller, Callers, Endpoint, Handlers, upper_of
from rolecall.web.driver_queries import Outcome, Queries, Query
from rolecall.web.guard import guarded
from rolecall.web.repeating import Values, repeated

STATEMENT_BYTES_MAX = 2 << 20
WAIT_SECONDS = 45.0
"""How long a request waits for its statement before it is told to ask again (vendor)."""
REQUEST_ID_MAX = 100

_log = logging.getLogger(__name__)


class Said(Outcome, frozen=True, kw_only=True):
    """An answer as HTTP has it; `chunks` are the partitions after the first."""

    status: int = 200


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for."""

    asked: Asked
    text: str
    sets: tuple[Values, ...]
    count: int
    new_id: Callable[[], Id]


class SqlApi:
    """Statements of every account."""

    def __init__(
        self, places: Places, account_of: Callable[[int], Account], world: World, workers: Executor
    ) -> None:
        """Statements run on `workers`."""
        self._callers = Callers(places, account_of, world)
        self._world = world
        self._workers = workers
        self._queries = Queries()
        self._asked: dict[Id, Asked] = {}
        self._guards: set[asyncio.Task[None]] = set()

    def routes(self) -> list[Route]:
        """Where it answers; whatever else is asked below is answered in JSON too."""
        path = sql_api.PATH
        return [
            Route(path, Endpoint(self.answered, {"POST": self.submit})),
            Route(path + "/{handle}", Endpoint(self.answered, {"GET": self.poll})),
            Route(path + "/{handle}/cancel", Endpoint(self.answered, {"POST": self.cancel})),
            Route(path + "/{rest:path}", Endpoint(self.answered, {})),
        ]

    async def answered(self, handlers: Handlers, request: Request) -> Response:
        """What the handler of a method answers, and what it refuses as the API words it."""
        handler = handlers.get(request.method)
        if handler is None:
            status = 405 if handlers else 404
            allowed = ", ".join(handlers)
            message = f"Only {allowed} is allowed here." if handlers else "There is no such path."
            allow = {"allow": allowed} if handlers else {}
            return _json(status, _plain(f"390{status}", message), allow)
        try:
            _require_agent(request)
            return await handler(request)
        except SqlRefusal as refusal:
            return _json(status_of(refusal), refusal_said(refusal))
        except Refusal as refusal:
            worded = refused(refusal)
            return _json(status_of(worded), refusal_said(worded))
        except UnreadableBody as error:
            return _json(400, _plain(sql_api.BAD_REQUEST, str(error)))

    # ---- submit --------------------------------------------------------------------------------

    async def submit(self, request: Request) -> Response:
        """Carry out a statement, or several: its answer, or 202 while it runs."""
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != "application/json":
            return _json(415, _plain("390415", "Send Content-Type: application/json."))
        body = await object_of(request, STATEMENT_BYTES_MAX)
        caller = self._callers.caller(request, body)
        request_id = _request_id(request) or self._world.ids.new()
        query = None
        if _is_true(request, "retry"):
            query = self._queries.sent(caller.owner.session, request_id)
        if query is None:
            if self._queries.is_full():
                return _json(429, _plain("390505", "Too many requests."), {"retry-after": "1"})
            query = self._begun(caller, self._order(request, body, request_id), body)
        if _is_true(request, "async"):
            return _json(202, sql_api.running_said(self._asked[query.id]))
        return await self._said(query)

    def _order(self, request: Request, body: dict[str, Any], request_id: str) -> Order:
        text = body.get("statement")
        if not isinstance(text, str):
            raise SqlRefusal(sql_api.BAD_REQUEST, "08001", "Send 'statement', a text.")
        now = self._world.clock.now()
        asked = Asked(
            handle=self._world.ids.new(),
            request=request_id,
            created_on=now // 1_000,
            nullable=request.query_params.get("nullable", "true").lower() != "false",
        )
        count = driver.statements_wanted(upper_of(body.get("parameters")))
        return Order(
            asked=asked,
            text=text,
            sets=driver.bindings_of(body.get("bindings")),
            count=1 if count is None else count,
            new_id=self._world.ids.new,
        )

    def _begun(self, caller: Caller, order: Order, body: dict[str, Any]) -> Query:
        seconds = sql_api.seconds_of(body)
        now = self._world.clock.now()
        asked = order.asked
        query = Query(asked.handle, caller.owner, asked.request, order.text, now)
        self._queries.add(query)
        self._asked[query.id] = asked
        running = asyncio.get_running_loop().run_in_executor(
            self._workers, carried_out, order, caller.worksheet, query.begin
        )
        running.add_done_callback(lambda done: self._ended(query, asked, done))

        def out(refusal: SqlRefusal) -> None:
            self._end(query, _refused(refusal, asked), aborted=True)

        guard = asyncio.create_task(
            guarded(query, caller.account, self._world, out, seconds_max=seconds)
        )
        self._guards.add(guard)
        guard.add_done_callback(self._guards.discard)
        return query

    def _ended(self, query: Query, asked: Asked, done: "asyncio.Future[Said]") -> None:
        """On the loop: the worker is through."""
        query.left = True
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            if error is not None:
                _log.error("statement %s failed", query.id, exc_info=error)
            bug = SqlRefusal("000603", "XX000", "An internal error; it is in the server's log.")
            self._end(query, _refused(bug, asked))
        else:
            self._end(query, done.result())

    def _end(self, query: Query, outcome: Said, *, aborted: bool = False) -> None:
        if query.outcome is not None:
            return
        query.end(outcome, self._world.clock.now(), aborted=aborted)
        self._queries.ended(query)
        asked = self._asked[query.id]
        for handle, _ in outcome.children:
            self._asked[handle] = msgspec.structs.replace(asked, handle=handle)
        while len(self._asked) > ASKED_MAX:  # answers go first, so this one's is long gone
            del self._asked[next(iter(self._asked))]

    async def _said(self, query: Query) -> Response:
        with suppress(TimeoutError):
            await asyncio.wait_for(query.done.wait(), WAIT_SECONDS)
        asked = self._asked[query.id]
        outcome = query.outcome
        if outcome is None:
            return _json(202, sql_api.running_said(asked))
        assert isinstance(outcome, Said), "the SQL API ends its statements so"
        if outcome.status != 200:
            return _json(outcome.status, outcome.body)
        link = sql_api.link_of(asked, 0, len(outcome.chunks) + 1)
        return _json(200, outcome.body, {"link": link})

    # ---- poll and cancel -----------------------------------------------------------------------

    async def poll(self, request: Request) -> Response:
        """A statement's answer, or one partition of it; 202 while it runs."""
        query = self._mine(request)
        partition = request.query_params.get("partition", "0")
        if query.outcome is None or partition == "0":
            if query.outcome is None:
                return _json(202, sql_api.running_said(self._asked[query.id]))
            return await self._said(query)
        count = len(query.outcome.chunks) + 1
        number = int(partition) if partition.isdecimal() and len(partition) < 7 else count
        if number >= count:
            message = f"There is no partition {partition[:20]}: the last one is {count - 1}."
            raise SqlRefusal(sql_api.BAD_REQUEST, "08001", message)
        headers = {
            "link": sql_api.link_of(self._asked[query.id], number, count),
            "content-encoding": "gzip",
        }
        return _json(200, query.outcome.chunks[number - 1], headers)

    async def cancel(self, request: Request) -> Response:
        """End a statement."""
        query = self._mine(request)
        asked = self._asked[query.id]
        if query.outcome is not None:
            message = f"Statement {query.id} has ended already."
            raise SqlRefusal("000709", "02000", message)
        self._end(query, _refused(sql_api.CANCELED, asked), aborted=True)
        return _json(200, sql_api.canceled_said(asked))

    def _mine(self, request: Request) -> Query:
        """The caller's statement of this handle; another user's is unknown. Raises SqlRefusal."""
        caller = self._callers.caller(request, {})
        handle = request.path_params["handle"]
        query = self._queries.find(handle, caller.owner.account, caller.owner.user)
        if query is None or query.id not in self._asked:
            message = f"Statement {handle[:64]} not found: it is not yours, or too long ago."
            raise SqlRefusal("000709", "02000", message)
        return query


ASKED_MAX = 20_000


# ---- on a worker thread -----------------------------------------------------------


def carried_out(order: Order, worksheet: Worksheet, begin: Callable[[Id], None]) -> Said:
    """The answer or the refusal, as the API words it.

    `begin` is told each statement's id before it is carried out, and may refuse it.
    """
    try:
        return _outcome(order, worksheet, begin)
    except SqlRefusal as refusal:
        return _refused(refusal, order.asked)


def _outcome(order: Order, worksheet: Worksheet, begin: Callable[[Id], None]) -> Said:
    def again(piece: StatementText) -> Answer:
        handle = order.new_id()
        begin(handle)
        return worksheet.run_one(piece, handle)

    if len(order.sets) > 1:
        handle = order.asked.handle
        answer = repeated(order.sets, lambda values: _pieces(order, values), again, handle)
        return _answered(*sql_api.answer_said(answer, order.asked))
    pieces = _pieces(order, order.sets[0])
    if order.count not in {0, len(pieces)}:
        message = (
            f"Actual statement count {len(pieces)} did not match the desired statement count "
            f"{order.count}."
        )
        raise SqlRefusal("000008", "0A000", message)
    if len(pieces) == 1:
        begin(order.asked.handle)
        answer = worksheet.run_one(pieces[0], order.asked.handle)
        return _answered(*sql_api.answer_said(answer, order.asked))
    answers, children = [], []
    for piece in pieces:
        answer = again(piece)
        asked = msgspec.structs.replace(order.asked, handle=answer.query_id)
        answers.append(answer)
        children.append((answer.query_id, _answered(*sql_api.answer_said(answer, asked))))
    several = _answered(*sql_api.several_said(answers, order.asked))
    return msgspec.structs.replace(several, children=tuple(children))


def _pieces(order: Order, values: Values) -> list[StatementText]:
    text = order.text
    try:
        text = bound(text, values)
        pieces = split_script(text)
    except SqlSyntaxError:
        return [StatementText(text=text, line=1, column=1)]  # the worksheet words it
    except SqlCompilationError as error:
        raise misread(error) from None
    if not pieces:
        raise SqlRefusal("000900", "42601", "SQL compilation error:\nEmpty SQL statement.")
    return pieces


def _answered(body: bytes, partitions: tuple[bytes, ...]) -> Said:
    zipped = tuple(gzip.compress(each, 1, mtime=0) for each in partitions)
    return Said(body=body, succeeded=True, chunks=zipped)


def _refused(refusal: SqlRefusal, asked: Asked) -> Said:
    return Said(
        body=refusal_said(refusal, asked),
        succeeded=False,
        code=refusal.code,
        message=refusal.message,
        lasting=refusal.code not in sql_api.SESSION_CODES,
        status=status_of(refusal),
    )


# ---- small things -------------------------------------------------------------


def _require_agent(request: Request) -> None:
    if not request.headers.get("user-agent"):
        raise SqlRefusal(sql_api.BAD_REQUEST, "08001", "Send a User-Agent header.")


def _request_id(request: Request) -> str | None:
    given = request.query_params.get("requestId", "")
    # It is repeated in headers and addresses.
    safe = given.isascii() and given.replace("-", "").replace("_", "").isalnum()
    return given if safe and len(given) <= REQUEST_ID_MAX else None


def _is_true(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() == "true"


def _plain(code: str, message: str) -> bytes:
    return msgspec.json.encode({"code": code, "message": message})


def _json(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=headers)
