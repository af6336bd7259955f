"""FLATTEN: a row for each member of a JSON value, laterally or alone."""

import pytest

from rolecall.domain.tables import Cell
from rolecall.select.engine import run
from rolecall.sql.errors import InvalidArgument, SqlCompilationError, UnsupportedFeature
from rolecall.sql.select import plan_select

TWO = (
    'with t as (select 1 as i, parse_json(\'{"a": ["x", "y"]}\') as d '
    "union all select 2, parse_json('{\"a\": []}')) "
)


def rows(query: str) -> list[tuple[Cell, ...]]:
    plan = plan_select(query)
    values = ['["A", "B"]'] * len(plan.functions)
    return run(plan.query_sql(values), {}, memory_megabytes=64).rows


def test_an_object_and_an_array_are_told_member_by_member() -> None:
    columns = "key, path, index, value, this"
    assert rows(f"""select {columns} from table(flatten(input => parse_json('{{"a":1}}')))""") == [
        ("a", "a", None, "1", '{"a":1}')
    ]
    assert rows(f"select {columns} from table(flatten(parse_json('[true, 2]'))) as f") == [
        (None, "[0]", 0, "true", "[true,2]"),
        (None, "[1]", 1, "2", "[true,2]"),
    ]


def test_a_star_has_the_six_columns_and_one_sequence_an_input() -> None:
    plan = plan_select("select * from table(flatten(parse_json('[1, 2]')))")
    table = run(plan.query_sql([]), {}, memory_megabytes=64)
    names = [column.name for column in table.columns]
    assert names == ["SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS"]
    assert len({row[0] for row in table.rows}) == 1


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("lateral flatten(input => t.d:a) f", [(1, "x"), (1, "y")]),
        ("lateral flatten(input => t.d:a)", [(1, "x"), (1, "y")]),
        ("table(flatten(t.d, path => 'a')) f", [(1, "x"), (1, "y")]),
        ("lateral flatten(t.d, 'a', false, false, 'ARRAY') f", [(1, "x"), (1, "y")]),
        ("lateral flatten(input => t.d:a, outer => true) f", [(1, "x"), (1, "y"), (2, None)]),
        ("lateral flatten(input => t.d:a[0]) f", []),
        ("lateral flatten(input => t.d, path => 'a[0]') f", []),
        ("lateral flatten(input => t.d, path => '', mode => 'array') f", []),
    ],
)
def test_each_row_is_joined_with_the_members_of_its_value(
    source: str, found: list[tuple[Cell, ...]]
) -> None:
    assert rows(f"{TWO} select i, value::text from t, {source} order by 1, 2") == found


def test_a_value_is_compared_as_text() -> None:
    query = f"{TWO} select f.path from t, lateral flatten(t.d:a) f where f.value = 'y'"
    assert rows(query) == [("[1]",)]


def test_what_a_function_answers_is_flattened() -> None:
    query = "select value::text from table(flatten(parse_json(current_available_roles())))"
    assert rows(query) == [("A",), ("B",)]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("table(flatten(parse_json('[1]'), recursive => true))", UnsupportedFeature),
        ("table(flatten(parse_json('[1]'), outer => true))", UnsupportedFeature),
        ("(select 1) as a, lateral (select 2 as value) f", UnsupportedFeature),
        ("table(flatten(path => 'x'))", InvalidArgument),
        ("table(flatten(parse_json('[1]'), mode => 'SOME'))", InvalidArgument),
        ("table(flatten(parse_json('[1]'), path => 5))", InvalidArgument),
        ("table(flatten(parse_json('[1]'), nope => 5))", InvalidArgument),
        ("table(flatten(parse_json('[1]'), input => 5))", InvalidArgument),
    ],
)
def test_what_flatten_does_not_take_is_refused(
    source: str, error: type[SqlCompilationError]
) -> None:
    with pytest.raises(error):
        plan_select(f"select value from {source}")
