"""A table is columns and rows: what a statement answers with and what a query engine reads."""

from enum import StrEnum

import msgspec

Cell = None | str | int | float | bool
"""One value. Timestamps are whole microseconds since the epoch, UTC; dates are ISO text."""


class ColumnType(StrEnum):
    """The column types of the vendor's result sets (SQL API reference, rowType)."""

    TEXT = "TEXT"
    FIXED = "FIXED"
    REAL = "REAL"
    BOOLEAN = "BOOLEAN"
    TIMESTAMP_LTZ = "TIMESTAMP_LTZ"
    TIMESTAMP_NTZ = "TIMESTAMP_NTZ"
    DATE = "DATE"
    VARIANT = "VARIANT"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column's name and type; length counts characters, precision and scale decimal digits."""

    name: str
    type: ColumnType = ColumnType.TEXT
    nullable: bool = True
    length: int | None = None
    precision: int | None = None
    scale: int | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Columns and the rows under them; every row has one cell a column."""

    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
