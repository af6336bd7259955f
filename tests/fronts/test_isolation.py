"""A query sees its account and nothing else: no file, no network, no other account."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from builders import an_account
from rolecall.fronts.login import log_in, session_of
from rolecall.fronts.sql import SqlRefusal, Worksheet, local_worksheet
from rolecall.select.duck import DuckSelecting
from rolecall.store.memory import MemoryStore
from sql_world import Desk, refusal_of

UNKNOWN, ABSENT, SYNTAX, UNSUPPORTED = "002140", "002003", "001003", "000002"


@pytest.fixture
def desk(duck: DuckSelecting) -> Desk:
    return Desk(duck)


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from table(read_csv('/etc/passwd'))",
        "select * from read_text('/etc/passwd')",
        "select * from read_parquet('https://192.0.2.1/x.parquet')",
        "select * from glob('/*')",
        "select * from '/etc/passwd'",
        'select * from "/etc/passwd"',
        "select * from duckdb_secrets()",
        "select * from duckdb_settings()",
        "select * from pragma_database_list",
        "select * from information_schema.views",
        "select * from sqlite_master",
        "select * from pg_catalog.pg_tables",
        "select getenv('HOME')",
        "select current_setting('memory_limit')",
        "select set_config('memory_limit', '1TB', false)",
        "select which_secret('x', 'y')",
        "select * from t at (timestamp => current_timestamp())",
        "copy (select 1) to '/tmp/never'",
        "attach '/tmp/never' as never",
        "install httpfs",
        "load httpfs",
        "pragma version",
        "export database '/tmp/never'",
        "call pragma_version()",
        "select * from @stage",
    ],
)
def test_what_reaches_outside_is_refused(desk: Desk, query: str) -> None:
    assert desk.refusal(query).code in {UNKNOWN, ABSENT, SYNTAX, UNSUPPORTED}


def test_no_account_sees_anothers_rows(duck: DuckSelecting) -> None:
    store = MemoryStore()
    first = Desk(duck)
    ours, theirs = an_account(store, 1, "OURS"), an_account(store, 2, "THEIRS")
    mine = local_worksheet(ours, first.world, "ann")
    other = local_worksheet(theirs, first.world, "bob")
    list(other.run("create user secretive; create role secretive"))
    (answer,) = other.run("show users")
    for view in ("users", "roles", "grants_to_users", "grants_to_roles", "query_history"):
        (found,) = mine.run(f"select * from snowflake.account_usage.{view}")
        assert "SECRETIVE" not in str(found.table.rows)
    again = f"select * from table(result_scan('{answer.query_id}'))"
    assert refusal_of(mine, again).code == "001015"
    assert refusal_of(mine, "select * from theirs.information_schema.databases").code == ABSENT


ENDLESS = """with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000000000)
    select count(*) from n"""


def logged_in(desk: Desk) -> Worksheet:
    desk.run("create user bob password = 'x'")
    token = log_in(desk.account, desk.world, "BOB", "x", None).token
    return session_of(desk.account, desk.world, token, None)


def test_a_statement_ends_at_its_timeout(desk: Desk) -> None:
    desk.run("alter session set statement_timeout_in_seconds = 1")
    refusal = desk.refusal(ENDLESS)
    assert (refusal.code, refusal.sqlstate) == ("000630", "57014")
    assert desk.rows("select 1 + 1") == [(2,)]


def test_a_statement_that_is_cancelled_says_so(desk: Desk) -> None:
    bob = logged_in(desk)

    def endless() -> SqlRefusal:
        return refusal_of(bob, ENDLESS)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(endless)
        until = monotonic() + 20
        number = 0
        while not waiting.done() and monotonic() < until:
            number += 1
            desk.world.selecting.cancel(f"018f0000-0000-7000-8000-{number % 64:012x}")
            sleep(0.01)
        refusal = waiting.result()
    assert (refusal.code, refusal.sqlstate) == ("000604", "57014")


# ---- mistakes --------------------------------------------------------------------------------


def test_an_unknown_column_is_told_with_its_place(desk: Desk) -> None:
    refusal = desk.refusal("select 1;\n\nselect name,\n  nope from snowflake.account_usage.roles")
    assert refusal.message == (
        "SQL compilation error: error line 4 at position 2\ninvalid identifier 'NOPE'"
    ) or (refusal.code, refusal.line, refusal.column) == ("000904", 4, 3)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select nope from snowflake.account_usage.roles", "000904"),
        ("select cast('x' as int) + length(name) from snowflake.account_usage.roles", "100038"),
        ("select sum(name) from snowflake.account_usage.roles", "001044"),
        ("select nope(1)", "002140"),
        ("select * from nope", "002003"),
        ("select from where", "001003"),
    ],
)
def test_a_mistake_has_the_vendors_code(desk: Desk, query: str, code: str) -> None:
    refusal = desk.refusal(query)
    assert refusal.code == code
    assert "duck" not in refusal.message.lower()
    assert "Candidate" not in refusal.message


def test_the_sessions_time_zone_counts(desk: Desk) -> None:
    query = "select date_trunc('day', to_timestamp_ltz('2026-07-01 00:30:00+00'))::varchar"
    desk.run("alter session set timezone = 'America/New_York'")
    (row,) = desk.rows(query)
    assert str(row[0]).startswith("2026-06-30 00:00:00")
    desk.run("alter session set timezone = 'Nowhere/City'")
    assert "time zone" in desk.refusal(query).message
