"""What narrows a list of names: LIKE, STARTS WITH, LIMIT … FROM, as part of the question.

The store finds the rows that can match, in pages by name; LIKE's own meaning is decided here, so
that it is the same in every store (DESIGN contract 11).
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol, TypeVar

import msgspec

from rolecall.domain.names import Name, key_of
from rolecall.domain.predicate import And, Compare, Field, Operator, Predicate

PAGE_ROWS = 1_000
LISTED_MAX = 10_000
"""SHOW prints no more (vendor: SHOW USERS)."""
NONE_YET = Name("")


class Narrowing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Names like a pattern, in any case; with a prefix, exactly; the first `limit` of them.

    With `after` they begin behind the first name that has this prefix (vendor: LIMIT … FROM).
    """

    like: str | None = None
    starts_with: str = ""
    limit: int = LISTED_MAX
    after: str | None = None


ALL = Narrowing()


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> Name: ...


Item = TypeVar("Item", bound=Named)
Read = Callable[[Predicate, Name, int], tuple[Item, ...]]
"""At most so many items that match and whose names come after this one, by name."""


def narrowed(read: Read[Item], narrowing: Narrowing) -> tuple[Item, ...]:
    """The items that are meant, by name, read page by page until there are enough."""
    after = NONE_YET
    if narrowing.after is not None:
        from_prefix = Compare(Field.NAME, Operator.SW, narrowing.after)
        first = next(_matching(read, narrowing, NONE_YET, from_prefix), None)
        if first is None:
            return ()
        after = first.name
    return tuple(islice(_matching(read, narrowing, after), narrowing.limit))


def _matching(
    read: Read[Item], narrowing: Narrowing, after: Name, *more: Predicate
) -> Iterator[Item]:
    where = And((*_candidates(narrowing), *more))
    pattern = None if narrowing.like is None else matcher(narrowing.like)
    page = read(where, after, PAGE_ROWS)
    while page:
        for item in page:
            if pattern is None or pattern.fullmatch(key_of(item.name)):
                yield item
        page = read(where, page[-1].name, PAGE_ROWS) if len(page) == PAGE_ROWS else ()


def _candidates(narrowing: Narrowing) -> Iterator[Predicate]:
    """What a name must hold for STARTS WITH and LIKE, for the store to look for."""
    if narrowing.starts_with:
        yield Compare(Field.NAME, Operator.SW, narrowing.starts_with)
    for part in WILDCARD.split(narrowing.like or ""):
        if part and part not in {"%", "_"} and part.isascii() and not part.startswith("\\"):
            yield Compare(Field.NAME_KEY, Operator.CO, key_of(part))


# ---- LIKE ------------------------------------------------------------------------------------

WILDCARD = re.compile(r"(\\.|[%_])", re.DOTALL)


def matcher(pattern: str) -> re.Pattern[str]:
    """LIKE over keys: `%` any text, `_` one character, in any case (vendor).

    >>> bool(matcher("A%_b").fullmatch("axxB".lower()))
    True
    """
    parts = [_part(part) for part in WILDCARD.split(pattern)]
    return re.compile(re.sub(r"(?:\.\*)+", ".*", "".join(parts)), re.DOTALL)


def _part(part: str) -> str:
    if part == "%":
        return ".*"
    if part == "_":
        return "."
    return re.escape(key_of(part[1:] if part.startswith("\\") and len(part) > 1 else part))
