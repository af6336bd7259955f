"""Answers as a person or a program reads them: a table, JSON or CSV.

Names and comments come from identity providers: what could steer a terminal is spelled out.
"""

import csv
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from rolecall.domain.tables import Cell, Column, ColumnType, Table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = frozenset({ColumnType.TIMESTAMP_LTZ, ColumnType.TIMESTAMP_NTZ})
NUMBERS = frozenset({ColumnType.FIXED, ColumnType.REAL})
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
GAP = 2
"""Blanks between two columns."""


class Format(StrEnum):
    """How answers are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Answered(Protocol):
    """A statement's answer, whoever gave it."""

    @property
    def table(self) -> Table:
        """The columns and rows."""
        ...

    @property
    def zone(self) -> str:
        """The session's time zone: people read times in it."""
        ...


Printer = Callable[[Table, TextIO, tzinfo], None]


def print_answer(answer: Answered, style: Format, out: TextIO) -> None:
    """Print one statement's answer."""
    PRINTERS[style](answer.table, out, zone_named(answer.zone))


def zone_named(name: str) -> tzinfo:
    """The time zone; UTC where this machine doesn't know it, as each time then says."""
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


# ---- cells -----------------------------------------------------------------------------------


def printable(text: str) -> str:
    r"""Text that can't steer a terminal or hide a part of itself.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return CONTROL.sub(lambda match: repr(match.group())[1:-1], text)


def cell_text(cell: Cell, column: Column, zone: tzinfo = UTC) -> str:
    """A cell for a person; NULL is said."""
    if cell is None:
        return "NULL"
    if column.type in TIMES:
        return _moment(cell, column, "%Y-%m-%d %H:%M:%S", " %z", zone)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return printable(str(cell))


def _moment(cell: Cell, column: Column, pattern: str, offset: str, zone: tzinfo) -> str:
    """A time to the millisecond, as the vendor prints it; one without a zone stays as it is."""
    at = EPOCH + timedelta(microseconds=int(cell or 0))
    if column.type is not ColumnType.TIMESTAMP_LTZ:
        return f"{at:{pattern}}.{at.microsecond // 1_000:03d}"
    local = at.astimezone(zone)
    return f"{local:{pattern}}.{at.microsecond // 1_000:03d}{local:{offset}}"


def _json_cell(cell: Cell, column: Column) -> Cell:
    if cell is None or column.type not in TIMES:
        return cell
    return _moment(cell, column, "%Y-%m-%dT%H:%M:%S", "Z", UTC)


# ---- JSON and CSV ----------------------------------------------------------------------------


def print_json(table: Table, out: TextIO, _zone: tzinfo = UTC) -> None:
    """An array of objects, on one line; times are UTC, whatever the session's zone."""
    objects = [
        {
            column.name: _json_cell(cell, column)
            for column, cell in zip(table.columns, row, strict=True)
        }
        for row in table.rows
    ]
    # ASCII only: what steers a terminal is escaped, and no pipe's encoding can break it.
    out.write(json.dumps(objects) + "\n")


def print_csv(table: Table, out: TextIO, zone: tzinfo = UTC) -> None:
    """A line of names, then one a row (RFC 4180); NULL is an empty field."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        writer.writerow(
            [
                "" if cell is None else _csv_cell(cell, column, zone)
                for column, cell in zip(table.columns, row, strict=True)
            ]
        )


def _csv_cell(cell: Cell, column: Column, zone: tzinfo) -> str:
    return str(cell) if isinstance(cell, str) else cell_text(cell, column, zone)


# ---- tables ----------------------------------------------------------------------------------


def print_table(table: Table, out: TextIO, zone: tzinfo = UTC) -> None:
    """For people: a single cell bare, else columns; records where a terminal is too narrow."""
    rows = [
        [cell_text(cell, column, zone) for column, cell in zip(table.columns, row, strict=True)]
        for row in table.rows
    ]
    if len(rows) == 1 and len(rows[0]) == 1:
        out.write(rows[0][0] + "\n")
        return
    names = [printable(column.name) for column in table.columns]
    widths = _widths(names, rows)
    if not out.isatty():
        _print_plain(table.columns, [names, *rows], widths, out)
        return
    console = Console(file=out, highlight=False)
    if sum(widths) + GAP * len(widths) > console.width:
        _print_records(names, rows, console)
    else:
        _print_columns(table.columns, names, rows, console)
    console.print(Text(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", style="dim"))


def _widths(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max([cell_len(name), *(cell_len(row[position]) for row in rows)])
        for position, name in enumerate(names)
    ]


def _print_plain(
    columns: Sequence[Column], lines: Sequence[Sequence[str]], widths: Sequence[int], out: TextIO
) -> None:
    for line in lines:
        cells = [
            _padded(text, width, right=column.type in NUMBERS)
            for text, width, column in zip(line, widths, columns, strict=True)
        ]
        out.write((" " * GAP).join(cells).rstrip() + "\n")


def _padded(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks


def _print_columns(
    columns: Sequence[Column],
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    console: Console,
) -> None:
    printed = RichTable(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column, name in zip(columns, names, strict=True):
        printed.add_column(
            Text(name), justify="right" if column.type in NUMBERS else "left", no_wrap=True
        )
    for row in rows:
        printed.add_row(*(Text(cell) for cell in row))
    console.print(printed)


def _print_records(names: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    """One line a cell, one block a row."""
    width = max(cell_len(name) for name in names)
    for number, row in enumerate(rows, start=1):
        console.print(Text(f"── row {number} ──", style="dim"))
        for name, cell in zip(names, row, strict=True):
            console.print(Text(_padded(name, width, right=False) + "  ", style="bold") + Text(cell))


PRINTERS: dict[Format, Printer] = {
    Format.TABLE: print_table,
    Format.JSON: print_json,
    Format.CSV: print_csv,
}
