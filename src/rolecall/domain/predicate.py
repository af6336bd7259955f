"""Predicates: conditions on stored objects as values, which every store evaluates alike.

A store compiles them to its own query language; `admits` is the meaning that all must match.
Text is compared by the key or the exact spelling, as the field says, never by an engine's rules.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import assert_never

import msgspec

Value = None | bool | int | str


class Field(StrEnum):
    """What can be asked of a user or a role. `_KEY` fields hold `names.key_of` of the text."""

    ID = "id"
    NAME = "name"
    NAME_KEY = "name_key"
    LOGIN_KEY = "login_key"
    DISPLAY_KEY = "display_key"
    EMAIL_KEY = "email_key"
    EXTERNAL_ID = "external_id"
    OWNER = "owner"
    ACTIVE = "active"
    CREATED_AT = "created_at"
    CHANGED_AT = "changed_at"


class Operator(StrEnum):
    """RFC 7644 section 3.4.2.2, table 3. `pr` is NE None."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


class Compare(msgspec.Struct, frozen=True, tag=True):
    """One field against one value. `field` is a Field, or a sub-attribute within a profile."""

    field: str
    operator: Operator
    value: Value


class And(msgspec.Struct, frozen=True, tag=True):
    """All of them; of none: everything."""

    terms: tuple["Predicate", ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    """Any of them; of none: nothing."""

    terms: tuple["Predicate", ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    """Not this."""

    term: "Predicate"


Predicate = Compare | And | Or | Not
EVERYTHING = And(())
NOTHING = Or(())


def admits(predicate: Predicate, values: Mapping[str, Value]) -> bool:
    """Whether an object with these field values is meant; the reference for every store."""
    match predicate:
        case Compare():
            return _holds(predicate, values.get(predicate.field))
        case And():
            return all(admits(term, values) for term in predicate.terms)
        case Or():
            return any(admits(term, values) for term in predicate.terms)
        case Not():
            return not admits(predicate.term, values)
        case _:
            assert_never(predicate)


def _holds(compare: Compare, present: Value) -> bool:
    """An absent value equals only None, and differs from everything else (RFC 7644: ne).

    What can't be compared, text with a number or a part of a number, does not hold.
    """
    wanted = compare.value
    if compare.operator is Operator.EQ:
        return present == wanted
    if compare.operator is Operator.NE:
        return present != wanted
    if present is None or wanted is None:
        return False
    if isinstance(present, str) and isinstance(wanted, str):
        return TEXT_TESTS[compare.operator](present, wanted)
    if isinstance(present, str) or isinstance(wanted, str):
        return False
    test = NUMBER_TESTS.get(compare.operator)
    return test is not None and test(present, wanted)


TEXT_TESTS: dict[Operator, Callable[[str, str], bool]] = {
    Operator.CO: lambda present, wanted: wanted in present,
    Operator.SW: lambda present, wanted: present.startswith(wanted),
    Operator.EW: lambda present, wanted: present.endswith(wanted),
    Operator.GT: lambda present, wanted: present > wanted,
    Operator.GE: lambda present, wanted: present >= wanted,
    Operator.LT: lambda present, wanted: present < wanted,
    Operator.LE: lambda present, wanted: present <= wanted,
}
NUMBER_TESTS: dict[Operator, Callable[[int, int], bool]] = {
    Operator.GT: lambda present, wanted: present > wanted,
    Operator.GE: lambda present, wanted: present >= wanted,
    Operator.LT: lambda present, wanted: present < wanted,
    Operator.LE: lambda present, wanted: present <= wanted,
}
