"""Histories: what a query asks of one is handed to the store, so that little else is read.

The query asks it again, to the letter; so what is handed down may leave in too much, never too
little. A query for first rows gets some, and more of them when they were not enough.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from rolecall.domain.access import ACCOUNTADMIN
from rolecall.domain.attempts import AttemptKind, Noted
from rolecall.domain.errors import NotAuthorized
from rolecall.domain.model import Kind, Privilege
from rolecall.domain.names import Name
from rolecall.domain.past import ChangesPage, kinds_called
from rolecall.domain.queries import History, HistoryPage, RoleInSession
from rolecall.domain.tables import Cell
from rolecall.domain.wanted import END, Fact, Wanted
from rolecall.fronts.sql_session import Moment
from rolecall.fronts.tables_audit import ChangeRow, change_rows
from rolecall.sql.calls import First

SHARED_DATABASE = Name("SNOWFLAKE")
"""The vendor's own database, which every account sees: `snowflake.account_usage.…`."""

YEAR = 366 * 86_400 * 1_000_000
FOREVER = END
PAGE_ROWS = 1_000
"""So few that making rows of them keeps nobody waiting."""
ENOUGH_ROWS = 200
MORE = 8
"""How many more are read when some were not enough."""

Item = TypeVar("Item")
Mentioned = frozenset[str] | None
"""The columns that a query mentions; None where it may be all."""


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """What a query asks of a time or a number, at least and at most."""

    since: int = 0
    until: int = END

    def within(self, *, at_least: bool, value: int) -> "Range":
        """With one more bound."""
        since = max(self.since, value) if at_least else self.since
        return Range(since=since, until=self.until if at_least else min(self.until, value))


EVER = Range()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a query asks of a view, by its columns; and how many of its first rows are enough."""

    mentioned: Mentioned = None
    times: Mapping[str, Range] = {}
    numbers: Mapping[str, Range] = {}
    among: Mapping[str, Sequence[Cell]] = {}
    first: First | None = None
    enough: int = 0

    def said(self, column: str) -> Sequence[str] | None:
        """The texts of which a column is one, if that is asked."""
        values = self.among.get(column)
        texts = [value for value in values or () if isinstance(value, str)]
        return None if values is None or len(texts) < len(values) else texts


ALL = Asked()

# ---- what a column says ------------------------------------------------------------------------

Says = Callable[[Cell], Sequence[str | int] | None]
"""A cell as the store has it; None where that can't be told."""


def text(cell: Cell) -> Sequence[str] | None:
    """A text is a text."""
    return (cell,) if isinstance(cell, str) else None


def number(cell: Cell) -> Sequence[int] | None:
    """A number is a number."""
    return (cell,) if isinstance(cell, int) and not isinstance(cell, bool) else None


def truth(**words: int) -> Says:
    """A word stands for yes or no; another for neither."""

    def said(cell: Cell) -> Sequence[int] | None:
        if not isinstance(cell, str):
            return None
        return (words[cell],) if cell in words else ()

    return said


def kinds(cell: Cell) -> Sequence[str] | None:
    """What was done is told by some kinds of events."""
    return kinds_called(cell) if isinstance(cell, str) else None


class HistoryView(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """How a history is asked for: the columns of its times and numbers, what else the store knows.

    `place` says where an item stands: its time and its number.
    """

    times: str
    numbers: str | None
    facts: Mapping[str, tuple[str, Says]]
    place: Callable[[Item], tuple[int, int]]
    pages: Callable[[Moment, Wanted, int, Mentioned], Iterable[Sequence[Item]]]

    def asked(self, moment: Moment, asked: Asked) -> "Beginning[Item]":
        """The rows that may be meant, page by page."""
        first, span = asked.first, asked.times.get(self.times, EVER)
        numbers = self._numbers(asked)
        facts = tuple(self._facts(asked))
        free = first is None or first.column is None
        column = None if first is None else first.column
        ordered = free or column in {self.times, self.numbers}
        wanted = Wanted(
            since=span.since,
            until=span.until,
            first=numbers.since,
            last=numbers.until,
            facts=facts,
            by_number=span == EVER and not facts if free else column == self.numbers,
            newest_first=first is not None and ordered and first.newest_first,
        )
        enough = asked.enough if first is not None and ordered else FOREVER
        pages = self.pages(moment, wanted, min(enough, PAGE_ROWS), asked.mentioned)
        return Beginning(pages, self.place, enough, by_number=wanted.by_number)

    def _numbers(self, asked: Asked) -> Range:
        if self.numbers is None:
            return EVER
        found = asked.numbers.get(self.numbers, EVER)
        said = [number(cell) for cell in asked.among.get(self.numbers, ())]
        values = [value for each in said if each is not None for value in each]
        if not values or len(values) < len(said):
            return found
        return Range(since=max(found.since, min(values)), until=min(found.until, max(values)))

    def _facts(self, asked: Asked) -> Iterator[Fact]:
        for column, cells in asked.among.items():
            if column in self.facts:
                name, says = self.facts[column]
                told = [says(cell) for cell in cells]
                if None not in told:
                    yield name, tuple(value for each in told for value in each or ())


class Beginning(Generic[Item]):
    """The first rows of a history: so many that they are enough, and what stands beside the last.

    Rows with one time have no order among themselves: none of them is left out for another.
    """

    def __init__(
        self,
        pages: Iterable[Sequence[Item]],
        place: Callable[[Item], tuple[int, int]],
        enough: int,
        *,
        by_number: bool,
    ) -> None:
        """Nothing is read yet."""
        self._pages = pages
        self._place = place
        self._enough = enough
        self._by_number = by_number
        self.cut = False

    def __iter__(self) -> Iterator[Sequence[Item]]:
        """Pages; afterwards `cut` says whether there are more."""
        count, last = 0, -1
        for page in self._pages:
            if count < self._enough:
                taken = page[: self._enough - count]
                count += len(taken)
                last = self._key(taken[-1]) if taken else last
                beside = page[len(taken) :]
            else:
                taken, beside = (), page
            same = 0
            while same < len(beside) and self._key(beside[same]) == last:
                same += 1
            yield (*taken, *beside[:same])
            if same < len(beside):
                self.cut = True
                return

    def _key(self, item: Item) -> int:
        return self._place(item)[self._by_number]


# ---- the histories -----------------------------------------------------------------------------


def attempts(
    kind: AttemptKind, moment: Moment, wanted: Wanted, page_rows: int, *, caused: bool = False
) -> Iterator[Sequence[Noted]]:
    """Page by page; a short one is the last."""
    after = None
    while True:
        query = HistoryPage(kind=kind, wanted=wanted, after=after, count=page_rows, caused=caused)
        page = moment.ask(query)
        yield page
        if len(page) < page_rows:
            return
        after = place_of_attempt(page[-1])


def rest_events(
    moment: Moment, wanted: Wanted, page_rows: int, mentioned: Mentioned
) -> Iterator[Sequence[Noted]]:
    """What requests caused is read only for DETAILS, which tells it.

    Who monitors a few integrations only gets theirs at once.
    """
    caused = mentioned is None or "DETAILS" in mentioned
    pages = attempts(AttemptKind.SCIM, moment, wanted, page_rows, caused=caused)
    try:
        first = next(pages)
    except NotAuthorized:
        since, until = wanted.since, wanted.until
        query = History(kind=AttemptKind.SCIM, since=since, until=until, count=FOREVER)
        found = moment.ask(query)
        yield sorted(
            found,
            key=lambda noted: place_of_attempt(noted)[wanted.by_number :],
            reverse=wanted.newest_first,
        )
        return
    yield first
    yield from pages


def trail(kind: AttemptKind) -> Callable[..., Iterator[Sequence[Noted]]]:
    """Logins or statements: a year of them, to administrators."""

    def pages(
        moment: Moment, wanted: Wanted, page_rows: int, _: Mentioned
    ) -> Iterator[Sequence[Noted]]:
        require_shared(moment)
        since, until = max(wanted.since, moment.at - YEAR), min(wanted.until, moment.at)
        year = msgspec.structs.replace(wanted, since=since, until=until)
        yield from attempts(kind, moment, year, page_rows)

    return pages


def changes(
    moment: Moment, wanted: Wanted, page_rows: int, _: Mentioned
) -> Iterator[Sequence[ChangeRow]]:
    """Page by page; a change of many is as many rows."""
    after = None
    while True:
        page = moment.ask(ChangesPage(wanted=wanted, after=after, count=page_rows))
        yield change_rows(page)
        if len(page) < page_rows:
            return
        after = (page[-1].at, page[-1].seq)


def place_of_attempt(noted: Noted) -> tuple[int, int]:
    """Its time and its number."""
    return noted.attempt.at, noted.seq


def require_shared(moment: Moment) -> None:
    """ACCOUNT_USAGE is for ACCOUNTADMIN. Raises NotAuthorized."""
    if not moment.ask(RoleInSession(role=ACCOUNTADMIN)):
        raise NotAuthorized(Privilege.USAGE, Kind.DATABASE, SHARED_DATABASE)


REST_EVENTS = HistoryView(
    times="EVENT_TIMESTAMP",
    numbers="EVENT_ID",
    facts={
        "CLIENT_IP": ("client_ip", text),
        "ENDPOINT": ("endpoint", text),
        "HTTP_STATUS": ("status", number),
        "INTEGRATION": ("integration", text),
        "METHOD": ("method", text),
        "REQUEST_ID": ("request", text),
        "RESOURCE_DOMAIN": ("resource_kind", text),
        "RESOURCE_ID": ("resource_id", text),
        "RESOURCE_NAME": ("resource_name", text),
        "STATUS": ("succeeded", truth(SUCCESS=1, FAILURE=0)),
        "TOKEN_ID": ("token", text),
    },
    place=place_of_attempt,
    pages=rest_events,
)
CHANGES = HistoryView(
    times="CHANGED_ON",
    numbers="CHANGE_ID",
    facts={
        "ACTOR_NAME": ("actor", text),
        "ATTEMPT_ID": ("attempt", number),
        "CHANGE": ("kind", kinds),
        "GRANTEE_ID": ("mentions", text),
        "OBJECT_ID": ("object", text),
        "REQUEST_ID": ("request", text),
    },
    place=lambda row: (row.change.at, row.change.seq),
    pages=changes,
)
LOGINS = HistoryView(
    times="EVENT_TIMESTAMP",
    numbers="EVENT_ID",
    facts={
        "CLIENT_IP": ("client_ip", text),
        "IS_SUCCESS": ("succeeded", truth(YES=1, NO=0)),
        "USER_NAME": ("resource_name", text),
    },
    place=place_of_attempt,
    pages=trail(AttemptKind.LOGIN),
)
STATEMENTS = HistoryView(
    times="START_TIME",
    numbers=None,
    facts={
        "CLIENT_IP": ("client_ip", text),
        "EXECUTION_STATUS": ("succeeded", truth(SUCCESS=1, FAILED_WITH_ERROR=0)),
        "QUERY_ID": ("request", text),
        "USER_NAME": ("actor", text),
    },
    place=place_of_attempt,
    pages=trail(AttemptKind.STATEMENT),
)
