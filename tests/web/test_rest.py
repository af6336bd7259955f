"""The resource endpoints, as the vendor's Python library calls them (reference section 10c)."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.routing import Router

from rolecall.fronts import rest as front
from rolecall.fronts.login import log_in
from rolecall.web.accounts import Places
from rolecall.web.rest import Rest
from sql_world import Desk

Asked = tuple[int, Any]


class Api:
    """An account behind the endpoints, on an event loop of its own."""

    def __init__(self, desk: Desk, workers: ThreadPoolExecutor) -> None:
        self.desk = desk
        places = Places(lambda: [(1, "ACME", "DEMO")], "http://localhost")
        routes = Rest(places, lambda _: desk.account, desk.world, workers).routes()
        transport = httpx.ASGITransport(app=Router(routes))
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost/api/v2")
        self.token = log_in(desk.account, desk.world, "boss", "swordfish").token

    def ask(self, method: str, path: str, body: object = None) -> Asked:
        headers = {"authorization": f'Snowflake Token="{self.token}"'}
        asked = self.client.request(method, path, headers=headers, json=body)
        answer = self.loop.run_until_complete(asked)
        return answer.status_code, answer.json()

    def done(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  as it comes
        status, said = self.ask(method, path, body)
        assert status == 200, said
        return said


@pytest.fixture
def api() -> Iterator[Api]:
    desk = Desk()
    desk.run("create user boss password = 'swordfish' default_role = 'ACCOUNTADMIN'")
    desk.run("grant role accountadmin to user boss")
    with ThreadPoolExecutor(1) as workers:
        found = Api(desk, workers)
        yield found
        found.loop.run_until_complete(found.client.aclose())
        found.loop.close()


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


# ---- users -------------------------------------------------------------------------------------


def test_a_user_is_made_fetched_listed_and_dropped(api: Api) -> None:
    body = {
        "name": "bob",
        "login_name": "bob@example.com",
        "first_name": "Bob",
        "middle_name": "B.",
        "comment": "it's",
        "disabled": True,
        "default_secondary_roles": "NONE",
        "days_to_expiry": 3,
        "created_on": "ignored",
    }
    assert api.done("POST", "/users", body) == {"status": "User BOB successfully created."}
    user = api.done("GET", "/users/bob")
    said = [user[key] for key in ("name", "login_name", "first_name", "middle_name", "comment")]
    assert said == ["BOB", "bob@example.com", "Bob", "B.", "it's"]
    assert (user["disabled"], user["has_password"], user["owner"]) == (True, False, "ACCOUNTADMIN")
    assert user["default_secondary_roles"] == "NONE"
    assert names(api.done("GET", "/users")) == ["ADMIN", "BOB", "BOSS"]
    assert api.done("DELETE", "/users/BOB") == {"status": "BOB successfully dropped."}
    assert api.ask("GET", "/users/bob")[0] == 404


def test_a_list_of_users_is_narrowed(api: Api) -> None:
    for name in ("U1", "U2", "U3", "V1"):
        api.done("POST", "/users", {"name": name})
    assert names(api.done("GET", "/users?like=u%25")) == ["U1", "U2", "U3"]
    assert names(api.done("GET", "/users?startsWith=V")) == ["V1"]
    assert names(api.done("GET", "/users?startsWith=U&showLimit=2")) == ["U1", "U2"]
    assert names(api.done("GET", "/users?showLimit=2&fromName=U1"))[-1] == "U3"
    assert names(api.done("GET", "/users?like=u%25&fromName=U2")) == ["U3"]


def test_the_create_mode_says_what_becomes_of_the_one_that_is_there(api: Api) -> None:
    api.done("POST", "/users", {"name": "bob", "comment": "one"})
    assert api.ask("POST", "/users", {"name": "bob"})[0] == 409
    api.done("POST", "/users?createMode=ifNotExists", {"name": "bob", "comment": "two"})
    assert api.done("GET", "/users/bob")["comment"] == "one"
    api.done("POST", "/users?createMode=orReplace", {"name": "bob", "comment": "two"})
    assert api.done("GET", "/users/bob")["comment"] == "two"
    api.done("PUT", "/users/bob", {"name": "bob", "comment": "three"})
    assert api.done("GET", "/users/bob")["comment"] == "three"
    assert api.ask("POST", "/users?createMode=maybe", {"name": "x"})[0] == 400


def test_a_dropped_user_may_be_gone_already(api: Api) -> None:
    assert api.ask("DELETE", "/users/nobody")[0] == 404
    assert api.ask("DELETE", "/users/nobody?ifExists=true")[0] == 200


def test_a_quoted_name_is_another_name(api: Api) -> None:
    api.done("POST", "/users", {"name": '"Ann@x"'})
    assert api.done("GET", "/users/%22Ann@x%22")["name"] == '"Ann@x"'


def test_a_password_set_here_is_in_no_attempt(api: Api) -> None:
    api.done("POST", "/users", {"name": "bob", "password": "geheim-1"})
    assert log_in(api.desk.account, api.desk.world, "bob", "geheim-1").user_name == "BOB"
    assert "geheim-1" not in str(api.desk.attempts())
    assert "geheim" not in repr(front.Request(name="bob", query={}, body={"password": "geheim"}))


# ---- roles and grants --------------------------------------------------------------------------


def role(name: str) -> dict[str, Any]:
    return {"securable_type": "role", "securable": {"name": name}}


def test_roles_are_granted_to_users_and_roles_and_taken_back(api: Api) -> None:
    for name in ("clerk", "head"):
        api.done("POST", "/roles", {"name": name, "comment": "c"})
    api.done("POST", "/users", {"name": "bob"})
    api.done("POST", "/users/bob/grants", role("clerk"))
    api.done("POST", "/roles/head/grants", role("clerk"))
    (grant,) = api.done("GET", "/users/bob/grants")
    assert (grant["securable"], grant["securable_type"]) == ({"name": "CLERK"}, "ROLE")
    of = api.done("GET", "/roles/clerk/grants-of")
    assert {(each["granted_to"], each["grantee_name"]) for each in of} == {
        ("USER", "BOB"),
        ("ROLE", "HEAD"),
    }
    (on,) = (
        each for each in api.done("GET", "/roles/clerk/grants-on") if each["privilege"] != "USAGE"
    )
    assert (on["privilege"], on["grantee_name"]) == ("OWNERSHIP", "ACCOUNTADMIN")
    api.done("POST", "/users/bob/grants:revoke", role("clerk"))
    api.done("POST", "/roles/head/grants:revoke", role("clerk"))
    assert api.done("GET", "/users/bob/grants") == []
    assert api.done("GET", "/roles/clerk/grants-of") == []
    fetched = api.done("GET", "/roles/clerk")
    assert (fetched["name"], fetched["comment"], fetched["owner"]) == ("CLERK", "c", "ACCOUNTADMIN")
    api.done("DELETE", "/roles/head")
    assert "HEAD" not in names(api.done("GET", "/roles"))


def test_privileges_are_granted_to_roles_and_taken_back(api: Api) -> None:
    api.done("POST", "/roles", {"name": "clerk"})
    asked = {"securable_type": "account", "privileges": ["CREATE USER"], "grant_option": True}
    api.done("POST", "/roles/clerk/grants", asked)
    (grant,) = api.done("GET", "/roles/clerk/grants?showLimit=1")
    assert (grant["privileges"], grant["securable_type"]) == (["CREATE USER"], "ACCOUNT")
    assert grant["grant_option"] is True
    api.done("POST", "/roles/clerk/grants:revoke", asked)
    assert api.done("GET", "/roles/clerk/grants")[0]["grant_option"] is False
    plain = {**asked, "grant_option": False}
    api.done("POST", "/roles/clerk/grants:revoke?mode=cascade", plain)
    assert api.done("GET", "/roles/clerk/grants") == []
    on = {"securable_type": "DATABASE", "securable": {"name": "demo_db"}, "privileges": ["USAGE"]}
    api.done("POST", "/roles/clerk/grants", on)
    assert api.done("GET", "/roles/clerk/grants")[0]["securable"] == {"name": "DEMO_DB"}


# ---- network policies --------------------------------------------------------------------------


def test_a_network_policy_is_made_fetched_listed_and_dropped(api: Api) -> None:
    body = {
        "name": "p",
        "allowed_ip_list": ["192.0.2.0/24", "127.0.0.1"],
        "blocked_ip_list": ["192.0.2.9"],
        "comment": "c",
    }
    api.done("POST", "/network-policies", body)
    policy = api.done("GET", "/network-policies/p")
    assert (policy["name"], policy["comment"]) == ("P", "c")
    assert policy["allowed_ip_list"] == ["192.0.2.0/24", "127.0.0.1"]
    assert policy["blocked_ip_list"] == ["192.0.2.9"]
    assert names(api.done("GET", "/network-policies")) == ["P"]
    api.done("DELETE", "/network-policies/p")
    assert api.ask("GET", "/network-policies/p")[0] == 404
    assert api.ask("DELETE", "/network-policies/p?ifExists=true")[0] == 200


# ---- bad input ---------------------------------------------------------------------------------

BAD: list[tuple[str, str, object, int]] = [
    ("POST", "/users", {}, 400),
    ("POST", "/users", {"name": "bob; drop role x"}, 400),
    ("POST", "/users", {"name": "bob", "comment": 7}, 400),
    ("POST", "/users", {"name": "bob", "disabled": "no"}, 400),
    ("POST", "/users", {"name": "bob", "days_to_expiry": "x"}, 400),
    ("POST", "/users", {"name": "bob", "default_secondary_roles": "SOME"}, 400),
    ("POST", "/users", {"name": "bob", "network_policy": "a b"}, 400),
    ("POST", "/users", [], 400),
    ("GET", "/users?showLimit=0", None, 400),
    ("GET", "/users?showLimit=99999", None, 400),
    ("GET", "/users/a%20b", None, 400),
    ("POST", "/users/nobody/grants", role("clerk"), 404),
    ("POST", "/roles/public/grants", {"securable_type": "x;y", "privileges": ["A"]}, 400),
    ("POST", "/roles/public/grants", {"securable_type": "ACCOUNT"}, 400),
    ("POST", "/roles/public/grants", {"securable_type": "ACCOUNT", "privileges": "A"}, 400),
    ("POST", "/roles/public/grants", {"securable_type": "ROLE"}, 400),
    ("POST", "/roles/x/grants:revoke?mode=now", role("clerk"), 400),
    ("POST", "/roles/x/grants", {"securable_type": "ROLE", "containing_scope": {}}, 501),
    ("POST", "/network-policies", {"name": "p", "allowed_ip_list": "x"}, 400),
    ("GET", "/network-policies/p", None, 404),
    ("GET", "/roles/x/future-grants", None, 501),
    ("GET", "/users/x:get-tags", None, 501),
    ("DELETE", "/users", None, 405),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD)
def test_a_bad_request_is_refused(
    api: Api, method: str, path: str, body: object, status: int
) -> None:
    found, said = api.ask(method, path, body)
    assert (found, sorted(said)) == (status, ["code", "error_code", "message", "request_id"]), said


def test_who_may_not_is_refused_and_hears_no_more(api: Api) -> None:
    api.desk.run("create user eve password = 'salmon'")
    api.token = log_in(api.desk.account, api.desk.world, "eve", "salmon").token
    assert api.ask("POST", "/users", {"name": "bob"})[0] == 403
    assert "middle_name" not in api.done("GET", "/users/boss")
    api.desk.run("drop user eve")
    status, said = api.ask("GET", "/users")
    assert (status, said["code"]) == (401, "390112")
