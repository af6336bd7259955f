"""A running server fetches an issuer's keys, away from its loop, and lets its tokens speak."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

from rolecall_process import INTEGRATION, Server, rolecall, started

pytestmark = pytest.mark.e2e

ISSUER = "https://issuer.example.com"
KEY = generate_private_key(65_537, 2_048)
MAY_ANSWER, WAS_ASKED = Event(), Event()


class Keys(BaseHTTPRequestHandler):
    """Answers with the key as soon as it may."""

    def do_GET(self) -> None:
        WAS_ASKED.set()
        MAY_ANSWER.wait(4)
        key = {**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "a"}
        body = json.dumps({"keys": [key]})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def keys_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/keys"
        server.shutdown()


def trusting(server: Server, keys_url: str) -> dict[str, str]:
    """The headers of a user's token, once the account trusts the issuer."""
    server.sql(
        f"create role speaks; grant usage on integration {INTEGRATION} to role speaks; "
        "create user robot default_role = speaks; grant role speaks to user robot; "
        "create security integration sso type = external_oauth external_oauth_type = custom"
        f" external_oauth_issuer = '{ISSUER}' external_oauth_jws_keys_url = '{keys_url}'"
        " external_oauth_audience_list = ('rolecall')"
        " external_oauth_token_user_mapping_claim = 'sub'"
        " external_oauth_snowflake_user_mapping_attribute = 'login_name'"
    )
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "rolecall", "sub": "robot", "iat": now, "exp": now + 60}
    token = jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "a"})
    return {"Authorization": f"Bearer {token}"}


def test_others_are_answered_while_the_issuer_is_asked(tmp_path: Path, keys_url: str) -> None:
    options = ("--data", str(tmp_path / "data"), "--internal-issuer", "127.0.0.1")
    with started(tmp_path, *options) as server:
        server.token = server.issue_token(tmp_path)
        headers = trusting(server, keys_url)
        told: list[int] = []

        def ask() -> None:
            with server.client() as client:
                told.append(client.get("/Users", headers=headers).status_code)

        waiting = Thread(target=ask)
        waiting.start()
        assert WAS_ASKED.wait(4)
        assert server.status() == 200
        assert told == []
        MAY_ANSWER.set()
        waiting.join()
        ask()
        assert told == [200, 200]


def test_an_issuer_within_the_network_is_asked_only_when_the_operator_allows_it(
    tmp_path: Path, keys_url: str
) -> None:
    WAS_ASKED.clear()
    with started(tmp_path, "--data", str(tmp_path / "data")) as server:
        server.token = server.issue_token(tmp_path)
        headers = trusting(server, keys_url)
        with server.client() as client:
            refused = client.get("/Users", headers=headers)
        server.awaited(
            f"keys of an OAuth issuer can't be had at {keys_url}: 127.0.0.1 is at 127.0.0.1, which "
            "is no public address"
        )
        assert "rolecall serve --internal-issuer 127.0.0.1" in server.output()
        assert server.status() == 200
    assert refused.status_code == 401
    assert "127.0.0.1" not in refused.json()["detail"]
    assert not WAS_ASKED.is_set()


def test_an_internal_issuer_that_is_none_is_refused_at_the_start() -> None:
    told = rolecall("serve", "--internal-issuer", "https://a.example", fails=2)
    assert "'https://a.example' is neither a host's name nor an address or network" in told
