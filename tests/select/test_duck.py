"""Selecting: a query over tables in a child process that can be killed and starts again."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from rolecall.domain.ports import Selecting
from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.select.duck import DuckSelecting, SelectError, SelectTimeout
from rolecall.sql.select import plan_select

ENDLESS = (
    "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c WHERE a.range < b.range"
)
NOW = 1_700_000_000_000_000
OVERVIEW = """
select * from table(rest_event_history(
    'scim', dateadd('minutes',-5,current_timestamp()), current_timestamp(), 200))
    order by event_timestamp;
"""


@pytest.fixture
def duck() -> Iterator[DuckSelecting]:
    selecting = DuckSelecting(memory_megabytes=128)
    yield selecting
    selecting.close()


def events(count: int) -> Table:
    columns = (
        Column(name="EVENT_TIMESTAMP", type=ColumnType.TIMESTAMP_LTZ),
        Column(name="EVENT_ID", type=ColumnType.FIXED),
        Column(name="STATUS"),
        Column(name="DETAILS", type=ColumnType.VARIANT),
    )
    rows: list[tuple[Cell, ...]] = [
        (NOW - number, number, "SUCCESS", '{"user":{"name":"amber"}}') for number in range(count)
    ]
    return Table(columns=columns, rows=rows)


def test_the_overviews_audit_query_runs_end_to_end(duck: DuckSelecting) -> None:
    plan = plan_select(OVERVIEW)
    constants = duck.select(plan.constant_sql([NOW, NOW]) or "", {})
    assert constants.rows == [("scim", NOW - 300_000_000, NOW, 200)]
    result = duck.select(plan.query_sql([NOW, NOW]), {"relation_0": events(200)})
    assert [column.name for column in result.columns] == [
        column.name for column in events(0).columns
    ]
    assert [row[1] for row in result.rows] == list(reversed(range(200)))


def test_ten_thousand_rows_are_grouped_by_a_json_path(duck: DuckSelecting) -> None:
    plan = plan_select(
        "select details:user.name::string who, count(*) from t "
        "where details:user.name = 'amber' group by 1"
    )
    result = duck.select(plan.query_sql([]), {"relation_0": events(10_000)})
    assert [column.name for column in result.columns] == ["WHO", "COUNT(*)"]
    assert result.rows == [("amber", 10_000)]


def test_nothing_starts_before_the_first_query() -> None:
    selecting: Selecting = DuckSelecting()
    assert isinstance(selecting, DuckSelecting)
    assert selecting.child_id is None
    selecting.close()


def test_a_child_serves_many_queries_and_steps_behind_others(duck: DuckSelecting) -> None:
    duck.select("SELECT 1", {})
    child = duck.child_id
    duck.select("SELECT 2", {})
    assert child is not None
    assert duck.child_id == child
    assert os.getpriority(os.PRIO_PROCESS, child) >= 10


def test_a_query_that_takes_too_long_is_killed_and_the_next_one_runs(duck: DuckSelecting) -> None:
    with pytest.raises(SelectTimeout, match="longer than"):
        duck.select(ENDLESS, {}, seconds_max=0.5)
    assert duck.child_id is None
    assert duck.select("SELECT 1", {}).rows == [(1,)]


def test_a_child_that_died_between_queries_is_replaced(duck: DuckSelecting) -> None:
    duck.select("SELECT 1", {})
    assert duck.child_id is not None
    os.kill(duck.child_id, signal.SIGKILL)
    # The death may be noticed by the query that meets it, but never by the one after.
    with suppress(SelectError):
        duck.select("SELECT 1", {})
    assert duck.select("SELECT 1", {}).rows == [(1,)]


def test_the_engines_refusal_comes_back_as_one(duck: DuckSelecting) -> None:
    with pytest.raises(SelectError) as refused:
        duck.select("SELECT nope FROM t", {"t": events(1)})
    assert refused.value.identifier == "nope"


def test_threads_share_one_child(duck: DuckSelecting) -> None:
    with ThreadPoolExecutor(4) as pool:
        tables = pool.map(lambda number: duck.select(f"SELECT {number}", {}), range(20))
    assert [table.rows for table in tables] == [[(number,)] for number in range(20)]
