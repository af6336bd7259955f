"""At every door of a real server the address is judged before the credential, and told alike."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from rolecall_process import INTEGRATION, Server, started

pytestmark = pytest.mark.e2e

HERE, ELSEWHERE, THIRD = "192.0.2.7", "198.51.100.1", "203.0.113.9"
ISSUER, AUDIENCE = "https://issuer.example.com", "rolecall"
PASSWORD = "swordfish-and-more"
KEY = generate_private_key(65_537, 2_048)
DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ASKED: list[str] = []


class Keys(BaseHTTPRequestHandler):
    """The issuer's keys."""

    def do_GET(self) -> None:
        ASKED.append(self.path)
        key = {**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "a"}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": [key]}).encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def oauth_token() -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "bob", "iat": now, "exp": now + 600}
    return jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "a"})


def key_pair_token() -> str:
    now = int(time.time())
    print_ = "SHA256:" + base64.b64encode(hashlib.sha256(DER).digest()).decode()
    claims = {"iss": f"DEMO.BOB.{print_}", "sub": "DEMO.BOB", "iat": now, "exp": now + 600}
    return jwt.encode(claims, KEY, algorithm="RS256")


# ---- doors -------------------------------------------------------------------------------------


class Site:
    """A server that believes what a proxy on this machine says of addresses."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.client = httpx.Client(base_url=server.root, trust_env=False, timeout=30)
        bob = {"LOGIN_NAME": "bob", "PASSWORD": PASSWORD}
        self.session = self.log_in(bob, HERE)["data"]["token"]
        self.master = self.log_in(bob, HERE)["data"]["masterToken"]  # a renewal ends its session

    def asked(
        self,
        method: str,
        path: str,
        address: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        headers = {"X-Forwarded-For": address, "User-Agent": "test", **(headers or {})}
        answer = self.client.request(method, path, headers=headers, json=body)
        is_json = answer.headers["content-type"].split(";")[0].endswith(("/json", "+json"))
        said = answer.json() if is_json else {}
        said = said if isinstance(said, dict) else {"rows": said}
        # An answer's own number is no part of what it says.
        told = {name: value for name, value in said.items() if name != "request_id"}
        return {"status": answer.status_code, **told}

    def log_in(self, data: dict[str, str], address: str) -> dict[str, Any]:
        return self.asked("POST", "/session/v1/login-request", address, {"data": data})


Door = Callable[[Site, str, str], dict[str, Any]]


def bearer(method: str, path: str, body: object = None, kind: str | None = None) -> Door:
    """A door that takes `Authorization: Bearer`."""

    def ask(site: Site, secret: str, address: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        if kind is not None:
            headers["X-Snowflake-Authorization-Token-Type"] = kind
        return site.asked(method, path, address, body, headers)

    return ask


def token(path: str, body: object = None, method: str = "POST") -> Door:
    """A door of the drivers, who send `Authorization: Snowflake Token="…"`."""

    def ask(site: Site, secret: str, address: str) -> dict[str, Any]:
        headers = {"Authorization": f'Snowflake Token="{secret}"'} if secret else {}
        return site.asked(method, path, address, body, headers)

    return ask


def login(authenticator: str, field: str) -> Door:
    """A driver's login."""

    def ask(site: Site, secret: str, address: str) -> dict[str, Any]:
        data = {"LOGIN_NAME": "bob", "AUTHENTICATOR": authenticator, field: secret}
        return site.log_in(data, address)

    return ask


QUERY = {"sqlText": "select 1"}
STATEMENT = {"statement": "select 1"}
DOORS: dict[str, tuple[str, Door]] = {
    "SCIM, SCIM token": ("scim", bearer("GET", "/scim/v2/Users")),
    "SCIM, access token": ("pat", bearer("GET", "/scim/v2/Users")),
    "SCIM, OAuth": ("oauth", bearer("GET", "/scim/v2/Users")),
    "driver, password": ("password", login("SNOWFLAKE", "PASSWORD")),
    "driver, key pair": ("key", login("SNOWFLAKE_JWT", "TOKEN")),
    "driver, access token": ("pat", login("PROGRAMMATIC_ACCESS_TOKEN", "TOKEN")),
    "driver, session": ("session", token("/queries/v1/query-request?requestId=r", QUERY)),
    "driver, heartbeat": ("session", token("/session/heartbeat", {})),
    "driver, statement's state": ("session", token("/monitoring/queries/x", method="GET")),
    "driver, statement's end": ("session", token("/queries/x/abort-request", {})),
    "driver, renewal": ("master", token("/session/token-request", {})),
    "SQL API, key pair": ("key", bearer("POST", "/api/v2/statements", STATEMENT)),
    "SQL API, access token": (
        "pat",
        bearer("POST", "/api/v2/statements", STATEMENT, "PROGRAMMATIC_ACCESS_TOKEN"),
    ),
    "SQL API, session": ("session", bearer("POST", "/api/v2/statements", STATEMENT)),
    "REST, access token": ("pat", bearer("GET", "/api/v2/users")),
    "REST, session": ("session", bearer("GET", "/api/v2/users")),
    "events, access token": ("pat", bearer("GET", "/events")),
    "events, session": ("session", bearer("GET", "/events")),
}
"""Every credential at every surface that takes it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("doors")
    options = ("--trusted-proxy", "127.0.0.1", "--internal-issuer", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as keys:
        Thread(target=keys.serve_forever, daemon=True).start()
        with started(folder, "--data", str(folder / "data"), *options) as server:
            server.token = server.issue_token(folder)
            server.sql(SET_UP.format(url=f"http://127.0.0.1:{keys.server_port}/keys"))
            found = Site(server)
            yield found
            found.client.close()
        keys.shutdown()


SET_UP = f"""
    create role speaks;
    grant usage on integration {INTEGRATION} to role speaks;
    grant monitor on account to role speaks;
    create user bob password = '{PASSWORD}' default_role = speaks
      rsa_public_key = '{base64.b64encode(DER).decode()}';
    grant role speaks to user bob;
    create security integration sso type = external_oauth external_oauth_type = custom
      external_oauth_issuer = '{ISSUER}' external_oauth_jws_keys_url = '{{url}}'
      external_oauth_audience_list = ('{AUDIENCE}')
      external_oauth_token_user_mapping_claim = 'sub'
      external_oauth_snowflake_user_mapping_attribute = 'login_name';
    create network policy office allowed_ip_list = ('{HERE}');
    alter account set network_policy = office;
"""


@pytest.fixture(scope="module")
def secrets(site: Site) -> dict[str, str]:
    made = site.server.sql(
        "alter user bob add programmatic access token t"
        " mins_to_bypass_network_policy_requirement = 60",
        "--format",
        "json",
    )
    return {
        "scim": site.server.token,
        "pat": json.loads(made)[0]["token_secret"],
        "oauth": oauth_token(),
        "key": key_pair_token(),
        "password": PASSWORD,
        "session": site.session,
        "master": site.master,
    }


@pytest.mark.parametrize("name", DOORS)
def test_an_address_is_refused_in_the_same_words_whatever_credential_it_brings(
    site: Site, secrets: dict[str, str], name: str
) -> None:
    kind, door = DOORS[name]
    good = secrets[kind]
    altered = good[:-3] + ("abc" if good[-3:] != "abc" else "xyz")
    ASKED.clear()
    told = [door(site, secret, ELSEWHERE) for secret in (good, altered, "guessed", "")]
    assert ELSEWHERE in json.dumps(told[0])
    assert all(each == told[0] for each in told)
    assert ASKED == [], "nobody is asked for keys before the address is judged"
    here = [door(site, secret, HERE) for secret in (good, altered, "")]
    assert all(HERE not in json.dumps(each) for each in here)
    assert here[0]["status"] == 200
    assert here[0].get("success", True) is True
    assert here[1] != here[0]
    assert here[2] != here[0]


def test_what_a_session_has_asked_is_not_shown_elsewhere(site: Site) -> None:
    ask = token("/queries/v1/query-request?requestId=mine", QUERY)
    query = ask(site, site.session, HERE)["data"]["queryId"]
    result = token(f"/queries/{query}/result", method="GET")
    assert result(site, site.session, HERE)["success"] is True
    assert result(site, site.session, ELSEWHERE)["code"] == "390422"
    again = token("/queries/v1/query-request?requestId=other", QUERY)
    assert again(site, site.session, ELSEWHERE)["code"] == "390422"
    ended = token("/session?delete=true", {})
    assert ended(site, site.session, ELSEWHERE)["code"] == "390422"
    assert ask(site, site.session, HERE)["success"] is True


def test_a_sessions_token_that_came_from_elsewhere_is_in_the_history(site: Site) -> None:
    # Of a place of its own: beyond ten refusals a second the history only counts.
    token("/session/heartbeat", {})(site, site.session, THIRD)
    wanted = {"USER_NAME": "BOB", "IS_SUCCESS": "NO", "ERROR_CODE": 390422}
    until = time.monotonic() + 10  # what was refused is written within a second
    while wanted not in logins_from(site, THIRD):
        assert time.monotonic() < until
        time.sleep(0.1)


def logins_from(site: Site, address: str) -> list[dict[str, Any]]:
    """What LOGIN_HISTORY says of requests with a session's token."""
    found: list[dict[str, Any]] = json.loads(
        site.server.sql(
            "select user_name, is_success, error_code"
            " from table(information_schema.login_history())"
            f" where client_ip = '{address}' and first_authentication_factor is null",
            "--format",
            "json",
        )
    )
    return found
