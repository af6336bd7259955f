"""What a session may not know of is refused in the very words of what is not there."""

import pytest

from rolecall.fronts.login import log_in, session_of
from rolecall.fronts.sql import Worksheet
from sql_world import Desk, refusal_of

HIDDEN, ABSENT = "SECRET", "NOTHIN"

STATEMENTS = (
    "alter role {} set comment = 'x'",
    "alter role {} unset comment",
    "alter role {} rename to other",
    "create or alter role mine; drop role {}",
    "alter user {} set comment = 'x'",
    "alter user {} unset email",
    "alter user {} rename to other",
    "alter user {} set disabled = true",
    "drop user {}",
    "desc role {}",
    "desc user {}",
    "desc security integration {}",
    "alter security integration {} set enabled = false",
    "alter security integration {} unset comment",
    "alter security integration {} revoke token 'x'",
    "drop integration {}",
    "drop security integration {}",
    "show scim tokens in integration {}",
    "grant role {} to user bob",
    "grant role {} to role mine",
    "revoke role {} from user bob",
    "revoke role {} from role mine cascade",
    "revoke grant option for role {} from role mine",
    "grant monitor on user {} to role mine",
    "grant monitor on role {} to role mine",
    "grant usage on integration {} to role mine",
    "grant all privileges on user {} to role mine",
    "revoke monitor on user {} from role mine",
    "revoke grant option for monitor on role {} from role mine",
    "revoke usage on integration {} from role mine cascade",
    "grant usage on network policy {} to role mine",
    "revoke usage on network rule {} from role mine",
    "grant ownership on user {} to role mine",
    "grant ownership on role {} to role mine copy current grants",
    "grant ownership on integration {} to role mine",
    "grant ownership on network policy {} to role mine",
    "grant ownership on all users owned by role {} to role mine",
    "grant ownership on all roles owned by role {} to role mine",
    "show grants on user {}",
    "show grants on role {}",
    "show grants on integration {}",
    "show grants on network policy {}",
    "show grants to role {}",
    "show grants to user {}",
    "show grants of role {}",
    "use role {}",
    "select system$generate_scim_access_token('{}')",
    "select get_ddl('role', '{}')",
    "select get_ddl('user', '{}')",
    "select get_ddl('integration', '{}')",
    "select get_ddl('network policy', '{}')",
)
"""Each statement that names one object to look at or to change."""

SETUP = f"""
create role {HIDDEN}; create user {HIDDEN}; create role mine; create user bob password = 'x';
create security integration {HIDDEN} type = scim scim_client = 'okta' run_as_role = '{HIDDEN}';
grant role mine to user bob; grant create role on account to role mine;
create network policy {HIDDEN} allowed_ip_list = ('192.0.2.0/24');
create network rule {HIDDEN} type = ipv4 value_list = ('192.0.2.0/24');
"""


@pytest.fixture(scope="module")
def stranger() -> Worksheet:
    """BOB, who owns nothing of all this, and may create roles as MINE."""
    desk = Desk()
    desk.run(f"create role {HIDDEN}; grant role {HIDDEN} to role accountadmin;")
    desk.run(SETUP.replace(f"create role {HIDDEN};", "", 1))
    desk.run("grant ownership on role mine to role useradmin")
    login = log_in(desk.account, desk.world, "BOB", "x", None)
    worksheet = session_of(desk.account, desk.world, login.token, None)
    list(worksheet.run("use role mine"))
    return worksheet


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_hidden_and_the_absent_are_refused_alike(stranger: Worksheet, statement: str) -> None:
    hidden = refusal_of(stranger, statement.format(HIDDEN))
    absent = refusal_of(stranger, statement.format(ABSENT))
    assert hidden.message.replace(HIDDEN, ABSENT) == absent.message
    assert (hidden.code, hidden.sqlstate, hidden.fix) == (absent.code, absent.sqlstate, absent.fix)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_hidden_is_not_hinted_at_by_another_case(stranger: Worksheet, statement: str) -> None:
    near, far = f'"{HIDDEN.lower()}"', f'"{ABSENT.lower()}"'
    if "'" in statement.split("{}", maxsplit=1)[0]:
        near, far = near.strip('"'), far.strip('"')
    hidden = refusal_of(stranger, statement.format(near))
    absent = refusal_of(stranger, statement.format(far))
    assert hidden.message.upper().replace(HIDDEN, ABSENT) == absent.message.upper()


def test_create_or_alter_of_what_is_hidden_tells_no_id(stranger: Worksheet) -> None:
    refusal = refusal_of(stranger, f"create or alter user {HIDDEN} comment = 'x'")
    assert refusal.message.endswith(f"User '{HIDDEN}' does not exist or not authorized.")
