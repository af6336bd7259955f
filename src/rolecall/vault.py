"""Secrets come from here and are checked here: tokens, passwords, ids, and the time.

A token is 256 random bits, shown once; what is kept is its SHA-256 (DESIGN section 8). Passwords
are kept as argon2id verifiers: 19 MiB, two passes, one lane, about 24 ms on the machines we know.
"""

import base64
import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from dateutil.relativedelta import relativedelta

from rolecall.domain.attempts import TOKEN_PREFIX
from rolecall.domain.names import Id
from rolecall.domain.ports import MintedToken

"""By which secret scanners know a token that has leaked."""
TOKEN_MONTHS = 6
KEY_BYTES = 32
TIMES = ("verify_exp", "verify_nbf", "verify_iat")
RANDOM_IDS_PAGE = 256
RSA_BITS_MIN = 2_048
"""What the vendor asks of a key at least."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Microseconds since the epoch, UTC."""
        return time.time_ns() // 1_000


class MovedClock:
    """The machine's time, moved on by hand: for servers that are tested against."""

    def __init__(self) -> None:
        self._ahead = 0

    def now(self) -> int:
        """Microseconds since the epoch, and as many more as it was moved."""
        return time.time_ns() // 1_000 + self._ahead

    def advance(self, seconds: float) -> int:
        """Move on, and say what time it is then."""
        self._ahead += round(seconds * 1_000_000)
        return self.now()

    def reset(self) -> None:
        """Back to the machine's time."""
        self._ahead = 0


class RandomIds:
    """UUIDs of version 7: 48 bits of milliseconds, then 74 random bits (RFC 9562 section 5.7).

    Randomness is taken from the system by the page, since every request needs an id.
    """

    def __init__(self) -> None:
        self._page: Iterator[str] = iter(())
        self._lock = Lock()
        self._millisecond, self._prefix = 0, ""

    def new(self) -> Id:
        """A UUID in canonical text."""
        millisecond = time.time_ns() // 1_000_000
        with self._lock:
            if millisecond != self._millisecond:
                text = f"{millisecond:012x}"
                self._millisecond, self._prefix = millisecond, f"{text[:8]}-{text[8:]}-7"
            ending = next(self._page, None)
            if ending is None:
                self._page = iter(_random_endings())
                ending = next(self._page)
            return Id(self._prefix + ending)


def _random_endings() -> list[str]:
    """What follows the version: 12 random bits, the variant's two, which are 10, and 62 more."""
    digits = secrets.token_hex(RANDOM_IDS_PAGE * 10)
    page = (digits[at : at + 20] for at in range(0, len(digits), 20))
    return [f"{r[:3]}-{VARIANT[r[3]]}{r[4:7]}-{r[7:19]}" for r in page]


VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


@cache
def _verifier_of_nobody() -> str:
    """Once for a process: an ephemeral server has one vault after another."""
    return _hasher.hash(secrets.token_urlsafe(16))


class Vault:
    """The port `Secrets`, with real randomness and real hashes."""

    def __init__(self, key: bytes | None = None) -> None:
        """`key` signs; without one signatures end with this process."""
        self._key = secrets.token_bytes(KEY_BYTES) if key is None else key
        # What a login with no verifier is checked against, so that it takes as long.
        self._nobody = _verifier_of_nobody()

    def mint_token(self, at: int, seconds: int | None = None) -> MintedToken:
        """A random token that lives six calendar months from `at`, or that many seconds."""
        text = TOKEN_PREFIX + secrets.token_urlsafe(32)
        expires_at = token_expiry(at) if seconds is None else at + seconds * 1_000_000
        return MintedToken(text=text, verifier=self.verifier_of(text), expires_at=expires_at)

    def verifier_of(self, token: str) -> str:
        """The hex SHA-256 of a token."""
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

    def mint_password(self) -> str:
        """24 characters that a person can copy, 144 random bits."""
        return secrets.token_urlsafe(18)

    def hash_password(self, password: str) -> str:
        """An argon2id verifier."""
        return _hasher.hash(password)

    def public_key(self, text: str) -> str | None:
        """The base64 DER of an RSA public key of at least 2048 bits, in PEM or its bare body."""
        lines = (line.strip() for line in text.splitlines())
        body = "".join(line for line in lines if not line.startswith("-----"))
        try:
            der = base64.b64decode(body, validate=True)
            key = load_der_public_key(der)
        except (ValueError, UnsupportedAlgorithm):
            return None
        if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_MIN:
            return None
        return base64.b64encode(der).decode()

    def sign(self, text: str) -> str:
        """HMAC-SHA256 by the server's key, in URL-safe base64."""
        mac = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def claims_of(self, token: str) -> Mapping[str, object] | None:
        """What a JSON Web Token says, verified by nobody; None when it isn't one."""
        try:
            claims: Mapping[str, object] = jwt.decode(token, options={"verify_signature": False})
        except (jwt.InvalidTokenError, ValueError):
            return None
        return claims

    def is_signed_with(self, token: str, public_key: str) -> bool:
        """Whether the token is signed (RS256) with the private half of a key (base64 DER).

        Its times are the caller's to judge, who has a clock.
        """
        key = load_der_public_key(base64.b64decode(public_key))
        assert isinstance(key, RSAPublicKey), "no other key is kept"
        options: Any = dict.fromkeys(TIMES, False)
        try:
            jwt.decode(token, key, algorithms=["RS256"], options=options)
        except (jwt.InvalidTokenError, ValueError):
            return False
        return True

    def password_matches(self, verifier: str | None, password: str) -> bool:
        """Whether it is the password; takes as long when there is no verifier."""
        try:
            _hasher.verify(verifier or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return verifier is not None


def kept_key(path: Path) -> bytes:
    """The key in a file that only its owner reads, made at first use.

    Two processes that come at once agree: a whole file is linked into place, and the first stays.
    """
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_bytes(secrets.token_bytes(KEY_BYTES))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_bytes()


def token_expiry(at: int) -> int:
    """Six calendar months later; the last day of a shorter month (reference section 4)."""
    later = datetime.fromtimestamp(at / 1_000_000, UTC) + relativedelta(months=TOKEN_MONTHS)
    return int(later.timestamp() * 1_000_000)
