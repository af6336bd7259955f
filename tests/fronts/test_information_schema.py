"""INFORMATION_SCHEMA: what the session may know of databases, roles, grants and views."""

import pytest

from rolecall.fronts.login import log_in, session_of
from rolecall.select.duck import DuckSelecting
from sql_world import Desk


@pytest.fixture
def desk(duck: DuckSelecting) -> Desk:
    desk = Desk(duck)
    desk.run("use database demo_db; use schema information_schema")
    return desk


def test_databases_and_their_schemas_are_listed(desk: Desk) -> None:
    query = "select database_name, database_owner, type from databases"
    assert desk.rows(query) == [("DEMO_DB", "ACCOUNTADMIN", "STANDARD")]
    assert desk.rows(
        "select catalog_name, schema_name from demo_db.information_schema.schemata"
    ) == [
        ("DEMO_DB", "INFORMATION_SCHEMA"),
        ("DEMO_DB", "PUBLIC"),
    ]
    assert desk.rows("select * from information_schema_catalog_name") == [("DEMO_DB",)]


def test_enabled_roles_follow_the_session(desk: Desk) -> None:
    desk.run("use role useradmin; use secondary roles none")
    assert desk.rows("select role_name from information_schema.enabled_roles") == [
        ("PUBLIC",),
        ("USERADMIN",),
    ]


def test_applicable_roles_say_how_a_role_is_reached(desk: Desk) -> None:
    desk.run("create role low; create role high; grant role low to role high")
    desk.run("create user bob password = 'x'; grant role high to user bob")
    login = log_in(desk.account, desk.world, "BOB", "x", None)
    bob = session_of(desk.account, desk.world, login.token)
    query = """select grantee, role_name, is_grantable
        from demo_db.information_schema.applicable_roles order by 1"""
    (answer,) = bob.run(query)
    assert answer.table.rows == [("BOB", "HIGH", "NO"), ("HIGH", "LOW", "NO")]


def test_object_privileges_are_those_of_the_sessions_roles(desk: Desk) -> None:
    desk.run("create role low; grant create user on account to role low")
    desk.run("grant role low to user admin; use role low; use secondary roles none")
    query = (
        "select grantee, object_type, privilege_type, is_grantable, grantor from object_privileges"
    )
    assert desk.rows(query) == [("LOW", "ACCOUNT", "CREATE USER", "N", "ACCOUNTADMIN")]


def test_scim_resources_can_be_asked_for(desk: Desk) -> None:
    desk.run("create role run; grant role run to role accountadmin")
    desk.run("create security integration i type = scim scim_client = 'okta' run_as_role = 'RUN'")
    desk.run("grant create user on account to role run; use role run; create user ada")
    desk.run("use role accountadmin")
    query = "select name, kind, integration, active from scim_resources"
    assert desk.rows(query) == [("ADA", "USER", "I", True)]


def test_views_describe_themselves(desk: Desk) -> None:
    query = """select column_name, data_type from columns
        where table_name = 'ROLES' and ordinal_position < 3 order by ordinal_position"""
    assert desk.rows(query) == [("ROLE_ID", "TEXT"), ("CREATED_ON", "TIMESTAMP_LTZ")]
    query = "select count(*) = count(distinct table_schema, table_name) from tables"
    assert desk.rows(query.replace("table_schema, table_name", "table_schema || table_name")) == [
        (True,)
    ]


def test_a_view_is_found_in_its_schema_alone(desk: Desk) -> None:
    desk.run("use schema public")
    assert desk.refusal("select * from databases").code == "002003"
    assert desk.refusal("select * from nowhere.information_schema.databases").code == "002003"
