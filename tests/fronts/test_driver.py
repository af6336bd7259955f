"""What the drivers hear: rows as text, columns described, refusals with success false."""

from typing import Any

import pytest

from rolecall.domain.names import Id
from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.fronts import driver
from rolecall.fronts.driver_logins import parameters_said
from rolecall.fronts.driver_rows import (
    CHUNK_ROWS,
    INLINE_ROWS,
    cells_of,
    chunks_of,
    row_type,
    rows_said,
)
from rolecall.fronts.sql import Answer
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.sql.binding import Bound, Date, Number, Timestamp


def table(type_: ColumnType, *cells: Cell) -> Table:
    return Table(columns=(Column(name="C", type=type_),), rows=[(cell,) for cell in cells])


@pytest.mark.parametrize(
    ("type_", "cell", "written"),
    [
        (ColumnType.TEXT, "ü", "ü"),
        (ColumnType.TEXT, None, None),
        (ColumnType.FIXED, 12, "12"),
        (ColumnType.REAL, 0.5, "0.5"),
        (ColumnType.BOOLEAN, True, "1"),
        (ColumnType.BOOLEAN, False, "0"),
        (ColumnType.TIMESTAMP_LTZ, 1_500_000, "1.500000000"),
        (ColumnType.TIMESTAMP_NTZ, -1_500_000, "-1.500000000"),
        (ColumnType.TIMESTAMP_NTZ, "soon", "soon"),
        (ColumnType.DATE, "1970-01-02", "1"),
        (ColumnType.DATE, "1969-12-31", "-1"),
        (ColumnType.DATE, "10000-01-01", "10000-01-01"),
        (ColumnType.VARIANT, '{"a":1}', '{"a":1}'),
    ],
)
def test_a_cell_is_text_as_the_drivers_read_it(
    type_: ColumnType, cell: Cell, written: str | None
) -> None:
    assert cells_of(table(type_, cell)) == [[written]]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (Column(name="C"), ("text", 16_777_216, None, None)),
        (Column(name="C", length=255), ("text", 255, None, None)),
        (Column(name="C", type=ColumnType.FIXED), ("fixed", None, 38, 0)),
        (Column(name="C", type=ColumnType.FIXED, precision=2, scale=1), ("fixed", None, 2, 1)),
        (Column(name="C", type=ColumnType.TIMESTAMP_LTZ), ("timestamp_ltz", None, 0, 9)),
        (Column(name="C", type=ColumnType.BOOLEAN), ("boolean", None, None, None)),
    ],
)
def test_a_column_is_described(column: Column, said: tuple[object, ...]) -> None:
    described = row_type(column)
    assert tuple(described[key] for key in ("type", "length", "precision", "scale")) == said
    assert (described["name"], described["nullable"]) == ("C", True)


@pytest.mark.parametrize(
    ("scale", "written"), [(None, "1.500000000"), (6, "1.500000"), (3, "1.500"), (0, "1")]
)
def test_a_timestamp_has_as_many_decimals_as_its_column_says(
    scale: int | None, written: str
) -> None:
    column = Column(name="C", type=ColumnType.TIMESTAMP_LTZ, scale=scale)
    assert cells_of(Table(columns=(column,), rows=[(1_500_000,)])) == [[written]]


def test_a_large_answer_comes_in_parts_that_lose_no_row() -> None:
    many = table(ColumnType.FIXED, *range(INLINE_ROWS + CHUNK_ROWS + 1))
    said, chunks = rows_said(many), list(chunks_of(many))
    assert (len(said["rowset"]), said["total"], said["returned"]) == (
        INLINE_ROWS,
        len(many.rows),
        len(many.rows),
    )
    assert [rows for _, rows in chunks] == [CHUNK_ROWS, 1]
    assert chunks[1][0] == f'["{len(many.rows) - 1}"]'.encode()


def test_a_refusal_is_an_answer_without_success() -> None:
    refusal = SqlRefusal("002003", "02000", "SQL compilation error:\nno", line=2, column=5)
    said = driver.failure(refusal, Id("q"))
    assert (said["success"], said["code"], said["data"]["sqlState"]) == (False, "002003", "02000")
    assert (said["data"]["line"], said["data"]["pos"], said["data"]["queryId"]) == (2, 4, "q")


@pytest.mark.parametrize(
    ("text", "message", "number"),
    [
        ("select 1", None, 0x1000),
        ("with a as (select 1) select * from a", None, 0x1000),
        ("-- a note\n show roles", None, 0x4400),
        ("/* x */ desc user bob", None, 0x4500),
        ("use role x", "Done.", 0x4300),
        ("begin", "Done.", 0x5000),
        ("create role x", "Done.", 0x6000),
    ],
)
def test_a_statement_has_its_kinds_number(text: str, message: str | None, number: int) -> None:
    answer = Answer(
        table=table(ColumnType.TEXT, "x"), message=message, statement=text, query_id=Id("q")
    )
    assert driver.answer_said(answer, None, None)["data"]["statementTypeId"] == number


def test_an_answer_says_how_its_rows_are_read() -> None:
    answer = Answer(
        table=table(ColumnType.TEXT, "x"), message=None, statement="select 1", query_id=Id("q")
    )
    said = driver.answer_said(answer, None, None)["data"]["parameters"]
    assert {"name": "TIMEZONE", "value": "UTC"} in said


@pytest.mark.parametrize(
    ("type_", "value", "read"),
    [
        ("TEXT", "x", "x"),
        ("ANY", None, None),
        ("FIXED", "12", Number("12")),
        ("REAL", 1.5, Number("1.5")),
        ("BOOLEAN", "true", True),
        ("BOOLEAN", False, False),
        ("DATE", "86400000", Date(1)),
        ("DATE", "-1", Date(-1)),
        ("TIMESTAMP_NTZ", "1500000000", Timestamp(1_500_000, "TIMESTAMP_NTZ")),
        ("TIMESTAMP_TZ", "1500000000 1440", Timestamp(1_500_000, "TIMESTAMP_LTZ")),
    ],
)
def test_a_binding_is_read_by_its_type(type_: str, value: object, read: Bound) -> None:
    assert driver.bindings_of({"1": {"type": type_, "value": value}}) == ((read,),)


def test_lists_of_values_are_sets_of_values() -> None:
    said = {
        "1": {"type": "TEXT", "value": ["a", None]},
        "2": {"type": "FIXED", "value": ["1", "2"]},
    }
    assert driver.bindings_of(said) == (("a", Number("1")), (None, Number("2")))
    assert driver.bindings_of({}) == driver.bindings_of(None) == ((),)


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"2": {"type": "TEXT", "value": "x"}},
        {"1": "x"},
        {"1": {"type": "TEXT"}},
        {"1": {"type": "FIXED", "value": "1; drop role x"}},
        {"1": {"type": "FIXED", "value": "NaN"}},
        {"1": {"type": "BOOLEAN", "value": "maybe"}},
        {"1": {"type": "DATE", "value": "yesterday"}},
        {"1": {"type": "TEXT", "value": []}},
        {"1": {"type": "TEXT", "value": ["a", ["b"]]}},
        {"1": {"type": "TEXT", "value": ["a"] * 10_001}},
        {"1": {"type": "FIXED", "value": ["1", "x"]}},
        {"1": {"type": "TEXT", "value": ["a"]}, "2": {"type": "TEXT", "value": "b"}},
        {"1": {"type": "TEXT", "value": ["a"]}, "2": {"type": "TEXT", "value": ["b", "c"]}},
    ],
)
def test_bindings_that_make_no_sense_are_refused(said: object) -> None:
    with pytest.raises(SqlRefusal):
        driver.bindings_of(said)


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        (None, None),
        ({}, None),
        ({"MULTI_STATEMENT_COUNT": 0}, 0),
        ({"MULTI_STATEMENT_COUNT": "2"}, 2),
        ({"MULTI_STATEMENT_COUNT": "x"}, None),
    ],
)
def test_a_request_says_how_many_statements_it_has(
    parameters: dict[str, Any] | None, count: int | None
) -> None:
    assert driver.statements_wanted(parameters) == count


def test_parameters_are_said_as_what_they_are() -> None:
    said = {row["name"]: row["value"] for row in parameters_said({"TIMEZONE": "Asia/Tokyo"})}
    assert (said["AUTOCOMMIT"], said["TIMEZONE"], said["WEEK_START"]) == (True, "Asia/Tokyo", 0)
    assert said["CLIENT_TELEMETRY_ENABLED"] is False
