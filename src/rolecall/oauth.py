"""JSON Web Tokens of OAuth issuers are checked here, with keys that are fetched from the issuer.

Keys are kept as long as the issuer says, ten minutes if it says nothing. A token with an unknown
key has them fetched anew, at most every 30 seconds; while the issuer is down, those that are there
are good for an hour. Where they may be fetched from is judged in `outside`.
"""

import base64
import logging
import re
from threading import Lock
from time import monotonic
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from rolecall.domain.errors import TokenRefused
from rolecall.domain.model import ExternalOauth
from rolecall.domain.oauth import LEEWAY
from rolecall.domain.session import Proven
from rolecall.outside import Allowance, Answer, Refused, fetched

LOGGER = logging.getLogger(__name__)
ALGORITHMS = ("RS256", "ES256")
TOKEN_CHARACTERS_MAX = 16_384
KEYS_BYTES_MAX = 256 * 1024
KEYS_MAX = 100
FETCH_SECONDS = 5.0
KEPT_SECONDS = 600.0
AGAIN_SECONDS = 30.0
STALE_SECONDS = 3_600.0
ADDRESSES_MAX = 1_000
"""So many addresses' keys are kept: an owner may name ever others."""
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

    def __init__(self, allowance: Allowance | None = None) -> None:
        """`allowance` says where keys may be fetched from; by default, from public addresses."""
        self.allowance = allowance or Allowance()
        self._lock = Lock()
        self._at: dict[str, _Keys] = {}

    def claims_of(self, token: str) -> dict[str, Any]:
        """What it says, verified by nobody; nothing if it can't be read."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            return {}
        try:
            claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            return {}
        return claims

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
            held = self._at.pop(by.jws_keys_url, None) or _Keys()
            self._at[by.jws_keys_url] = held
            if len(self._at) > ADDRESSES_MAX:  # the one that was used longest ago
                del self._at[next(iter(self._at))]
        with held.lock:  # who waits takes the keys that the first fetches
            now = monotonic()
            due = kid not in held.keys or now >= held.fresh_until
            if due and (held.asked_at is None or now - held.asked_at >= AGAIN_SECONDS):
                held.asked_at = now
                self._fetch(by.jws_keys_url, held, now)
            if now - held.fetched_at > STALE_SECONDS:
                held.keys = {}
            found = held.keys.get(kid)
        if found is None:
            raise _refused("EXTERNAL_OAUTH_JWS_KEYS_URL has no key with its kid, or is not reached")
        if found.algorithm_name != algorithm:
            raise _refused("its key is for another algorithm")
        return found

    def _fetch(self, url: str, held: _Keys, now: float) -> None:
        """Take the keys at the address; those that are there stay when it can't be read."""
        try:
            answer = fetched(url, self.allowance, FETCH_SECONDS, KEYS_BYTES_MAX)
            found, age = _read(answer)
        except Refused as why:
            LOGGER.warning("keys of an OAuth issuer can't be had at %s: %s", url, why)
        except (jwt.PyJWTError, ValueError, KeyError, TypeError, RecursionError) as error:
            # Nothing of what came is repeated: it may be anything that answers there.
            what = type(error).__name__
            LOGGER.warning("keys of an OAuth issuer can't be read at %s: %s", url, what)
        else:
            held.keys, held.fetched_at, held.fresh_until = found, now, now + age


def _read(answer: Answer) -> tuple[dict[str | None, jwt.PyJWK], float]:
    """The keys that sign, by their ids, and for how long."""
    keys = jwt.PyJWKSet.from_json(answer.body.decode()).keys[:KEYS_MAX]
    said = MAX_AGE.search(answer.cache_control)
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
