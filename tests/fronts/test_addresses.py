"""Who may knock is asked before anything else, on every surface (issue 6, reference section 6)."""

import json

import pytest

from rolecall.domain.attempts import AttemptKind
from rolecall.domain.errors import AddressRefused
from rolecall.fronts.login import log_in, session_of
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming, Reply
from rolecall.fronts.scim_steps import Accepted, Entrances
from rolecall.fronts.sql_refusals import SqlRefusal
from scim_client import ERROR_URN, URL
from sql_world import Desk

ELSEWHERE, HERE = "198.51.100.1", "192.0.2.7"
SET_UP = f"""
    create role okta_provisioner;
    grant create user, create role on account to role okta_provisioner;
    grant role okta_provisioner to role accountadmin;
    create security integration okta type = scim scim_client = 'okta'
      run_as_role = 'OKTA_PROVISIONER';
    create user bob password = 'swordfish';
    create network policy here allowed_ip_list = ('{HERE}/24') blocked_ip_list = ('192.0.2.9');
    create network policy elsewhere allowed_ip_list = ('{ELSEWHERE}');
"""


class Gatehouse(Desk):
    """An account with an integration, a user and two policies, and who knocks there."""

    def __init__(self) -> None:
        super().__init__()
        self.run(SET_UP)
        self.token = str(self.rows("select system$generate_scim_access_token('OKTA')")[0][0])
        self.front = ScimFront(self.account, self.world)
        rows = self.rows("desc security integration okta")
        self.endpoint = next(str(row[2]) for row in rows if row[0] == "SCIM_ENDPOINT_ID")

    def knock(self, address: str | None, token: str | None = None, path: str = "/Users") -> Reply:
        came = Incoming(
            method="GET",
            path=path,
            base_url=URL,
            authorization=f"Bearer {self.token if token is None else token}",
            client_ip=address,
        )
        return self.front.run(Exchange(came, self.clock.now(), self.world.ids.new()))

    def says(self, expression: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(str(self.rows(f"select {expression}")[0][0]))
        return found


@pytest.fixture
def desk() -> Gatehouse:
    return Gatehouse()


# ---- the policy in force -----------------------------------------------------------------------


def test_without_a_policy_everybody_may_knock(desk: Gatehouse) -> None:
    assert desk.knock(ELSEWHERE).status == 200
    assert desk.says(f"system$evaluate_network_policy('{ELSEWHERE}')")["allowed"] is True


def test_the_accounts_policy_judges_an_integration_without_one(desk: Gatehouse) -> None:
    desk.run("alter account set network_policy = here")
    assert [desk.knock(address).status for address in (HERE, ELSEWHERE)] == [200, 403]


def test_who_is_let_in_by_another_requests_token_is_judged_by_its_own_address(
    desk: Gatehouse,
) -> None:
    desk.run("alter account set network_policy = here")
    entrances: Entrances = {}

    def post(address: str) -> object:
        authorization = f"Bearer {desk.token}"
        came = Incoming(
            method="POST", path="/Users", authorization=authorization, client_ip=address
        )
        exchange = Exchange(came, desk.clock.now(), desk.world.ids.new())
        return desk.front.begin(exchange, entrances)

    assert isinstance(post(HERE), Accepted)
    with pytest.raises(AddressRefused):
        post(ELSEWHERE)


def test_an_integrations_policy_judges_alone_whatever_the_account_admits(desk: Gatehouse) -> None:
    desk.run("alter security integration okta set network_policy = elsewhere")
    assert [desk.knock(address).status for address in (HERE, ELSEWHERE)] == [403, 200]
    desk.run("alter account set network_policy = here")
    assert [desk.knock(address).status for address in (HERE, ELSEWHERE)] == [403, 200]
    desk.run("alter security integration okta unset network_policy")
    assert [desk.knock(address).status for address in (HERE, ELSEWHERE)] == [200, 403]


def test_an_integrations_policy_says_nothing_of_logins(desk: Gatehouse) -> None:
    desk.run("alter security integration okta set network_policy = elsewhere")
    assert log_in(desk.account, desk.world, "bob", "swordfish", HERE).user_name == "BOB"


def test_a_changed_policy_counts_at_the_next_request(desk: Gatehouse) -> None:
    desk.run("alter account set network_policy = here")
    desk.run(f"alter network policy here set allowed_ip_list = ('{ELSEWHERE}')")
    assert [desk.knock(address).status for address in (HERE, ELSEWHERE)] == [403, 200]


def test_a_rule_counts_in_the_policy_that_holds_it(desk: Gatehouse) -> None:
    desk.run(f"create network rule idp type = ipv4 value_list = ('{HERE}')")
    desk.run("alter network policy elsewhere add allowed_network_rule_list = ('IDP')")
    desk.run("alter account set network_policy = elsewhere")
    assert desk.knock(HERE).status == 200
    desk.run("alter network rule idp unset value_list")
    assert desk.knock(HERE).status == 403


# ---- the refusal -------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "guessed", ""])
def test_a_refused_address_hears_the_same_whatever_token_it_brings(
    desk: Gatehouse, token: str | None
) -> None:
    desk.run("alter account set network_policy = here")
    reply = desk.knock(ELSEWHERE, token)
    assert (reply.status, json.loads(reply.body)) == (
        403,
        {
            "schemas": [ERROR_URN],
            "status": "403",
            "detail": f"Requests from {ELSEWHERE} are not allowed. "
            "Contact the account's security administrator.",
        },
    )


def test_the_url_names_the_integration_before_the_token_does(desk: Gatehouse) -> None:
    desk.run("alter security integration okta set network_policy = elsewhere")
    path = f"/{desk.endpoint}/Users"
    assert desk.knock(HERE, "guessed", path).status == 403
    assert desk.knock(ELSEWHERE, "guessed", path).status == 401
    assert desk.knock(HERE, "guessed", f"/{desk.world.ids.new()}/Users").status == 401


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (ELSEWHERE, "no entry of it allows the address"),
        ("192.0.2.9", "its entry 192.0.2.9 blocks the address"),
        ("", "no entry of it allows the address"),
    ],
)
def test_the_history_names_the_policy_and_the_deciding_entry(
    desk: Gatehouse, address: str, why: str
) -> None:
    desk.run("alter account set network_policy = here")
    desk.knock(address)
    attempt = desk.attempts()[-1]
    assert (attempt.kind, attempt.status, attempt.actor) == (AttemptKind.SCIM, 403, "OKTA")
    assert attempt.fix == f"Network policy HERE of the account: {why}."


def test_who_works_on_the_machine_itself_is_not_judged(desk: Gatehouse) -> None:
    desk.run("alter account set network_policy = here")
    assert desk.knock(None).status == 200
    assert desk.rows("select current_user()")


# ---- logins and their statements ---------------------------------------------------------------


def refused(
    desk: Gatehouse, address: str, name: str = "bob", password: str = "guess"
) -> SqlRefusal:
    with pytest.raises(SqlRefusal) as raised:
        log_in(desk.account, desk.world, name, password, address)
    return raised.value


def test_a_login_is_judged_before_its_password(desk: Gatehouse) -> None:
    desk.run("alter account set network_policy = here")
    told = {
        (refusal.code, refusal.message)
        for refusal in (
            refused(desk, ELSEWHERE),
            refused(desk, ELSEWHERE, password="swordfish"),
            refused(desk, ELSEWHERE, name="nobody"),
        )
    }
    sentence = (
        f"Incoming request with IP/Token {ELSEWHERE} is not allowed to access this account. "
        "Contact your local security administrator."
    )
    assert told == {("390422", sentence)}
    assert desk.secrets.compared == []
    attempt = desk.attempts()[-1]
    assert (attempt.error_code, attempt.status, attempt.succeeded) == ("390422", 401, False)
    assert attempt.fix is not None


def test_a_users_own_policy_counts_instead_of_the_accounts(desk: Gatehouse) -> None:
    desk.run("alter account set network_policy = here")
    desk.run("alter user bob set network_policy = elsewhere")
    assert log_in(desk.account, desk.world, "bob", "swordfish", ELSEWHERE).user_name == "BOB"
    assert refused(desk, HERE, password="swordfish").code == "390422"


def test_an_open_session_ends_at_its_next_statement_when_a_policy_comes_into_force(
    desk: Gatehouse,
) -> None:
    login = log_in(desk.account, desk.world, "bob", "swordfish", ELSEWHERE)
    worksheet = session_of(desk.account, desk.world, login.token, ELSEWHERE)
    list(worksheet.run("select current_user()"))
    desk.run("alter account set network_policy = here")
    for statement in ("show roles", "alter user bob set comment = 'x'"):
        with pytest.raises(SqlRefusal) as raised:
            list(worksheet.run(statement))
        assert raised.value.code == "390422"


# ---- the dry run -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (f"'{HERE}'", (True, "HERE", "192.0.2.7/24", "ACCOUNT")),
        (f"'{ELSEWHERE}'", (False, "HERE", None, "ACCOUNT")),
        ("'192.0.2.9'", (False, "HERE", "192.0.2.9", "ACCOUNT")),
        (f"'{ELSEWHERE}', 'okta'", (True, "ELSEWHERE", ELSEWHERE, "INTEGRATION")),
    ],
)
def test_the_dry_run_says_what_a_request_would_meet(
    desk: Gatehouse, arguments: str, told: tuple[object, ...]
) -> None:
    desk.run("alter account set network_policy = here")
    desk.run("alter security integration okta set network_policy = elsewhere")
    found = desk.says(f"system$evaluate_network_policy({arguments})")
    keys = ("allowed", "policy", "entry", "attached_to")
    assert tuple(found[key] for key in keys) == told


def test_the_dry_run_is_for_those_who_may_know_the_policy(desk: Gatehouse) -> None:
    desk.run("alter account set network_policy = here")
    login = log_in(desk.account, desk.world, "bob", "swordfish", HERE)
    worksheet = session_of(desk.account, desk.world, login.token, HERE)
    with pytest.raises(SqlRefusal) as raised:
        list(worksheet.run(f"select system$evaluate_network_policy('{HERE}')"))
    assert raised.value.code == "003001"


def test_the_dry_run_of_an_unknown_integration_is_refused(desk: Gatehouse) -> None:
    with pytest.raises(SqlRefusal) as raised:
        desk.run(f"select system$evaluate_network_policy('{HERE}', 'nobody')")
    assert raised.value.code == "002003"


def test_the_dry_run_does_not_tell_whether_an_integration_is_there(desk: Gatehouse) -> None:
    login = log_in(desk.account, desk.world, "bob", "swordfish", HERE)
    worksheet = session_of(desk.account, desk.world, login.token, HERE)
    told = []
    for name in ("OKTA", "GHOST"):
        with pytest.raises(SqlRefusal) as raised:
            list(worksheet.run(f"select system$evaluate_network_policy('{HERE}', '{name}')"))
        told.append((raised.value.code, raised.value.message.replace(name, "…")))
    assert told[0] == told[1]
    assert told[0][0] == "002003"
