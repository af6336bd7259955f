"""What a query asks of a history is handed to the store, and the answer stays what it was."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOW, SECOND
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.queries import HistoryPage, Query
from rolecall.domain.tables import Cell
from rolecall.fronts import histories, sql_selects
from rolecall.fronts.histories import Asked, Beginning
from rolecall.fronts.sql_session import Moment
from rolecall.select.duck import DuckSelecting
from sql_world import Desk

USAGE = "snowflake.account_usage"
ENDED = NOW + 40 * SECOND

CONDITIONS = {
    "rest_events": (
        "event_id > 7",
        "event_id between 3 and 20",
        "event_id in (4, 9, 1000)",
        "status = 'FAILURE'",
        "status = 'failure'",
        "status in ('SUCCESS', 'FAILURE')",
        "endpoint = 'scim/v2/Users/3'",
        "http_status = 404",
        "http_status = '404'",
        "integration = 'OKTA'",
        "integration in ('OKTA', 'AAD')",
        "client_ip = '192.0.2.1'",
        "resource_name = 'Zoë'",
        "resource_name = null",
        "method = upper('patch')",
        "actor_name = 'OKTA'",
        "request_id = current_role()",
    ),
    "changes": (
        "change_id >= 12",
        "change_id = 14",
        "change = 'CREATE ROLE'",
        "change in ('GRANT ROLE', 'DISABLE USER')",
        "change = 'CREATE'",
        "change = 'CREATE NETWORK POLICY'",
        "object_id = (select role_id from snowflake.account_usage.roles where name = 'R1')",
        "object_id = $role",
        "object_id = $bob",
        "grantee_id = $bob",
        "actor_name = 'ann'",
        "actor_name = current_role()",
        "attempt_id in (10, 11)",
        "object_name like 'R%'",
    ),
    "login_history": (
        "user_name = 'BOB'",
        "is_success = 'NO'",
        "is_success = 'maybe'",
        "event_id < 30",
        "client_ip = '192.0.2.2'",
        "error_message is null",
    ),
    "query_history": (
        "user_name = 'ann'",
        "user_name = 'EVE'",
        "execution_status = 'FAILED_WITH_ERROR'",
        "query_type = 'CREATE_ROLE'",
        "query_text ilike '%r1%'",
    ),
}
TIMES = {
    "rest_events": "event_timestamp",
    "changes": "changed_on",
    "login_history": "event_timestamp",
    "query_history": "start_time",
}
IDS = {
    "rest_events": "event_id",
    "changes": "change_id",
    "login_history": "event_id",
    "query_history": "query_id",
}


def told(number: int, **fields: object) -> Attempt:
    """One of many."""
    succeeded = number % 5 != 0
    plain: dict[str, object] = {
        "kind": AttemptKind.SCIM,
        "at": NOW + number // 4 * SECOND,
        "request": f"request-{number}",
        "method": "PATCH" if number % 2 else "GET",
        "endpoint": f"scim/v2/Users/{number % 6}",
        "status": 200 if succeeded else 404,
        "succeeded": succeeded,
        "client_ip": f"192.0.2.{number % 3}",
        "integration": "AAD" if number % 7 == 0 else "OKTA",
        "resource_name": "Zoë" if number % 4 else None,
    }
    return msgspec.convert(plain | fields, Attempt)


@pytest.fixture(scope="module")
def desk(duck: DuckSelecting) -> Desk:
    """An account in which everything has happened a few times, some of it at one time."""
    desk = Desk(duck)
    for number in range(40):
        keep = desk.account.store.note
        keep(1, told(number))
        keep(
            1,
            told(
                number,
                kind=AttemptKind.LOGIN,
                integration=None,
                resource_name="BOB" if number % 3 else "EVE",
                error_code=None if number % 5 else "390100",
            ),
        )
        desk.account.store.flush()
    for number in range(6):
        desk.clock.at = NOW + number // 2 * SECOND
        desk.run(f"create role r{number}")
        desk.run(f"create user u{number}; grant role r{number} to user u{number}")
    desk.run("alter user u1 set disabled = true; drop role r3; alter role r4 rename to r5x")
    desk.run("alter user u1 add programmatic access token t; drop user u2")
    desk.run("create network policy p allowed_ip_list = ('192.0.2.0/24')")
    desk.run("grant ownership on role r0 to role useradmin")
    desk.run(f"set role = (select role_id from {USAGE}.roles where name = 'R1')")
    desk.run(f"set bob = (select user_id from {USAGE}.users where name = 'U1')")
    desk.clock.at = ENDED
    desk.account.store.flush()
    return desk


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Pages of three rows; four are tried before more are read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histories, "PAGE_ROWS", 3)
        patch.setattr(sql_selects, "ENOUGH_ROWS", 4)
        patch.setattr(sql_selects, "MORE", 2)
        yield


def answered(desk: Desk, query: str, *, handed_down: bool) -> list[tuple[Cell, ...]]:
    """The rows, with nothing handed down if so wished."""
    desk.account.store.flush()
    with pytest.MonkeyPatch.context() as patch:
        if not handed_down:
            patch.setattr(sql_selects, "_asked", lambda *_: Asked())
        return [tuple(row) for row in desk.rows(query)]


@st.composite
def queries(draw: st.DrawFn) -> str:
    view = draw(st.sampled_from(sorted(CONDITIONS)))
    time, number = TIMES[view], IDS[view]
    wanted = draw(st.lists(st.sampled_from(CONDITIONS[view]), max_size=2, unique=True))
    if wanted and draw(st.integers(0, 5)) == 0:
        wanted = [f"({' or '.join(wanted)})"]
    if view == "query_history":  # the queries of this test are rows of it themselves
        wanted.append(f"{time} < '2026-01-01 00:00:30'")
    elif draw(st.booleans()):
        than = draw(st.sampled_from([">=", "<", "<="]))
        second = draw(st.integers(0, 12))
        wanted.append(f"{time} {than} '2026-01-01 00:00:{second:02}'")
    ways = [
        f"{time} desc, {number}",
        f"{time}, {number} desc",
        f"1 desc, {number}",
        f"t, {number}",
        f"{number} desc",
        f"{number}",
        f"x.{number}",
        f"dateadd('day', 1, x.{time}), {number}",
    ]
    text = f"select {time} as t, {number}, * from {USAGE}.{view} as x"
    if wanted:
        text += f" where {' and '.join(wanted)}"
    text += f" order by {draw(st.sampled_from(ways))}"
    if view == "changes":  # a change of many is as many rows
        text += ", grantee_id"
    if draw(st.integers(0, 3)):
        text += f" limit {draw(st.integers(0, 9))}"
        if draw(st.booleans()):
            text += f" offset {draw(st.integers(0, 4))}"
    return text


@settings(max_examples=60)
@given(query=queries())
def test_an_answer_is_the_same_whatever_is_handed_down(desk: Desk, query: str) -> None:
    assert answered(desk, query, handed_down=True) == answered(desk, query, handed_down=False)


@pytest.mark.parametrize("view", sorted(CONDITIONS))
def test_every_condition_alone_changes_nothing_either(desk: Desk, view: str) -> None:
    until = f"{TIMES[view]} < '2026-01-01 00:00:30'"
    for condition in CONDITIONS[view]:
        query = f"select * from {USAGE}.{view} where {condition} and {until} order by 1, 2, 3, 10"
        found = answered(desk, query, handed_down=True)
        assert found == answered(desk, query, handed_down=False), condition


@pytest.mark.parametrize(
    ("select", "rest"),
    [
        ("status, count(*)", "group by 1 order by 1 limit 1"),
        ("count(*)", "limit 1"),
        ("distinct status", "order by 1 limit 1"),
        ("event_id, row_number() over (order by event_id desc) as n", "order by 1 limit 3"),
        ("event_id", "qualify row_number() over (order by event_id desc) = 2 limit 3"),
        ("event_id, (select max(event_id) from snowflake.account_usage.rest_events)", "limit 1"),
        ("-event_id as event_id", "order by event_id limit 2"),
        ("status as event_id, method", "order by event_id, method limit 40"),
        ("*", "order by 2 limit 2"),
        ("event_id", "order by 1 desc limit 2"),
        ("x.event_id", "order by x.event_timestamp desc, x.event_id limit 3"),
        ("a.event_id, b.event_id", "limit 3"),
    ],
)
def test_a_query_that_is_no_row_by_row_answer_is_given_everything(
    desk: Desk, select: str, rest: str
) -> None:
    source = f"{USAGE}.rest_events as x"
    if select.startswith("a."):
        source = f"{USAGE}.rest_events a join {USAGE}.rest_events b on a.event_id = b.event_id"
        rest = f"where a.event_id = 41 {rest}"
    query = f"select {select} from {source} {rest}"
    found = answered(desk, query, handed_down=True)
    assert found
    assert found == answered(desk, query, handed_down=False)


def test_the_first_of_many_are_read_and_no_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[HistoryPage] = []
    ask = Moment.ask

    def listened(moment: Moment, query: Query[object]) -> object:
        if isinstance(query, HistoryPage):
            read.append(query)
        return ask(moment, query)

    monkeypatch.setattr(Moment, "ask", listened)
    view = f"{USAGE}.rest_events"
    newest = desk.rows(f"select event_id from {view} order by event_id desc limit 2")
    assert newest == sorted(newest, reverse=True)
    assert len(read) == 2, "four rows are enough, and three to see that there are more"
    assert desk.rows(f"select event_id from {view} limit 2") == [(1,), (3,)]
    read.clear()
    failed = desk.rows(
        f"select http_status from {view} where status = 'FAILURE' order by event_id desc limit 2"
    )
    assert failed == [(404,), (404,)]
    assert read[0].wanted.facts == (("succeeded", (0,)),)
    assert len(read) == 2, "only what failed is read"


def test_rows_of_one_time_stand_together() -> None:
    def beginning(enough: int, *pages: list[tuple[int, int]]) -> tuple[list[int], bool]:
        begun = Beginning(pages, lambda place: place, enough, by_number=False)
        return [number for page in begun for _, number in page], begun.cut

    pages = [(1, 1), (2, 2)], [(2, 3), (2, 4)], [(2, 5), (3, 6)], [(4, 7)]
    assert beginning(1, *pages) == ([1], True)
    assert beginning(2, *pages) == ([1, 2, 3, 4, 5], True)
    assert beginning(6, *pages) == ([1, 2, 3, 4, 5, 6], True)
    assert beginning(7, *pages) == ([1, 2, 3, 4, 5, 6, 7], False)
    assert beginning(3, [(1, 1)], []) == ([1], False)
