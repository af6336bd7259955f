"""An account with an integration, and a service user whose access token knocks there."""

import json

import pytest

from builders import SECOND, an_account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.ports import Store
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_answers import Exchange, Incoming, Reply
from rolecall.fronts.sql import local_worksheet
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


@pytest.fixture
def desk(each_store: Store) -> Caller:
    return Caller(each_store)
