"""Predicates become SQL conditions with parameters: no value is ever glued into a statement.

A condition may be NULL where the predicate is false; AND, OR and WHERE don't tell the two apart,
and NOT is written `IS NOT TRUE`, so that `admits` and the engine agree on absent values.
"""

from collections.abc import Callable, Mapping
from typing import assert_never

import msgspec

from rolecall.domain.predicate import (
    And,
    Compare,
    Entry,
    Field,
    Granted,
    Kept,
    Mark,
    Not,
    Operator,
    Or,
    Ordering,
    Predicate,
    Value,
)


class Columns(msgspec.Struct, frozen=True):
    """Where an object's fields and its document stand, and how what it is granted is reached."""

    fields: Mapping[Field, str]
    document: str = "NULL"
    granted: str = ""
    granted_columns: "Columns | None" = None
    nested: str = ""
    nested_columns: "Columns | None" = None
    by_columns: "Columns | None" = None


JOINED_FIELDS = frozenset({Field.EXTERNAL_ID, Field.CHANGED_AT, Field.VERSION})
"""Fields that stand in other tables than the object."""

ROLES_HELD = """o.id IN (
    SELECT m.user FROM members AS m JOIN roles AS g ON g.account = ?1 AND g.id = m.role
    WHERE m.account = ?1 AND {condition})"""
HOLDERS = """o.id IN (
    SELECT m.role FROM members AS m JOIN users AS g ON g.account = ?1 AND g.id = m.user
    WHERE m.account = ?1 AND {condition})"""

GROUPS_AROUND = """o.id IN (
    WITH RECURSIVE below(target, role) AS (
        SELECT g.id, n.grantee FROM roles AS g
        JOIN role_grants AS n ON n.account = ?1 AND n.role = g.id AND n.origin IS NOT NULL
        WHERE g.account = ?1 AND {condition}
        UNION
        SELECT b.target, n.grantee FROM below AS b
        JOIN role_grants AS n ON n.account = ?1 AND n.role = b.role AND n.origin IS NOT NULL)
    SELECT m.user FROM below AS b
    JOIN members AS m ON m.account = ?1 AND m.role = b.role
    JOIN roles AS d ON d.account = ?1 AND d.id = b.role
    WHERE {by} AND NOT EXISTS (
        SELECT 1 FROM members AS x
        WHERE x.account = ?1 AND x.role = b.target AND x.user = m.user))"""
"""From the groups asked for down to those within: each step by the grants' own key."""
GROUPS_WITHIN = """o.id IN (
    SELECT n.role FROM role_grants AS n JOIN roles AS g ON g.account = ?1 AND g.id = n.grantee
    WHERE n.account = ?1 AND n.origin IS NOT NULL AND {condition})"""


def _role_columns(alias: str) -> Columns:
    """What is asked of a role at the other end of a grant."""
    fields = {
        Field.ID: f"{alias}.id",
        Field.NAME_KEY: f"{alias}.name_key",
        Field.DISPLAY_KEY: f"{alias}.name_key",
        Field.OWNER: f"{alias}.owner",
    }
    return Columns(fields={**dict.fromkeys(Field, "NULL"), **fields})


USER_COLUMNS = Columns(
    fields={
        Field.ID: "o.id",
        Field.NAME: "o.name",
        Field.NAME_KEY: "o.name_key",
        Field.LOGIN_KEY: "o.login_key",
        Field.DISPLAY_KEY: "o.display_key",
        Field.EMAIL_KEY: "o.email_key",
        Field.ADDRESS_KEY: "o.email_key",
        Field.EXTERNAL_ID: "l.external_id",
        Field.OWNER: "o.owner",
        Field.ACTIVE: "o.active",
        Field.CREATED_AT: "o.created_at",
        Field.CHANGED_AT: "coalesce(r.changed_at, o.created_at)",
        Field.VERSION: "CAST(coalesce(r.version, 1) AS TEXT)",
    },
    document="o.document",
    granted=ROLES_HELD,
    granted_columns=Columns(
        fields={
            **dict.fromkeys(Field, "NULL"),
            Field.ID: "m.role",
            Field.NAME_KEY: "g.name_key",
            Field.OWNER: "g.owner",
        }
    ),
    nested=GROUPS_AROUND,
    nested_columns=_role_columns("g"),
    by_columns=_role_columns("d"),
)

MEMBER_COLUMNS = Columns(
    fields={
        **dict.fromkeys(Field, "NULL"),
        Field.ID: "m.user",
        Field.DISPLAY_KEY: "coalesce(g.display_key, g.login_key)",
        Field.OWNER: "g.owner",
    }
)
"""What is asked of a user, `g`, at the other end of a direct grant, `m`."""

ROLE_COLUMNS = Columns(
    fields={
        Field.ID: "o.id",
        Field.NAME: "o.name",
        Field.NAME_KEY: "o.name_key",
        Field.LOGIN_KEY: "NULL",
        Field.DISPLAY_KEY: "o.name_key",
        Field.EMAIL_KEY: "NULL",
        Field.ADDRESS_KEY: "NULL",
        Field.EXTERNAL_ID: "l.external_id",
        Field.OWNER: "o.owner",
        Field.ACTIVE: "NULL",
        Field.CREATED_AT: "o.created_at",
        Field.CHANGED_AT: "coalesce(r.changed_at, o.created_at)",
        Field.VERSION: "CAST(coalesce(r.version, 1) AS TEXT)",
    },
    granted=HOLDERS,
    granted_columns=MEMBER_COLUMNS,
    nested=GROUPS_WITHIN,
    nested_columns=_role_columns("g"),
    by_columns=_role_columns("g"),
)

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
            return _compare_field(predicate, columns, parameters)
        case Kept():
            return _kept(predicate, columns, parameters)
        case Entry():
            return _entry(predicate, columns, parameters)
        case Granted():
            return _granted(predicate, columns, parameters)
        case And():
            return _chain(predicate.terms, " AND ", "TRUE", columns, parameters)
        case Or():
            return _chain(predicate.terms, " OR ", "FALSE", columns, parameters)
        case Not():
            return f"({compile_predicate(predicate.term, columns, parameters)}) IS NOT TRUE"
        case _:
            assert_never(predicate)


def _granted(granted: Granted, columns: Columns, parameters: Parameters) -> str:
    assert columns.granted_columns is not None, "grants of grants are not asked for"
    within = compile_predicate(granted.term, columns.granted_columns, parameters)
    direct = columns.granted.format(condition=within)
    if granted.nested is None:
        return direct
    assert columns.nested_columns is not None, "what is granted may be nested"
    assert columns.by_columns is not None, "what is nested is reached by a role"
    condition = compile_predicate(granted.nested, columns.nested_columns, parameters)
    by = compile_predicate(granted.by, columns.by_columns, parameters)
    return f"({direct} OR {columns.nested.format(condition=condition, by=by)})"


def fields_in(predicate: Predicate) -> frozenset[str]:
    """The fields that a predicate asks for."""
    match predicate:
        case Compare():
            return frozenset((predicate.field,))
        case Kept() | Entry() | Granted():
            return frozenset()
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


def _compare_field(compare: Compare, columns: Columns, parameters: Parameters) -> str:
    """The engine would take a text for a number that it spells: kinds are told apart before."""
    field, operator, value = Field(compare.field), compare.operator, compare.value
    column = columns.fields[field]
    if value is not None and isinstance(value, str) is (field in NUMBER_FIELDS):
        return NOTHING_EQUAL.get(operator, "FALSE")
    if compare.before or compare.after:
        before, after = parameters.add(compare.before), parameters.add(compare.after)
        column = f"({before} || {column} || {after})"
    plain = _compare(column, operator, value, parameters)
    if value is None or column == "NULL":
        return plain
    if field is Field.ADDRESS_KEY:
        further = _compare("a.key", operator, value, parameters)
        return f"({plain} OR {FURTHER_ADDRESS.format(condition=further)})"
    if field is Field.CHANGED_AT and operator in COMPARISONS:
        touched = _compare("t.changed_at", operator, value, parameters)
        untouched = _compare("o.created_at", operator, value, parameters)
        return CHANGED.format(touched=touched, untouched=untouched)
    return plain


FURTHER_ADDRESS = "o.id IN (SELECT a.user FROM addresses AS a WHERE a.account = ?1 AND {condition})"
CHANGED = """(
    o.id IN (SELECT t.id FROM revisions AS t WHERE t.account = ?1 AND {touched})
    OR ({untouched} AND NOT EXISTS (
        SELECT 1 FROM revisions AS t WHERE t.account = ?1 AND t.id = o.id)))"""
"""Each part by an index; what was never touched has no row among the revisions."""


def _compare(column: str, operator: Operator, value: Value, parameters: Parameters) -> str:
    if value is None:
        return NULL_TESTS.get(operator, "FALSE").format(column=column)
    if isinstance(value, str):
        return _test_text(column, operator, value, parameters)
    if column == "o.active" and operator is Operator.EQ:
        # Written out, for the few who are inactive have an index of their own.
        return f"{column} = {value:d}"
    return _test_number(column, operator, value, parameters)


def _kept(kept: Kept, columns: Columns, parameters: Parameters) -> str:
    place = parameters.add(_json_path(kept.place))
    tested = _compare(f"({columns.document} ->> {place})", kept.operator, kept.value, parameters)
    return _sifted(kept.operator, kept.value, columns, parameters, tested)


def _entry(entry: Entry, columns: Columns, parameters: Parameters) -> str:
    place = parameters.add(_json_path(entry.place))
    within = _within(entry.term, parameters)
    found = SOME_ENTRY.format(document=columns.document, place=place, condition=within)
    for compare in _conjuncts(entry.term):
        found = _sifted(compare.operator, compare.value, columns, parameters, found)
    return found


SOME_ENTRY = """EXISTS (
    SELECT 1 FROM jsonb_each({document}, {place}) AS e WHERE e.type = 'object' AND {condition})"""


def _within(term: Predicate, parameters: Parameters) -> str:
    """A condition on one entry `e` of a list."""
    match term:
        case Compare():
            place = parameters.add(_json_path((term.field,)))
            return _compare(f"(e.value ->> {place})", term.operator, term.value, parameters)
        case And() | Or():
            word, empty = (" AND ", "TRUE") if isinstance(term, And) else (" OR ", "FALSE")
            parts = [_within(each, parameters) for each in term.terms]
            return f"({word.join(parts)})" if parts else empty
        case Not():
            return f"({_within(term.term, parameters)}) IS NOT TRUE"
        case _:
            raise AssertionError(f"an entry has parts and nothing below them: {term}")


def _conjuncts(term: Predicate) -> list[Compare]:
    """The comparisons that an entry has to meet, whatever else it has to."""
    terms = term.terms if isinstance(term, And) else (term,)
    return [each for each in terms if isinstance(each, Compare)]


def _sifted(
    operator: Operator, value: Value, columns: Columns, parameters: Parameters, tested: str
) -> str:
    """A document without the text anywhere in it is passed over before it is read."""
    if operator not in SIFTING or not isinstance(value, str) or not value:
        return tested
    shown = parameters.add(ENCODER.encode(value).decode()[1:-1])
    return f"(instr({columns.document}, CAST({shown} AS BLOB)) > 0 AND {tested})"


SIFTING = frozenset({Operator.EQ, Operator.CO, Operator.SW, Operator.EW})
ENCODER = msgspec.json.Encoder()


def _json_path(place: tuple[str, ...]) -> str:
    """Names of schema tables hold no quotes."""
    return "".join(["$", *(f'."{step}"' for step in place)])


def ordered(ordering: Ordering | None, columns: Columns, parameters: Parameters) -> str:
    """The terms of an ORDER BY; equal ones are in the order of their ids."""
    if ordering is None:
        return "o.id"
    column = sorted_column(ordering, columns, parameters)
    return f"{column} {direction_of(ordering, column)}, o.id"


def sorted_column(ordering: Ordering, columns: Columns, parameters: Parameters) -> str:
    """What a list is sorted by."""
    if ordering.field is not None:
        return columns.fields[ordering.field]
    place = parameters.add(_json_path(ordering.place))
    if ordering.part is None:
        return f"({columns.document} ->> {place})"
    part = parameters.add(_json_path((ordering.part,)))
    return PREFERRED.format(document=columns.document, place=place, part=part)


def direction_of(ordering: Ordering, column: str) -> str:
    """In which direction, and where those without a value stand."""
    if column in NEVER_NULL:
        return "DESC" if ordering.descending else "ASC"
    return "DESC NULLS FIRST" if ordering.descending else "ASC NULLS LAST"


def beyond(ordering: Ordering, column: str, mark: Mark | None, parameters: Parameters) -> str:
    """What stands after a mark in the order."""
    if mark is None:
        return "TRUE"
    after = f"o.id > {parameters.add(mark.id)}"
    if mark.key is None:
        same = f"({column} IS NULL AND {after})"
        return f"({same} OR {column} IS NOT NULL)" if ordering.descending else same
    key = parameters.add(mark.key)
    same = f"({column} = {key} AND {after})"
    if ordering.descending:
        return f"({column} < {key} OR {same})"
    last = "" if column in NEVER_NULL else f" OR {column} IS NULL"
    return f"({column} > {key} OR {same}{last})"


NEVER_NULL = frozenset({"o.id", "o.name", "o.name_key", "o.login_key", "o.created_at", "o.active"})
PREFERRED = """(
    SELECT e.value ->> {part} FROM jsonb_each({document}, {place}) AS e
    WHERE e.type = 'object' AND e.value ->> {part} IS NOT NULL
    ORDER BY coalesce(e.value ->> '$.primary', 0) DESC, e.key LIMIT 1)"""


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
    return _promising(column, operator, f"{column} {word} {parameters.add(value)}")


def _promising(column: str, operator: Operator, test: str) -> str:
    """Whoever asks for a range means few: its index is worth a sort of what it finds.

    An id is the order itself, and walked as it is.
    """
    if operator not in RANGES or column not in RANGED:
        return test
    return f"likelihood({test}, 0.001)"


RANGES = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})
RANGED = frozenset(
    {
        *("o.name", "o.name_key", "o.login_key", "o.display_key", "o.email_key", "o.created_at"),
        *("a.key", "t.changed_at"),
    }
)
"""Columns with an index of their own."""


def _contains(column: str, value: str, parameters: Parameters) -> str:
    return f"instr({column}, {parameters.add(value)}) > 0"


def _starts_with(column: str, value: str, parameters: Parameters) -> str:
    """A range, so that an index serves it."""
    at_least = _test(column, Operator.GE, value, parameters)
    beyond = first_beyond(value)
    if beyond is None:
        return at_least
    return f"({at_least} AND {_test(column, Operator.LT, beyond, parameters)})"


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
