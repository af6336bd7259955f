"""Selecting: a query over tables in a child process that can be killed and starts again."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest

from rolecall.domain.selecting import Paged, Rows, Selecting
from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.select.duck import DuckSelecting, SelectCancelled, SelectError, SelectTimeout
from rolecall.select.paging import begun
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


def test_threads_share_a_few_children(duck: DuckSelecting) -> None:
    with ThreadPoolExecutor(8) as pool:
        tables = pool.map(lambda number: duck.select(f"SELECT {number}", {}), range(20))
    assert [table.rows for table in tables] == [[(number,)] for number in range(20)]


def test_a_short_query_does_not_wait_for_somebody_elses_long_ones(duck: DuckSelecting) -> None:
    def endless(number: int) -> None:
        with pytest.raises(SelectCancelled):
            duck.select(ENDLESS, {}, query=f"long {number}", who="greedy")

    with ThreadPoolExecutor(5) as pool:
        greedy = [pool.submit(endless, number) for number in range(5)]
        until_running(duck, 2)
        assert duck.select("SELECT 1", {}, who="modest", seconds_max=20).rows == [(1,)]
        for number in range(5):
            assert duck.cancel(f"long {number}")
        for each in greedy:
            each.result()
    assert not duck.cancel("long 1")
    assert duck.select("SELECT 2", {}, who="greedy").rows == [(2,)]


def until_running(duck: DuckSelecting, count: int) -> None:
    until = monotonic() + 20
    while duck.running_count < count:
        assert monotonic() < until
        sleep(0.01)


def test_who_waits_too_long_for_a_child_is_told(duck: DuckSelecting) -> None:
    with ThreadPoolExecutor(2) as pool:
        for number in range(2):
            pool.submit(refused, duck, f"long {number}")
        until_running(duck, 2)
        with pytest.raises(SelectTimeout) as late:
            duck.select("SELECT 1", {}, seconds_max=0.2)
        duck.cancel("long 0")
        duck.cancel("long 1")
    assert (late.value.code, late.value.sqlstate) == ("000630", "57014")


def refused(duck: DuckSelecting, query: str) -> None:
    with pytest.raises(SelectError):
        duck.select(ENDLESS, {}, query=query)


def test_beyond_its_queue_the_engine_is_busy(
    duck: DuckSelecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolecall.select.duck.WAITING_MAX", 0)
    with pytest.raises(SelectError, match="Too many"):
        duck.select("SELECT 1", {})


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 'x'::INT", "100038"),
        ("SELECT sum('a')", "001044"),
        ("SELECT list(range) FROM range(100000000)", "300005"),
    ],
)
def test_a_mistake_has_the_vendors_code(duck: DuckSelecting, sql: str, code: str) -> None:
    with pytest.raises(SelectError) as mistaken:
        duck.select(sql, {})
    assert mistaken.value.code == code


def test_the_time_zone_is_the_questions(duck: DuckSelecting) -> None:
    sql = "SELECT TIMESTAMPTZ '2026-07-01 00:00:00+00'::VARCHAR"
    for zone, said in (("UTC", "2026-07-01 00:00:00+00"), ("Asia/Tokyo", "2026-07-01 09:00:00+09")):
        assert duck.select(sql, {}, zone=zone).rows == [(said,)]
    for zone in ("Nowhere/City", "no'where"):
        with pytest.raises(SelectError, match="is no time zone"):
            duck.select(sql, {}, zone=zone)


# ---- relations in pages ----

ROWS = 25_000
NUMBERS = Column(name="X", type=ColumnType.FIXED)


def pages(count: int = ROWS) -> Iterator[Rows]:
    for start in range(0, count, 1_000):
        yield [(number,) for number in range(start, min(start + 1_000, count))]


def paged(count: int = ROWS) -> Paged:
    return Paged(columns=(NUMBERS,), pages=pages(count))


def test_a_relation_in_pages_is_answered_like_a_whole_one(duck: DuckSelecting) -> None:
    sql = "SELECT count(*), min(a.x), max(b.x) FROM a JOIN b USING (x)"
    answer = duck.select(sql, {"a": paged(), "b": paged(5_500)})
    assert answer.rows == [(5_500, 0, 5_499)]
    assert duck.select("SELECT count(*) FROM a", {"a": paged(0)}).rows == [(0,)]
    assert duck.select("SELECT count(*) FROM a", {"a": paged(7)}).rows == [(7,)]


def test_pages_that_fail_fail_the_query_and_the_next_one_has_a_child(duck: DuckSelecting) -> None:
    def failing() -> Iterator[Rows]:
        yield from pages(3_000)
        raise LookupError("the store is gone")

    with pytest.raises(LookupError):
        duck.select("SELECT 1", {"t": Paged(columns=(NUMBERS,), pages=failing())})
    assert duck.select("SELECT 2", {}).rows == [(2,)]


def test_rows_beyond_the_engines_memory_are_refused_and_no_file_is_made_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    some = Random(1)

    def wide() -> Iterator[Rows]:
        while True:
            yield [(some.randbytes(1_000).hex(),) for _ in range(1_000)]

    small = DuckSelecting(memory_megabytes=32)
    endless = Paged(columns=(Column(name="X"),), pages=wide())
    try:
        with pytest.raises(SelectError, match="memory") as refused:
            small.select("SELECT count(*) FROM t", {"t": endless})
        assert refused.value.code == "300005"
        assert small.select("SELECT 2", {}).rows == [(2,)]
        assert list(tmp_path.iterdir()) == []
    finally:
        small.close()


def test_a_query_among_its_pages_is_cancelled(duck: DuckSelecting) -> None:
    def endless() -> Iterator[Rows]:
        yield [(1,)]
        while True:
            duck.cancel("mine")
            yield [(1,)]

    with pytest.raises(SelectCancelled):
        duck.select("SELECT 1", {"t": Paged(columns=(NUMBERS,), pages=endless())}, query="mine")
    assert duck.select("SELECT 2", {}).rows == [(2,)]


@pytest.mark.parametrize(("busy", "rests"), [(True, 15), (False, 0)])
def test_many_pages_give_way_while_somebody_writes(
    monkeypatch: pytest.MonkeyPatch, *, busy: bool, rests: int
) -> None:
    rested: list[float] = []
    monkeypatch.setattr("rolecall.select.paging.sleep", rested.append)
    _, told = begun({"t": Paged(columns=(NUMBERS,), pages=pages(), busy=lambda: busy)})
    assert told is not None
    assert sum(len(page.rows) for page in told) == ROWS - 1_000
    assert len(rested) == rests


def test_an_engine_that_leaves_ends_what_runs_and_begins_no_more() -> None:
    engine = DuckSelecting()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.select, ENDLESS, {}, query="q")
        until = monotonic() + 20
        while not engine.running_count and monotonic() < until:
            sleep(0.01)
        engine.leave()
        with pytest.raises(SelectCancelled, match="server is ending"):
            running.result(10)
    with pytest.raises(SelectCancelled, match="server is ending"):
        engine.select("select 1", {})
    engine.close()
