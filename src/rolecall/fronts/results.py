"""Results that a session can look at again: RESULT_SCAN and LAST_QUERY_ID.

They live in the memory of the process, the newest of each session, until there are too many.
"""

from collections import OrderedDict

from rolecall.domain.names import Id
from rolecall.domain.tables import Table

SESSION_RESULTS_MAX = 100
CELLS_MAX = 2_000_000
"""All sessions together: beyond, the oldest results are forgotten."""

Place = tuple[int, Id]
"""An account's number and a session's id."""


class Results:
    """What was answered, by session and query."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._queries: OrderedDict[Place, list[Id]] = OrderedDict()
        self._tables: OrderedDict[tuple[Place, Id], Table] = OrderedDict()
        self._cells = 0

    def note(self, place: Place, query: Id, table: Table | None) -> None:
        """A query was carried out; its table is kept if it may be looked at again."""
        queries = self._queries.setdefault(place, [])
        self._queries.move_to_end(place)
        queries.append(query)
        if table is not None:
            self._tables[place, query] = table
            self._cells += _cells_of(table)
        if len(queries) > SESSION_RESULTS_MAX:
            self._forget(place, queries.pop(0))
        while self._cells > CELLS_MAX:
            oldest = next(iter(self._tables))
            self._forget(*oldest)
        while len(self._queries) > SESSION_RESULTS_MAX * 100:
            gone, theirs = self._queries.popitem(last=False)
            for each in theirs:
                self._forget(gone, each)

    def query(self, place: Place, position: int) -> Id | None:
        """The session's last query (-1), the one before (-2), or of those known the first (1)."""
        queries = self._queries.get(place, [])
        index = position - 1 if position > 0 else position
        return queries[index] if -len(queries) <= index < len(queries) else None

    def table(self, place: Place, query: str) -> Table | None:
        """What the query answered, while that is known."""
        return self._tables.get((place, Id(query)))

    def _forget(self, place: Place, query: Id) -> None:
        table = self._tables.pop((place, query), None)
        if table is not None:
            self._cells -= _cells_of(table)


def _cells_of(table: Table) -> int:
    return len(table.columns) * (len(table.rows) + 1)
