"""What a WHERE asks of a time is told to whoever fetches the rows, where that changes nothing."""

import duckdb
import pytest

from rolecall.sql.calls import First
from rolecall.sql.functions import QUERY_FUNCTIONS
from rolecall.sql.select import plan_select

NOON = "'2026-01-01 12:00:00'"


def bounds(query: str) -> list[tuple[str, bool]]:
    """Of the first relation: each column, and whether it is at least so much."""
    relation = plan_select(query).relations[0]
    return [(bound.column, bound.at_least) for bound in relation.bounds]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (f"select 1 from t where at >= {NOON}", [("AT", True)]),
        (f"select 1 from t where at < {NOON}", [("AT", False)]),
        (f"select 1 from t where {NOON} < at", [("AT", True)]),
        (f"select 1 from t where (at > {NOON}) and a = 1", [("AT", True)]),
        ("select 1 from t where at > dateadd('minute', -5, current_timestamp())", [("AT", True)]),
        (f"select 1 from t where at between {NOON} and {NOON}", [("AT", True), ("AT", False)]),
        (f'select 1 from t x where x."at" > {NOON}', [("at", True)]),
        (f"select 1 from t join u on true where t.at > {NOON}", [("AT", True)]),
        (f"select 1 from t left join u on true where t.at > {NOON}", [("AT", True)]),
        (f"select 1 from t join u on true where at > {NOON}", []),
        (f"select 1 from t right join u on true where t.at > {NOON}", []),
        (f"select 1 from t where at > {NOON} or a = 1", []),
        (f"select 1 from t where not at > {NOON}", []),
        (f"select 1 from t where at::date > {NOON}", []),
        (f"select 1 from t where at = {NOON}", []),
        (f"select 1 from t where at + 1 between {NOON} and {NOON}", []),
        ("select 1 from t where at > b", []),
        ("select 1 from t where at > (select max(x) from t)", []),
        ("select 1 from t", []),
        ("select 1 from (select 1 from u) x, t", []),
    ],
)
def test_only_what_cannot_change_the_answer_is_told(
    query: str, told: list[tuple[str, bool]]
) -> None:
    assert bounds(query) == told


def test_a_bound_is_a_constant_like_an_argument() -> None:
    plan = plan_select(f"select 1 from t where at > {NOON}")
    assert plan.constant_sql([]) == (
        "SELECT TRY_CAST('2026-01-01 12:00:00' AS TIMESTAMPTZ) AS \"argument_0\""
    )


def test_one_table_with_and_without_a_bound_is_fetched_twice() -> None:
    query = f"select 1 from t where at > {NOON} union all select 2 from t union all select 3 from t"
    assert sorted(len(relation.bounds) for relation in plan_select(query).relations) == [0, 1]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select 1 from t where n > 5", [("N", True, 5)]),
        ("select 1 from t where -5 > n", [("N", False, -5)]),
        ("select 1 from t where n between 1 and 2", [("N", True, 1), ("N", False, 2)]),
        ("select 1 from t where n > 12345678901234567890", [("N", True, None)]),
        ("select 1 from t where n > true", [("N", True, None)]),
    ],
)
def test_a_number_is_told_as_it_is(query: str, told: list[tuple[str, bool, int | None]]) -> None:
    (relation,) = plan_select(query).relations
    assert [(each.column, each.at_least, each.number) for each in relation.bounds] == told


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select 1 from t where a = 'x'", [("A", ("x",), 0)]),
        ("select 1 from t where 'x' = a and b = 2", [("A", ("x",), 0), ("B", (2,), 0)]),
        ("select 1 from t where a in ('x', null)", [("A", ("x", None), 0)]),
        ("select 1 from t where a = current_user()", [("A", (), 1)]),
        ("select 1 from t where a in ('x', current_role())", [("A", ("x",), 1)]),
        ("select 1 from t where a = upper('x')", []),
        ("select 1 from t where a not in ('x')", []),
        ("select 1 from t where a in (select b from u)", []),
        ("select 1 from t where upper(a) = 'x'", []),
        ("select 1 from t where a = b", []),
        ("select 1 from t right join u on true where t.a = 'x'", []),
    ],
)
def test_of_a_column_its_values_are_told(
    query: str, told: list[tuple[str, tuple[object, ...], int]]
) -> None:
    relation = plan_select(query).relations[0]
    assert [(a.column, a.values, len(a.positions)) for a in relation.among] == told


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("select a from t limit 3", First(limit=3)),
        ("select top 3 a from t", First(limit=3)),
        ("select a from t limit 3 offset 2", First(limit=3, offset=2)),
        ("select a from t order by b desc limit 3", First(limit=3, column="B", newest_first=True)),
        ("select a from t order by b, c desc limit 3", First(limit=3, column="B")),
        ("select a, b from t order by 2 limit 3", First(limit=3, column="B")),
        ("select b as a from t order by a limit 3", First(limit=3, column="B")),
        ('select a from t order by x."b" limit 3', None),
        ('select a from t x order by X."b" limit 3', First(limit=3, column="b")),
        ("select a + 1 as b from t order by b limit 3", None),
        ("select a from t order by a + 1 limit 3", None),
        ("select a from t order by 2 limit 3", None),
        ("select *, a from t order by 1 limit 3", None),
        ("select a from t order by a", None),
        ("select a from t limit 100001", None),
        ("select a from t limit null", None),
        ("select a from t fetch first 3 rows only", None),
        ("select 1 limit 3", None),
        ("select a from t sample (10) limit 3", None),
        ("select max(a) from t limit 3", None),
        ("select distinct a from t limit 3", None),
        ("select a from t group by a limit 3", None),
        ("select row_number() over (order by a) from t limit 3", None),
        ("select a from t where b in (select c from u) limit 3", None),
        ("select a from t join u on true limit 3", None),
        ("select a from t, u limit 3", None),
        ("with x as (select 1) select a from t limit 3", None),
        ("select a from (select a from t) limit 3", None),
        ("select a from t union all select 1 limit 3", None),
    ],
)
def test_first_rows_are_wanted_where_each_row_is_answered_by_itself(
    query: str, first: First | None
) -> None:
    assert plan_select(query).first == first


def test_whatever_takes_several_rows_together_is_known_to_do_so() -> None:
    told = "select distinct function_name from duckdb_functions() where function_type = 'aggregate'"
    together = {str(name).upper() for (name,) in duckdb.execute(told).fetchall()} & QUERY_FUNCTIONS
    assert "COUNT" in together
    for name in sorted(together):
        arguments = "a, b" if name in {"CORR", "MAX_BY", "MIN_BY"} else "a"
        assert plan_select(f"select {name}({arguments}) from t limit 3").first is None, name


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("select a, count(*) from t where b = 1 group by 1", {"A", "B"}),
        ('select x."a" from t x', {"A"}),
        ("select * from t", None),
        ("select t.* from t", None),
        ("select a from t join u using (b)", None),
        ("select a from t natural join u", None),
        ("select t from t", None),
    ],
)
def test_columns_that_a_query_cannot_read_are_known(query: str, names: set[str] | None) -> None:
    mentioned = plan_select(query).mentioned
    assert (None if mentioned is None else set(mentioned)) == names
