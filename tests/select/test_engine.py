"""The engine is a closed box that keeps the types of what goes in and says what comes out."""

import pytest

from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.select.engine import QueryFailed, run

MEMORY_MEGABYTES = 128
NOON = 1_704_110_400_000_000


def answered(sql: str, **relations: Table) -> Table:
    return run(sql, relations, memory_megabytes=MEMORY_MEGABYTES)


def one_column(column_type: ColumnType, *cells: Cell) -> Table:
    column = Column(name="X", type=column_type)
    return Table(columns=(column,), rows=[(cell,) for cell in cells])


@pytest.mark.parametrize(
    ("column_type", "cell"),
    [
        (ColumnType.TEXT, "Ünï"),
        (ColumnType.FIXED, 2**62),
        (ColumnType.REAL, 1.5),
        (ColumnType.BOOLEAN, True),
        (ColumnType.TIMESTAMP_LTZ, NOON),
        (ColumnType.TIMESTAMP_NTZ, NOON),
        (ColumnType.DATE, "2024-01-01"),
        (ColumnType.VARIANT, '{"a":[1]}'),
    ],
)
def test_a_cell_and_its_type_come_out_as_they_went_in(column_type: ColumnType, cell: Cell) -> None:
    table = answered("SELECT * FROM t", t=one_column(column_type, cell, None))
    assert table.rows == [(cell,), (None,)]
    assert table.columns[0].type is column_type


@pytest.mark.parametrize(
    ("expression", "column_type", "cell"),
    [
        ("sum(x) FROM t", ColumnType.FIXED, 3),
        ("170141183460469231731687303715884105727", ColumnType.FIXED, str(2**127 - 1)),
        ("1.50::DECIMAL(5, 2)", ColumnType.FIXED, "1.50"),
        ("[1, 2]", ColumnType.VARIANT, "[1,2]"),
        ("{'a': 1}", ColumnType.VARIANT, '{"a":1}'),
        ("INTERVAL 1 DAY", ColumnType.TEXT, "1 day"),
        ("TIME '12:00:00'", ColumnType.TEXT, "12:00:00"),
        ("NULL", ColumnType.TEXT, None),
        ("date_trunc('day', TIMESTAMPTZ '2024-01-01 12:00:00Z')", ColumnType.TIMESTAMP_LTZ, None),
    ],
)
def test_what_the_engine_makes_has_a_type_of_ours(
    expression: str, column_type: ColumnType, cell: Cell
) -> None:
    table = answered(f"SELECT {expression}", t=one_column(ColumnType.FIXED, 1, 2))
    assert table.columns[0].type is column_type
    assert cell is None or table.rows == [(cell,)]


def test_a_decimal_says_its_precision_and_scale() -> None:
    (column,) = answered("SELECT 1.50::DECIMAL(5, 2)").columns
    assert (column.precision, column.scale) == (5, 2)


def test_a_relation_without_rows_keeps_its_columns() -> None:
    table = answered('SELECT * FROM "odd "" name"', **{'odd " name': one_column(ColumnType.REAL)})
    assert table.columns[0].type is ColumnType.REAL
    assert table.rows == []


def test_ten_thousand_rows_go_in_and_come_out_in_order() -> None:
    relation = one_column(ColumnType.FIXED, *range(10_000))
    rows = answered("SELECT x FROM t ORDER BY x DESC", t=relation).rows
    assert rows == [(number,) for number in reversed(range(10_000))]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT getenv('HOME')",
        "COPY (SELECT 1) TO '/tmp/never'",
        "ATTACH '/tmp/never'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA version",
        "SET threads = 8",
        "CREATE TABLE t AS SELECT 1",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_nothing_but_one_query_over_its_relations_is_answered(sql: str) -> None:
    with pytest.raises(QueryFailed):
        answered(sql)


def test_a_refusal_says_nothing_from_inside() -> None:
    with pytest.raises(QueryFailed) as failed:
        answered("SELECT 'x'::INT")
    assert failed.value.message == "Could not convert string 'x' to INT32"


@pytest.mark.parametrize(
    "sql", ["SELECT nope FROM t", "SELECT nope AS nope", "SELECT t.nope FROM t"]
)
def test_an_unknown_column_is_named(sql: str) -> None:
    with pytest.raises(QueryFailed, match="invalid identifier 'NOPE'") as failed:
        answered(sql, t=one_column(ColumnType.TEXT))
    assert failed.value.identifier == "nope"


def test_a_query_beyond_its_memory_is_refused() -> None:
    with pytest.raises(QueryFailed, match="memory"):
        answered("SELECT list(range) FROM range(100000000)")


def test_a_result_beyond_its_size_is_refused() -> None:
    with pytest.raises(QueryFailed, match="narrow it"):
        answered("SELECT repeat('x', 1000000) FROM range(200)")
