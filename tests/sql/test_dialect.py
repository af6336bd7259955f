"""Every function that a query may call has an example, with the vendor's documented value.

The examples are lines of `fixtures/functions.txt`: an expression, and what it answers. It is noon
of the first of January 2024, UTC.
"""

import re
from ast import literal_eval
from pathlib import Path

import pytest

from rolecall.domain.tables import ColumnType, Table
from rolecall.select.engine import QueryFailed, run
from rolecall.sql.errors import UnknownFunction
from rolecall.sql.functions import QUERY_FUNCTIONS
from rolecall.sql.select import plan_select

NOON = 1_704_110_400_000_000
EXAMPLES = [
    line.split(" -> ")
    for line in (Path(__file__).parent / "fixtures" / "functions.txt").read_text().splitlines()
]


def answered(expression: str) -> Table:
    plan = plan_select(f"select {expression}")
    return run(plan.query_sql([NOON] * len(plan.functions)), {}, memory_megabytes=64)


@pytest.mark.parametrize(("expression", "value"), EXAMPLES, ids=[each[0] for each in EXAMPLES])
def test_a_function_answers_as_documented(expression: str, value: str) -> None:
    cells = [row[0] for row in answered(expression).rows]
    assert (cells[0] if len(cells) == 1 else cells) == literal_eval(value)


def test_every_function_has_an_example() -> None:
    shown = {word.upper() for each, _ in EXAMPLES for word in re.findall(r"\w+", each)}
    assert QUERY_FUNCTIONS - shown == set()


@pytest.mark.parametrize(
    ("expression", "message", "kind"),
    [
        ("1 / 0", "Division by zero", "division"),
        ("1.5 / 0", "Division by zero", "division"),
        ("5 % 0", "Division by zero", "division"),
        ("mod(7, 0)", "Division by zero", "division"),
        ("to_boolean('maybe')", "Could not convert", "conversion"),
        ("to_date('nonsense')", "invalid date", "conversion"),
        ("to_number('x')", "Could not convert", "conversion"),
        ("parse_json('nonsense')", "Malformed JSON", None),
    ],
)
def test_what_has_no_value_is_refused(expression: str, message: str, kind: str | None) -> None:
    with pytest.raises(QueryFailed, match=message) as failed:
        answered(expression)
    assert failed.value.kind == kind


@pytest.mark.parametrize(
    ("literal", "scale", "cell"), [("1.5", 1, "1.5"), ("-1.25", 2, "-1.25"), ("2.0", 1, "2.0")]
)
def test_a_number_with_a_point_is_fixed_with_its_digits(
    literal: str, scale: int, cell: str
) -> None:
    assert not plan_select(f"select {literal}").trivial
    table = answered(literal)
    assert table.rows == [(cell,)]
    assert (table.columns[0].type, table.columns[0].scale) == (ColumnType.FIXED, scale)


@pytest.mark.parametrize("call", ["approx_top_k(1)", "read_csv('x')"])
def test_what_is_no_function_of_the_vendors_is_unknown(call: str) -> None:
    with pytest.raises(UnknownFunction):
        plan_select(f"select {call}")
