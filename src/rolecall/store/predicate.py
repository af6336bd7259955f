"""Predicates become SQL conditions with parameters: no value is ever glued into a statement.

A condition may be NULL where the predicate is false; AND, OR and WHERE don't tell the two apart,
and NOT is written `IS NOT TRUE`, so that `admits` and the engine agree on absent values.
"""

from collections.abc import Callable, Mapping
from typing import assert_never

from rolecall.domain.predicate import And, Compare, Field, Not, Operator, Or, Predicate, Value

Columns = Mapping[Field, str]

JOINED_FIELDS = frozenset({Field.EXTERNAL_ID, Field.CHANGED_AT})
"""Fields that stand in other tables than the object."""

USER_COLUMNS: Columns = {
    Field.ID: "o.id",
    Field.NAME: "o.name",
    Field.NAME_KEY: "o.name_key",
    Field.LOGIN_KEY: "o.login_key",
    Field.DISPLAY_KEY: "o.display_key",
    Field.EMAIL_KEY: "o.email_key",
    Field.EXTERNAL_ID: "l.external_id",
    Field.OWNER: "o.owner",
    Field.ACTIVE: "o.active",
    Field.CREATED_AT: "o.created_at",
    Field.CHANGED_AT: "coalesce(r.changed_at, o.created_at)",
}

ROLE_COLUMNS: Columns = {
    Field.ID: "o.id",
    Field.NAME: "o.name",
    Field.NAME_KEY: "o.name_key",
    Field.LOGIN_KEY: "NULL",
    Field.DISPLAY_KEY: "o.name_key",
    Field.EMAIL_KEY: "NULL",
    Field.EXTERNAL_ID: "l.external_id",
    Field.OWNER: "o.owner",
    Field.ACTIVE: "NULL",
    Field.CREATED_AT: "o.created_at",
    Field.CHANGED_AT: "coalesce(r.changed_at, o.created_at)",
}

NUMBER_FIELDS = frozenset({Field.ACTIVE, Field.CREATED_AT, Field.CHANGED_AT})
"""Fields that hold numbers, or truth as 0 and 1; all others hold text."""

NUMBER_MAX = 2**63 - 1
"""The engine's greatest integer: beyond every time that is kept."""

COMPARISONS = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GE: ">=",
    Operator.LT: "<",
    Operator.LE: "<=",
}


NULL_TESTS = {Operator.EQ: "{column} IS NULL", Operator.NE: "{column} IS NOT NULL"}
NOTHING_EQUAL = {Operator.NE: "TRUE"}
"""What a value of the other kind is to a field: different, and not to be compared."""


class Parameters:
    """The values of one statement, in order; each is known in the text by its number."""

    def __init__(self, *leading: Value) -> None:
        self._values: list[Value] = list(leading)

    def add(self, value: Value) -> str:
        """The placeholder of one more value."""
        self._values.append(value)
        return f"?{len(self._values)}"

    def values(self) -> tuple[Value, ...]:
        return tuple(self._values)


def compile_predicate(predicate: Predicate, columns: Columns, parameters: Parameters) -> str:
    """SQL that may stand in a WHERE; its values join `parameters`."""
    match predicate:
        case Compare():
            return _compare(predicate, columns, parameters)
        case And():
            return _chain(predicate.terms, " AND ", "TRUE", columns, parameters)
        case Or():
            return _chain(predicate.terms, " OR ", "FALSE", columns, parameters)
        case Not():
            return f"({compile_predicate(predicate.term, columns, parameters)}) IS NOT TRUE"
        case _:
            assert_never(predicate)


def fields_in(predicate: Predicate) -> frozenset[str]:
    """The fields that a predicate asks for."""
    match predicate:
        case Compare():
            return frozenset((predicate.field,))
        case Not():
            return fields_in(predicate.term)
        case And() | Or():
            return frozenset().union(*(fields_in(term) for term in predicate.terms))
        case _:
            assert_never(predicate)


def _chain(
    terms: tuple[Predicate, ...], word: str, empty: str, columns: Columns, parameters: Parameters
) -> str:
    parts = [compile_predicate(term, columns, parameters) for term in terms]
    return f"({word.join(parts)})" if parts else empty


def _compare(compare: Compare, columns: Columns, parameters: Parameters) -> str:
    """The engine would take a text for a number that it spells: kinds are told apart before."""
    field, operator, value = Field(compare.field), compare.operator, compare.value
    column = columns[field]
    if value is None:
        return NULL_TESTS.get(operator, "FALSE").format(column=column)
    if isinstance(value, str) is (field in NUMBER_FIELDS):
        return NOTHING_EQUAL.get(operator, "FALSE")
    if isinstance(value, str):
        return _test_text(column, operator, value, parameters)
    return _test_number(column, operator, value, parameters)


def _test_text(column: str, operator: Operator, value: str, parameters: Parameters) -> str:
    if operator is Operator.NE or operator in COMPARISONS:
        return _test(column, operator, value, parameters)
    if value == "":
        return f"{column} IS NOT NULL"
    return TEXT_TESTS[operator](column, value, parameters)


def _test_number(column: str, operator: Operator, value: int, parameters: Parameters) -> str:
    if operator in TEXT_TESTS:
        return "FALSE"
    within = max(-NUMBER_MAX, min(value, NUMBER_MAX))
    return _test(column, operator, within, parameters)


def _test(column: str, operator: Operator, value: Value, parameters: Parameters) -> str:
    word = "IS NOT" if operator is Operator.NE else COMPARISONS[operator]
    return f"{column} {word} {parameters.add(value)}"


def _contains(column: str, value: str, parameters: Parameters) -> str:
    return f"instr({column}, {parameters.add(value)}) > 0"


def _starts_with(column: str, value: str, parameters: Parameters) -> str:
    """A range, so that an index serves it."""
    at_least = f"{column} >= {parameters.add(value)}"
    beyond = first_beyond(value)
    if beyond is None:
        return at_least
    return f"({at_least} AND {column} < {parameters.add(beyond)})"


def _ends_with(column: str, value: str, parameters: Parameters) -> str:
    """Compared as bytes: the engine's `length` of text stops at a NUL character."""
    length = parameters.add(-len(value.encode()))
    return f"substr(CAST({column} AS BLOB), {length}) = CAST({parameters.add(value)} AS BLOB)"


TEXT_TESTS: dict[Operator, Callable[[str, str, Parameters], str]] = {
    Operator.CO: _contains,
    Operator.SW: _starts_with,
    Operator.EW: _ends_with,
}


def first_beyond(prefix: str) -> str | None:
    """The least text greater than all that start with `prefix`; None when there is none.

    Both Python and the engine order text by code point. Surrogates are no characters.

    >>> first_beyond("ab")
    'ac'
    """
    kept = prefix.rstrip(chr(0x10FFFF))
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)
