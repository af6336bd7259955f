"""What SQL and SCIM say of the same resource: whose it is, how it is handed over, what stopped."""

import json
from collections.abc import Iterator

import msgspec
import pytest

from builders import NOW
from rolecall.domain.tables import Cell
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming
from rolecall.select.duck import DuckSelecting
from scim_client import Answered, group_of, patch_of, user_of
from sql_world import Desk

SETUP = """
create role okta_provisioner;
grant create user on account to role okta_provisioner;
grant create role on account to role okta_provisioner;
grant role okta_provisioner to role accountadmin;
create security integration okta type = scim scim_client = 'okta' run_as_role = okta_provisioner;
select system$generate_scim_access_token('OKTA', 'production');
"""
HISTORY = (
    "select details from table(demo_db.information_schema.rest_event_history('scim')) "
    "where status = 'FAILURE' order by event_id desc limit 1"
)
DAY = 86_400 * 1_000_000


class Office(msgspec.Struct):
    """An administrator's desk, and a provider with a token that the administrator issued."""

    desk: Desk

    def ask(
        self, method: str, path: str, body: object = None, *, token: str = "token-1"
    ) -> Answered:
        place, _, query = path.partition("?")
        came = Incoming(
            method=method,
            path=place,
            query=query,
            body=b"" if body is None else json.dumps(body).encode(),
            authorization=f"Bearer {token}",
        )
        front = ScimFront(self.desk.account, self.desk.world)
        answer = front.run(Exchange(came, self.desk.clock.at, self.desk.world.ids.new()))
        return Answered(status=answer.status, text=answer.body.decode(), headers={})

    def stopped(self, name: str) -> Cell:
        """What SHOW SCIM_RESOURCES says of one resource."""
        (row,) = self.desk.column(f"show scim_resources like '{name}'", "sync_stopped")
        return row


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckSelecting]:
    found = DuckSelecting()
    yield found
    found.close()


@pytest.fixture
def office(engine: DuckSelecting) -> Office:
    desk = Desk(engine)
    desk.run(SETUP)
    return Office(desk=desk)


# ---- adoption ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "make", "named"),
    [
        ("/Users", user_of("bob"), "create user bob", "user BOB"),
        ("/Groups", group_of("GUIDES"), "create role guides", "role GUIDES"),
    ],
)
def test_what_sql_made_is_adopted_by_the_statement_that_the_history_names(
    office: Office, path: str, body: dict[str, object], make: str, named: str
) -> None:
    office.desk.run(make)
    refused = office.ask("POST", path, body)
    assert refused.status == 409
    assert "ACCOUNTADMIN" not in refused.text

    ((details,),) = office.desk.rows(HISTORY)
    told = json.loads(str(details))
    statement = f"grant ownership on {named} to role OKTA_PROVISIONER"
    assert told["why"].endswith("the account's audit trail says what to do.")
    assert "belongs to role ACCOUNTADMIN" in told["fix"]
    assert told["fix"].endswith(statement)

    office.desk.run(statement)
    again = office.ask("POST", path, body)
    assert again.status == 409
    name = "userName" if path == "/Users" else "displayName"
    value = body[name]
    (found,) = office.ask("GET", f'{path}?filter={name} eq "{value}"').found
    assert found in again.json["detail"]
    linked = patch_of({"op": "add", "path": "externalId", "value": "00u1"})
    assert office.ask("PATCH", f"{path}/{found}", linked).status == 200
    assert office.ask("GET", f'{path}?filter=externalId eq "00u1"').found == [found]
    assert office.ask("PUT", f"{path}/{found}", {**body, "externalId": "00u2"}).status == 200
    assert office.ask("GET", f'{path}?filter=externalId eq "00u2"').found == [found]


# ---- SHOW SCIM_RESOURCES -----------------------------------------------------------------------


def test_a_resource_shows_who_wrote_it_and_when(office: Office) -> None:
    bob = office.ask("POST", "/Users", user_of("bob", externalId="00u1")).id
    office.desk.clock.at = NOW + DAY
    office.desk.run('alter user "BOB" set disabled = true')
    (row,) = office.desk.rows("show scim_resources in integration okta")
    assert row == (
        bob,
        "00u1",
        "BOB",
        "USER",
        "OKTA",
        "OKTA_PROVISIONER",
        "false",
        NOW,
        NOW + DAY,
        "ann",
        None,
    )


def test_resources_are_narrowed_by_name_and_number(office: Office) -> None:
    office.ask("POST", "/Users", user_of("bob"))
    office.ask("POST", "/Groups", group_of("GUIDES"))
    assert office.desk.column("show scim_resources", "name") == ["BOB", "GUIDES"]
    assert office.desk.column("show scim_resources like 'g%' in okta", "kind") == ["ROLE"]
    assert office.desk.column("show scim_resources limit 1", "name") == ["BOB"]


@pytest.mark.parametrize(("make", "kind"), [("Users", "user"), ("Groups", "role")])
def test_an_owner_who_took_it_away_stopped_the_sync(office: Office, make: str, kind: str) -> None:
    body = user_of("bob", externalId="x") if make == "Users" else group_of("BOB", externalId="x")
    office.ask("POST", f"/{make}", body)
    assert office.stopped("BOB") is None
    office.desk.run(f"grant ownership on {kind} bob to role sysadmin copy current grants")
    assert office.stopped("BOB") == (
        f"it belongs to role SYSADMIN: grant ownership on {kind} BOB to role OKTA_PROVISIONER"
    )


def test_what_an_inherited_role_owns_still_syncs(office: Office) -> None:
    office.ask("POST", "/Users", user_of("bob", externalId="x"))
    office.desk.run(
        "create role below; grant role below to role okta_provisioner;"
        "grant ownership on user bob to role below"
    )
    assert office.stopped("BOB") is None


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("alter security integration okta set enabled = false", "the integration is disabled"),
        (
            "alter security integration okta set reject_tokens_issued_before = '2026-02-01'",
            "no token of the integration is in force",
        ),
    ],
)
def test_what_stops_an_integration_stops_all_its_resources(
    office: Office, statement: str, why: str
) -> None:
    office.ask("POST", "/Users", user_of("bob"))
    office.desk.run(statement)
    assert office.stopped("BOB") == why


def test_six_months_later_the_sync_has_stopped_and_somebody_is_told(office: Office) -> None:
    office.ask("POST", "/Users", user_of("bob"))
    office.desk.clock.at = NOW + 200 * DAY
    assert office.stopped("BOB") == "no token of the integration is in force"


def test_a_dropped_role_stopped_the_sync(office: Office) -> None:
    office.ask("POST", "/Users", user_of("bob", externalId="x"))
    office.desk.run("drop role okta_provisioner")
    assert office.stopped("BOB") == "the role that the integration runs as was dropped"


def test_only_who_owns_the_integration_sees_its_resources(office: Office) -> None:
    office.ask("POST", "/Users", user_of("bob"))
    office.desk.run(
        "create role other; grant role other to role accountadmin;"
        "use role other; use secondary roles none"
    )
    assert office.desk.rows("show scim_resources") == []
    assert office.desk.refusal("show scim_resources in okta").code == "002003"
    assert office.desk.refusal("show scim_resources in nobody").code == "002003"


# ---- CONFORMANCE = 'SNOWFLAKE' -----------------------------------------------------------------

AZURE = """
drop security integration okta;
create security integration okta type = scim scim_client = 'azure'
    run_as_role = okta_provisioner conformance = 'SNOWFLAKE';
select system$generate_scim_access_token('OKTA', 'again');
"""


@pytest.mark.parametrize("known_by", ["externalId", "history"])
@pytest.mark.parametrize(
    ("path", "body", "kind", "name"),
    [("/Users", user_of("bob"), "user", "BOB"), ("/Groups", group_of("GUIDES"), "role", "GUIDES")],
)
def test_what_the_integration_provisioned_is_handed_back_to_it(
    office: Office, path: str, body: dict[str, object], kind: str, name: str, known_by: str
) -> None:
    office.desk.run(AZURE)
    body = {**body, "externalId": "7"} if known_by == "externalId" else body
    assert office.ask("POST", path, body, token="token-2").status == 201
    taken = f"grant ownership on {kind} {name} to role useradmin"
    back = f"grant ownership on {kind} {name} to role okta_provisioner"
    assert office.desk.said(taken) == office.desk.said(back)


def test_the_operator_reads_how_to_adopt_all_the_same(office: Office) -> None:
    office.desk.run(AZURE)
    office.desk.run("create user eve")
    refusal = office.desk.refusal("grant ownership on user eve to role okta_provisioner")
    assert refusal.fix == "alter security integration OKTA set conformance = 'RFC'"
