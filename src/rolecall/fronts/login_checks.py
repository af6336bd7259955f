"""What a credential is worth: a password, a key's signature or an access token is checked.

Nothing is opened and nothing is kept here; a fault says for the history what was wrong.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeGuard

import msgspec

from rolecall.domain import access, credentials
from rolecall.domain.account import Account
from rolecall.domain.errors import AddressRefused, LoginRefused
from rolecall.domain.model import Account as AccountRow
from rolecall.domain.model import Json, User
from rolecall.domain.names import Id, key_of
from rolecall.fronts.sql_session import require_admitted
from rolecall.fronts.tables_users import fingerprint
from rolecall.fronts.world import World

WRONG_PASSWORD = "wrong password"
REMEDIES = {
    "disabled": "alter user … set disabled = false",
    "expired": "alter user … unset days_to_expiry",
    "locked": "alter user … set mins_to_unlock = 0",
}
"""Why a right credential doesn't help, and what does."""
JWT_SECONDS_MAX = 3_600
"""Vendor: a token is good for an hour after it was issued, whatever it says itself."""
SKEW_SECONDS = 60
"""How far a client's clock may be ahead."""
FINGERPRINT = ".SHA256:"


class Method(StrEnum):
    """How a client says who it is, in the drivers' words (AUTHENTICATOR)."""

    PASSWORD = "SNOWFLAKE"
    SNOWFLAKE_JWT = "SNOWFLAKE_JWT"
    PROGRAMMATIC_ACCESS_TOKEN = "PROGRAMMATIC_ACCESS_TOKEN"

    @property
    def factor(self) -> str:
        """What LOGIN_HISTORY calls it (FIRST_AUTHENTICATION_FACTOR)."""
        return FACTORS[self]


FACTORS = {
    Method.PASSWORD: "PASSWORD",
    Method.SNOWFLAKE_JWT: "RSA_KEYPAIR",
    Method.PROGRAMMATIC_ACCESS_TOKEN: "PROGRAMMATIC_ACCESS_TOKEN",
}


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """What a client brings to log in with, and what it asks for. Its repr shows no secret.

    `login_name` may be empty where the credential itself says whose it is. Names are as SQL
    writes them: unquoted text folds.
    """

    login_name: str
    secret: str
    method: Method = Method.PASSWORD
    new_password: str | None = None
    role: str | None = None
    secondary_roles: str | None = None
    database: str | None = None
    schema: str | None = None
    warehouse: str | None = None
    parameters: dict[str, Json] = {}
    client_type: str | None = None
    client_version: str | None = None
    client_ip: str | None = None

    def __repr__(self) -> str:
        return f"Knock({self.login_name}, {self.method})"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credential it is, as far as that is known, and what is wrong, if anything is."""

    user: User | None = None
    fault: LoginRefused | AddressRefused | None = None
    access_token: Id | None = None
    restricted_to: Id | None = None


def checked(account: Account, world: World, knock: Knock, at: int) -> Checked:
    """What the credential is worth at this moment. Takes the time of a password's hash."""
    return CHECKS[knock.method](account, world, knock, at)


def _not_admitted(account: Account, knock: Knock, user: User | None) -> Checked | None:
    """Judged before the secret, and for nobody too: who may not knock learns nothing."""
    try:
        require_admitted(account, knock.client_ip, user)
    except AddressRefused as refusal:
        return Checked(user=user, fault=refusal)
    return None


# ---- passwords --------------------------------------------------------------------------------


def _password(account: Account, world: World, knock: Knock, at: int) -> Checked:
    user = account.login(knock.login_name)
    turned_away = _not_admitted(account, knock, user)
    if turned_away is not None:
        return turned_away
    verifier = None if user is None else user.password
    # Also for nobody and for users without one: how long it takes tells nothing.
    matches = world.secrets.password_matches(verifier, knock.secret)
    return Checked(user=user, fault=_password_fault(user, knock.login_name, at, matches=matches))


def _password_fault(
    user: User | None, login_name: str, at: int, *, matches: bool
) -> LoginRefused | None:
    if user is None:
        return LoginRefused(login_name, "unknown user")
    if user.password is None:
        remedy = "Log in through the identity provider, or: alter user … set password = …"
        return LoginRefused(
            login_name, "no password: provisioned for single sign-on", remedy=remedy
        )
    ended = credentials.why_not_let_in(user, at)
    if not matches and ended != "locked":
        return LoginRefused(login_name, WRONG_PASSWORD)
    return _ended(login_name, ended)


def _ended(login_name: str, ended: str | None) -> LoginRefused | None:
    if ended is None:
        return None
    return LoginRefused(login_name, ended, remedy=REMEDIES.get(ended))


# ---- keys -------------------------------------------------------------------------------------


def _jwt(account: Account, world: World, knock: Knock, at: int) -> Checked:
    """A JSON Web Token signed with the user's key (vendor: key-pair authentication).

    `iss` is ACCOUNT.USER.SHA256:fingerprint and `sub` ACCOUNT.USER; a dot may be in a login name.
    """
    claims = world.secrets.claims_of(knock.secret) or {}
    issuer, subject = claims.get("iss"), claims.get("sub")
    meant, _, print_ = issuer.partition(FINGERPRINT) if isinstance(issuer, str) else ("", "", "")
    place, _, login_name = meant.partition(".")
    user = account.login(login_name)
    turned_away = _not_admitted(account, knock, user)
    if turned_away is not None:
        return turned_away
    readable = isinstance(subject, str) and key_of(subject) == key_of(meant)
    if not readable or not print_ or not login_name:
        return _faulty(knock, "JWT_TOKEN_INVALID: iss must be sub, .SHA256: and the fingerprint")
    if not names_account(account.row(), place):
        return _faulty(knock, "JWT_TOKEN_INVALID_ISSUER: it is for another account")
    if user is None or (knock.login_name and key_of(knock.login_name) != key_of(login_name)):
        return _faulty(knock, "JWT_TOKEN_INVALID_USER_IN_ISSUER: unknown user", login_name)
    why = _signature_fault(world, user, knock.secret, print_) or _time_fault(claims, at)
    if why is not None:
        return Checked(user=user, fault=LoginRefused(login_name, why))
    return Checked(user=user, fault=_ended(login_name, credentials.why_not_let_in(user, at)))


def _faulty(knock: Knock, why: str, login_name: str = "") -> Checked:
    return Checked(fault=LoginRefused(knock.login_name or login_name, why))


def _signature_fault(world: World, user: User, token: str, print_: str) -> str | None:
    """Either of the user's keys will do, so that one can be rotated while the other works."""
    for key in (user.rsa_public_key, user.rsa_public_key_2):
        if key is not None and fingerprint(key) == f"SHA256:{print_}":
            if world.secrets.is_signed_with(token, key):
                return None
            return "JWT_TOKEN_INVALID_SIGNATURE: it is not signed with the key (RS256)"
    return "JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH: the user has no such key"


def _time_fault(claims: object, at: int) -> str | None:
    assert isinstance(claims, dict), "claims are a JSON object"
    now = at / 1_000_000
    issued, expires = claims.get("iat"), claims.get("exp")
    if not _is_time(issued) or not _is_time(expires):
        return "JWT_TOKEN_MISSING_TIME: iat and exp are needed"
    issued, expires = _seconds(issued), _seconds(expires)
    if issued > now + SKEW_SECONDS:
        return "JWT_TOKEN_INVALID_ISSUE_TIME: it was issued in the future"
    if now >= min(expires, issued + JWT_SECONDS_MAX):
        return "JWT_TOKEN_EXPIRED: it lives an hour at most"
    return None


def _is_time(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


MILLISECONDS_FROM = 100_000_000_000
"""A number of seconds in the year 5138; a time as large counts milliseconds: the Node driver."""


def _seconds(time: float) -> float:
    return time / 1_000 if time >= MILLISECONDS_FROM else time


def names_account(row: AccountRow, text: str) -> bool:
    """Whether an account is meant: its name, alone or after its organization's.

    Underscores and hyphens are the same, and whatever a host name adds behind a dot is dropped.
    """
    label = text.partition(".")[0].lower().replace("_", "-")
    name = row.name.lower().replace("_", "-")
    organization = row.organization.lower().replace("_", "-")
    return label in {name, f"{organization}-{name}"}


# ---- access tokens ----------------------------------------------------------------------------


def _access_token(account: Account, world: World, knock: Knock, at: int) -> Checked:
    """A programmatic access token, which says itself whose it is."""
    found = account.access_token(world.secrets.verifier_of(knock.secret))
    token, user = (None, None) if found is None else found
    turned_away = _not_admitted(account, knock, user)
    if turned_away is not None:
        return turned_away
    if token is None or user is None:
        return _faulty(knock, "unknown access token")
    login_name = user.login_name
    why = None
    if knock.login_name and key_of(knock.login_name) != key_of(login_name):
        why = "the access token is another user's"
    elif not access.is_good(token, at):
        why = f"access token {token.name} is {'disabled' if token.disabled else 'expired'}"
    fault = LoginRefused(login_name, why) if why else None
    return Checked(
        user=user,
        fault=fault or _ended(login_name, credentials.why_not_let_in(user, at)),
        access_token=token.id,
        restricted_to=token.role_restriction,
    )


CHECKS: dict[Method, Callable[[Account, World, Knock, int], Checked]] = {
    Method.PASSWORD: _password,
    Method.SNOWFLAKE_JWT: _jwt,
    Method.PROGRAMMATIC_ACCESS_TOKEN: _access_token,
}
