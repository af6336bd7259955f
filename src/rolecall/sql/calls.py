"""What a query asks of the account before an engine can run it: function and relation calls."""

import msgspec

from rolecall.sql.functions import ResultType

Constant = None | str | int | float | bool
"""A value in a query; of a timestamp, the microseconds since the epoch."""


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A function that the account answers, with constant arguments."""

    name: str
    arguments: tuple[Constant, ...]
    placeholder: str
    result: ResultType
    changes_account: bool


class Argument(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A table function's argument: its name if it was named, its column in the constants."""

    name: str | None
    position: int


class Bound(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the query asks of a column at least, or at most.

    A number as it is, a time by its column in the constants.
    """

    column: str
    at_least: bool
    position: int | None = None
    number: int | None = None


class Among(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the query asks of a column: one of these values, or of these constants by position."""

    column: str
    values: tuple[Constant, ...] = ()
    positions: tuple[int, ...] = ()


class First(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A query for the first rows of one relation, by a column of it or by none.

    Its answer is made row by row: rows behind the last of them don't change it.
    """

    limit: int
    offset: int = 0
    column: str | None = None
    newest_first: bool = False


class RelationCall(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A view or table function: the parts of its name, folded, and the table it is to become."""

    name: tuple[str, ...]
    placeholder: str
    is_function: bool = False
    arguments: tuple[Argument, ...] = ()
    bounds: tuple[Bound, ...] = ()
    among: tuple[Among, ...] = ()
