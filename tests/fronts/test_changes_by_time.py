"""A query for the changes of some minutes reads those from the history, and no others."""

import pytest

from builders import NOW, SECOND
from rolecall.fronts import histories
from rolecall.select.duck import DuckSelecting
from rolecall.store.memory_histories import MemoryHistories
from sql_world import Desk

MINUTE = 60 * SECOND
CHANGES = "select object_name from snowflake.account_usage.changes "
NAMED = "object_domain = 'ROLE' and change = 'CREATE ROLE'"
ON = "'2026-01-01 <time>'::timestamp_ltz"


@pytest.fixture
def desk(duck: DuckSelecting, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A role a minute, from 00:01 to 00:09; pages hold two changes."""
    monkeypatch.setattr(histories, "PAGE_ROWS", 2)
    desk = Desk(duck)
    for minute in range(1, 10):
        desk.clock.at = NOW + minute * MINUTE
        desk.run(f"create role r{minute}")
    return desk


def on(time: str) -> str:
    return ON.replace("<time>", time)


def test_a_range_of_time_is_read_by_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise AssertionError("the whole history is read")

    monkeypatch.setattr(MemoryHistories, "events_after", nothing)
    wanted = f"changed_on >= {on('00:03')} and changed_on < {on('00:07')}"
    found = desk.rows(f"{CHANGES} where {wanted} and {NAMED} order by change_id")
    assert [name for (name,) in found] == ["R3", "R4", "R5", "R6"]
    assert desk.rows(f"{CHANGES} where changed_on > {on('00:09:01')}") == []
    newest = f"{CHANGES} where changed_on >= {on('00:05')} order by changed_on desc limit 1"
    assert desk.rows(newest) == [("R9",)]


def test_without_a_range_all_is_read(desk: Desk) -> None:
    found = desk.rows(f"{CHANGES} where {NAMED} order by change_id")
    assert [name for (name,) in found] == [f"R{minute}" for minute in range(1, 10)]
