"""Selecting: the port of the query engine, and the relations that it is handed, some in pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from rolecall.domain.tables import Cell, Column, Table

Rows = Sequence[tuple[Cell, ...]]


def never() -> bool:
    """Nobody is kept waiting, nothing is left out."""
    return False


class Paged(msgspec.Struct, frozen=True, kw_only=True):
    """A table whose rows come a page at a time, once: nobody holds all of them.

    While `busy` says that others are kept waiting, many pages are taken slowly. `cut` says after
    the last of them whether there are rows behind.
    """

    columns: tuple[Column, ...]
    pages: Iterable[Rows]
    busy: Callable[[], bool] = never
    cut: Callable[[], bool] = never


Relation = Table | Paged


class Selecting(Protocol):
    """Answers a query over relations that it is handed; sees nothing else."""

    def select(
        self,
        sql: str,
        relations: Mapping[str, Relation],
        *,
        seconds_max: float = 60,
        zone: str = "UTC",
        query: str | None = None,
        who: object = None,
    ) -> Table:
        """Run DuckDB's SQL over the relations, in a time zone; `who` leaves room for others."""
        ...

    def cancel(self, query: str) -> bool:
        """End what runs under this id, if anything does."""
        ...
