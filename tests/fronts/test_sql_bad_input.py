"""Bad input in SQL: refused with its code and place, soon, and nothing of the account changes."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.founding import SYSTEM_ROLES
from rolecall.domain.names import NAME_LENGTH_MAX
from rolecall.domain.properties import TEXT_LENGTH_MAX
from rolecall.fronts.sql import SqlRefusal
from rolecall.sql.cursor import (
    PARENTHESES_DEPTH_MAX,
    SCRIPT_CHARACTERS_MAX,
    STATEMENT_BYTES_MAX,
)
from sql_world import Desk

SECONDS_MAX = 2.0
SET_UP = """\
create role analyst;
create user bob login_name = 'bob' type = service;
create network rule office type = ipv4 value_list = ('192.0.2.0/24');
create network policy strict allowed_network_rule_list = ('office');
create database sales;
create security integration idp type = scim scim_client = 'generic' run_as_role = 'ACCOUNTADMIN';
grant create user on account to role analyst"""
SYNTAX, VALUE = "001003", "001008"

# For every kind of statement that changes something: what is missing or not known.
MISSING = """\
create
create role
create user
create database
create network policy
create network rule
create security integration
create security integration x
create security integration x type = scim
create security integration x type = scim scim_client = 'okta'
create account
alter role
alter role analyst
alter role analyst rename
alter role analyst rename to
alter role analyst set
alter role analyst set comment
alter role analyst set comment =
alter role analyst unset
alter user bob set
alter user bob unset
alter user bob add programmatic access token
alter user bob rotate pat
alter user bob modify pat x
alter user bob remove pat
alter user bob reset
alter network policy strict add
alter network policy strict remove allowed_network_rule_list
alter network rule office
alter security integration idp
alter security integration idp set
alter security integration idp revoke token
alter account set
alter account unset
alter session set
drop
drop role
drop user
drop integration
drop network policy
drop network rule
drop account
drop account x
undrop account
grant
grant role
grant role analyst
grant role analyst to
grant role analyst to user
grant create user
grant create user on
grant create user on account
grant create user on account to role
grant usage on integration
grant ownership on role analyst
grant ownership on role analyst to role
grant ownership on all users
grant ownership on all users owned by role analyst
revoke role analyst
revoke role analyst from
revoke create user on account from
use
use role
use secondary roles
set x
set x =
unset
show
show grants on
show grants to role
show parameters in
describe
describe user"""
UNKNOWN_PROPERTIES = """\
create role x colour = 'red'
create user x colour = 'red'
create database x colour = 'red'
create network policy x colour = 'red'
create network rule x colour = 'red'
create security integration x type = scim scim_client = 'okta' run_as_role = 'X' colour = 'red'
create account x admin_name = y admin_password = 'z' colour = 'red'
alter role analyst set colour = 'red'
alter user bob set colour = 'red'
alter user bob add pat x colour = 'red'
alter network policy strict set colour = 'red'
alter network policy strict add colour = ('red')
alter network rule office set colour = 'red'
alter security integration idp set colour = 'red'
alter role analyst unset colour
alter user bob unset colour
grant fly on account to role analyst
grant usage on planet mars to role analyst"""
WRONG_TYPES = """\
create role x comment = 7
create role 'x'
create role 7
create user x disabled = 'perhaps'
create user x email = 7
create user x days_to_expiry = 'soon'
create user x password = 7
create network rule x type = ipv4 value_list = 7
create network policy x allowed_ip_list = 192
create security integration x type = scim scim_client = 7 run_as_role = 'X'
alter user bob set must_change_password = 3
alter user bob add pat x days_to_expiry = 'long'
alter security integration idp set enabled = 'perhaps'
drop account x grace_period_in_days = 'three'
show roles like 7
show roles limit 'many'
grant 'create user' on account to role analyst"""
REFUSED = [*MISSING.splitlines(), *UNKNOWN_PROPERTIES.splitlines(), *WRONG_TYPES.splitlines()]

LONG = "x" * (NAME_LENGTH_MAX + 1)
TEXT = "x" * (TEXT_LENGTH_MAX + 1)
INTEGRATION = (
    "create security integration x type = scim scim_client = 'okta' run_as_role = 'PUBLIC'"
)
BIG = {
    "a name": f"create role {LONG}",
    "a quoted name": f'create role "{LONG}"',
    "a new name": f"alter role analyst rename to {LONG}",
    "a comment of a role": f"create role x comment = '{TEXT}'",
    "a new comment of a role": f"create or replace role analyst comment = '{TEXT}'",
    "a comment of a user": f"create user x comment = '{TEXT}'",
    "a comment of a database": f"create database x comment = '{TEXT}'",
    "a comment of a policy": f"create network policy x comment = '{TEXT}'",
    "a comment of an integration": f"{INTEGRATION} comment = '{TEXT}'",
    "a new comment of an integration": f"alter security integration idp set comment = '{TEXT}'",
    "a token's comment": f"alter user bob add pat x role_restriction = public comment = '{TEXT}'",
    "a token's purpose": f"select system$generate_scim_access_token('IDP', '{TEXT}')",
    "a parameter": f"alter account set timezone = '{TEXT}'",
    "a login name": f"create user x login_name = '{LONG}'",
    "a statement": f"create role x comment = '{'x' * STATEMENT_BYTES_MAX}'",
    "a script": "create role x;" + " " * SCRIPT_CHARACTERS_MAX,
    "parentheses": "create role x comment = " + "(" * 100_000,
    "parentheses that close": f"select {'(' * 500}1{')' * 500}",
    "brackets of a list": "alter network rule office set value_list = " + "(" * 1_000,
    "a list": f"create network policy x allowed_ip_list = ({', '.join(['7'] * 50_000)})",
    "words": "create role x " + "comment " * 50_000,
    "quotes": "create role " + '"' * 100_001,
    "an open string": "create role x comment = 'x" + "''" * 100_000,
    "an open comment": "create role x /*" + "/* " * 100_000,
}


@pytest.fixture(scope="module")
def desk() -> Desk:
    made = Desk()
    made.run(SET_UP)
    return made


def changes(desk: Desk) -> int:
    """How much has happened to the account; what is refused adds nothing."""
    return desk.account.moment(lambda reading: reading.last_event())


def refused(desk: Desk, text: str) -> SqlRefusal:
    """The refusal, which comes soon and leaves the account as it was."""
    before, began = changes(desk), process_time()
    refusal = desk.refusal(text)
    assert process_time() - began < SECONDS_MAX
    assert changes(desk) == before
    return refusal


@pytest.mark.parametrize("statement", REFUSED)
def test_what_is_no_statement_is_refused_with_its_place(desk: Desk, statement: str) -> None:
    refusal = refused(desk, statement)
    assert refusal.code in {SYNTAX, VALUE}, refusal.message
    if refusal.code == SYNTAX:
        assert (refusal.line, refusal.column > 0) == (1, True)


@pytest.mark.parametrize("kind", BIG)
def test_what_is_too_large_is_refused_soon(desk: Desk, kind: str) -> None:
    refusal = refused(desk, BIG[kind])
    assert refusal.code in {SYNTAX, VALUE}, refusal.message
    assert len(refusal.message) < 1_000, "what was sent is not sent back"


def test_the_deepest_parentheses_are_named(desk: Desk) -> None:
    refusal = refused(desk, f"select {'(' * (PARENTHESES_DEPTH_MAX + 1)}1")
    assert str(PARENTHESES_DEPTH_MAX) in refusal.message


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    min_size=1,
    max_size=40,
)


@given(name=NAMES)
def test_a_quoted_name_holds_anything_or_is_refused_whole(name: str) -> None:
    desk = Desk()
    quoted = '"' + name.replace('"', '""') + '"'
    try:
        desk.run(f"create role {quoted}")
    except SqlRefusal:
        assert len(desk.rows("show roles")) == len(SYSTEM_ROLES)
        return
    assert name in desk.column("show roles", "name")
    desk.run(f"drop role {quoted}")
    assert name not in desk.column("show roles", "name")


def test_ten_thousand_statements_are_read_one_by_one_until_one_is_refused() -> None:
    desk = Desk()
    before, began = changes(desk), process_time()
    refusal = desk.refusal("use warehouse w;\n" * 9_999 + "create role")
    assert (refusal.code, refusal.line) == (SYNTAX, 10_000)
    assert changes(desk) == before
    assert process_time() - began < 30
