"""Bind variables: `?` and `:1` in a statement become literals before anything else reads it.

The words are cut by the statement's own lexical rules, so a `?` in a string or a comment stays.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import assert_never

import msgspec

from rolecall.sql.cursor import Kind, Token, place_of, tokens_of
from rolecall.sql.errors import SqlCompilationError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMESTAMP_TEXT = "%Y-%m-%d %H:%M:%S.%f"

Plain = None | bool | int | str


class Number(msgspec.Struct, frozen=True):
    """A number, as the text that its client sent."""

    text: str


class Date(msgspec.Struct, frozen=True):
    """A day, counted from the epoch."""

    days: int


class Timestamp(msgspec.Struct, frozen=True):
    """A moment in microseconds since the epoch; `type` is the vendor's name of its type."""

    microseconds: int
    type: str


Bound = Plain | Number | Date | Timestamp
"""What a client binds to a place."""


class UnboundVariable(SqlCompilationError):
    """A statement has a place for a value that its client did not send."""

    code = "002049"
    sqlstate = "42601"

    def __init__(self, what: str, *, line: int = 0, column: int = 0) -> None:
        """Name the variable as it was written."""
        super().__init__(f"Bind variable {what} not set.", line=line, column=column)
        self.what = what

    @property
    def text(self) -> str:
        """The sentence behind the vendor's "error line 1 at position 20" (from 0)."""
        position = max(self.column - 1, 0)
        return (
            f"SQL compilation error: error line {self.line} at position {position}\n{self.message}"
        )


def bound(text: str, values: Sequence[Bound]) -> str:
    """The statement with each variable's literal in its place. Raises SqlCompilationError.

    >>> bound("alter user ? set email = :2 -- ?", ["BOB", "bob@example.com"])
    "alter user 'BOB' set email = 'bob@example.com' -- ?"
    """
    parts, position = [], 0
    for start, end, index in _places(text):
        if index >= len(values):
            line, column = place_of(text, start)
            raise UnboundVariable(text[start:end], line=line, column=column)
        parts += [text[position:start], literal(values[index])]
        position = end
    return "".join(parts) + text[position:] if parts else text


def places_count(text: str) -> int:
    """How many variables a statement has."""
    return sum(1 for _ in _places(text))


def _places(text: str) -> Iterator[tuple[int, int, int]]:
    """Start, end and number (from 0) of each variable."""
    asked = 0
    before: Token | None = None
    for token in tokens_of(text):
        if token.kind is Kind.SYMBOL and token.text == "?":
            yield token.start, token.end, asked
            asked += 1
        elif _is_colon_of(before, token):
            assert before is not None, "a colon stands before it"
            yield before.start, token.end, int(token.text) - 1
        before = token


def _is_colon_of(before: Token | None, token: Token) -> bool:
    """Whether `:` and a number from 1 stand together."""
    return (
        before is not None
        and before.kind is Kind.SYMBOL
        and before.text == ":"
        and before.end == token.start
        and token.kind is Kind.NUMBER
        and token.text.isdecimal()
        and int(token.text[:6]) > 0
    )


def literal(value: Bound) -> str:
    """A value as the language writes it.

    >>> print(literal("it's"), literal(None), literal(Date(0)))
    'it''s' NULL '1970-01-01'::DATE
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        case Number(text=text):
            return text
        case Date(days=days):
            return f"'{(EPOCH + timedelta(days=days)).date().isoformat()}'::DATE"
        case Timestamp(microseconds=microseconds, type=type_):
            moment = EPOCH + timedelta(microseconds=microseconds)
            zone = "" if type_ == "TIMESTAMP_NTZ" else " +00:00"
            return f"'{moment.strftime(TIMESTAMP_TEXT)}{zone}'::{type_}"
        case _:
            assert_never(value)
