"""Statements that drivers have sent: running, done for a while, aborted, asked for again.

A request that is sent twice is carried out once. Everything here happens on the event loop, so
nothing is locked; what is kept is bounded, the oldest answers go first.
"""

import asyncio
from collections import OrderedDict
from enum import StrEnum
from hmac import compare_digest

import msgspec

from rolecall.domain.names import Id
from rolecall.fronts.sql_api import CANCELED

KEPT_MAX = 5_000
KEPT_BYTES_MAX = 512 << 20
RUNNING_MAX = 256


class State(StrEnum):
    """How far a statement is, in the words of the monitoring endpoint."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED_WITH_ERROR"
    ABORTED = "ABORTED"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A finished statement: its answer as sent, the parts fetched by themselves, its children."""

    body: bytes
    succeeded: bool
    code: str | None = None
    message: str | None = None
    chunks: tuple[bytes, ...] = ()
    key: str = ""
    """What a chunk's address has in it, so that nobody can guess it."""
    children: tuple[tuple[Id, "Outcome"], ...] = ()
    lasting: bool = True
    """Whether the same request gets it again: a session that has to be renewed is asked anew."""

    @property
    def size(self) -> int:
        """Bytes that keeping it takes, children left out."""
        return len(self.body) + sum(map(len, self.chunks))


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who may ask for an answer: the user, from any session; and abort it by request id."""

    account: int
    user: Id
    session: Id


class Query:
    """One statement on its way."""

    def __init__(self, id: Id, owner: Owner, request: str, text: str, at: int) -> None:
        self.id = id
        self.owner = owner
        self.request = request
        self.text = text
        self.started_at = at
        self.ended_at = 0
        self.outcome: Outcome | None = None
        self.aborted = False
        self.done = asyncio.Event()
        self.begun = id
        """The statement that the worker carries out: of several, each has an id of its own."""
        self.left = False
        """Whether the worker is through with it, which may be after it was aborted."""

    @property
    def state(self) -> State:
        """How far it is."""
        if self.aborted:
            return State.ABORTED
        if self.outcome is None:
            return State.RUNNING
        return State.SUCCESS if self.outcome.succeeded else State.FAILED

    def begin(self, statement: Id) -> None:
        """On the worker: a statement begins, unless somebody has ended it. Raises SqlRefusal."""
        self.begun = statement
        if self.outcome is not None:
            raise CANCELED

    def end(self, outcome: Outcome, at: int, *, aborted: bool = False) -> None:
        """It has ended; the first end counts."""
        if self.outcome is None:
            self.outcome, self.ended_at, self.aborted = outcome, at, aborted
            self.done.set()


class Queries:
    """The statements of a server, by id and by the request that brought them."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[Id, Query] = OrderedDict()
        self._by_request: dict[tuple[Id, str], Id] = {}
        self._bytes = 0
        self._running = 0

    def add(self, query: Query) -> None:
        """Keep it while it runs, and a while longer."""
        self._running += 1
        self._by_id[query.id] = query
        if query.request:
            self._by_request[query.owner.session, query.request] = query.id

    def ended(self, query: Query) -> None:
        """Count what a statement has left, keep its children beside it, make room."""
        outcome = query.outcome
        assert outcome is not None, "it has ended"
        self._running -= 1
        self._bytes += outcome.size
        if not outcome.lasting:
            self._by_request.pop((query.owner.session, query.request), None)
        for id, child in outcome.children:
            done = Query(id, query.owner, "", query.text, query.started_at)
            done.end(child, query.ended_at)
            self.add(done)
            self.ended(done)
        self._make_room()

    def find(self, id: str, account: int, user: Id) -> Query | None:
        """The statement with this id, if it is the user's."""
        query = self._by_id.get(Id(id))
        if query is None or (query.owner.account, query.owner.user) != (account, user):
            return None
        return query

    def sent(self, session: Id, request: str) -> Query | None:
        """The statement that this request has brought before."""
        id = self._by_request.get((session, request))
        return None if id is None else self._by_id.get(id)

    def chunk(self, id: str, key: str, index: int) -> bytes | None:
        """A part of an answer, by the key in its address."""
        query = self._by_id.get(Id(id))
        outcome = None if query is None else query.outcome
        if outcome is None or not compare_digest(outcome.key.encode(), key.encode()):
            return None
        return outcome.chunks[index] if index < len(outcome.chunks) else None

    def is_full(self) -> bool:
        """Whether as many statements run as may."""
        return self._running >= RUNNING_MAX

    def _make_room(self) -> None:
        if len(self._by_id) <= KEPT_MAX and self._bytes <= KEPT_BYTES_MAX:
            return
        for query in [query for query in self._by_id.values() if query.outcome is not None]:
            if len(self._by_id) <= KEPT_MAX and self._bytes <= KEPT_BYTES_MAX:
                return
            assert query.outcome is not None, "only what has ended is forgotten"
            del self._by_id[query.id]
            self._by_request.pop((query.owner.session, query.request), None)
            self._bytes -= query.outcome.size
