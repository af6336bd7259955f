"""A plan takes out of a query what the account answers, and lets nothing reach outside."""

import inspect
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.sql.calls import Argument, Constant
from rolecall.sql.errors import (
    InvalidArgument,
    MisplacedFunction,
    SqlCompilationError,
    SqlSyntaxError,
    UnknownFunction,
    UnknownRelation,
    UnsupportedFeature,
)
from rolecall.sql.functions import ResultType
from rolecall.sql.select import plan_select

NOW = 1_700_000_000_000_000
NOW_SQL = "CAST('2023-11-14 22:13:20.000000+00:00' AS TIMESTAMPTZ)"
OVERVIEW = """
    select *
        from table(rest_event_history(
            'scim',
            dateadd('minutes',-5,current_timestamp()),
            current_timestamp(),
            200))
        order by event_timestamp;
"""
NAMED = """
    select t.status from table(snowflake.information_schema.rest_event_history(
        rest_service_type => 'scim', result_limit => 10)) as t where t.method = 'GET'
"""


def answers(text: str) -> list[Constant]:
    of_type: dict[ResultType, Constant] = {
        ResultType.TEXT: "it's",
        ResultType.BOOLEAN: True,
        ResultType.TIMESTAMP_LTZ: NOW,
    }
    return [of_type[call.result] for call in plan_select(text).functions]


def query_sql(text: str) -> str:
    return plan_select(text).query_sql(answers(text))


# --- relations -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [OVERVIEW, OVERVIEW.upper()])
def test_the_overviews_audit_query_becomes_one_relation_with_four_arguments(text: str) -> None:
    plan = plan_select(text)
    (relation,) = plan.relations
    assert relation.name == ("REST_EVENT_HISTORY",)
    assert relation.is_function
    assert [argument.position for argument in relation.arguments] == [0, 1, 2, 3]
    assert query_sql(text).upper() == 'SELECT * FROM "RELATION_0" ORDER BY EVENT_TIMESTAMP'


def test_the_arguments_are_one_row_of_constants() -> None:
    assert plan_select(OVERVIEW).constant_sql([NOW, NOW]) == (
        f'SELECT \'scim\' AS "argument_0", {NOW_SQL} + INTERVAL (-5) MINUTE AS "argument_1", '
        f'{NOW_SQL} AS "argument_2", 200 AS "argument_3"'
    )


def test_named_arguments_and_a_qualified_name_are_kept() -> None:
    (relation,) = plan_select(NAMED).relations
    assert relation.name == ("SNOWFLAKE", "INFORMATION_SCHEMA", "REST_EVENT_HISTORY")
    assert relation.arguments == (
        Argument(name="REST_SERVICE_TYPE", position=0),
        Argument(name="RESULT_LIMIT", position=1),
    )
    assert query_sql(NAMED) == ("SELECT t.status FROM \"relation_0\" AS t WHERE t.method = 'GET'")


def test_a_view_keeps_its_name_as_its_alias_and_is_fetched_once() -> None:
    text = 'select users.name from i.users cross join i."USERS" as b'
    assert len(plan_select(text).relations) == 1
    assert query_sql(text) == (
        'SELECT users.name FROM "relation_0" AS users CROSS JOIN "relation_0" AS b'
    )


def test_a_query_without_table_functions_has_no_constants() -> None:
    assert plan_select("select * from users").constant_sql([]) is None


@pytest.mark.parametrize(
    ("text", "relations"),
    [
        ("with x(a) as (select 1) select * from x", []),
        ("with x as (select 1), y as (select * from x) select * from y", []),
        ("with users as (select * from users) select * from users", ["USERS"]),
        ("with recursive r as (select 1 union all select * from r) select * from r", []),
        ("with x as (select 1) select (select max(1) from x) from x", []),
        ("with x as (select 1) select * from db.x", ["X"]),
        ("select * from (with x as (select 1) select * from x) as a, x", ["X"]),
    ],
)
def test_what_a_with_clause_names_is_no_relation(text: str, relations: list[str]) -> None:
    assert [relation.name[-1] for relation in plan_select(text).relations] == relations


@pytest.mark.parametrize(
    "text",
    [
        "select * from 'file.csv'",
        "select * from @stage",
        "select * from table(users)",
        "select * from table('x'.f())",
    ],
)
def test_what_is_no_name_of_a_relation_is_unknown(text: str) -> None:
    with pytest.raises((UnknownRelation, SqlSyntaxError)):
        plan_select(text)


def test_arguments_of_a_table_function_are_constants() -> None:
    with pytest.raises(InvalidArgument, match="constants"):
        plan_select("select * from table(f(name))")


# --- functions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("select read_csv('/etc/passwd')", "READ_CSV"),
        ("select \"READ_CSV\"('x')", "READ_CSV"),
        ("select * from read_csv('/etc/passwd')", "READ_CSV"),
        ("select * from table(read_csv('/etc/passwd'))", "READ_CSV"),
        ("select getenv('HOME')", "GETENV"),
        ("select read_text('x')", "READ_TEXT"),
        ("select a.b.fly(1) from a", "FLY"),
        ("select * from generate_series(1, 2)", "GENERATE_SERIES"),
        ("select flatten(parse_json('[1]'))", "FLATTEN"),
        ("select localtime", "LOCALTIME"),
    ],
)
def test_a_function_that_the_vendor_does_not_document_is_unknown(text: str, name: str) -> None:
    with pytest.raises(UnknownFunction) as refused:
        plan_select(text)
    assert refused.value.name == name
    assert refused.value.line == 1


def test_the_accounts_functions_are_answered_by_the_caller() -> None:
    text = "select current_user, current_role() r, is_role_in_session('X') from t"
    assert [(call.name, call.arguments) for call in plan_select(text).functions] == [
        ("CURRENT_USER", ()),
        ("CURRENT_ROLE", ()),
        ("IS_ROLE_IN_SESSION", ("X",)),
    ]
    assert query_sql(text) == (
        "SELECT 'it''s' AS \"CURRENT_USER()\", 'it''s' AS \"R\", "
        'TRUE AS "IS_ROLE_IN_SESSION(\'X\')" FROM "relation_0" AS t'
    )


@pytest.mark.parametrize(
    "text", ["current_timestamp", "CURRENT_TIMESTAMP(3)", "getdate()", "localtimestamp()"]
)
def test_every_word_for_now_is_the_statements_time(text: str) -> None:
    (call,) = plan_select(f"select {text}").functions
    assert call.name == "CURRENT_TIMESTAMP"
    assert NOW_SQL in query_sql(f"select {text}")


def test_dates_and_utc_are_drawn_from_the_statements_time() -> None:
    assert f"CAST({NOW_SQL} AS DATE)" in query_sql("select current_date()")
    assert f"CAST({NOW_SQL} AS DATE)" in query_sql("select current_date")
    assert f"CAST({NOW_SQL} AS TIMESTAMP)" in query_sql("select sysdate()")


def test_an_answer_may_be_null_or_a_number() -> None:
    plan = plan_select("select current_user, current_timestamp, current_database()")
    assert plan.query_sql([None, None, 5]).startswith(
        'SELECT CAST(NULL AS TEXT) AS "CURRENT_USER()", CAST(NULL AS TIMESTAMPTZ) '
    )


@pytest.mark.parametrize(
    "text",
    [
        "select system$generate_scim_access_token('X') from users",
        "select upper(system$generate_scim_access_token('X'))",
        "select (select system$generate_scim_access_token('X'))",
        "select 1 union select system$generate_scim_access_token('X')",
        "select 1 where system$generate_scim_access_token('X') = ''",
        "select iff(true, 1, system$generate_scim_access_token('X'))",
    ],
)
def test_a_function_that_changes_the_account_stands_alone(text: str) -> None:
    with pytest.raises(MisplacedFunction):
        plan_select(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("select system$generate_scim_access_token()", "1 to 2"),
        ("select system$generate_scim_access_token('a', 'b', 'c')", "1 to 2"),
        ("select current_user(1)", "0 to 0"),
        ("select is_role_in_session(name) from users", "constants"),
        ("select is_role_in_session(-'x')", "constants"),
    ],
)
def test_wrong_arguments_are_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason):
        plan_select(text)


# --- one row without an engine ---------------------------------------------------------------


def test_a_query_of_literals_and_functions_needs_no_engine() -> None:
    text = "select SYSTEM$generate_scim_access_token('X', 'n'), 1, -2.5, 'a' b, null, true, 1e400"
    plan = plan_select(text)
    assert plan.trivial
    assert plan.trivial_values(["t"]) == ("t", 1, -2.5, "a", None, True, float("inf"))
    assert plan.columns is not None
    assert plan.columns[0] == "SYSTEM$GENERATE_SCIM_ACCESS_TOKEN('X', 'N')"
    assert plan.trivial_types == (
        ResultType.TEXT,
        ResultType.FIXED,
        ResultType.REAL,
        ResultType.TEXT,
        ResultType.TEXT,
        ResultType.BOOLEAN,
        ResultType.REAL,
    )


@pytest.mark.parametrize("text", ["select * from t", "select 1 from t", "select 1 + 1"])
def test_every_other_query_needs_the_engine(text: str) -> None:
    assert not plan_select(text).trivial


# --- names of columns ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('select name, u.id as Id, lower(x) as "low" from u', ("NAME", "ID", "low")),
        ("select count(*), 'a', 1 + 2 from t", ("COUNT(*)", "'A'", "1 + 2")),
        ('select "name" from t', ("name",)),
        ("(select 1)", ("1",)),
        ("select 1 as x union all select name from roles", ("X",)),
        ("select *, 1 from t", None),
        ("select t.* from t", None),
    ],
)
def test_columns_are_named_as_the_vendor_names_them(
    text: str, columns: tuple[str, ...] | None
) -> None:
    assert plan_select(text).columns == columns


def test_columns_inside_are_named_too_so_that_a_star_shows_them() -> None:
    text = "with x(a) as (select 1) select * from x, (select count(*) c, max(b) from t) as y(d)"
    assert query_sql(text) == (
        'WITH x("A") AS (SELECT 1 AS "1") SELECT * FROM x, '
        '(SELECT COUNT(*) AS "C", MAX(b) AS "MAX(B)" FROM "relation_0" AS t) AS y("D")'
    )


def test_a_text_from_a_json_path_is_without_json_quotes() -> None:
    text = "select details:a.b::string, details:c, details:d::int from t where details:a = 'x'"
    assert query_sql(text).count("->>") == 2


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "select ?",
        "select :name",
        "select $1 from t",
        "select * from t at(timestamp => current_timestamp())",
        "select * from t, lateral (select t.a)",
        "select 1 into x",
        "select * from t for update",
    ],
)
def test_what_is_left_out_is_named(text: str) -> None:
    with pytest.raises(UnsupportedFeature):
        plan_select(text)


def test_what_the_engine_cannot_say_is_named_when_it_is_asked() -> None:
    with pytest.raises(UnsupportedFeature, match="format"):
        plan_select("select to_char(a, 'YYYY') from t").query_sql([])


@pytest.mark.parametrize(
    ("text", "column", "found"),
    [
        ("select from where", 13, "where"),
        ("select 1 +", 10, "unexpected"),
        ("select 1; select 2", 1, "statement"),
        ("copy into x from y", 1, "statement"),
        ("select a b 'geheim'", 12, "…"),
    ],
)
def test_what_is_no_query_is_a_syntax_error_with_its_place(
    text: str, column: int, found: str
) -> None:
    with pytest.raises(SqlSyntaxError, match=found) as refused:
        plan_select(text)
    assert (refused.value.line, refused.value.column) == (1, column)
    assert "geheim" not in refused.value.text


@pytest.mark.parametrize(
    "text",
    [
        "select " + "not " * 5_000 + "true",
        "select " + "- " * 5_000 + "1",
        "select " + "case when true then " * 5_000 + "1" + " end" * 5_000,
        "select " + "(" * 5_000,
    ],
)
def test_a_query_too_deep_is_a_syntax_error(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        plan_select(text)


def test_a_query_too_deep_for_the_engines_dialect_is_refused() -> None:
    plan = plan_select("select " + "not " * 60 + "true")

    def query_sql_below(frames: int) -> str:
        return query_sql_below(frames - 1) if frames else plan.query_sql([])

    with pytest.raises(UnsupportedFeature):
        query_sql_below(sys.getrecursionlimit() - len(inspect.stack(0)) - 60)


QUERIES = [
    OVERVIEW,
    NAMED,
    "with x as (select a, count(*) c from t group by a) select * from x join y on x.a = y.a",
    "select system$generate_scim_access_token('X'), current_user",
    "select a:b.c::string, iff(a, 1, 2), dateadd(day, 1, b) from t",
    "select a from t qualify rank() over (order by a) = 1",
]


@given(st.data())
def test_a_mutated_query_is_planned_or_refused(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(QUERIES))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    piece = data.draw(
        st.sampled_from(["", " ", "'", "(", ")", ",", "=>", ".", ":", "[", "5", "as"])
    )
    with suppress(SqlCompilationError):
        mutated = text[:start] + piece + text[end:]
        plan = plan_select(mutated)
        plan.constant_sql(answers(mutated))
        plan.query_sql(answers(mutated))


@given(st.text())
def test_any_text_is_planned_or_refused(text: str) -> None:
    with suppress(SqlCompilationError):
        plan_select(f"select {text}")


def test_what_can_not_be_read_leaves_nothing_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SqlCompilationError):
        plan_select("with x as (select 1) set password = 'swordfish'")
    assert caplog.records == []


def test_two_views_of_one_query_are_two_relations() -> None:
    plan = plan_select("select * from information_schema.a join information_schema.b on true")
    assert len({relation.placeholder for relation in plan.relations}) == 2
