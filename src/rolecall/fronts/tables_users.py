"""What SHOW USERS, DESCRIBE USER and access tokens answer with: one row a column, and its getter.

The account keeps moments where the language counts minutes and days from now: a row knows when
it is read.
"""

import base64
import hashlib
from collections.abc import Callable

import msgspec

from rolecall.domain.access import is_good
from rolecall.domain.credentials import is_locked
from rolecall.domain.model import User
from rolecall.domain.queries import AccessTokenSummary, UserSummary
from rolecall.domain.tables import Cell
from rolecall.fronts.tables import (
    Described,
    Field,
    Fields,
    moment,
    said,
    text,
    time,
)

MINUTE = 60 * 1_000_000
DAY = 24 * 60 * MINUTE


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user as of a moment; what is not `readable` is empty in SHOW USERS."""

    user: User
    at: int
    owner: str | None = None
    readable: bool = True


def user_row(summary: UserSummary, at: int) -> UserRow:
    """A row of SHOW USERS."""
    return UserRow(user=summary.user, at=at, owner=summary.owner, readable=summary.readable)


def _left(until: int | None, at: int, unit: int) -> str | None:
    """How many whole units are left, the last one counted whole; after that none."""
    return None if until is None or until <= at else str(-((at - until) // unit))


def days_to_expiry(row: UserRow) -> str | None:
    """DAYS_TO_EXPIRY: 0 once the user has expired."""
    return None if row.user.expires_at is None else _left(row.user.expires_at, row.at, DAY) or "0"


def mins_to_unlock(row: UserRow) -> str | None:
    """MINS_TO_UNLOCK: nothing when the user isn't locked."""
    return _left(row.user.locked_until, row.at, MINUTE)


def _kept_minutes(name: str) -> Callable[[UserRow], str | None]:
    def read(row: UserRow) -> str | None:
        until = row.user.kept.get(name)
        return _left(until, row.at, MINUTE) if isinstance(until, int) else None

    return read


def _kept(name: str) -> Callable[[UserRow], str | None]:
    def read(row: UserRow) -> str | None:
        value = row.user.kept.get(name)
        return None if value is None else str(value)

    return read


def fingerprint(key: str | None) -> str | None:
    """The vendor's fingerprint of a public key: SHA-256 of its DER.

    >>> fingerprint("AAAA")
    'SHA256:cJ6AyISHokEeHuTfufIqhhSS0gxHZRUMDHlKvXD4FHw='
    """
    if key is None:
        return None
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    return f"SHA256:{base64.b64encode(digest).decode()}"


def _when(at: int | None) -> str | None:
    return None if at is None else moment(at)


def _known(read: Callable[[User], Cell]) -> Callable[[UserRow], Cell]:
    return lambda row: read(row.user) if row.readable else None


def _known_flag(read: Callable[[User], bool]) -> Callable[[UserRow], Cell]:
    return lambda row: said(read(row.user)) if row.readable else None


def _known_then(read: Callable[[UserRow], Cell]) -> Callable[[UserRow], Cell]:
    return lambda row: read(row) if row.readable else None


def _type(user: User) -> str | None:
    return None if user.type is None else user.type.value


def secondary_roles(user: User) -> str:
    """DEFAULT_SECONDARY_ROLES as SHOW USERS prints it; unset means ALL."""
    roles = ("ALL",) if user.default_secondary_roles is None else user.default_secondary_roles
    return "[" + ",".join(f'"{role}"' for role in roles) + "]"


def _has_key(user: User) -> bool:
    return user.rsa_public_key is not None or user.rsa_public_key_2 is not None


def _locked_until(row: UserRow) -> int | None:
    return row.user.locked_until if is_locked(row.user, row.at) else None


USER_NAME: Field[UserRow] = text("name", lambda row: row.user.name)
USER_CREATED_ON: Field[UserRow] = time("created_on", _known(lambda user: user.created_at))
USER_NAMES: Fields[UserRow] = (
    text("display_name", _known(lambda user: user.display_name)),
    text("first_name", _known(lambda user: user.first_name)),
    text("last_name", _known(lambda user: user.last_name)),
    text("email", _known(lambda user: user.email)),
)
USER_COMMENT: Field[UserRow] = text("comment", _known(lambda user: user.comment))
USER_HAS: Fields[UserRow] = (
    text("has_password", _known_flag(lambda user: user.password is not None)),
    text("has_rsa_public_key", _known_flag(_has_key)),
)

SHOW_USERS: Fields[UserRow] = (
    USER_NAME,
    USER_CREATED_ON,
    text("login_name", _known(lambda user: user.login_name)),
    *USER_NAMES,
    text("mins_to_unlock", _known_then(mins_to_unlock)),
    text("days_to_expiry", _known_then(days_to_expiry)),
    USER_COMMENT,
    text("disabled", _known_flag(lambda user: user.disabled)),
    text("must_change_password", _known_flag(lambda user: user.must_change_password)),
    text("snowflake_lock", _known_flag(lambda _: False)),
    text("default_warehouse", _known(lambda user: user.default_warehouse)),
    text("default_namespace", _known(lambda user: user.default_namespace)),
    text("default_role", _known(lambda user: user.default_role)),
    text("default_secondary_roles", _known(secondary_roles)),
    text("ext_authn_duo", _known_flag(lambda _: False)),
    text("ext_authn_uid", _known_then(_kept("EXT_AUTHN_UID"))),
    text("mins_to_bypass_mfa", _known_then(_kept_minutes("BYPASS_MFA_UNTIL"))),
    text("owner", lambda row: row.owner if row.readable else None),
    time("last_success_login", _known(lambda user: user.last_login_at)),
    time("expires_at_time", _known(lambda user: user.expires_at)),
    time("locked_until_time", _known_then(_locked_until)),
    *USER_HAS,
    text("type", _known(_type)),
    text("has_mfa", _known_flag(lambda _: False)),
    text("has_pat", _known_flag(lambda user: user.has_access_token)),
    text("has_workload_identity", _known_flag(lambda _: False)),
    text("is_from_organization_user", _known_flag(lambda _: False)),
)

SHOW_TERSE_USERS: Fields[UserRow] = (
    USER_NAME,
    USER_CREATED_ON,
    *USER_NAMES,
    USER_COMMENT,
    *USER_HAS,
)


class UserProperty(msgspec.Struct, frozen=True, kw_only=True):
    """A property that DESCRIBE USER prints."""

    name: str
    description: str
    read: Callable[[UserRow], str | None] = lambda _: None
    default: str | None = None


def _listed(roles: tuple[str, ...] | None) -> str:
    return "[" + ",".join(("ALL",) if roles is None else roles) + "]"


NO = said(False)  # noqa: FBT003  it is the value, not an option

USER_PROPERTIES: tuple[UserProperty, ...] = (
    UserProperty(name="NAME", description="Name", read=lambda row: row.user.name),
    UserProperty(name="COMMENT", description="Comment", read=lambda row: row.user.comment),
    UserProperty(
        name="DISPLAY_NAME", description="Name to show", read=lambda row: row.user.display_name
    ),
    UserProperty(name="TYPE", description="Kind of user", read=lambda row: _type(row.user)),
    UserProperty(
        name="LOGIN_NAME", description="Name to log in with", read=lambda row: row.user.login_name
    ),
    UserProperty(name="FIRST_NAME", description="First name", read=lambda row: row.user.first_name),
    UserProperty(
        name="MIDDLE_NAME", description="Middle name", read=lambda row: row.user.middle_name
    ),
    UserProperty(name="LAST_NAME", description="Last name", read=lambda row: row.user.last_name),
    UserProperty(name="EMAIL", description="E-mail address", read=lambda row: row.user.email),
    UserProperty(
        name="PASSWORD",
        description="Password, never shown",
        read=lambda row: "********" if row.user.password is not None else None,
    ),
    UserProperty(
        name="MUST_CHANGE_PASSWORD",
        description="The next login needs a new password",
        read=lambda row: said(row.user.must_change_password),
        default=NO,
    ),
    UserProperty(
        name="DISABLED",
        description="Can't log in",
        read=lambda row: said(row.user.disabled),
        default=NO,
    ),
    UserProperty(name="SNOWFLAKE_LOCK", description="Locked", read=lambda _: NO, default=NO),
    UserProperty(
        name="SNOWFLAKE_SUPPORT", description="Support may log in", read=lambda _: NO, default=NO
    ),
    UserProperty(
        name="DAYS_TO_EXPIRY", description="Days until the user expires", read=days_to_expiry
    ),
    UserProperty(
        name="MINS_TO_UNLOCK", description="Minutes until the lock is lifted", read=mins_to_unlock
    ),
    UserProperty(
        name="DEFAULT_WAREHOUSE",
        description="Warehouse of a new session",
        read=lambda row: row.user.default_warehouse,
    ),
    UserProperty(
        name="DEFAULT_NAMESPACE",
        description="Database and schema of a new session",
        read=lambda row: row.user.default_namespace,
    ),
    UserProperty(
        name="DEFAULT_ROLE",
        description="Role of a new session",
        read=lambda row: row.user.default_role,
    ),
    UserProperty(
        name="DEFAULT_SECONDARY_ROLES",
        description="Secondary roles of a new session",
        read=lambda row: _listed(row.user.default_secondary_roles),
        default="[ALL]",
    ),
    UserProperty(name="EXT_AUTHN_DUO", description="Duo is in use", read=lambda _: NO, default=NO),
    UserProperty(name="EXT_AUTHN_UID", description="Name at Duo", read=_kept("EXT_AUTHN_UID")),
    UserProperty(
        name="DEFAULT_MFA_METHOD",
        description="Second factor asked for first",
        read=_kept("DEFAULT_MFA_METHOD"),
    ),
    UserProperty(name="HAS_MFA", description="Has a second factor", read=lambda _: NO, default=NO),
    UserProperty(
        name="HAS_PAT",
        description="Has an access token",
        read=lambda row: said(row.user.has_access_token),
        default=NO,
    ),
    UserProperty(
        name="HAS_WORKLOAD_IDENTITY",
        description="Has a workload identity",
        read=lambda _: NO,
        default=NO,
    ),
    UserProperty(
        name="MINS_TO_BYPASS_MFA",
        description="Minutes without a second factor",
        read=_kept_minutes("BYPASS_MFA_UNTIL"),
    ),
    UserProperty(
        name="MINS_TO_BYPASS_NETWORK_POLICY",
        description="Minutes without the network policy",
        read=_kept_minutes("BYPASS_NETWORK_POLICY_UNTIL"),
    ),
    UserProperty(
        name="RSA_PUBLIC_KEY", description="Public key", read=lambda row: row.user.rsa_public_key
    ),
    UserProperty(
        name="RSA_PUBLIC_KEY_FP",
        description="Fingerprint of the public key",
        read=lambda row: fingerprint(row.user.rsa_public_key),
    ),
    UserProperty(
        name="RSA_PUBLIC_KEY_LAST_SET_TIME",
        description="When the key was set",
        read=lambda row: _when(row.user.rsa_public_key_set_at),
    ),
    UserProperty(
        name="RSA_PUBLIC_KEY_2",
        description="Second public key",
        read=lambda row: row.user.rsa_public_key_2,
    ),
    UserProperty(
        name="RSA_PUBLIC_KEY_2_FP",
        description="Fingerprint of the second key",
        read=lambda row: fingerprint(row.user.rsa_public_key_2),
    ),
    UserProperty(
        name="RSA_PUBLIC_KEY_2_LAST_SET_TIME",
        description="When that key was set",
        read=lambda row: _when(row.user.rsa_public_key_2_set_at),
    ),
    UserProperty(
        name="PASSWORD_LAST_SET_TIME",
        description="When the password was set",
        read=lambda row: _when(row.user.password_set_at),
    ),
    UserProperty(
        name="CUSTOM_LANDING_PAGE_URL",
        description="Page of a new session",
        read=_kept("CUSTOM_LANDING_PAGE_URL"),
    ),
    UserProperty(
        name="CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD",
        description="That page is shown once more",
        read=lambda row: said("CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD" in row.user.kept),
        default=NO,
    ),
    UserProperty(
        name="IS_FROM_ORGANIZATION_USER",
        description="Comes from the organization",
        read=lambda _: NO,
        default=NO,
    ),
)


def described_user(user: User, at: int) -> tuple[Described, ...]:
    """The rows of DESCRIBE USER as of a moment."""
    seen = UserRow(user=user, at=at)
    return tuple(
        Described(
            name=row.name,
            value=row.read(seen),
            default=row.default,
            description=row.description,
        )
        for row in USER_PROPERTIES
    )


# ---- access tokens, and secrets that are shown once --------------------------------------------


class AccessTokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """An access token as of a moment."""

    summary: AccessTokenSummary
    at: int

    @property
    def status(self) -> str:
        """DISABLED, EXPIRED or ACTIVE."""
        token = self.summary.token
        if token.disabled:
            return "DISABLED"
        return "ACTIVE" if is_good(token, self.at) else "EXPIRED"


SHOW_ACCESS_TOKENS: Fields[AccessTokenRow] = (
    text("name", lambda row: row.summary.token.name),
    text("user_name", lambda row: row.summary.user_name),
    text("role_restriction", lambda row: row.summary.role_restriction),
    time("expires_at", lambda row: row.summary.token.expires_at),
    text("status", lambda row: row.status),
    text("comment", lambda row: row.summary.token.comment),
    time("created_on", lambda row: row.summary.token.created_at),
    text("created_by", lambda row: row.summary.token.created_by),
    text(
        "mins_to_bypass_network_policy_requirement",
        lambda row: _left(row.summary.token.bypass_network_policy_until, row.at, MINUTE),
    ),
    text("rotated_to", lambda row: row.summary.rotated_to),
)


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that is answered once. Its repr does not show it."""

    name: str
    text: str
    rotated: str | None = None

    def __repr__(self) -> str:
        return f"Secret({self.name})"


ADDED_ACCESS_TOKEN: Fields[Secret] = (
    text("token_name", lambda row: row.name),
    text("token_secret", lambda row: row.text),
)
ROTATED_ACCESS_TOKEN: Fields[Secret] = (
    *ADDED_ACCESS_TOKEN,
    text("rotated_token_name", lambda row: row.rotated),
)
RESET_PASSWORD: Fields[Secret] = (
    text("user_name", lambda row: row.name),
    text("password", lambda row: row.text),
)
