"""A search becomes a statement: one page of the objects that match, or how many match."""

from rolecall.domain.names import Id
from rolecall.domain.ports import InOrder
from rolecall.domain.predicate import Compare, Field, Mark, Operator, Ordering, Predicate, Value
from rolecall.store import statements
from rolecall.store.predicate import (
    JOINED_FIELDS,
    ROLE_COLUMNS,
    USER_COLUMNS,
    Columns,
    Parameters,
    beyond,
    compile_predicate,
    direction_of,
    fields_in,
    ordered,
    sorted_column,
)
from rolecall.store.rows import list_of

SCANNED = frozenset({Field.ACTIVE, Field.VERSION})
"""Fields whose values many share, or that have no index."""

Statement = tuple[str, tuple[Value, ...]]


class Search:
    """What is looked for in one table, and for whose eyes."""

    __slots__ = ("_columns", "_joined", "_ordering", "_owners", "_reader", "_table", "_where")

    def __init__(
        self,
        table: str,
        columns: Columns,
        where: Predicate,
        owners: frozenset[Id] | None,
        reader: str | None,
        ordering: Ordering | None = None,
    ) -> None:
        self._table = table
        self._columns = columns
        self._where = where
        self._owners = None if owners is None else list_of(sorted(owners))
        self._reader = reader
        self._ordering = ordering
        asked = fields_in(where)
        if ordering is not None and ordering.field is not None:
            asked |= {ordering.field}
        self._joined = not JOINED_FIELDS.isdisjoint(asked)

    @property
    def is_lookup(self) -> bool:
        """Whether one comparison names what is meant, by an index."""
        where = self._where
        if not isinstance(where, Compare) or self._ordering is not None:
            return False
        return where.operator is Operator.EQ and where.field not in SCANNED

    def page(self, number: int, start: int, count: int) -> Statement:
        if start == 0 and self._ordering is None:
            parameters = Parameters(number, self._reader, count)
            text = statements.FIRST_PAGE
        else:
            parameters = Parameters(number, self._reader, count, start)
            text = statements.LATER_PAGE
        return self._fill(text, parameters, statements.WALKED)

    def after(self, number: int, after: str, count: int) -> Statement:
        parameters = Parameters(number, self._reader, count, after)
        return self._fill(statements.PAGE_AFTER, parameters, statements.WALKED)

    def beyond(self, number: int, mark: Mark | None, count: int) -> Statement:
        """What follows a mark in the order; each row ends with what it is sorted by."""
        assert self._ordering is not None, "what is in the order of ids is after an id"
        parameters = Parameters(number, self._reader, count)
        key = sorted_column(self._ordering, self._columns, parameters)
        condition = compile_predicate(self._where, self._columns, parameters)
        if self._owners is not None:
            condition += statements.WALKED.format(placeholder=parameters.add(self._owners))
        direction = direction_of(self._ordering, key)
        sql = statements.PAGE_BEYOND.format(
            table=self._table,
            joins=statements.JOINS,
            inner=statements.JOINS if self._joined else "",
            key=key,
            beyond=beyond(self._ordering, key, mark, parameters),
            condition=condition,
            order=f"{key} {direction}, o.id",
            direction=direction,
        )
        return sql, parameters.values()

    def keys(self, parameters: Parameters) -> str:
        """What each is sorted by, and its id, as part of a statement."""
        assert self._ordering is not None, "what is in the order of ids needs no key"
        key = sorted_column(self._ordering, self._columns, parameters)
        condition = compile_predicate(self._where, self._columns, parameters)
        if self._owners is not None:
            condition += statements.WALKED.format(placeholder=parameters.add(self._owners))
        return statements.KEYS.format(
            table=self._table,
            inner=statements.JOINS if self._joined else "",
            key=key,
            condition=condition,
        )

    def total(self, number: int) -> Statement:
        leading = (number, self._reader) if self._joined else (number,)
        # The few who are inactive have an index that the planner would leave for the owners'.
        walked = Field.ACTIVE in fields_in(self._where)
        owned = statements.WALKED if walked else statements.OWNED
        return self._fill(statements.TOTAL, Parameters(*leading), owned)

    def _fill(self, text: str, parameters: Parameters, owned: str) -> Statement:
        condition = compile_predicate(self._where, self._columns, parameters)
        if self._owners is not None:
            condition += owned.format(placeholder=parameters.add(self._owners))
        order = ""
        if text is not statements.TOTAL:
            order = ordered(self._ordering, self._columns, parameters)
        sql = text.format(
            table=self._table,
            joins=statements.JOINS,
            inner=statements.JOINS if self._joined else "",
            condition=condition,
            order=order,
        )
        return sql, parameters.values()


def mark_at(
    users: InOrder, roles: InOrder, reader: str | None, number: int, place: int
) -> Statement:
    """What stands at a place of users and roles that are ordered alike."""
    parameters = Parameters(number, reader, place)
    parts = [
        Search(table, columns, asked.where, asked.owners, reader, asked.ordering).keys(parameters)
        for table, columns, asked in (
            ("users", USER_COLUMNS, users),
            ("roles", ROLE_COLUMNS, roles),
        )
    ]
    sql = statements.MARK_AT.format(
        found=" UNION ALL ".join(parts),
        direction=direction_of(users.ordering, "found.key"),
    )
    return sql, parameters.values()
