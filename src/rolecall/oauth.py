"""JSON Web Tokens of OAuth issuers are checked here, with keys that are fetched from the issuer.

Keys are kept as long as the issuer says, ten minutes if it says nothing. A token with an unknown
key has them fetched anew, at most every 30 seconds; while the issuer is down, those that are there
are good for an hour. What is asked for is bounded in size and time, and nothing is redirected.
"""

import base64
import logging
import re
from threading import Lock
from time import monotonic
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from rolecall.domain.errors import TokenRefused
from rolecall.domain.model import ExternalOauth
from rolecall.domain.oauth import LEEWAY
from rolecall.domain.session import Proven

LOGGER = logging.getLogger(__name__)
ALGORITHMS = ("RS256", "ES256")
TOKEN_CHARACTERS_MAX = 16_384
KEYS_BYTES_MAX = 256 * 1024
KEYS_MAX = 100
FETCH_SECONDS = 5.0
KEPT_SECONDS = 600.0
AGAIN_SECONDS = 30.0
STALE_SECONDS = 3_600.0
MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])", re.IGNORECASE)
SECOND = 1_000_000


class _Keys:
    """The keys at one address, by their ids."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.keys: dict[str | None, jwt.PyJWK] = {}
        self.asked_at: float | None = None
        self.fetched_at = 0.0
        self.fresh_until = 0.0


class TokenChecks:
    """The port `Checks`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._at: dict[str, _Keys] = {}

    def issuer_of(self, token: str) -> str | None:
        """Who is said to have issued it, verified by nobody."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            return None
        try:
            claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError):
            return None
        issuer = claims.get("iss")
        return issuer if isinstance(issuer, str) else None

    def proven(self, token: str, by: ExternalOauth, at: int) -> Proven:
        """What the token proves. Raises TokenRefused, whose remedy says what is wrong."""
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in ALGORITHMS:
                raise _refused(f"its algorithm is none of {', '.join(ALGORITHMS)}")
            key = self._key(by, header.get("kid"), algorithm)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=by.issuer,
                audience=list(by.audience_list),
                options={
                    "require": ["exp", "iat", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_sub": False,
                },
            )
        except jwt.InvalidAudienceError:
            raise _refused("its aud is not in EXTERNAL_OAUTH_AUDIENCE_LIST") from None
        except jwt.InvalidSignatureError:
            raise _refused("its signature is not made by the issuer's key") from None
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _refused(f"it can't be verified ({type(error).__name__})") from None
        return _said(claims, by, at)

    # ---- keys ------------------------------------------------------------------------------

    def _key(self, by: ExternalOauth, kid: str | None, algorithm: str) -> RSAPublicKey | jwt.PyJWK:
        if by.jws_keys_url is None:
            if algorithm != "RS256" or by.rsa_public_key is None:
                raise _refused("the integration has an RSA key, which signs RS256")
            key = load_der_public_key(base64.b64decode(by.rsa_public_key))
            assert isinstance(key, RSAPublicKey), "no other key is kept"
            return key
        with self._lock:
            held = self._at.setdefault(by.jws_keys_url, _Keys())
        with held.lock:  # who waits takes the keys that the first fetches
            now = monotonic()
            due = kid not in held.keys or now >= held.fresh_until
            if due and (held.asked_at is None or now - held.asked_at >= AGAIN_SECONDS):
                held.asked_at = now
                _fetch(by.jws_keys_url, held, now)
            if now - held.fetched_at > STALE_SECONDS:
                held.keys = {}
            found = held.keys.get(kid)
        if found is None:
            raise _refused("EXTERNAL_OAUTH_JWS_KEYS_URL has no key with its kid, or is not reached")
        if found.algorithm_name != algorithm:
            raise _refused("its key is for another algorithm")
        return found


def _fetch(url: str, held: _Keys, now: float) -> None:
    """Take the keys at the address; those that are there stay when it can't be read."""
    try:
        found, age = _asked(url)
    except (httpx.HTTPError, jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
        LOGGER.warning("keys of an OAuth issuer can't be read at %s: %s", url, error)
        return
    held.keys, held.fetched_at, held.fresh_until = found, now, now + age


def _asked(url: str) -> tuple[dict[str | None, jwt.PyJWK], float]:
    began, body = monotonic(), b""
    with httpx.stream("GET", url, timeout=FETCH_SECONDS, follow_redirects=False) as answer:
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"it answers {answer.status_code}")
        for piece in answer.iter_bytes(8_192):
            body += piece
            if len(body) > KEYS_BYTES_MAX or monotonic() - began > FETCH_SECONDS:
                raise ValueError("the answer is too long, or takes too long")
        said = MAX_AGE.search(answer.headers.get("cache-control", ""))
    keys = jwt.PyJWKSet.from_json(body.decode()).keys[:KEYS_MAX]
    age = KEPT_SECONDS if said is None else min(float(said[1]), STALE_SECONDS)
    signing = (key for key in keys if key.public_key_use in {None, "sig"})
    return {key.key_id: key for key in signing}, age


# ---- claims ------------------------------------------------------------------------------------


def _refused(what: str) -> TokenRefused:
    return TokenRefused("unknown", remedy=f"the JSON Web Token is refused: {what}")


def _said(claims: dict[str, Any], by: ExternalOauth, at: int) -> Proven:
    issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
    if expires_at + LEEWAY <= at:
        raise _refused("it has expired (exp)")
    if issued_at - LEEWAY > at or ("nbf" in claims and _time(claims, "nbf") - LEEWAY > at):
        raise _refused("it is not valid yet (nbf, iat): compare the clocks")
    subject = claims.get(by.user_claim)
    if not isinstance(subject, str) or not subject:
        raise _refused(f"it has no text as its claim {by.user_claim}")
    return Proven(
        integration=by.id,
        name=by.name,
        claim=by.user_claim,
        subject=subject,
        issued_at=issued_at,
        expires_at=expires_at,
        scopes=_scopes(claims.get(by.scope_attribute)),
    )


def _time(claims: dict[str, Any], name: str) -> int:
    found = claims[name]
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 2**40:
        raise _refused(f"its {name} is no time")
    return int(found * SECOND)


def _scopes(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
