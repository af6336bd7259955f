"""Grants in filters: groups of a user and members of a group, and what a filter asks of either end.

A grant has no row of its own in an answer but `value`, `$ref`, `display` and `type`, of which a
store knows the id and the name; the rest is reckoned here.
"""

from collections.abc import Callable
from functools import partial
from typing import assert_never

import msgspec

from rolecall.domain.names import key_of
from rolecall.domain.predicate import (
    EVERYTHING,
    NOTHING,
    And,
    Compare,
    Field,
    Not,
    Operator,
    Or,
    Predicate,
    Value,
    admits,
)
from rolecall.scim import filter as filters
from rolecall.scim.filter import Filter
from rolecall.scim.path import Path
from rolecall.scim.schema import Attribute


def keyed(row: Attribute, value: Value) -> Value:
    """The value as the document has it: as a key, unless the attribute compares exactly."""
    return key_of(value) if isinstance(value, str) and not row.case_exact else value


class End(msgspec.Struct, frozen=True):
    """The other end of a grant, as it is shown: its type as a key, its name, and its place."""

    type: str
    display: Field
    place: str


DIRECT_GROUP = End("direct", Field.NAME_KEY, "Groups")
INDIRECT_GROUP = End("indirect", Field.NAME_KEY, "Groups")
USER_WITHIN = End("user", Field.DISPLAY_KEY, "Users")
GROUP_WITHIN = End("group", Field.DISPLAY_KEY, "Groups")


def of_grant(
    base_url: str, end: End, part: Attribute, operator: Operator, value: Value
) -> Predicate:
    """A condition on the other end of a grant."""
    if part.name == "type":
        return constant(end.type, operator, keyed(part, value))
    if part.name == "display":
        return Compare(end.display, operator, keyed(part, value))
    if part.name == "$ref":
        return under(f"{base_url}/{end.place}/", operator, value)
    return Compare(Field.ID, operator, value)


def under(place: str, operator: Operator, value: Value) -> Predicate:
    """A condition on the URL of a resource: the place, then its id."""
    if operator is Operator.EQ and isinstance(value, str):
        if not value.startswith(place):
            return NOTHING
        return Compare(Field.ID, operator, value.removeprefix(place))
    return Compare(Field.ID, operator, value, before=place)


def constant(present: str, operator: Operator, value: Value) -> Predicate:
    """A condition on what is the same for all."""
    held = admits(Compare("constant", operator, value), {"constant": present})
    return EVERYTHING if held else NOTHING


def within(
    parsed: Filter, path: Path, compared: Callable[[Attribute, Operator, Value], Predicate]
) -> Predicate:
    """The condition on one value of an attribute."""
    match parsed:
        case filters.Comparison():
            assert not isinstance(parsed.value, float), "no sub-attribute is a decimal number"
            part = path.attribute.by_name[parsed.attribute.name]
            return compared(part, Operator(parsed.operator.value), parsed.value)
        case filters.Present():
            return compared(path.attribute.by_name[parsed.attribute.name], Operator.NE, None)
        case filters.And():
            return And(tuple(within(term, path, compared) for term in parsed.terms))
        case filters.Or():
            return Or(tuple(within(term, path, compared) for term in parsed.terms))
        case filters.Not():
            return Not(within(parsed.term, path, compared))
        case filters.ValuePath():
            raise AssertionError("brackets within brackets are not parsed")
        case _:
            assert_never(parsed)


def members_meant(condition: Filter, path: Path, base_url: str) -> tuple[Predicate, Predicate]:
    """The condition on members that a value path asks for: on the users, and on the groups."""
    users, groups = (
        within(condition, path, partial(of_grant, base_url, end))
        for end in (USER_WITHIN, GROUP_WITHIN)
    )
    return users, groups
