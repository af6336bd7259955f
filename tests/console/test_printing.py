"""Answers on paper: tables for people, JSON and CSV for programs."""

import io
import json
import re

import msgspec
import pytest

from rolecall.console.printing import Format, print_answer, printable
from rolecall.domain.tables import Cell, Column, ColumnType, Table

AT = 1_767_225_600_123_456


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer by its shape."""

    table: Table
    zone: str = "UTC"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def a_table(*rows: tuple[Cell, ...]) -> Table:
    columns = (
        Column(name="name"),
        Column(name="count", type=ColumnType.FIXED),
        Column(name="at", type=ColumnType.TIMESTAMP_LTZ),
        Column(name="local", type=ColumnType.TIMESTAMP_NTZ),
        Column(name="on", type=ColumnType.BOOLEAN),
    )
    return Table(columns=columns, rows=list(rows))


ROWS = a_table(("Zoë", 12, AT, AT, True), (None, None, None, None, False))
CELL = Table(columns=(Column(name="token"),), rows=[("token-1",)])


def printed(table: Table, style: Format, out: io.StringIO | None = None) -> str:
    target = out or io.StringIO()
    print_answer(Answer(table=table), style, target)
    return target.getvalue()


def shown(table: Table) -> list[str]:
    """What a terminal shows, without its colours."""
    text = printed(table, Format.TABLE, Terminal())
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


@pytest.mark.parametrize(
    ("style", "zone", "text"),
    [
        (Format.TABLE, "Asia/Tokyo", "2026-01-01 09:00:00.123 +0900"),
        (Format.CSV, "America/New_York", "2025-12-31 19:00:00.123 -0500"),
        (Format.TABLE, "No/Where", "2026-01-01 00:00:00.123 +0000"),
        (Format.TABLE, "/etc", "2026-01-01 00:00:00.123 +0000"),
        (Format.JSON, "Asia/Tokyo", "2026-01-01T00:00:00.123Z"),
    ],
)
def test_people_read_moments_in_the_zone_of_the_session(
    style: Format, zone: str, text: str
) -> None:
    out = io.StringIO()
    print_answer(Answer(table=ROWS, zone=zone), style, out)
    assert text in out.getvalue()
    assert "2026-01-01 00:00:00.123  TRUE" in printed(ROWS, Format.TABLE), "no zone, no change"


def test_a_single_cell_is_printed_bare() -> None:
    assert printed(CELL, Format.TABLE) == "token-1\n"


def test_a_pipe_gets_columns_without_frames() -> None:
    assert printed(ROWS, Format.TABLE).splitlines() == [
        "name  count  at                             local                    on",
        "Zoë      12  2026-01-01 00:00:00.123 +0000  2026-01-01 00:00:00.123  TRUE",
        "NULL   NULL  NULL                           NULL                     FALSE",
    ]


def test_json_is_an_array_of_objects_on_one_line() -> None:
    text = printed(ROWS, Format.JSON)
    assert text.count("\n") == 1
    assert json.loads(text) == [
        {
            "name": "Zoë",
            "count": 12,
            "at": "2026-01-01T00:00:00.123Z",
            "local": "2026-01-01T00:00:00.123",
            "on": True,
        },
        {"name": None, "count": None, "at": None, "local": None, "on": False},
    ]


def test_csv_has_names_and_empty_fields_for_null() -> None:
    assert printed(ROWS, Format.CSV).splitlines() == [
        "name,count,at,local,on",
        "Zoë,12,2026-01-01 00:00:00.123 +0000,2026-01-01 00:00:00.123,TRUE",
        ",,,,FALSE",
    ]


def test_a_wide_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = shown(ROWS)
    assert lines[0].split() == ["name", "count", "at", "local", "on"]
    assert lines[-1] == "2 rows"


def test_a_narrow_terminal_gets_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")  # of a dumb terminal nobody knows the width
    monkeypatch.setenv("COLUMNS", "40")
    lines = shown(a_table(("Zoë", 12, AT, AT, True)))
    assert [line.split()[0] for line in lines] == [
        "──",
        "name",
        "count",
        "at",
        "local",
        "on",
        "1",
    ]


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\rb", "a\u202eb", "a\u200bb", "a\x9bb"])
def test_what_steers_a_terminal_is_spelled_out(text: str) -> None:
    assert printable(text).isprintable()
    table = Table(columns=(Column(name="name"), Column(name="x")), rows=[(text, "y")])
    assert text not in printed(table, Format.TABLE)
    assert text not in printed(table, Format.JSON)
