"""Values between SCIM and the account: filters to predicates, microseconds to dateTimes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import assert_never

import msgspec

from rolecall.domain.model import Json
from rolecall.domain.predicate import (
    And,
    Compare,
    Field,
    Not,
    Operator,
    Or,
    Predicate,
)
from rolecall.scim import errors
from rolecall.scim import filter as filters
from rolecall.scim.filter import Filter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Lookup(msgspec.Struct, frozen=True):
    """The stored field behind an attribute; text is compared by key, times as microseconds."""

    field: Field
    keyed: bool = False
    timed: bool = False


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
        Field.ADDRESS_KEY,
        Field.EXTERNAL_ID,
    }
)
"""Fields whose values few resources share, each with an index."""


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
