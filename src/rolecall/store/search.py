"""A search becomes a statement: one page of the objects that match, or how many match."""

from functools import lru_cache

from rolecall.domain.names import Id
from rolecall.domain.ports import Asked
from rolecall.domain.predicate import Compare, Field, Mark, Operator, Value
from rolecall.store import statements
from rolecall.store.predicate import (
    JOINED_FIELDS,
    ROLE_COLUMNS,
    USER_COLUMNS,
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

OWNERS_FEW_MAX = 8
"""So many owners are written out, which is quicker than a list to unfold."""

COLUMNS = {"users": USER_COLUMNS, "roles": ROLE_COLUMNS}

Statement = tuple[str, tuple[Value, ...]]


class Search:
    """What is looked for in one table, and for whose eyes."""

    __slots__ = ("_asked", "_table")

    def __init__(self, table: str, asked: Asked) -> None:
        self._table = table
        self._asked = asked

    @property
    def _inner(self) -> str:
        """The joins that are needed to find what is looked for, and in which order."""
        asked = fields_in(self._asked.where)
        if self._asked.ordering is not None and self._asked.ordering.field is not None:
            asked |= {self._asked.ordering.field}
        return "" if JOINED_FIELDS.isdisjoint(asked) else statements.JOINS

    @property
    def is_lookup(self) -> bool:
        """Whether one comparison names what is meant, by an index."""
        where = self._asked.where
        if not isinstance(where, Compare) or self._asked.ordering is not None:
            return False
        return where.operator is Operator.EQ and where.field not in SCANNED

    def page(self, number: int, start: int, count: int) -> Statement:
        if start == 0 and self.is_lookup:
            found = self._lookup(number, count)
            if found is not None:
                return found
        if start == 0 and self._asked.ordering is None:
            parameters = Parameters(number, self._asked.reader, count)
            text = statements.FIRST_PAGE
        else:
            parameters = Parameters(number, self._asked.reader, count, start)
            text = statements.LATER_PAGE
        return self._fill(text, parameters, statements.WALKED)

    def _lookup(self, number: int, count: int) -> Statement | None:
        """The first page of what a text names, by a statement that is written once for its field.

        None where the statement depends on more.
        """
        where, owners = self._asked.where, self._asked.owners or frozenset()
        assert isinstance(where, Compare), "a lookup is one comparison"
        if not isinstance(where.value, str) or where.before or where.after:
            return None
        if len(owners) > OWNERS_FEW_MAX:
            return None
        few = None if self._asked.owners is None else len(owners)
        sql, times = _lookup_text(self._table, Field(where.field), few)
        return sql, (number, self._asked.reader, count, *(where.value,) * times, *owners)

    def after(self, number: int, after: str, count: int) -> Statement:
        parameters = Parameters(number, self._asked.reader, count, after)
        return self._fill(statements.PAGE_AFTER, parameters, statements.WALKED)

    def beyond(self, number: int, mark: Mark | None, count: int) -> Statement:
        """What follows a mark in the order; each row ends with what it is sorted by."""
        assert self._asked.ordering is not None, "what is in the order of ids is after an id"
        parameters = Parameters(number, self._asked.reader, count)
        key = sorted_column(self._asked.ordering, COLUMNS[self._table], parameters)
        condition = compile_predicate(self._asked.where, COLUMNS[self._table], parameters)
        if self._asked.owners is not None:
            owners = parameters.add(_owners_text(self._asked.owners))
            condition += statements.WALKED.format(placeholder=owners)
        direction = direction_of(self._asked.ordering, key)
        sql = statements.PAGE_BEYOND.format(
            table=self._table,
            joins=statements.JOINS,
            inner=self._inner,
            key=key,
            beyond=beyond(self._asked.ordering, key, mark, parameters),
            condition=condition,
            order=f"{key} {direction}, o.id",
            direction=direction,
        )
        return sql, parameters.values()

    def keys(self, parameters: Parameters) -> str:
        """What each is sorted by, and its id, as part of a statement."""
        assert self._asked.ordering is not None, "what is in the order of ids needs no key"
        key = sorted_column(self._asked.ordering, COLUMNS[self._table], parameters)
        condition = compile_predicate(self._asked.where, COLUMNS[self._table], parameters)
        if self._asked.owners is not None:
            owners = parameters.add(_owners_text(self._asked.owners))
            condition += statements.WALKED.format(placeholder=owners)
        return statements.KEYS.format(
            table=self._table,
            inner=self._inner,
            key=key,
            condition=condition,
        )

    def total(self, number: int) -> Statement:
        leading = (number, self._asked.reader) if self._inner else (number,)
        # The few who are inactive have an index that the planner would leave for the owners'.
        walked = Field.ACTIVE in fields_in(self._asked.where)
        owned = statements.WALKED if walked else statements.OWNED
        return self._fill(statements.TOTAL, Parameters(*leading), owned)

    def _fill(self, text: str, parameters: Parameters, owned: str) -> Statement:
        condition = compile_predicate(self._asked.where, COLUMNS[self._table], parameters)
        if self._asked.owners is not None:
            condition += owned.format(placeholder=parameters.add(_owners_text(self._asked.owners)))
        order = ""
        if text is not statements.TOTAL:
            order = ordered(self._asked.ordering, COLUMNS[self._table], parameters)
        sql = text.format(
            table=self._table,
            joins=statements.JOINS,
            inner=self._inner,
            condition=condition,
            order=order,
        )
        return sql, parameters.values()


@lru_cache(maxsize=128)
def _lookup_text(table: str, field: Field, owners: int | None) -> tuple[str, int]:
    """A page of what a text names in a field, of so many owners; and how often the text stands."""
    parameters = Parameters(0, None, 0)
    meant = Compare(field, Operator.EQ, "text")
    condition = compile_predicate(meant, COLUMNS[table], parameters)
    times = len(parameters.values()) - 3
    if owners is not None:
        placeholders = ", ".join(parameters.add("owner") for _ in range(owners))
        condition += statements.WALKED_BY_FEW.format(placeholders=placeholders)
    sql = statements.FIRST_PAGE.format(
        table=table, joins=statements.JOINS, condition=condition, order="o.id"
    )
    return sql, times


@lru_cache(maxsize=256)
def _owners_text(owners: frozenset[Id]) -> str:
    return list_of(sorted(owners))


def mark_at(users: Asked, roles: Asked, number: int, place: int) -> Statement:
    """What stands at a place of users and roles that are ordered alike."""
    assert users.ordering is not None, "a place is one in an order"
    parameters = Parameters(number, users.reader, place)
    parts = [
        Search(table, asked).keys(parameters)
        for table, asked in (("users", users), ("roles", roles))
    ]
    sql = statements.MARK_AT.format(
        found=" UNION ALL ".join(parts),
        direction=direction_of(users.ordering, "found.key"),
    )
    return sql, parameters.values()
