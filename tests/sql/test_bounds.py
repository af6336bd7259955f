"""What a WHERE asks of a time is told to whoever fetches the rows, where that changes nothing."""

import pytest

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
