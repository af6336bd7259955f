"""Row sets as the vendor's drivers read them: every cell a text or null, every column described.

Reference section 10b. The format is JSON, which every driver reads; rows beyond the first part
come in chunks that the driver fetches by URL.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from rolecall.domain.tables import Cell, Column, ColumnType, Table

TEXT_LENGTH_MAX = 16_777_216
"""Characters of a text whose column says nothing narrower (vendor: VARCHAR)."""
FIXED_PRECISION = 38
TIMESTAMP_SCALE = 9
EPOCH_DAY = date(1970, 1, 1).toordinal()
INLINE_ROWS = 5_000
CHUNK_ROWS = 20_000

encode = msgspec.json.Encoder().encode


def row_type(column: Column) -> dict[str, Any]:
    """A column's name and type, with the widths that the drivers want."""
    is_text = column.type is ColumnType.TEXT
    length = (column.length or TEXT_LENGTH_MAX) if is_text else None
    is_fixed = column.type is ColumnType.FIXED
    is_timestamp = column.type.value.startswith("TIMESTAMP")
    scale = column.scale
    if scale is None and (is_fixed or is_timestamp):
        scale = TIMESTAMP_SCALE if is_timestamp else 0
    precision = column.precision
    if precision is None and (is_fixed or is_timestamp):
        precision = FIXED_PRECISION if is_fixed else 0
    return {
        "name": column.name,
        "database": "",
        "schema": "",
        "table": "",
        "type": column.type.value.lower(),
        "length": length,
        "byteLength": None if length is None else min(length * 4, TEXT_LENGTH_MAX),
        "precision": precision,
        "scale": scale,
        "nullable": column.nullable,
        "collation": None,
    }


def cells_of(table: Table, first: int = 0, count: int | None = None) -> list[list[str | None]]:
    """The rows from `first` on, each cell as the drivers read it."""
    words = [_word_of(column) for column in table.columns]
    last = None if count is None else first + count
    return [
        [None if cell is None else word(cell) for cell, word in zip(row, words, strict=True)]
        for row in table.rows[first:last]
    ]


def chunks_of(table: Table) -> Iterator[tuple[bytes, int]]:
    """What does not stand in the answer itself: rows with commas between them, and how many.

    The drivers put the brackets around it.
    """
    for first in range(INLINE_ROWS, len(table.rows), CHUNK_ROWS):
        cells = cells_of(table, first, CHUNK_ROWS)
        yield encode(cells)[1:-1], len(cells)


def rows_said(table: Table) -> dict[str, Any]:
    """The part of an answer that describes and holds the rows.

    Some drivers see nothing without `total`, some wait for more without `returned`.
    """
    return {
        "rowtype": [row_type(column) for column in table.columns],
        "rowset": cells_of(table, 0, INLINE_ROWS),
        "total": len(table.rows),
        "returned": len(table.rows),
        "queryResultFormat": "json",
    }


def _boolean(cell: Cell) -> str:
    return "1" if cell else "0"


def _moment(cell: Cell, scale: int) -> str:
    """Seconds since the epoch, with as many decimals as the column says: drivers count them."""
    if not isinstance(cell, int):
        return str(cell)
    sign = "-" if cell < 0 else ""
    decimals = f"{abs(cell) % 1_000_000:06}".ljust(TIMESTAMP_SCALE, "0")[:scale]
    return f"{sign}{abs(cell) // 1_000_000}" + (f".{decimals}" if decimals else "")


def _day(cell: Cell) -> str:
    """Days since the epoch; text that is no day of ours stays."""
    try:
        return str(date.fromisoformat(str(cell)).toordinal() - EPOCH_DAY)
    except ValueError:
        return str(cell)


CELLS: Mapping[ColumnType, Callable[[Cell], str]] = {
    ColumnType.BOOLEAN: _boolean,
    ColumnType.DATE: _day,
}
"""How a cell of each type is written; the others are their own text, timestamps apart."""


def _word_of(column: Column) -> Callable[[Cell], str]:
    if column.type.value.startswith("TIMESTAMP"):
        scale = TIMESTAMP_SCALE if column.scale is None else column.scale
        return lambda cell: _moment(cell, scale)
    return CELLS.get(column.type, str)
