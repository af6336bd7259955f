"""ACCOUNT_USAGE: what is and what was, with the time of its end, to administrators."""

import pytest

from rolecall.domain.tables import Cell
from rolecall.fronts.login import log_in, session_of
from rolecall.select.duck import DuckSelecting
from sql_world import Desk, refusal_of

MINUTE = 60_000_000


@pytest.fixture
def desk(duck: DuckSelecting) -> Desk:
    return Desk(duck)


def later(desk: Desk, script: str) -> int:
    """Carry out a script a minute later: when that was."""
    desk.clock.at += MINUTE
    desk.run(script)
    return desk.clock.at


def test_a_dropped_user_stays_in_users_with_its_last_properties(desk: Desk) -> None:
    made = later(
        desk, "create user bob email = 'b@example.com' type = legacy_service password = 'x'"
    )
    later(desk, "alter user bob set comment = 'temp' disabled = true")
    gone = later(desk, "drop user bob; create user bob")
    rows = desk.rows(
        "select name, email, comment, type, disabled, has_password, owner, "
        "created_on, deleted_on from snowflake.account_usage.users where name = 'BOB' "
        "order by deleted_on nulls last"
    )
    assert rows == [
        ("BOB", "b@example.com", "temp", "LEGACY_SERVICE", True, None, "ACCOUNTADMIN", made, gone),
        ("BOB", None, None, None, False, False, "ACCOUNTADMIN", gone, None),
    ]


def test_a_locked_user_is_shown_locked(desk: Desk) -> None:
    later(desk, "create user bob mins_to_unlock = 5")
    query = "select locked_until_time is null from snowflake.account_usage.users where name = 'BOB'"
    assert desk.rows(query) == [(False,)]


def test_a_dropped_role_stays_in_roles(desk: Desk) -> None:
    later(desk, "create role temp comment = 'c'")
    gone = later(desk, "drop role temp")
    query = "select name, comment, owner, deleted_on from snowflake.account_usage.roles "
    assert desk.rows(f"{query} where name = 'TEMP'") == [("TEMP", "c", "ACCOUNTADMIN", gone)]
    assert desk.rows(f"{query} where name = 'SYSADMIN'") == [("SYSADMIN", None, None, None)]


MEMBERSHIPS = (
    "select grantee_name, granted_by, created_on, deleted_on "
    "from snowflake.account_usage.grants_to_users where role = 'R' order by created_on, 1"
)


def test_a_membership_granted_anew_is_a_new_row(desk: Desk) -> None:
    first = later(desk, "create role r; create user bob; grant role r to user bob")
    ended = later(desk, "revoke role r from user bob")
    again = later(desk, "grant role r to user bob")
    assert desk.rows(MEMBERSHIPS) == [
        ("BOB", "ACCOUNTADMIN", first, ended),
        ("BOB", "ACCOUNTADMIN", again, None),
    ]


def test_memberships_end_with_their_user_and_with_their_role(desk: Desk) -> None:
    first = later(desk, "create role r; create user ann; create user bob;")
    later(desk, "grant role r to user ann; grant role r to user bob")
    user_gone = later(desk, "drop user bob")
    role_gone = later(desk, "drop role r")
    assert [(row[0], row[3]) for row in desk.rows(MEMBERSHIPS)] == [
        ("ANN", role_gone),
        ("BOB", user_gone),
    ]
    assert first < user_gone


def test_what_the_account_was_born_with_ends_with_the_time_of_its_birth(desk: Desk) -> None:
    born = desk.clock.at
    ended = later(desk, "create user b; grant role accountadmin to user b; ")
    desk.run("revoke role accountadmin from user admin")
    rows = desk.rows(
        "select grantee_name, created_on, deleted_on from snowflake.account_usage.grants_to_users "
        "where role = 'ACCOUNTADMIN' order by 1"
    )
    assert rows == [("ADMIN", born, ended), ("B", ended, None)]


def grants(desk: Desk, where: str) -> list[tuple[Cell, ...]]:
    return desk.rows(
        "select privilege, granted_on, name, grantee_name, grant_option, granted_by, "
        "created_on, deleted_on from snowflake.account_usage.grants_to_roles "
        f"where {where} order by created_on, privilege, grantee_name, deleted_on nulls last"
    )


def test_privileges_and_inherited_roles_are_kept_when_they_end(desk: Desk) -> None:
    made = later(desk, "create role low; create role high; grant role low to role high;")
    desk.run("grant create user on account to role low with grant option")
    freed = later(desk, "revoke grant option for create user on account from role low")
    ended = later(desk, "revoke create user on account from role low")
    cut = later(desk, "revoke role low from role high")
    assert grants(desk, "grantee_name in ('LOW', 'HIGH')") == [
        ("CREATE USER", "ACCOUNT", "DEMO", "LOW", False, "ACCOUNTADMIN", made, ended),
        ("USAGE", "ROLE", "LOW", "HIGH", False, "ACCOUNTADMIN", made, cut),
    ]
    assert freed < ended


def test_ownership_is_told_from_owner_to_owner(desk: Desk) -> None:
    made = later(desk, "create role prov; create user bob; create database d")
    moved = later(desk, "grant ownership on user bob to role prov")
    gone = later(desk, "drop role prov")
    owned = "privilege = 'OWNERSHIP' and name in ('BOB', 'D')"
    assert [(row[2], row[3], *row[6:]) for row in grants(desk, owned)] == [
        ("BOB", "ACCOUNTADMIN", made, moved),
        ("D", "ACCOUNTADMIN", made, None),
        ("BOB", "PROV", moved, gone),
        ("BOB", "ACCOUNTADMIN", gone, None),
    ]


def test_what_stood_on_an_object_ends_with_it(desk: Desk) -> None:
    later(desk, "create role r; create role run; grant role run to role accountadmin")
    desk.run("create security integration i type = scim scim_client = 'okta' run_as_role = 'RUN'")
    desk.run("create database d; create network policy p allowed_ip_list = ('192.0.2.1')")
    desk.run("grant usage on integration i to role r; grant usage on database d to role r")
    desk.run("grant usage on network policy p to role r")
    gone = later(desk, "drop integration i; drop database d; drop network policy p")
    ended = grants(desk, f"deleted_on = to_timestamp_ltz({gone}, 6)")
    assert sorted((str(row[0]), str(row[2]), str(row[3])) for row in ended) == [
        ("OWNERSHIP", "D", "ACCOUNTADMIN"),
        ("OWNERSHIP", "I", "ACCOUNTADMIN"),
        ("OWNERSHIP", "P", "ACCOUNTADMIN"),
        ("USAGE", "D", "R"),
        ("USAGE", "I", "R"),
        ("USAGE", "P", "R"),
    ]


@pytest.mark.parametrize("view", ["users", "roles", "grants_to_users", "grants_to_roles"])
def test_others_than_administrators_hear_that_there_is_no_such_view(desk: Desk, view: str) -> None:
    desk.run("create user bob password = 'x'")
    login = log_in(desk.account, desk.world, "BOB", "x", "192.0.2.1")
    worksheet = session_of(desk.account, desk.world, login.token, "192.0.2.1")
    refusal = refusal_of(worksheet, f"select * from snowflake.account_usage.{view}")
    assert (refusal.code, refusal.message.splitlines()[1]) == (
        "002003",
        f"Object 'SNOWFLAKE.ACCOUNT_USAGE.{view.upper()}' does not exist or not authorized.",
    )


@pytest.mark.parametrize(
    "name",
    ["users", "account_usage.users", "demo_db.account_usage.users", "a.b.c.users", "x.users"],
)
def test_a_view_is_found_by_its_whole_name_alone(desk: Desk, name: str) -> None:
    assert desk.refusal(f"select * from {name}").code == "002003"
