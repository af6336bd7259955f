"""A user's access token speaks for an integration, while user, token and USAGE are in force."""

import json

import pytest
from msgspec.structs import replace

from builders import admin
from rolecall.domain.commands_accounts import DropAccount
from rolecall.domain.errors import LoginRefused, NotAuthorized, RoleNotGranted, TokenRefused
from rolecall.domain.session import ActorKind
from rolecall.fronts.scim_answers import Reply
from rolecall.fronts.scim_steps import Accepted, Write
from scim_callers import DAY, ELSEWHERE, HERE, Caller, desk
from scim_client import user_of

__all__ = ["desk"]


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


def test_no_token_frees_itself_of_a_policy(desk: Caller) -> None:
    # Users may set it themselves: it lifts the vendor's demand for a policy, and no policy.
    token = desk.issue(
        "robot add pat bypass role_restriction = 'SCIM_CALLER'"
        " mins_to_bypass_network_policy_requirement = 10"
    )
    assert desk.status(token=token, address=ELSEWHERE) == 200
    for place in ("user robot", "security integration okta", "account"):
        desk.run(f"alter {place} set network_policy = here")
        assert [desk.status(token=token, address=each) for each in (HERE, ELSEWHERE)] == [200, 403]
        desk.run(f"alter {place} unset network_policy")
