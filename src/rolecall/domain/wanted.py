"""Wanted: which rows of a history somebody asks for, by time, number and facts, in which order."""

import msgspec

Place = tuple[int, int]
"""A time and a number: where a page ended."""
Fact = tuple[str, tuple[str | int, ...]]
"""What a row says under a name is one of these."""

END = 2**62


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Rows from a time until a time, with numbers from `first` to `last`, that say these facts.

    By their times, and at one time by their numbers, or by their numbers alone.
    """

    since: int = 0
    until: int = END
    first: int = 0
    last: int = END
    facts: tuple[Fact, ...] = ()
    by_number: bool = False
    newest_first: bool = False


EVERYTHING = Wanted()

ATTEMPT_FACTS = (
    "actor",
    "client_ip",
    "endpoint",
    "integration",
    "method",
    "request",
    "resource_id",
    "resource_kind",
    "resource_name",
    "status",
    "succeeded",
    "token",
)
"""What an attempt can be asked for: its own names."""

EVENT_FACTS = ("actor", "attempt", "kind", "mentions", "object", "request", "subject")
"""What an event can be asked for.

`kind` is the name of its class, `subject` its id. An event about a token has the token's user or
integration as its `object`, every other its subject. `mentions` are texts that stand in it.
"""
