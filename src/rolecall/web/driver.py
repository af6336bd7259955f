"""The protocol of the vendor's drivers: log in, renew, send statements, fetch answers, log out.

Reference section 10b. Whatever is wrong with a request is said in the answer's own words with
HTTP 200, since drivers repeat what HTTP calls an error.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecall.domain.account import Account
from rolecall.domain.errors import AddressRefused, Refusal
from rolecall.domain.names import Id
from rolecall.domain.session import Session
from rolecall.fronts import driver
from rolecall.fronts.driver_logins import (
    BAD_REQUEST,
    change_wanted,
    knock_of,
    login_said,
    renewal_said,
    sign_on_refused,
)
from rolecall.fronts.driver_rows import encode
from rolecall.fronts.login import (
    PasswordMustChange,
    enter,
    keep_alive,
    log_out,
    renew,
    require_admitted_here,
    turned_away,
)
from rolecall.fronts.sql import Worksheet, login_worksheet
from rolecall.fronts.sql_api import CANCELED
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.fronts.sql_refusals import refused as worded
from rolecall.fronts.sql_session import LoginSeat
from rolecall.fronts.world import World
from rolecall.web.accounts import Places
from rolecall.web.bodies import UnreadableBody, object_of
from rolecall.web.driver_queries import Outcome, Owner, Queries, Query, State
from rolecall.web.driver_runs import Order, carried_out, refused
from rolecall.web.guard import guarded

STATEMENT_BYTES_MAX = 16 << 20
SMALL_BYTES_MAX = 256 << 10
LOGINS_WAITING_MAX = 256
WAIT_SECONDS = 40.0
"""How long a request waits for its statement before the driver is told to ask again."""
WORKSHEETS_MAX = 2_000
CHUNK_TYPE = "application/octet-stream"

Answer = TypeVar("Answer")
Handler = Callable[[Request], Awaitable[object]]
_log = logging.getLogger(__name__)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Whose session a request belongs to."""

    account: Account
    session: Session
    login: Id
    user: Id
    verifier: str
    client_ip: str | None

    @property
    def owner(self) -> Owner:
        """As the statements remember it."""
        return Owner(account=self.account.number, user=self.user, session=self.login)


class Driver:
    """The drivers of every account."""

    def __init__(
        self,
        places: Places,
        account_of: Callable[[int], Account],
        world: World,
        workers: Executor,
        hashers: Executor,
    ) -> None:
        """Statements run on `workers`, logins on `hashers`, since a login takes a core."""
        self._places = places
        self._account_of = account_of
        self._world = world
        self._workers = workers
        self._hashers = hashers
        self._logins_waiting = 0
        self._queries = Queries()
        self._guards: set[asyncio.Task[None]] = set()
        self._worksheets: OrderedDict[tuple[str, str | None], Worksheet] = OrderedDict()

    def routes(self) -> list[Route]:
        """Where it answers."""
        posts: dict[str, Handler] = {
            "/session/v1/login-request": self.log_in,
            "/session/token-request": self.renew,
            "/session/authenticator-request": self.no_authenticator,
            "/session/heartbeat": self.heartbeat,
            "/session": self.log_out,
            "/queries/v1/query-request": self.query,
            "/queries/v1/abort-request": self.abort_request,
            "/queries/{id}/abort-request": self.abort,
            "/telemetry/send": self.drop,
            "/telemetry/send/sessionless": self.drop,
        }
        gets: dict[str, Handler] = {
            "/queries/{id}/result": self.result,
            "/monitoring/queries/{id}": self.status,
            # Python connector 5.2 doubles the slash.
            "/monitoring/queries//{id}": self.status,
            "/session/heartbeat": self.heartbeat,
        }
        return [
            *(Route(path, self._spoken(each), methods=["POST"]) for path, each in posts.items()),
            *(Route(path, self._spoken(each), methods=["GET"]) for path, each in gets.items()),
            Route("/queries/{id}/chunks/{key}/{index:int}", self.chunk, methods=["GET"]),
        ]

    def _spoken(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """The handler's answer, or what it refuses, with HTTP 200."""

        async def endpoint(request: Request) -> Response:
            try:
                said = await handler(request)
            except SqlRefusal as refusal:
                said = driver.failure(refusal)
            except Refusal as refusal:
                said = driver.failure(worded(refusal))
            except UnreadableBody as error:
                said = driver.failure(SqlRefusal(BAD_REQUEST, "08001", str(error)))
            body = said if isinstance(said, bytes) else encode(said)
            return Response(body, media_type="application/json")

        return endpoint

    # ---- sessions ------------------------------------------------------------------------------

    async def log_in(self, request: Request) -> object:
        """A session for a credential."""
        body = await object_of(request, SMALL_BYTES_MAX)
        fields = body.get("data")
        fields = fields if isinstance(fields, dict) else {}
        account = self._meant(request, fields)
        knock = knock_of(fields, request.query_params, _address(request))
        if self._logins_waiting >= LOGINS_WAITING_MAX:
            raise SqlRefusal("390505", "08001", "Too many logins at once; try again in a moment.")
        self._logins_waiting += 1
        try:
            login = await self._in(self._hashers, enter, account, self._world, knock)
        except PasswordMustChange as refusal:
            return change_wanted(refusal)
        finally:
            self._logins_waiting -= 1
        now = self._world.clock.now()
        return driver.success(login_said(login, _number_of(login.session), now))

    async def renew(self, request: Request) -> object:
        """A new session token for the master token."""
        token = self._presented(request)
        verifier = self._world.secrets.verifier_of(token)
        await object_of(request, SMALL_BYTES_MAX)
        account = self._knowing(request, lambda each: each.renewable_session(verifier))
        try:
            login = await self._in(
                self._workers, renew, account, self._world, token, _address(request)
            )
        except SqlRefusal as refusal:
            # Python connector 5 takes any object here for a renewal, and hears of no refusal.
            return driver.failure(refusal) | {"data": None}
        now = self._world.clock.now()
        return driver.success(renewal_said(login, _number_of(login.session), now))

    def _meant(self, request: Request, fields: dict[str, Any]) -> Account:
        """The account that the login names, alone or with its organization; else the host's.

        Raises SqlRefusal for a name that none has.
        """
        named = fields.get("ACCOUNT_NAME")
        if not isinstance(named, str) or not named:
            return self._account_of(self._places.at(request.headers.get("host", "")).number)
        place = self._places.named(named)
        if place is None:
            raise SqlRefusal(
                "390201",
                "08001",
                f"The requested account name ({named[:100]}) is not found on this server.",
            )
        return self._account_of(place.number)

    async def no_authenticator(self, request: Request) -> object:
        """Signing in with a browser or an identity provider's page: not here yet."""
        await object_of(request, SMALL_BYTES_MAX)
        raise sign_on_refused("")

    async def heartbeat(self, request: Request) -> object:
        """The session lives on."""
        account = self._caller(request).account
        token = _token(request.headers.get("authorization", ""))
        await self._in(self._workers, keep_alive, account, self._world, token)
        return driver.success(None)

    async def log_out(self, request: Request) -> object:
        """`?delete=true`: the session is over."""
        caller = self._caller(request)
        token = _token(request.headers.get("authorization", ""))
        if request.query_params.get("delete") == "true":
            self._worksheets.pop((caller.verifier, caller.client_ip), None)
            await self._in(self._workers, log_out, caller.account, self._world, token)
        return driver.success(None)

    async def _in(self, pool: Executor, work: Callable[..., Answer], *arguments: object) -> Answer:
        """What the work makes of it, on a thread of the pool."""
        return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)

    async def drop(self, request: Request) -> object:
        """Telemetry is taken and forgotten, from whoever sends it."""
        async for _ in request.stream():
            pass
        return driver.success("Log Received")

    def _caller(self, request: Request) -> Caller:
        """The session whose token the request has. Raises SqlRefusal, TokenRefused."""
        verifier = self._world.secrets.verifier_of(self._presented(request))
        account = self._knowing(request, lambda each: each.login_session(verifier))
        seat = LoginSeat(account, verifier, _address(request))
        try:
            session, _ = seat.sit(self._world.clock.now(), self._world.ids.new())
        except AddressRefused as refusal:
            known = account.login_session(verifier)
            turned_away(account, self._world, refusal, None if known is None else known[1])
            raise
        assert session.user is not None, "a login is a user's"
        return Caller(
            account=account,
            session=session,
            login=seat.session_id,
            user=session.user,
            verifier=verifier,
            client_ip=seat.client_ip,
        )

    def _presented(self, request: Request) -> str:
        """The session's token. Raises AddressRefused first, and SqlRefusal if none came."""
        try:
            return _token(request.headers.get("authorization", ""))
        except SqlRefusal:
            account = self._account_of(self._places.at(request.headers.get("host", "")).number)
            require_admitted_here(account, self._world, _address(request))
            raise

    def _knowing(self, request: Request, known: Callable[[Account], object]) -> Account:
        """The account that knows a token: the host's, unless it doesn't and another does."""
        meant = self._account_of(self._places.at(request.headers.get("host", "")).number)
        if known(meant) is None:
            for place in self._places.all():
                other = self._account_of(place.number)
                if known(other) is not None:
                    return other
        return meant

    def _worksheet(self, caller: Caller) -> Worksheet:
        """The session's worksheet, which remembers its last query."""
        # A worksheet is judged by the address that it began at: another address has its own.
        place = (caller.verifier, caller.client_ip)
        worksheet = self._worksheets.get(place)
        if worksheet is None:
            worksheet = login_worksheet(
                caller.account, self._world, caller.verifier, caller.client_ip
            )
            self._worksheets[place] = worksheet
            if len(self._worksheets) > WORKSHEETS_MAX:
                self._worksheets.popitem(last=False)
        self._worksheets.move_to_end(place)
        return worksheet

    # ---- statements ----------------------------------------------------------------------------

    async def query(self, request: Request) -> object:
        """Carry a statement out, once for however often its request comes."""
        caller = self._caller(request)
        body = await object_of(request, STATEMENT_BYTES_MAX)
        text = body.get("sqlText")
        if not isinstance(text, str):
            raise SqlRefusal(BAD_REQUEST, "08001", "Send 'sqlText'.")
        request_id = request.query_params.get("requestId", "")
        query = self._queries.sent(caller.login, request_id) if request_id else None
        if query is None:
            query = self._begun(caller, request, body, text)
        if body.get("asyncExec") is True:
            return driver.unfinished(query.id, asynchronous=True)
        return await self._answer(query)

    def _begun(self, caller: Caller, request: Request, body: dict[str, Any], text: str) -> Query:
        if self._queries.is_full():
            raise SqlRefusal(
                "390506", "57014", "Too many statements run at once; try again in a moment."
            )
        order = Order(
            query=self._world.ids.new(),
            text=text,
            sets=driver.bindings_of(body.get("bindings")),
            count=driver.statements_wanted(body.get("parameters")),
            describe_only=body.get("describeOnly") is True,
            base_url=self._base_url(request, caller.account),
            key=self._world.secrets.mint_password(),
            new_id=self._world.ids.new,
        )
        request_id = request.query_params.get("requestId", "")
        query = Query(order.query, caller.owner, request_id, text, caller.session.at)
        self._queries.add(query)
        worksheet = self._worksheet(caller)
        running = asyncio.get_running_loop().run_in_executor(
            self._workers, carried_out, order, worksheet, query.begin
        )
        running.add_done_callback(lambda done: self._ended(query, done))

        def out(refusal: SqlRefusal) -> None:
            self._end(query, refused(refusal, query.id), aborted=True)

        guard = asyncio.create_task(guarded(query, caller.account, self._world, out))
        self._guards.add(guard)
        guard.add_done_callback(self._guards.discard)
        return query

    def _ended(self, query: Query, done: "asyncio.Future[Outcome]") -> None:
        """On the loop: the worker is through."""
        query.left = True
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            if error is not None:
                _log.error("statement %s failed", query.id, exc_info=error)
            outcome = refused(
                SqlRefusal("000603", "XX000", "An internal error; it is in the server's log."),
                query.id,
            )
        else:
            outcome = done.result()
        self._end(query, outcome)

    def _end(self, query: Query, outcome: Outcome, *, aborted: bool = False) -> None:
        if query.outcome is None:
            query.end(outcome, self._world.clock.now(), aborted=aborted)
            self._queries.ended(query)

    async def _answer(self, query: Query) -> object:
        """The statement's answer, or the advice to ask again."""
        try:
            await asyncio.wait_for(query.done.wait(), WAIT_SECONDS)
        except TimeoutError:
            return driver.unfinished(query.id, asynchronous=False)
        assert query.outcome is not None, "it has ended"
        return query.outcome.body

    async def result(self, request: Request) -> object:
        """The answer of an earlier statement of the same user."""
        query = self._mine(request)
        if query is None:
            raise _no_query(request)
        return await self._answer(query)

    async def status(self, request: Request) -> object:
        """How far a statement is."""
        query = self._mine(request)
        return driver.success({"queries": [] if query is None else [_monitored(query)]})

    async def abort_request(self, request: Request) -> object:
        """End the statement that a request of this session has brought."""
        caller = self._caller(request)
        body = await object_of(request, SMALL_BYTES_MAX)
        query = self._queries.sent(caller.login, str(body.get("requestId")))
        return self._aborted(query)

    async def abort(self, request: Request) -> object:
        """End a statement by its id."""
        return self._aborted(self._mine(request))

    def _aborted(self, query: Query | None) -> object:
        """What has ended already stays as it is, and an unknown statement is no matter."""
        if query is not None:
            self._end(query, refused(CANCELED, query.id), aborted=True)
        return driver.success(None)

    async def chunk(self, request: Request) -> Response:
        """A part of an answer, for whoever has its address, which only its asker was told."""
        where = request.path_params
        part = self._queries.chunk(where["id"], where["key"], where["index"])
        if part is None:
            return Response(b"", status_code=404)
        # Not as JSON, which it isn't without its brackets: the Node driver would parse it.
        return Response(part, media_type=CHUNK_TYPE, headers={"content-encoding": "gzip"})

    def _mine(self, request: Request) -> Query | None:
        caller = self._caller(request)
        return self._queries.find(request.path_params["id"], caller.account.number, caller.user)

    def _base_url(self, request: Request, account: Account) -> str:
        """The URL under which this client has reached the account.

        The configured one if the client came by that host, else what the client itself wrote.
        """
        host = request.headers.get("host", "")
        for place in self._places.all():
            if place.number == account.number and (urlsplit(place.url).netloc == host or not host):
                return place.url
        return f"{request.url.scheme}://{host}"


# ---- small things ------------------------------------------------------------------------------


def _token(header: str) -> str:
    """The token in `Snowflake Token="x"`. Raises SqlRefusal."""
    scheme, _, rest = header.strip().partition(" ")
    token = rest.strip().removeprefix("Token=").strip('"')
    if scheme.lower() != "snowflake" or token in {"", "None"}:
        raise SqlRefusal("390103", "08001", "Session token not found in the request data.")
    return token


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None


def _number_of(session: Id) -> int:
    """A session's id as the number that drivers want; the random end of it, 52 bits."""
    return int(session.replace("-", "")[-13:], 16)


def _no_query(request: Request) -> SqlRefusal:
    id = str(request.path_params["id"])[:64]
    return SqlRefusal(
        "000709", "02000", f"Statement {id} not found: it is not yours, or too long ago."
    )


def _monitored(query: Query) -> dict[str, Any]:
    ended = query.ended_at // 1_000
    started = query.started_at // 1_000
    error = query.outcome is not None and query.state is not State.SUCCESS
    return {
        "id": query.id,
        "status": query.state.value,
        "state": query.state.value,
        "sqlText": query.text[:200],
        "startTime": started,
        "endTime": ended,
        "totalDuration": ended - started if ended else 0,
        "sessionId": _number_of(query.owner.session),
        "errorCode": query.outcome.code if error and query.outcome else None,
        "errorMessage": query.outcome.message if error and query.outcome else None,
    }
