"""MONITOR on an integration, granted in SQL, shows that integration's requests and no others."""

from msgspec.structs import replace

from builders import integration_session
from rolecall.fronts.login import log_in, session_of
from rolecall.select.duck import DuckSelecting
from scim_client import ScimClientInProcess, user_of
from sql_world import Desk, refusal_of

HISTORY = "select actor_name from table(snowflake.information_schema.rest_event_history('scim'))"
EVENTS = "select distinct integration from snowflake.account_usage.rest_events"
CHANGES = "select * from snowflake.account_usage.changes"


def test_who_monitors_one_integration_reads_its_requests_alone(duck: DuckSelecting) -> None:
    desk = Desk(duck)
    okta = ScimClientInProcess(desk.account)
    assert okta.post("/Users", user_of("ada")).status == 201
    integration_session(desk.account, "AAD", "AAD_PROVISIONER")
    (theirs,) = [one for one in desk.attempts() if one.integration == "OKTA"]
    desk.account.store.note(1, replace(theirs, integration="AAD", actor="AAD"))
    assert sorted(desk.rows(HISTORY)) == [("AAD",), ("OKTA",)]
    desk.run("create user bob password = 'swordfish'; create role idp_team")
    desk.run("grant role idp_team to user bob; alter user bob set default_role = idp_team")
    login = log_in(desk.account, desk.world, "bob", "swordfish", "192.0.2.1")
    bob = session_of(desk.account, desk.world, login.token, "192.0.2.1")

    assert refusal_of(bob, HISTORY).code == "003001"
    desk.run("grant monitor on integration okta to role idp_team")
    (answer,) = bob.run(HISTORY)
    assert answer.table.rows == [("OKTA",)]
    (answer,) = bob.run(EVENTS)
    assert answer.table.rows == [("OKTA",)]
    assert refusal_of(bob, CHANGES).code == "002003"
    desk.run("revoke monitor on integration okta from role idp_team")
    assert refusal_of(bob, HISTORY).code == "003001"
