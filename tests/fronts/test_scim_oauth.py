"""A JSON Web Token of an OAuth issuer speaks for an integration as its user's access token does."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ec_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from msgspec.structs import replace

from builders import SECOND
from rolecall import oauth
from rolecall.domain.errors import Refusal
from rolecall.domain.model import Json
from rolecall.fronts.scim import ScimFront
from rolecall.fronts.scim_steps import Accepted, Write
from rolecall.outside import Allowance
from scim_callers import ELSEWHERE, HERE, Caller, desk

__all__ = ["desk"]

SENTENCE = "Access token invalid. Check that it was copied whole, for this account and URL."
ISSUER = "https://issuer.example.com"
RSA, OTHER = generate_private_key(65_537, 2_048), generate_private_key(65_537, 2_048)
EC = ec_key(SECP256R1())
Key = RSAPrivateKey | EllipticCurvePrivateKey


def jwk(key: Key, kid: str) -> dict[str, Any]:
    algorithm: Any = ECAlgorithm if key is EC else RSAAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


class Issuer:
    """Serves its keys on loopback."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [jwk(RSA, "one"), jwk(EC, "curve")]
        self.status, self.asked, self.cache = 200, 0, ""
        self.padding = ""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                body = json.dumps({"keys": issuer.keys, "padding": issuer.padding}).encode()
                self.send_response(issuer.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Cache-Control", issuer.cache)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/keys"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    found = Issuer()
    yield found
    found.close()


class Shower:
    """The account of `Caller`, with an OAuth integration, asked by signed tokens."""

    def __init__(self, desk: Caller, issuer: Issuer) -> None:
        self.desk, self.issuer = desk, issuer
        desk.world = replace(desk.world, oauth=oauth.TokenChecks(Allowance(["127.0.0.1"])))
        desk.front = ScimFront(desk.account, desk.world)
        desk.run(
            "create security integration sso type = external_oauth external_oauth_type = custom"
            f" external_oauth_issuer = '{ISSUER}' external_oauth_jws_keys_url = '{issuer.url}'"
            " external_oauth_audience_list = ('rolecall')"
            " external_oauth_token_user_mapping_claim = 'sub'"
            " external_oauth_snowflake_user_mapping_attribute = 'login_name'"
        )

    def claims(self, **changed: Json) -> dict[str, Any]:
        now = self.desk.clock.at // SECOND
        said = {"iss": ISSUER, "aud": "rolecall", "sub": "Robot", "iat": now, "exp": now + 600}
        return {name: each for name, each in {**said, **changed}.items() if each is not None}

    def token(
        self, key: Key = RSA, kid: str | None = "one", algorithm: str = "RS256", **changed: Json
    ) -> str:
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode(self.claims(**changed), key, algorithm=algorithm, headers=headers)

    def status(self, token: str | None = None, address: str = HERE, path: str = "/Users") -> int:
        return self.desk.status(path, token or self.token(), address)

    def why(self) -> str:
        return self.desk.last().fix or ""


@pytest.fixture
def shower(desk: Caller, issuer: Issuer) -> Shower:
    return Shower(desk, issuer)


# ---- what is let in ----------------------------------------------------------------------------


def test_a_good_token_speaks_for_the_integration_and_the_audit_says_whose(shower: Shower) -> None:
    reply = shower.desk.ask(method="POST", token=shower.token())
    assert reply.status == 201
    told = json.loads(shower.desk.last().details or "")["caller"]
    assert told == {"user": "ROBOT", "oauth_integration": "SSO", "claim": "sub"}
    assert shower.desk.last().integration == "OKTA"
    assert shower.status() == 200
    assert shower.issuer.asked == 1
    assert shower.status(path=f"/{shower.desk.endpoint}/Users") == 200


def test_a_curves_key_signs_too_and_an_audience_may_be_one_of_many(shower: Shower) -> None:
    assert shower.status(shower.token(EC, "curve", "ES256", aud=["x", "rolecall"])) == 200


def test_a_scim_token_and_an_access_token_are_looked_up_as_before(shower: Shower) -> None:
    assert shower.desk.status() == 200
    assert shower.issuer.asked == 0


def test_a_user_is_found_by_the_mail_address_if_one_alone_has_it(shower: Shower) -> None:
    run = shower.desk.run
    by = "external_oauth_snowflake_user_mapping_attribute"
    run(f"alter integration sso set {by} = 'email_address'")
    token = shower.token(sub="Robot@example.com")
    assert shower.status(token) == 401
    run("alter user robot set email = 'robot@example.com'")
    assert shower.status(token) == 200
    run("create user twin email = 'robot@example.com'")
    assert shower.status(token) == 401
    assert "more than one user" in shower.why()


def test_a_scope_names_the_role_and_one_alone(shower: Shower) -> None:
    run = shower.desk.run
    run("alter user robot unset default_role")
    assert shower.status() == 401
    assert shower.why() == "alter user ROBOT set default_role = …"
    assert shower.status(shower.token(scp=["session:role:scim_caller"])) == 200
    assert shower.status(shower.token(scp="openid session:role:nothing")) == 401
    assert shower.status(shower.token(scp="session:role:a session:role:b")) == 401
    run("alter integration sso set external_oauth_scope_mapping_attribute = 'scope'")
    assert shower.status(shower.token(scope="session:role:SCIM_CALLER")) == 200
    run("create role other")
    assert shower.status(shower.token(scope="session:role:other")) == 403


# ---- what is refused ---------------------------------------------------------------------------


def forged(shower: Shower, algorithm: str) -> str:
    """Signed by nobody, or by the public key as if it were a shared secret."""
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def part(said: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()

    text = f"{part({'alg': algorithm, 'kid': 'one', 'typ': 'JWT'})}.{part(shower.claims())}"
    mac = hmac.digest(pem, text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_an_algorithm_off_the_list_is_refused(shower: Shower, algorithm: str) -> None:
    assert shower.status(forged(shower, algorithm)) == 401
    assert "its algorithm is none of RS256, ES256" in shower.why()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://other.example.com"}, "has the token's issuer"),
        ({"iss": ISSUER + "/"}, "has the token's issuer"),
        ({"aud": "other"}, "EXTERNAL_OAUTH_AUDIENCE_LIST"),
        ({"aud": None}, "MissingRequiredClaim"),
        ({"exp": None}, "MissingRequiredClaim"),
        ({"iat": None}, "MissingRequiredClaim"),
        ({"exp": "soon"}, "its exp is no time"),
        ({"sub": None}, "as its claim sub"),
        ({"sub": 7}, "as its claim sub"),
        ({"sub": "nobody"}, "no user has LOGIN_NAME = its claim sub"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused_in_one_sentence(
    shower: Shower, changed: dict[str, Any], why: str
) -> None:
    reply = shower.desk.ask(token=shower.token(**changed))
    assert (reply.status, json.loads(reply.body)["detail"]) == (401, SENTENCE)
    assert why in shower.why()


def test_times_are_judged_by_the_clock_with_half_a_minute_of_leeway(shower: Shower) -> None:
    now = shower.desk.clock.at // SECOND
    assert shower.status(shower.token(exp=now - 29)) == 200
    assert shower.status(shower.token(exp=now - 30)) == 401
    assert "(exp)" in shower.why()
    assert shower.status(shower.token(nbf=now + 30, iat=now + 30)) == 200
    for later in (shower.token(nbf=now + 31), shower.token(iat=now + 31)):
        assert shower.status(later) == 401
        assert "not valid yet" in shower.why()


def test_another_key_and_a_key_of_another_algorithm_are_refused(shower: Shower) -> None:
    assert shower.status(shower.token(OTHER)) == 401
    assert "signature" in shower.why()
    assert shower.status(shower.token(kid="curve")) == 401
    assert "another algorithm" in shower.why()
    assert shower.status("a.b.c") == 401
    assert shower.status("x" * 20_000 + ".b.c") == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("alter user robot set disabled = true", 401),
        ("alter user robot set mins_to_unlock = 10", 401),
        ("drop user robot", 401),
        ("alter integration sso set enabled = false", 401),
        ("drop integration sso", 401),
        ("alter integration okta set enabled = false", 401),
        ("alter integration okta set reject_tokens_issued_before = '2100-01-01'", 401),
        ("revoke usage on integration okta from role scim_caller", 403),
        ("revoke role scim_caller from user robot", 403),
    ],
)
def test_what_ends_it_refuses_the_next_request_and_one_that_waits(
    shower: Shower, change: str, status: int
) -> None:
    desk, token = shower.desk, shower.token()
    path = f"/{desk.endpoint}/Users"
    exchange = desk.exchange("POST", path, token, HERE)
    assert desk.front.needs_proof(exchange)
    desk.front.prove(exchange)
    accepted = desk.front.begin(exchange)
    assert isinstance(accepted, Accepted)
    step = desk.front.answer(exchange, accepted)
    assert isinstance(step, Write)
    desk.run(change)
    assert shower.status(token, path=path) == status
    with pytest.raises(Refusal):
        desk.account.execute(step.session, *step.commands)


def test_a_request_that_waits_until_its_token_has_expired_is_refused(shower: Shower) -> None:
    desk = shower.desk
    exchange = desk.exchange("GET", "/Users", shower.token(), HERE)
    desk.front.prove(exchange)
    exchange.at += 700 * SECOND
    with pytest.raises(Refusal):
        desk.front.begin(exchange)


def test_the_address_comes_first(shower: Shower) -> None:
    run, path = shower.desk.run, f"/{shower.desk.endpoint}/Users"
    run("alter user robot set network_policy = here")
    assert shower.status(address=ELSEWHERE) == 403
    assert shower.issuer.asked == 0, "no signature is looked at, so no key is asked for"
    assert shower.status(address=HERE) == 200
    run("alter user robot unset network_policy; alter integration okta set network_policy = here")
    told = {
        shower.desk.ask(path, token=token, address=ELSEWHERE).body
        for token in (
            shower.token(),
            shower.token(OTHER),
            shower.token(sub="nobody"),
            shower.token(iss="https://other.example.com"),
            "a.b.c",
        )
    }
    assert len(told) == 1
    assert b"403" in next(iter(told))


@pytest.mark.parametrize(
    "claims", [{"sub": "nobody"}, {"sub": 7}, {"iss": "https://other.example.com"}]
)
def test_a_token_is_judged_by_the_policy_of_the_user_that_it_claims(
    shower: Shower, claims: dict[str, Any]
) -> None:
    shower.desk.run("alter account set network_policy = here")
    shower.desk.run("alter user robot set network_policy = elsewhere")
    assert [shower.status(address=each) for each in (HERE, ELSEWHERE)] == [403, 200]
    # Whose it is is not known: the account's policy counts.
    token = shower.token(**claims)
    assert [shower.status(token, each) for each in (HERE, ELSEWHERE)] == [401, 403]


def test_an_ambiguous_url_is_refused(shower: Shower) -> None:
    shower.desk.run(
        "create security integration other type = scim scim_client = 'generic'"
        " run_as_role = 'OKTA_PROVISIONER'"
    )
    assert shower.status() == 401
    assert shower.status(path=f"/{shower.desk.endpoint}/Users") == 200


def test_a_user_who_cannot_log_in_is_refused_like_one_who_is_not_there(shower: Shower) -> None:
    shower.desk.run("alter user robot set disabled = true")
    reply = shower.desk.ask(token=shower.token())
    assert json.loads(reply.body)["detail"] == SENTENCE
    assert shower.why() == "alter user ROBOT set disabled = false"


# ---- keys --------------------------------------------------------------------------------------


class Watch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    found = Watch()
    monkeypatch.setattr(oauth, "monotonic", found)
    return found


def test_a_rotated_key_is_fetched_at_most_every_half_minute(shower: Shower, watch: Watch) -> None:
    assert shower.status() == 200
    shower.issuer.keys = [jwk(OTHER, "two")]
    assert shower.status(shower.token(OTHER, "two")) == 401
    assert shower.issuer.asked == 1
    watch.now += 30
    assert shower.status(shower.token(OTHER, "two")) == 200
    assert shower.issuer.asked == 2
    assert [shower.status() for _ in range(3)] == [401] * 3
    assert shower.issuer.asked == 2


def test_keys_are_good_for_an_hour_while_the_issuer_is_down(shower: Shower, watch: Watch) -> None:
    shower.issuer.cache = "public, max-age=60"
    assert shower.status() == 200
    shower.issuer.status = 503
    watch.now += 61
    assert shower.status() == 200
    assert shower.issuer.asked == 2
    watch.now += 3_540
    assert shower.status() == 401
    assert "is not reached" in shower.why()


@pytest.mark.parametrize(("status", "padding"), [(302, 0), (404, 0), (200, 300_000)])
def test_a_redirection_and_an_answer_too_long_give_no_keys(
    shower: Shower, status: int, padding: int
) -> None:
    shower.issuer.status, shower.issuer.padding = status, "x" * padding
    assert shower.status() == 401
    assert shower.issuer.asked == 1


def test_a_key_in_the_integration_asks_nobody(shower: Shower) -> None:
    der = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = base64.b64encode(der).decode()
    shower.desk.run(
        "drop integration sso;"
        "create security integration sso type = external_oauth external_oauth_type = custom"
        f" external_oauth_issuer = '{ISSUER}' external_oauth_rsa_public_key = '{key}'"
        " external_oauth_audience_list = ('rolecall')"
        " external_oauth_token_user_mapping_claim = 'sub'"
        " external_oauth_snowflake_user_mapping_attribute = 'login_name'"
    )
    assert shower.status(shower.token(kid=None)) == 200
    assert shower.status(shower.token(EC, "curve", "ES256")) == 401
    assert shower.issuer.asked == 0
