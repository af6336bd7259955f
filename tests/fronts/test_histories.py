"""Logins and statements as a query sees them: one's own, or everybody's to who may monitor."""

from pathlib import Path

import pytest
from msgspec import structs

from builders import an_account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.queries import HistoryPage, Query
from rolecall.fronts.login import log_in, session_of
from rolecall.fronts.sql import SqlRefusal, Worksheet, local_worksheet
from rolecall.fronts.sql_session import Moment
from rolecall.select.duck import DuckSelecting
from rolecall.store.sqlite import SqliteStore
from sql_world import Desk, refusal_of

MINUTE = 60_000_000
IN_SCHEMA = "use database demo_db; use schema information_schema"


@pytest.fixture
def desk(duck: DuckSelecting) -> Desk:
    desk = Desk(duck)
    desk.run("create user bob password = 'x'; create user eve password = 'x'")
    return desk


def logged_in(desk: Desk, name: str, password: str = "x") -> Worksheet:
    login = log_in(desk.account, desk.world, name, password, "192.0.2.1")
    return session_of(desk.account, desk.world, login.token, "192.0.2.1")


def rows(worksheet: Worksheet, query: str) -> list[tuple[object, ...]]:
    worksheet_rows = list(worksheet.run(query))[-1].table.rows
    return [tuple(row) for row in worksheet_rows]


LOGINS = "select user_name, is_success, error_code, error_message, client_ip from "
LOGIN_FUNCTION = "table(demo_db.information_schema.login_history())"


def test_logins_are_listed_newest_first_with_why_they_failed(desk: Desk) -> None:
    logged_in(desk, "BOB")
    desk.clock.at += MINUTE
    with pytest.raises(SqlRefusal):
        logged_in(desk, "eve", "wrong")
    desk.account.store.flush()
    told = [
        ("EVE", "NO", 390100, "wrong password", "192.0.2.1"),
        ("BOB", "YES", None, None, "192.0.2.1"),
    ]
    assert desk.rows(f"{LOGINS} {LOGIN_FUNCTION}") == told
    view = f"{LOGINS} snowflake.account_usage.login_history order by event_timestamp desc"
    assert desk.rows(view) == told


def test_a_user_sees_its_own_logins_and_statements_alone(desk: Desk) -> None:
    eve, bob = logged_in(desk, "EVE"), logged_in(desk, "BOB")
    rows(eve, "show roles")
    desk.account.store.flush()
    assert rows(bob, f"{IN_SCHEMA}; select user_name from table(login_history())") == [("BOB",)]
    assert rows(bob, "select user_name from table(login_history_by_user('EVE'))") == []
    assert rows(bob, "select user_name from table(login_history_by_user())") == [("BOB",)]
    desk.account.store.flush()
    asked = "select distinct user_name from table(query_history())"
    assert rows(bob, asked) == [("BOB",)]
    assert rows(bob, "select 1 from table(query_history_by_user(user_name => 'eve'))") == []
    assert refusal_of(bob, "select * from snowflake.account_usage.query_history").code == "002003"
    assert ("SHOW ROLES", "EVE") in desk.rows(
        "select query_text, user_name from snowflake.account_usage.query_history"
    )


def test_who_monitors_users_sees_everybodys(desk: Desk) -> None:
    desk.run("create role auditor; grant monitor user on account to role auditor")
    desk.run("grant role auditor to user bob")
    logged_in(desk, "EVE")
    bob = logged_in(desk, "BOB")
    desk.account.store.flush()
    asked = "select user_name from table(demo_db.information_schema.login_history_by_user('eve'))"
    assert rows(bob, f"use role auditor; {asked}") == [("EVE",)]


def test_statements_are_told_with_their_outcome(desk: Desk) -> None:
    desk.run(IN_SCHEMA)
    desk.refusal("drop role nobody")
    desk.account.store.flush()
    asked = (
        "select query_text, query_type, execution_status, error_code, user_name "
        "from table(query_history(result_limit => 1))"
    )
    (row,) = desk.rows(asked)
    assert row == ("DROP ROLE nobody", "DROP_ROLE", "FAILED_WITH_ERROR", "002003", "ann")


MEASURED = """select query_text, role_name, database_name, schema_name, warehouse_name,
    session_id, start_time, end_time, total_elapsed_time from"""


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_statements_are_told_with_where_they_ran_and_how_long(
    duck: DuckSelecting, kind: str, tmp_path: Path
) -> None:
    desk = Desk(duck)
    if kind == "sqlite":
        desk.account = an_account(SqliteStore(tmp_path / "rolecall.db", durable=False))
        desk.worksheet = local_worksheet(desk.account, desk.world, "ann")
    desk.run("create user bob password = 'x'; create role desk; grant role desk to user bob")
    bob = logged_in(desk, "BOB")
    list(bob.run("use role desk; use warehouse wh; use database demo_db"))
    desk.clock.each = 1_500
    began = desk.clock.at + 1_500
    list(bob.run("show roles"))
    refusal_of(bob, "drop role nobody")
    refusal_of(bob, "create user eve pasword = 'unread'")
    desk.clock.each = 0
    desk.account.store.flush()
    found = rows(
        bob, f"{MEASURED} table(demo_db.information_schema.query_history(result_limit => 3))"
    )
    texts = [row[0] for row in found]
    assert texts == [None, "DROP ROLE nobody", "SHOW ROLES"]
    (session,) = {row[5] for row in found}
    assert [row[1:5] for row in found] == [("DESK", "DEMO_DB", "PUBLIC", "WH")] * 3
    assert [row[8] for row in found] == [1, 1, 1]
    assert found[2][6:8] == (began, began + 1_500)
    asked = f"{MEASURED} snowflake.account_usage.query_history where session_id = '{session}'"
    seen = desk.rows(f"{asked} order by start_time desc limit 4")
    assert [row for row in seen if row in found] == found
    desk.account.store.close()


def test_a_clock_that_was_set_back_makes_no_statement_end_before_it_began(desk: Desk) -> None:
    desk.clock.each = -MINUTE
    desk.run("show roles")
    desk.clock.each = 0
    attempt = desk.attempts()[-1]
    assert attempt.ended == attempt.at


def test_who_is_refused_a_seat_is_told_of_without_a_place(desk: Desk) -> None:
    bob = logged_in(desk, "BOB")
    desk.run("alter user bob set disabled = true")
    assert refusal_of(bob, "show roles").code
    assert desk.attempts()[-1].details is None


def test_a_session_finds_its_own_statements(desk: Desk) -> None:
    eve, bob = logged_in(desk, "EVE"), logged_in(desk, "BOB")
    for worksheet in (eve, bob):
        rows(worksheet, f"{IN_SCHEMA}; show roles")
    desk.account.store.flush()
    asked = "select query_text from table(query_history_by_session(result_limit => 2))"
    assert rows(bob, asked) == [("SHOW ROLES",), ("USE SCHEMA information_schema",)]


@pytest.mark.parametrize(
    "call",
    [
        "login_history(result_limit => 0)",
        "login_history(result_limit => 10001)",
        "login_history(result_limit => true)",
        "login_history(time_range_start => 'yesterday')",
        "login_history(dateadd('day', -8, current_timestamp()))",
        "login_history(nothing => 1)",
        "login_history(null, null, 1, 2)",
        "login_history_by_user(7)",
        "policy_references()",
        "policy_references(policy_name => 'p', policy_kind => 'MASKING_POLICY')",
        "policy_references(ref_entity_name => 'BOB')",
        "result_scan('nothing')",
        "result_scan(7)",
    ],
)
def test_what_a_function_does_not_take_is_refused(desk: Desk, call: str) -> None:
    desk.run(IN_SCHEMA)
    assert desk.refusal(f"select * from table({call})").code == "001015"


def test_policy_references_say_where_a_policy_is_attached(desk: Desk) -> None:
    desk.run(f"{IN_SCHEMA}; create network policy p allowed_ip_list = ('0.0.0.0/0')")
    desk.run("alter user bob set network_policy = p; alter account set network_policy = p")
    desk.run("create role run; grant role run to role accountadmin")
    desk.run("""create security integration i type = scim scim_client = 'okta'
        run_as_role = 'RUN' network_policy = 'P'""")
    desk.run("""create security integration without type = scim scim_client = 'okta'
        run_as_role = 'RUN'""")
    columns = "select policy_name, ref_entity_domain, ref_entity_name, policy_kind from"
    told = [
        ("P", "ACCOUNT", "DEMO", "NETWORK_POLICY"),
        ("P", "INTEGRATION", "I", "NETWORK_POLICY"),
        ("P", "USER", "BOB", "NETWORK_POLICY"),
    ]
    asked = f"{columns} table(policy_references(policy_name => 'p')) order by 2"
    assert desk.rows(asked) == told
    of_bob = "policy_references(ref_entity_name => '\"BOB\"', ref_entity_domain => 'user')"
    assert desk.rows(f"{columns} table({of_bob})") == told[2:]
    bob = logged_in(desk, "BOB")
    refusal = refusal_of(bob, f"{IN_SCHEMA}; select * from table(policy_references('P'))")
    assert refusal.code == "002003"
    assert rows(bob, f"select 1 from table({of_bob})") == []


# ---- looking again ---------------------------------------------------------------------------


def test_an_answer_is_looked_at_again(desk: Desk) -> None:
    desk.run("show roles")
    assert desk.rows(
        """select "name" from table(result_scan(last_query_id())) where "name" like 'USER%'"""
    ) == [("USERADMIN",)]
    first = desk.run("select 1 as a, 1.25 * 2 as b, 'x' as c, current_timestamp() as d")[0]
    again = desk.run("select * from table(result_scan(last_query_id()))")[0]
    assert (again.table.rows, again.table.columns) == (first.table.rows, first.table.columns)
    assert desk.rows(f"select a from table(result_scan('{first.query_id}'))") == [(1,)]
    assert desk.rows("select b from table(result_scan(last_query_id(-3)))") == [("2.50",)]


def test_queries_are_counted_from_both_ends(desk: Desk) -> None:
    first, second = logged_desk(desk)
    assert desk.rows("select last_query_id(-2), last_query_id(-1)") == [(first, second)]
    assert desk.rows("select last_query_id(-100), last_query_id(100)") == [(None, None)]
    assert desk.refusal("select last_query_id(0)").code == "001015"


def logged_desk(desk: Desk) -> tuple[str, str]:
    first, second = desk.run("show roles; show users")
    return first.query_id, second.query_id


def test_a_session_looks_again_over_several_requests_and_no_other_does(desk: Desk) -> None:
    login = log_in(desk.account, desk.world, "BOB", "x", None)
    asked = session_of(desk.account, desk.world, login.token)
    (answer,) = asked.run("show roles")
    later = session_of(desk.account, desk.world, login.token)
    assert rows(later, "select count(*) > 0 from table(result_scan(last_query_id()))") == [(True,)]
    eve = logged_in(desk, "EVE")
    query = f"select * from table(result_scan('{answer.query_id}'))"
    assert refusal_of(eve, query).code == "001015"


def test_an_answer_with_a_secret_is_not_kept(desk: Desk) -> None:
    desk.run("create role run; grant role run to role accountadmin")
    desk.run("create security integration i type = scim scim_client = 'okta' run_as_role = 'RUN'")
    desk.run("select system$generate_scim_access_token('I')")
    assert desk.refusal("select * from table(result_scan(last_query_id()))").code == "001015"


def test_a_flow_hands_answers_on(desk: Desk) -> None:
    assert desk.rows("""show roles ->> select "name" from $1 where "name" like 'SYS%'""") == [
        ("SYSADMIN",)
    ]
    assert desk.rows(
        """show roles
        ->> show users
        ->> select (select count(*) from $1) users, count(*) roles from $2 r"""
    ) == [(3, 6)]
    assert desk.rows("""show users ->> select "name" as n from $1 ->> select max(n) from $1""") == [
        ("EVE",)
    ]
    assert desk.said("select 1 ->> create role flowing") == "Role FLOWING successfully created."


def test_a_stage_that_is_not_there_does_not_exist(desk: Desk) -> None:
    for query in ("select * from $1", "show roles ->> select * from $2", "select * from $0"):
        assert desk.refusal(query).code == "002003"
    refusal = desk.refusal("show roles\n->> selekt 1")
    assert (refusal.code, refusal.line, refusal.column) == ("001003", 2, 5)
    assert desk.refusal("->>".join(["show roles"] * 21)).code == "001003"


# ---- ranges of time --------------------------------------------------------------------------


def test_a_view_is_asked_for_the_time_that_is_wanted_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged_in(desk, "BOB")
    desk.clock.at += 10 * MINUTE
    logged_in(desk, "EVE")
    desk.account.store.flush()
    asked: list[HistoryPage] = []
    ask = Moment.ask

    def listened(moment: Moment, query: Query[object]) -> object:
        if isinstance(query, HistoryPage):
            asked.append(query)
        return ask(moment, query)

    monkeypatch.setattr(Moment, "ask", listened)
    view = "select user_name from snowflake.account_usage.login_history"
    recent = "event_timestamp >= dateadd('minute', -5, current_timestamp())"
    assert desk.rows(f"{view} where {recent}") == [("EVE",)]
    assert asked[0].wanted.since == desk.clock.at - 5 * MINUTE
    assert desk.rows(f"{view} where not {recent}") == [("BOB",)]
    assert desk.rows(f"{view} where event_timestamp < '2026-01-01 00:05:00'") == [("BOB",)]
    assert desk.rows(f"{view} where event_timestamp > try_to_timestamp('nonsense')") == []


def test_a_history_of_many_pages_is_read_to_its_end(desk: Desk) -> None:
    attempt = Attempt(
        kind=AttemptKind.SCIM,
        at=desk.clock.at,
        request="r",
        method="PATCH",
        endpoint="scim/v2/Users/7",
        status=200,
        succeeded=True,
    )
    for number in range(2_500):
        at = desk.clock.at - number // 2
        desk.account.store.note(1, structs.replace(attempt, at=at, request=f"r{number}"))
    desk.account.store.flush()
    view = "snowflake.account_usage.rest_events"
    counted = "count(*), count(distinct request_id), count(distinct event_id)"
    assert desk.rows(f"select {counted} from {view}") == [(2_500, 2_500, 2_500)]
    joined = f"{view} a join {view} b on a.event_id = b.event_id"
    assert desk.rows(f"select count(*) from {joined}") == [(2_500,)]


# ---- names that are texts --------------------------------------------------------------------


def test_a_table_is_named_by_a_text(desk: Desk) -> None:
    desk.run("create role noted; set view = 'snowflake.account_usage.roles'")
    quoted = """identifier('"SNOWFLAKE".account_usage.roles')"""
    for source in ("identifier($view)", "table($view)", quoted):
        counted = f"select count(*) from {source} as r where r.name = 'NOTED'"
        assert desk.rows(counted) == [(1,)], source
    joined = f"select count(*) from table($view) r join {quoted} s on r.name = s.name"
    assert desk.rows(f"{joined} where s.name = 'NOTED'") == [(1,)]
    assert desk.rows("execute immediate 'show roles ->> select count(*) from $1'") == [(7,)]


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("identifier('nowhere')", "NOWHERE"),
        ("identifier(1)", "IDENTIFIER(1)"),
        ("table('a.')", "TABLE('a.')"),
        ("table('a b; drop role x')", "a b; drop role x"),
        ("table('')", "TABLE('')"),
    ],
)
def test_a_text_that_names_no_table_is_told(desk: Desk, source: str, named: str) -> None:
    refusal = desk.refusal(f"select 1 from {source}")
    assert refusal.code == "002003"
    assert f"Object '{named}' does not exist" in refusal.message
