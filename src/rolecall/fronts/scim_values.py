"""Values between SCIM and the account: filters to predicates, microseconds to dateTimes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import assert_never

import msgspec
from msgspec.structs import replace

from rolecall.domain.model import Json
from rolecall.domain.names import key_of
from rolecall.domain.predicate import (
    And,
    Compare,
    Field,
    Not,
    Operator,
    Or,
    Predicate,
    Value,
)
from rolecall.scim import errors
from rolecall.scim import filter as filters
from rolecall.scim.filter import Filter, parse_filter, print_attribute
from rolecall.scim.path import UnknownAttribute, bind_filter
from rolecall.scim.schema import ResourceType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Lookup(msgspec.Struct, frozen=True):
    """The stored field behind an attribute; text is compared by key, times as microseconds."""

    field: Field
    keyed: bool = False
    timed: bool = False


def where_of(
    text: str,
    resource_type: ResourceType,
    fields: Mapping[str, Lookup],
    tolerated: list[str],
) -> Predicate:
    """The stored condition that a filter asks for; names of quirks go to `tolerated`.

    Raises invalidFilter.
    """
    try:
        bound = bind_filter(parse_filter(text, tolerated), resource_type, tolerated)
    except UnknownAttribute as unknown:
        raise errors.invalid_filter(unknown.detail) from None
    return predicate_of(bound, fields)


def is_lookup(where: Predicate) -> bool:
    """Whether an index finds the few that are meant."""
    return (
        isinstance(where, Compare)
        and where.operator is Operator.EQ
        and where.field in NAMING
        and where.value is not None
    )


NAMING = frozenset(
    {
        Field.ID,
        Field.NAME_KEY,
        Field.LOGIN_KEY,
        Field.DISPLAY_KEY,
        Field.EMAIL_KEY,
        Field.EXTERNAL_ID,
    }
)
"""Fields whose values few resources share, each with an index."""


def predicate_of(parsed: Filter, fields: Mapping[str, Lookup]) -> Predicate:
    """The stored condition that a bound filter asks for. Raises invalidFilter.

    The parser bounds the depth.
    """
    match parsed:
        case filters.Comparison():
            lookup = _lookup(parsed.attribute, fields)
            operator = Operator(parsed.operator.value)
            return Compare(lookup.field, operator, _stored(parsed.value, lookup, operator))
        case filters.Present():
            lookup = _lookup(parsed.attribute, fields)
            return Not(Compare(lookup.field, Operator.EQ, None))
        case filters.And():
            return And(tuple(predicate_of(term, fields) for term in parsed.terms))
        case filters.Or():
            return Or(tuple(predicate_of(term, fields) for term in parsed.terms))
        case filters.Not():
            return Not(predicate_of(parsed.term, fields))
        case filters.ValuePath():
            return predicate_of(_address(parsed, fields), fields)
        case _:
            assert_never(parsed)


def _address(selection: filters.ValuePath, fields: Mapping[str, Lookup]) -> filters.Comparison:
    """`emails[type eq "work" and value eq "…"]` is a question for the address (Entra asks so).

    One address of a user can be searched, the primary one, whatever its type is.
    """
    inner = selection.filter
    terms = inner.terms if isinstance(inner, filters.And) else (inner,)
    compared = [term for term in terms if isinstance(term, filters.Comparison)]
    values = [term for term in compared if term.attribute.name == "value"]
    named = print_attribute(selection.attribute)
    kinds = {term.attribute.name for term in compared} - {"value"}
    if f"{named}.value" not in fields or len(compared) < len(terms):
        raise _unsearchable(named, fields)
    if len(values) != 1 or not kinds <= {"type", "primary"}:
        raise _unsearchable(named, fields)
    return replace(values[0], attribute=filters.AttributePath(name=named, sub_attribute="value"))


def _lookup(attribute: filters.AttributePath, fields: Mapping[str, Lookup]) -> Lookup:
    name = print_attribute(attribute)
    if name not in fields:
        raise _unsearchable(name, fields)
    return fields[name]


def _unsearchable(name: str, fields: Mapping[str, Lookup]) -> errors.ScimError:
    known = ", ".join(fields)
    return errors.invalid_filter(f"'{name}' can't be searched yet; a filter may ask for {known}.")


def _stored(value: filters.Scalar, lookup: Lookup, operator: Operator) -> Value:
    assert not isinstance(value, float), "no attribute that can be searched is a decimal number"
    if lookup.timed and isinstance(value, str):
        if operator in {Operator.CO, Operator.SW, Operator.EW}:
            raise errors.invalid_filter(f"A time can't be compared by '{operator.value}'.")
        return microseconds(value)
    if lookup.keyed and isinstance(value, str):
        return key_of(value)
    return value


def predicate_within(parsed: Filter) -> Predicate:
    """The condition on entries of a multi-valued attribute that a value path asks for."""
    assert not isinstance(parsed, filters.ValuePath), "brackets within brackets are not parsed"
    match parsed:
        case filters.Comparison():
            value = parsed.value
            assert not isinstance(value, float), "no sub-attribute is a decimal number"
            operator = Operator(parsed.operator.value)
            return Compare(parsed.attribute.name, operator, value)
        case filters.Present():
            return Not(Compare(parsed.attribute.name, Operator.EQ, None))
        case filters.And():
            return And(tuple(predicate_within(term) for term in parsed.terms))
        case filters.Or():
            return Or(tuple(predicate_within(term) for term in parsed.terms))
        case filters.Not():
            return Not(predicate_within(parsed.term))
        case _:
            assert_never(parsed)


def predicate_of_parts(parts: Iterable[tuple[str, Json]]) -> Predicate:
    """The condition that an entry has all these sub-attributes."""
    return And(
        tuple(
            Compare(name, Operator.EQ, value)
            for name, value in parts
            if isinstance(value, str | bool | int)
        )
    )


# ---- times -----------------------------------------------------------------------------------


@lru_cache(maxsize=1_024)
def iso_time(at: int) -> str:
    """A dateTime to the millisecond, UTC (RFC 7643 section 2.3.5).

    >>> iso_time(1_722_536_429_000_000)
    '2024-08-01T18:20:29.000Z'
    """
    moment = _EPOCH.replace(tzinfo=None) + timedelta(microseconds=at)
    return moment.isoformat(timespec="milliseconds") + "Z"


def microseconds(text: str) -> int:
    """The moment that a dateTime names. Raises invalidFilter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise errors.invalid_filter(
            f"'{text}' is no dateTime, such as 2026-01-31T12:00:00Z."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
