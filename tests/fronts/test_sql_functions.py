"""GET_DDL prints what makes an object anew; the CURRENT functions say who asks, and where."""

import json

import pytest

from rolecall.fronts.login import log_in, session_of
from sql_world import Desk

OBJECTS = {
    "role": ("A B", """create role "A B" comment = 'it''s'"""),
    "user": (
        "zoe@example.com",
        """create user "zoe@example.com" login_name = 'Zoe' email = 'z@example.com'
        first_name = 'Zoë' type = service_agent disabled = true default_role = "Lead"
        default_secondary_roles = () comment = 'c'""",
    ),
    "integration": (
        "IDP",
        """create security integration idp type = scim scim_client = 'okta'
        run_as_role = 'ACCOUNTADMIN' sync_password = true enabled = false comment = 'c'
        network_policy = office attribute_aliases = ('lastName' = 'name.familyName')""",
    ),
    "network policy": (
        "OFFICE",
        "create network policy office allowed_ip_list = ('192.0.2.0/24') comment = 'c'",
    ),
    "network rule": (
        "HOME",
        "create network rule home type = ipv4 value_list = ('192.0.2.7') comment = 'c'",
    ),
}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("kind", OBJECTS)
def test_what_get_ddl_prints_makes_the_object_anew(desk: Desk, kind: str) -> None:
    name, create = OBJECTS[kind]
    if kind == "integration":
        desk.run(OBJECTS["network policy"][1])
    desk.run(create)
    if kind == "network rule":
        desk.run("create network policy unrelated allowed_network_rule_list = ('HOME'); ")
        desk.run("drop network policy unrelated")
    ask = f"""select get_ddl('{kind}', '"{name}"')"""
    ((text,),) = desk.rows(ask)
    assert isinstance(text, str)
    desk.run(text)
    assert desk.rows(ask) == [(text,)]


def test_get_ddl_of_a_simple_role_is_one_statement(desk: Desk) -> None:
    desk.run("create role plain")
    assert desk.rows("select get_ddl('ROLE', 'plain')") == [('CREATE OR REPLACE ROLE "PLAIN";',)]


def test_get_ddl_never_holds_a_password(desk: Desk) -> None:
    desk.run("create user bob password = 'geheim'")
    assert "geheim" not in str(desk.rows("select get_ddl('user', 'bob')"))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select get_ddl('table', 'x')", "001015"),
        ("select get_ddl('role', 'nobody')", "002003"),
        ("select get_ddl('role', 'two words')", "001003"),
    ],
)
def test_get_ddl_of_what_is_not_there_is_refused(desk: Desk, query: str, code: str) -> None:
    assert desk.refusal(query).code == code


def test_the_local_session_says_where_it_is(desk: Desk) -> None:
    desk.run("use role accountadmin")
    functions = "current_client(), current_ip_address(), current_region(), current_statement()"
    ((client, address, region, statement),) = desk.rows(f"select {functions}")
    assert str(client).startswith("rolecall ")
    assert (address, region, statement) == (None, "LOCAL", f"select {functions}")


def test_a_login_is_asked_for_its_roles_and_address(desk: Desk) -> None:
    desk.run("create user bob password = 'x'; create role a; create role b;")
    desk.run("grant role a to user bob; grant role b to user bob")
    login = log_in(desk.account, desk.world, "BOB", "x", "192.0.2.1")
    worksheet = session_of(desk.account, desk.world, login.token, "192.0.2.1")
    asked = "select current_available_roles(), current_ip_address(), current_client()"
    (answer,) = worksheet.run(asked)
    ((roles, address, client),) = answer.table.rows
    assert (json.loads(str(roles)), address, client) == (["A", "B", "PUBLIC"], "192.0.2.1", None)
    for use, said in (
        ("all", {"roles": "A,B", "value": "ALL"}),
        ("none", {"roles": "", "value": "NONE"}),
        ("b", {"roles": "B", "value": "B"}),
    ):
        *_, answer = worksheet.run(f"use secondary roles {use}; select current_secondary_roles()")
        assert json.loads(str(answer.table.rows[0][0])) == said


def test_the_last_query_is_the_one_before(desk: Desk) -> None:
    assert desk.rows("select last_query_id()") == [(None,)]
    first, second = desk.run("show roles; select last_query_id()")
    assert second.table.rows == [(first.query_id,)]


def test_is_role_in_session_knows_what_is_inherited(desk: Desk) -> None:
    desk.run("create role low; create role high; grant role low to role high")
    desk.run("grant role high to user admin; use role high; use secondary roles none")
    assert desk.rows("select is_role_in_session('LOW')") == [(True,)]
    assert desk.rows("select is_role_in_session('SYSADMIN')") == [(False,)]
