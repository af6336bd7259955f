"""A user's access token speaks for an integration, while user, token and USAGE are in force."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from builders import SECOND, admin, an_account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands_accounts import DropAccount
from rolecall.domain.errors import LoginRefused, NotAuthorized, RoleNotGranted, TokenRefused
from rolecall.domain.ports import Store
from rolecall.domain.session import ActorKind
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming, Reply
from rolecall.fronts.scim_steps import Accepted, Write
from rolecall.fronts.sql import local_worksheet
from rolecall.store.memory import MemoryStore
from rolecall.store.sqlite import SqliteStore
from scim_client import URL, user_of
from sql_world import Desk

DAY = 86_400 * SECOND
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.1"
SET_UP = """
    create role okta_provisioner;
    grant create user, create role on account to role okta_provisioner;
    grant role okta_provisioner to role accountadmin;
    create security integration okta type = scim scim_client = 'generic'
      run_as_role = 'OKTA_PROVISIONER';
    create role scim_caller;
    grant usage on integration okta to role scim_caller;
    create user robot type = service default_role = scim_caller;
    grant role scim_caller to user robot;
    create network policy here allowed_ip_list = ('192.0.2.0/24');
    create network policy elsewhere allowed_ip_list = ('198.51.100.1');
"""


class Caller(Desk):
    """An account with an integration and a service user, whose access token knocks there."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.account = an_account(store)
        self.worksheet = local_worksheet(self.account, self.world, "ann")
        self.run(SET_UP)
        self.token = self.issue("robot add pat nightly role_restriction = 'SCIM_CALLER'")
        self.front = ScimFront(self.account, self.world)
        self.endpoint = self.endpoint_of("okta")

    def issue(self, what: str) -> str:
        return str(self.rows(f"alter user {what}")[0][1])

    def endpoint_of(self, integration: str) -> str:
        rows = self.rows(f"desc security integration {integration}")
        return next(str(row[2]) for row in rows if row[0] == "SCIM_ENDPOINT_ID")

    def exchange(self, method: str, path: str, token: str | None, address: str) -> Exchange:
        came = Incoming(
            method=method,
            path=path,
            base_url=URL,
            authorization=f"Bearer {token or self.token}",
            body=json.dumps(user_of("carol")).encode() if method == "POST" else b"",
            client_ip=address,
        )
        return Exchange(came, self.clock.now(), self.world.ids.new())

    def ask(
        self,
        path: str = "/Users",
        method: str = "GET",
        token: str | None = None,
        address: str = HERE,
    ) -> Reply:
        return self.front.run(self.exchange(method, path, token, address))

    def status(self, path: str = "/Users", token: str | None = None, address: str = HERE) -> int:
        return self.ask(path, token=token, address=address).status

    def last(self) -> Attempt:
        return self.requests()[-1]

    def requests(self) -> list[Attempt]:
        """What the history has of SCIM."""
        return [each for each in self.attempts() if each.kind is AttemptKind.SCIM]


@pytest.fixture(params=["memory", "sqlite"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Caller]:
    store: Store = (
        MemoryStore()
        if request.param == "memory"
        else SqliteStore(tmp_path / "rolecall.db", durable=False)
    )
    yield Caller(store)
    store.close()


def detail(reply: Reply) -> str:
    return str(json.loads(reply.body)["detail"])


# ---- what is let in ----------------------------------------------------------------------------


def test_what_it_creates_belongs_to_the_integrations_role_not_to_the_users(desk: Caller) -> None:
    assert desk.ask(method="POST").status == 201
    assert desk.column("show users like 'CAROL'", "owner") == ["OKTA_PROVISIONER"]
    assert desk.status() == 200


def test_the_user_gains_nothing_by_speaking_for_an_integration(desk: Caller) -> None:
    listed = json.loads(desk.ask().body)
    assert listed["totalResults"] == 0  # not even itself: the integration owns nobody


def test_the_history_names_the_integration_the_user_and_the_token(desk: Caller) -> None:
    for method, path in (("POST", "/Users"), ("GET", "/Users"), ("GET", "/Users/nobody")):
        desk.ask(path, method)
        attempt = desk.last()
        assert (attempt.integration, attempt.actor) == ("OKTA", "OKTA")
        told = json.loads(attempt.details or "{}")
        assert told["caller"] == {"user": "ROBOT", "access_token": "NIGHTLY"}
        assert attempt.token is not None
        assert desk.token not in str(attempt)


def test_the_operations_of_a_bulk_name_them_too(desk: Caller) -> None:
    exchange = desk.exchange("POST", "/Bulk", None, HERE)
    operation = {"method": "POST", "path": "/Users", "bulkId": "a", "data": user_of("dave")}
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    exchange.body = json.dumps({"schemas": [urn], "Operations": [operation]}).encode()
    assert desk.front.run(exchange).status == 200
    told = [json.loads(each.details or "{}").get("caller") for each in desk.requests()]
    assert told[-1] == {"user": "ROBOT", "access_token": "NIGHTLY"}


def test_its_use_is_on_record(desk: Caller) -> None:
    assert desk.status() == 200
    desk.account.store.flush()
    user = desk.account.login("robot")
    assert user is not None
    (token,) = desk.account.store.read(1, lambda r: r.access_tokens_of(user.id))
    assert token.last_used_at is not None


def test_a_token_of_every_role_needs_usage_for_one_of_them(desk: Caller) -> None:
    desk.run("create user ann; grant role scim_caller to user ann")
    token = desk.issue("ann add pat wide")
    assert desk.status(token=token) == 200
    desk.run("revoke role scim_caller from user ann")
    assert desk.status(token=token) == 403
    assert desk.last().fix == "grant usage on integration OKTA to role …"


def test_ownership_of_the_integration_is_enough(desk: Caller) -> None:
    desk.run("revoke usage on integration okta from role scim_caller")
    assert desk.status() == 403
    desk.run("grant ownership on integration okta to role scim_caller")
    assert desk.status() == 200


def test_usage_by_an_inherited_role_is_enough(desk: Caller) -> None:
    desk.run(
        "revoke usage on integration okta from role scim_caller; create role inner_role;"
        "grant usage on integration okta to role inner_role;"
        "grant role inner_role to role scim_caller"
    )
    assert desk.status() == 200


def test_its_end_is_announced_as_that_of_a_scim_token(desk: Caller) -> None:
    exchange = desk.exchange("GET", "/Users", None, HERE)
    desk.front.run(exchange)
    assert exchange.expires_at is None
    desk.clock.at += 14 * DAY
    exchange = desk.exchange("GET", "/Users", None, HERE)
    desk.front.run(exchange)
    assert exchange.expires_at == desk.clock.at + DAY


def test_no_scim_token_is_missed_where_access_tokens_are_in_use(desk: Caller) -> None:
    desk.ask(method="POST")
    (seen,) = desk.rows("show scim_resources in integration okta")
    assert "no token of the integration is in force" not in seen


# ---- which integration -------------------------------------------------------------------------


def test_the_url_may_leave_out_the_integration_while_one_alone_is_enabled(desk: Caller) -> None:
    desk.run(
        "create security integration other type = scim scim_client = 'generic'"
        " run_as_role = 'OKTA_PROVISIONER'"
    )
    reply = desk.ask()
    assert reply.status == 401
    assert "Use /scim/v2/<SCIM_ENDPOINT_ID>/" in detail(reply)
    assert desk.status(f"/{desk.endpoint}/Users") == 200
    assert desk.status(f"/{desk.endpoint_of('other')}/Users") == 403
    desk.run("alter security integration other set enabled = false")
    assert desk.status() == 200


def test_a_url_of_no_integration_is_refused(desk: Caller) -> None:
    assert desk.status(f"/{desk.world.ids.new()}/Users") == 401


# ---- what ends it ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "fix"),
    [
        ("alter user robot set disabled = true", 401, None),
        (
            "alter user robot set mins_to_unlock = 10",
            401,
            "alter user ROBOT set mins_to_unlock = 0",
        ),
        ("drop user robot", 401, None),
        ("alter user robot remove pat nightly", 401, None),
        (
            "alter user robot modify pat nightly set disabled = true",
            401,
            "alter user ROBOT modify programmatic access token NIGHTLY set disabled = false",
        ),
        (
            "revoke usage on integration okta from role scim_caller",
            403,
            "grant usage on integration OKTA to role SCIM_CALLER",
        ),
        (
            "revoke role scim_caller from user robot",
            403,
            "grant role SCIM_CALLER to user ROBOT",
        ),
        (
            "alter security integration okta set enabled = false",
            401,
            "alter security integration OKTA set enabled = true",
        ),
        (
            "alter security integration okta set reject_tokens_issued_before = '2100-01-01'",
            401,
            "alter user ROBOT add programmatic access token …",
        ),
        ("drop role scim_caller", 403, None),
        ("drop integration okta", 401, None),
    ],
)
def test_what_ends_it_refuses_the_next_request_and_one_that_waits(
    desk: Caller, change: str, status: int, fix: str | None
) -> None:
    path = f"/{desk.endpoint}/Users"
    exchange = desk.exchange("POST", path, None, HERE)
    accepted = desk.front.begin(exchange)
    assert isinstance(accepted, Accepted)
    step = desk.front.answer(exchange, accepted)
    assert isinstance(step, Write)
    desk.run(change)
    assert desk.status(path) == status
    if fix is not None:
        assert desk.last().fix == fix
    with pytest.raises((TokenRefused, LoginRefused, NotAuthorized, RoleNotGranted)):
        desk.account.execute(step.session, *step.commands)
    assert desk.rows("show users like 'CAROL'") == []


def test_an_expired_token_and_an_expired_user_are_refused(desk: Caller) -> None:
    desk.clock.at += 15 * DAY
    reply = desk.ask()
    assert (reply.status, detail(reply).startswith("Access token expired.")) == (401, True)
    assert desk.last().fix == "alter user ROBOT rotate programmatic access token NIGHTLY"
    token = desk.issue("robot add pat second role_restriction = 'SCIM_CALLER'")
    assert desk.status(token=token) == 200
    desk.run("alter user robot set days_to_expiry = 1")
    desk.clock.at += DAY
    assert desk.status(token=token) == 401
    assert desk.last().fix == "alter user ROBOT unset days_to_expiry"


def test_a_dropped_account_lets_nobody_in(desk: Caller) -> None:
    session = replace(admin(desk.account), actor_kind=ActorKind.SYSTEM)
    desk.account.execute(session, DropAccount(at=session.at, until=session.at + DAY))
    assert desk.status() == 401
    assert (desk.last().fix or "").startswith("undrop account")


def test_a_token_that_is_nobodys_is_refused(desk: Caller) -> None:
    assert desk.status(token="guessed") == 401


# ---- network policies --------------------------------------------------------------------------


def test_the_integrations_policy_counts_before_the_users(desk: Caller) -> None:
    desk.run("alter user robot set network_policy = elsewhere")
    assert [desk.status(address=each) for each in (HERE, ELSEWHERE)] == [403, 200]
    desk.run("alter security integration okta set network_policy = here")
    assert [desk.status(address=each) for each in (HERE, ELSEWHERE)] == [200, 403]
    desk.run("alter account set network_policy_precedence = 'user'")
    assert [desk.status(address=each) for each in (HERE, ELSEWHERE)] == [403, 200]


def test_a_refused_address_hears_nothing_of_the_token(desk: Caller) -> None:
    desk.run("alter security integration okta set network_policy = here")
    path = f"/{desk.endpoint}/Users"
    guessed = desk.ask(path, token="guessed", address=ELSEWHERE)
    assert guessed.body == desk.ask(path, address=ELSEWHERE).body
    desk.run("alter user robot remove pat nightly")
    assert guessed.body == desk.ask(path, address=ELSEWHERE).body


def test_a_token_that_bypasses_policies_is_held_to_the_integrations_alone(desk: Caller) -> None:
    token = desk.issue(
        "robot add pat bypass role_restriction = 'SCIM_CALLER'"
        " mins_to_bypass_network_policy_requirement = 10"
    )
    desk.run("alter user robot set network_policy = here")
    assert desk.status(token=token, address=ELSEWHERE) == 200
    desk.run("alter security integration okta set network_policy = here")
    assert desk.status(token=token, address=ELSEWHERE) == 403
