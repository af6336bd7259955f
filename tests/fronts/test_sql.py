"""A worksheet: attempts, refusals, sessions and what each client may hear."""

import json
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import pytest

from builders import (
    NOW,
    SECOND,
    add_role,
    add_user,
    admin,
    an_attempt,
    integration_session,
    role_id,
)
from rolecall.domain.commands import ByName, DropRole
from rolecall.domain.errors import Refusal
from rolecall.domain.names import Name
from rolecall.fronts.login import Login, log_in, session_of
from rolecall.fronts.sql import SqlRefusal, Worksheet, local_worksheet
from rolecall.fronts.sql_refusals import SQL_ERRORS
from rolecall.fronts.sql_selects import FUNCTIONS
from rolecall.select.duck import DuckSelecting
from rolecall.sql.functions import ACCOUNT_FUNCTIONS
from sql_world import Desk, refusal_of

OVERVIEW = """
use database demo_db; use schema information_schema;
select * from table(rest_event_history('scim', dateadd('minutes',-5,current_timestamp()), \
current_timestamp(), 200)) order by event_timestamp;
"""
"""Issue 2, point 4, as it is printed there."""


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckSelecting]:
    found = DuckSelecting()
    yield found
    found.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def history(engine: DuckSelecting) -> Desk:
    """An account with two SCIM requests in its history, one of them refused."""
    desk = Desk(engine)
    integration_session(desk.account)
    asked = an_attempt(
        request="r-1",
        client_ip="192.0.2.7",
        actor="OKTA",
        actor_kind="INTEGRATION",
        integration="OKTA",
        resource_kind="USER",
        resource_name="BOB",
        details='{"userName":"bob"}',
    )
    store = desk.account.store
    store.note(1, asked)
    later = {"at": NOW + SECOND, "status": 409, "succeeded": False, "method": "PATCH"}
    store.note(1, msgspec.structs.replace(asked, **later))
    stranger = {"status": 401, "succeeded": False, "actor": None, "actor_kind": None}
    store.note(1, msgspec.structs.replace(asked, **stranger, integration=None))
    desk.clock.at = NOW + 2 * SECOND
    return desk


def logged_in(desk: Desk, name: str = "BOB", *roles: str) -> tuple[Worksheet, Login]:
    """A user with a password and these roles, and a worksheet of a login."""
    desk.run(f"create user {name} password = 'swordfish'")
    for role in roles:
        desk.run(f"create role if not exists {role}; grant role {role} to user {name};")
    login = log_in(desk.account, desk.world, name, "swordfish", "192.0.2.1")
    return session_of(desk.account, desk.world, login.token, "192.0.2.1"), login


# ---- attempts --------------------------------------------------------------------------------


def test_each_statement_is_one_attempt_with_what_it_is_about(desk: Desk) -> None:
    desk.run("create role analyst; show roles;")
    created, shown = desk.attempts()
    assert (created.method, created.resource_kind, created.resource_name) == (
        "CREATE ROLE",
        "ROLE",
        "ANALYST",
    )
    assert created.resource_id == role_id(desk.account, "ANALYST")
    assert (created.actor, created.actor_kind, created.succeeded) == ("ann", "LOCAL", True)
    assert created.events is not None
    assert (shown.method, shown.succeeded, shown.events) == ("SHOW ROLES", True, None)


def test_a_refused_statement_is_one_attempt_with_its_reason(desk: Desk) -> None:
    desk.refusal("drop role nobody; show roles;")
    (refused,) = desk.attempts()
    assert (refused.succeeded, refused.error_code) == (False, "002003")
    assert refused.why == "Role 'NOBODY' does not exist or not authorized."


@pytest.mark.parametrize(
    "statement",
    [
        "create user bob password = 'swordfish'",
        "alter user admin set password = 'swordfish'",
        "create user bob pasword = 'swordfish'",
        "create user bob password = 'swordfish",
        "alter user admin set password = 'swordfish' days_to_expiry = 3",
        "  'swordfish'",
    ],
)
def test_no_attempt_holds_a_password(desk: Desk, statement: str) -> None:
    with suppress(SqlRefusal):
        desk.run(statement)
    assert len(desk.attempts()) == 1
    assert "swordfish" not in str(desk.attempts())


def test_a_password_is_kept_as_its_verifier(desk: Desk) -> None:
    desk.run("create user bob password = 'swordfish'")
    user = desk.account.login("bob")
    assert user is not None
    assert (user.password, user.password_set_at) == ("hash of swordfish", NOW)


def test_no_attempt_holds_a_token(desk: Desk) -> None:
    integration_session(desk.account)
    assert desk.rows("select system$generate_scim_access_token('OKTA')") == [("token-1",)]
    (attempt,) = desk.attempts()
    assert "token-1" not in str(attempt)
    assert (attempt.resource_kind, attempt.resource_name) == ("INTEGRATION", "OKTA")


def test_of_a_long_statement_the_attempt_keeps_the_beginning(desk: Desk) -> None:
    desk.run(f"create role analyst comment = '{'x' * 5_000}'")
    (attempt,) = desk.attempts()
    assert attempt.details is not None
    assert len(json.loads(attempt.details)["statement"]) == 2_001


def test_a_bug_is_one_attempt_and_goes_on_as_it_is(desk: Desk) -> None:
    with pytest.raises(AssertionError, match="nothing should be selected"):
        desk.run("select 1 + 1")
    (attempt,) = desk.attempts()
    assert (attempt.succeeded, attempt.why) == (False, "internal error: AssertionError")


# ---- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Refusal.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_refusal_has_its_words(kind: type[Refusal]) -> None:
    assert kind in SQL_ERRORS


def test_a_script_stops_at_its_first_refusal(desk: Desk) -> None:
    desk.refusal("create role a; create role a; create role b;")
    assert desk.column("show roles like '_'", "name") == ["A"]


def test_a_refusal_says_where_in_the_script(desk: Desk) -> None:
    refusal = desk.refusal("show roles;\n  create group x;")
    assert (refusal.code, refusal.sqlstate) == ("001003", "42000")
    assert (refusal.line, refusal.column) == (2, 10)


def test_a_query_refused_on_its_first_line_says_where_in_the_script(desk: Desk) -> None:
    refusal = desk.refusal("show roles;\n  select getenv('HOME');")
    assert (refusal.line, refusal.column) == (2, 10)


def test_a_query_refused_further_down_says_where_in_the_script(desk: Desk) -> None:
    refusal = desk.refusal("show roles; select\n getenv('HOME');")
    assert (refusal.line, refusal.column) == (2, 2)


def test_a_script_that_cannot_be_cut_is_refused_whole(desk: Desk) -> None:
    refusal = desk.refusal("create role a; select 'x")
    assert (refusal.code, refusal.line, refusal.column) == ("001003", 1, 23)
    assert desk.column("show roles like 'a'", "name") == []


@pytest.mark.parametrize("eaten", ["select system('X')", "select system_token('X')", "system('X')"])
def test_what_a_shell_left_of_a_dollar_is_explained(desk: Desk, eaten: str) -> None:
    refusal = desk.refusal(eaten)
    assert refusal.message.endswith(
        "If a shell ate the '$': use single quotes around the statement or -f FILE."
    )


def test_an_administrator_hears_what_an_operator_can_do(desk: Desk) -> None:
    desk.run("create role dba; grant role dba to user admin; use role dba;")
    # The secondary roles hold ACCOUNTADMIN, and what creates is the primary role alone.
    assert desk.refusal("create role x").fix == "grant create role on account to role DBA"


def test_who_has_set_administration_aside_hears_no_fix(desk: Desk) -> None:
    desk.run("create role dba; grant role dba to user admin; use role dba;")
    assert desk.refusal("use secondary roles none; create role x").fix is None
    assert desk.attempts()[-1].fix == "grant create role on account to role DBA"


@pytest.mark.parametrize("kind", ["user", "role", "integration", "database"])
def test_a_name_in_another_case_is_suggested(desk: Desk, kind: str) -> None:
    desk.run('create user "Nn"; create role "Nn"; create database "Nn"')
    integration_session(desk.account, name="Nn")
    assert desk.refusal(f"drop {kind} nn").message.endswith('did you mean "Nn" (quoted)?')


def test_no_name_is_suggested_that_the_session_may_not_see(desk: Desk) -> None:
    worksheet, _ = logged_in(desk)
    desk.run('create role "Hidden"')
    assert "mean" not in refusal_of(worksheet, "drop role hidden").message


# ---- sessions --------------------------------------------------------------------------------


def test_use_is_remembered_by_the_login_session(desk: Desk) -> None:
    worksheet, login = logged_in(desk, "BOB", "ANALYST")
    list(worksheet.run("use role analyst; use database demo_db; use secondary roles none;"))
    again = session_of(desk.account, desk.world, login.token)
    query = "select current_role(), current_database(), current_schema(), current_user()"
    (answer,) = again.run(query)
    assert answer.table.rows == [("ANALYST", "DEMO_DB", "PUBLIC", "BOB")]


def test_a_revoked_role_is_gone_at_the_next_statement(desk: Desk) -> None:
    worksheet, _ = logged_in(desk, "BOB", "ANALYST")
    list(worksheet.run("use role analyst"))
    desk.run("revoke role analyst from user bob")
    for statement in ("show roles", "select current_user()", "select 1", "begin"):
        assert refusal_of(worksheet, statement).code == "003013"
    assert refusal_of(worksheet, "use role nobody").code == "002003"
    list(worksheet.run("use role public"))


def test_a_dropped_role_is_gone_from_the_local_worksheet_too(desk: Desk) -> None:
    desk.run("create role a; grant role a to user admin; use role a")
    desk.account.execute(admin(desk.account), DropRole(role=ByName(Name("A")), at=NOW))
    assert desk.refusal("show roles").code == "003013"
    desk.run("use role accountadmin; show roles")


def test_a_disabled_user_has_no_session_at_the_next_statement(desk: Desk) -> None:
    worksheet, _ = logged_in(desk)
    desk.run("alter user bob set disabled = true")
    assert refusal_of(worksheet, "show roles").code == "390112"


def test_an_expired_session_is_refused_and_noted(desk: Desk) -> None:
    worksheet, login = logged_in(desk)
    desk.clock.at = login.expires_at
    assert refusal_of(worksheet, "show roles").code == "390112"
    refused = desk.attempts()[-1]
    assert (refused.status, refused.actor, refused.client_ip) == (401, None, "192.0.2.1")


def test_a_session_that_outlived_its_users_disabling_is_over(desk: Desk) -> None:
    worksheet, login = logged_in(desk)
    verifier = desk.secrets.verifier_of(login.token)
    found = desk.account.login_session(verifier)
    assert found is not None
    desk.run("alter user bob set disabled = true")
    desk.account.store.transact(1, lambda tx: tx.save_session(found[0]))
    assert refusal_of(worksheet, "show roles").code == "390112"


def test_a_session_of_a_dropped_user_is_over(desk: Desk) -> None:
    worksheet, _ = logged_in(desk)
    desk.run("drop user bob")
    assert refusal_of(worksheet, "show roles").code == "390112"


def test_an_unknown_token_opens_no_worksheet(desk: Desk) -> None:
    worksheet = session_of(desk.account, desk.world, "made up")
    assert refusal_of(worksheet, "show roles").code == "390112"


def test_a_user_sees_only_names_of_others(desk: Desk) -> None:
    worksheet, _ = logged_in(desk)
    (answer,) = worksheet.run("show users")
    readable = {row[0]: row[2] for row in answer.table.rows}
    assert readable == {"ADMIN": None, "BOB": "BOB"}


def test_a_user_without_rights_is_refused_and_the_fix_is_kept_for_the_audit(desk: Desk) -> None:
    worksheet, _ = logged_in(desk)
    refusal = refusal_of(worksheet, "create role x")
    assert (refusal.code, refusal.fix) == ("003001", None)
    assert desk.attempts()[-1].fix == "grant create role on account to role PUBLIC"


# ---- integrations ----------------------------------------------------------------------------


def test_replacing_an_integration_says_which_tokens_it_ended(desk: Desk) -> None:
    session = integration_session(desk.account)
    assert session.token is not None
    integration_session(desk.account)
    desk.account.store.use(1, session.token, NOW + 60 * SECOND)
    replace = "create or replace security integration okta type=scim scim_client='okta' "
    assert desk.said(replace + "run_as_role='OKTA_PROVISIONER'") == (
        "Integration OKTA successfully created. "
        "It ended 2 live tokens (last used 2026-01-01 00:01:00 UTC)."
    )
    assert desk.said("drop security integration okta") == "OKTA successfully dropped."


def test_dropping_an_integration_says_which_tokens_it_ended(desk: Desk) -> None:
    integration_session(desk.account)
    assert desk.said("drop integration okta") == (
        "OKTA successfully dropped. It ended 1 live token (never used)."
    )


def test_unsetting_a_policy_by_its_own_name_unsets_the_policy_in_force(desk: Desk) -> None:
    integration_session(desk.account)
    desk.run("create network policy office")
    desk.run("alter security integration okta set network_policy = office")
    desk.run("alter security integration okta unset office")
    assert ("NETWORK_POLICY", "String", "", "") in desk.rows("desc integration okta")


# ---- queries ---------------------------------------------------------------------------------


def test_the_overviews_audit_query_runs_as_printed(history: Desk) -> None:
    answer = history.run(OVERVIEW)[-1]
    assert [column.name for column in answer.table.columns] == [
        "EVENT_TIMESTAMP",
        "EVENT_ID",
        "EVENT_TYPE",
        "ENDPOINT",
        "METHOD",
        "STATUS",
        "ERROR_CODE",
        "DETAILS",
        "CLIENT_IP",
        "ACTOR_NAME",
        "ACTOR_DOMAIN",
        "RESOURCE_NAME",
        "RESOURCE_DOMAIN",
    ]
    created, stranger, refused = answer.table.rows
    assert created[2:] == (
        "SCIM",
        "scim/v2/Users",
        "POST",
        "SUCCESS",
        None,
        '{"userName":"bob"}',
        "192.0.2.7",
        "OKTA",
        "INTEGRATION",
        "BOB",
        "USER",
    )
    assert stranger[6] == "401"
    assert stranger[9:11] == (None, None)
    assert refused[4:7] == ("PATCH", "FAILURE", "409")


@pytest.mark.parametrize(
    "call",
    [
        "rest_event_history(rest_service_type => 'SCIM', result_limit => 1)",
        "information_schema.rest_event_history('scim', null, null, 1)",
        "snowflake.information_schema.rest_event_history('scim', result_limit => 1)",
        "demo_db.information_schema.rest_event_history('scim', result_limit => 1)",
    ],
)
def test_the_history_is_reached_by_each_of_its_names(history: Desk, call: str) -> None:
    history.run("use schema demo_db.information_schema")
    query = "select method from table(<call>)".replace("<call>", call)
    assert history.rows(query) == [("PATCH",)]


EVENTS = "select * from table(information_schema.rest_event_history("
"""The beginning of a query that gets its arguments from the tests below."""


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select * from table(rest_event_history('scim'))", "002003"),
        ("select * from table(public.rest_event_history('scim'))", "002003"),
        ("select * from table(x.information_schema.rest_event_history('scim'))", "002003"),
        ("select * from table(information_schema.task_history())", "002003"),
        ("select * from information_schema.rest_event_history", "002003"),
        ("select * from table(a.b.information_schema.rest_event_history('scim'))", "002003"),
        (EVENTS + "'ldap'))", "001015"),
        (EVENTS + "))", "001015"),
        (EVENTS + "'scim', 'x'))", "001015"),
        (EVENTS + "'scim', null, null, 9, 9))", "001015"),
        (EVENTS + "'scim', rows => 1))", "001015"),
        (EVENTS + "'scim', rest_service_type => 'scim'))", "001015"),
        (EVENTS + "7))", "001015"),
        (EVENTS + "'scim', true))", "001015"),
        (EVENTS + "'scim', null, 'x'))", "001015"),
        (EVENTS + "'scim', dateadd('days', -366, current_timestamp())))", "001015"),
        (EVENTS + "'scim', result_limit => '9'))", "001015"),
        (EVENTS + "'scim', result_limit => true))", "001015"),
        (EVENTS + "'scim', result_limit => 1.5))", "001015"),
        (EVENTS + "'scim', result_limit => 10001))", "001015"),
        (EVENTS + "'scim', result_limit => 0))", "001015"),
        ("select nothing from table(information_schema.rest_event_history('scim'))", "000904"),
        ("select to_number('x')", "100038"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(
    engine: DuckSelecting, query: str, code: str
) -> None:
    assert Desk(engine).refusal(query).code == code


BEGINS = "dateadd('days', <days>, current_timestamp())"


def begins(days: int) -> str:
    return EVENTS + "'scim', " + BEGINS.replace("<days>", str(days)) + "))"


def test_without_a_start_the_last_seven_days_are_told(history: Desk) -> None:
    query = EVENTS + "'scim'))"
    before = len(history.rows(query))
    history.clock.at = NOW + SECOND + 7 * 86_400 * SECOND
    assert before > len(history.rows(query)) > 0
    history.clock.at += 9 * SECOND
    assert history.rows(query) == []
    assert len(history.rows(begins(-8))) == before


def test_a_range_must_begin_before_it_ends(history: Desk) -> None:
    for ends in ("dateadd('days', -1, current_timestamp())", "'2020-01-01'::timestamp_ltz"):
        query = (
            EVENTS + f"'scim', time_range_start => current_timestamp(), time_range_end => {ends}))"
        )
        assert "lies after TIME_RANGE_END" in history.refusal(query).message
    late = EVENTS + "'scim', time_range_end => dateadd('days', -8, current_timestamp())))"
    assert "lies after TIME_RANGE_END" in history.refusal(late).message


def test_the_range_reaches_as_far_back_as_the_account_keeps(history: Desk) -> None:
    assert "more than 365 days" in history.refusal(begins(-366)).message
    assert history.rows(begins(-365))
    history.run("alter account set history_retention_in_days = 30")
    assert "more than 30 days" in history.refusal(begins(-31)).message
    history.run("alter account set history_retention_in_days = 0")
    assert history.rows(begins(-4_000))


def test_an_account_that_keeps_to_the_vendor_s_limits_tells_seven_days(history: Desk) -> None:
    history.run("alter account set scim_conformance = 'SNOWFLAKE'")
    assert "more than 7 days" in history.refusal(begins(-8)).message
    assert history.rows(begins(-7))


def test_the_history_is_for_accountadmin(engine: DuckSelecting) -> None:
    worksheet, _ = logged_in(Desk(engine))
    query = "select * from table(snowflake.information_schema.rest_event_history('scim'))"
    assert refusal_of(worksheet, query).code == "003001"


def test_a_query_knows_who_asks_and_when(history: Desk) -> None:
    query = "select current_version() = current_version(), current_timestamp(), current_session()"
    ((same, at, session),) = history.rows(query)
    assert (same, at) == (True, NOW + 2 * SECOND)
    assert session


def test_secondary_roles_are_told_as_the_vendor_tells_them(desk: Desk) -> None:
    worksheet, _ = logged_in(desk, "BOB", "ANALYST")
    (answer,) = worksheet.run("select current_secondary_roles()")
    assert answer.table.rows == [('{"roles":"ANALYST","value":"ALL"}',)]


# ---- users -----------------------------------------------------------------------------------


def test_altering_no_user_means_ones_own(desk: Desk) -> None:
    worksheet, _ = logged_in(desk)
    assert refusal_of(worksheet, "alter user set comment = 'x'").code == "003001"


def test_the_founding_administrator_is_meant_among_others(desk: Desk) -> None:
    desk.run("create user zoe; grant role accountadmin to user zoe; create role x")
    desk.run("revoke role accountadmin from user admin")
    desk.worksheet = local_worksheet(desk.account, desk.world, "ann")
    assert desk.rows("select current_user()") == [("ann",)]


def test_a_worksheet_without_its_administrator_is_nobodys_user(desk: Desk) -> None:
    desk.run("drop user admin")
    desk.worksheet = local_worksheet(desk.account, desk.world, "ann")
    assert desk.rows("select current_user()") == [("ann",)]
    assert desk.refusal("alter user set comment = 'x'").code == "002003"
    assert desk.column("show roles like 'accountadmin'", "is_default") == ["Y"]


def test_the_default_role_of_a_login_is_marked(desk: Desk) -> None:
    worksheet, _ = logged_in(desk, "BOB", "ANALYST")
    (answer,) = worksheet.run("show roles like 'public'")
    assert answer.table.rows[0][2] == "Y"
    desk.run("alter user bob set default_role = analyst")
    (answer,) = worksheet.run("show roles like 'analyst'")
    assert answer.table.rows[0][2] == "Y"


def test_only_the_unreadable_is_left_out_of_show_users(desk: Desk) -> None:
    add_user(desk.account, admin(desk.account), "bob", FIRST_NAME="Bob")
    add_role(desk.account, admin(desk.account), "X")
    assert desk.column("show users like 'BOB'", "first_name") == ["Bob"]


def test_every_function_of_the_language_is_answered() -> None:
    assert FUNCTIONS.keys() == ACCOUNT_FUNCTIONS.keys()
