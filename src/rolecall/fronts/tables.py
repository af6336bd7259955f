"""What every SHOW, DESCRIBE and table function answers with: one row a column, and its getter.

Names, order and types follow the vendor's reference; a column that this account has no facts for
yet stays, empty. Booleans of SHOW and DESCRIBE are the vendor's texts `true` and `false`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from rolecall.domain.attempts import Noted
from rolecall.domain.model import (
    Conformance,
    Database,
    Integration,
    Kind,
    Role,
    Token,
    UnknownAttributes,
    User,
)
from rolecall.domain.names import Name
from rolecall.domain.queries import GrantRow, RoleSummary, UserSummary
from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.fronts.history_details import details_of

Item = TypeVar("Item")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Field(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One column and where its cell comes from."""

    name: str
    read: Callable[[Item], Cell]
    type: ColumnType = ColumnType.TEXT


Fields = tuple[Field[Item], ...]


def text(name: str, read: Callable[[Item], Cell]) -> Field[Item]:
    """A column of text."""
    return Field(name=name, read=read)


def number(name: str, read: Callable[[Item], Cell]) -> Field[Item]:
    """A column of whole numbers."""
    return Field(name=name, read=read, type=ColumnType.FIXED)


def time(name: str, read: Callable[[Item], Cell]) -> Field[Item]:
    """A column of moments."""
    return Field(name=name, read=read, type=ColumnType.TIMESTAMP_LTZ)


def flag(name: str, read: Callable[[Item], bool]) -> Field[Item]:
    """A column of `true` and `false`."""
    return Field(name=name, read=lambda item: said(read(item)))


def yes(name: str, read: Callable[[Item], bool]) -> Field[Item]:
    """A column of `Y` and `N`."""
    return Field(name=name, read=lambda item: "Y" if read(item) else "N")


def unknown(_: object) -> Cell:
    """The cell of a vendor's column that this account has no facts for."""
    return None


def table_of(fields: Fields[Item], items: Iterable[Item]) -> Table:
    """The table of the items."""
    return Table(
        columns=tuple(column_of(field.name, field.type) for field in fields),
        rows=[tuple(field.read(item) for field in fields) for item in items],
    )


def column_of(name: str, type: ColumnType) -> Column:
    """A column with the precision and scale that clients expect of its type."""
    if type is ColumnType.FIXED:
        return Column(name=name, type=type, precision=38, scale=0)
    if type is ColumnType.TIMESTAMP_LTZ:
        return Column(name=name, type=type, scale=6)
    return Column(name=name, type=type)


def status_table(message: str) -> Table:
    """What a statement that changes something answers with."""
    return Table(columns=(Column(name="status"),), rows=[(message,)])


def said(value: bool) -> str:  # noqa: FBT001  it is the value, not an option
    """The vendor's text of a truth."""
    return "true" if value else "false"


def moment(at: int) -> str:
    """A time for a sentence, to the second.

    >>> moment(1_767_225_600_000_000)
    '2026-01-01 00:00:00 UTC'
    """
    return f"{EPOCH + timedelta(microseconds=at):%Y-%m-%d %H:%M:%S} UTC"


# ---- users -----------------------------------------------------------------------------------


def _known(read: Callable[[User], Cell]) -> Callable[[UserSummary], Cell]:
    return lambda row: read(row.user) if row.readable else None


def _known_flag(read: Callable[[User], bool]) -> Callable[[UserSummary], Cell]:
    return lambda row: said(read(row.user)) if row.readable else None


def _type(user: User) -> str | None:
    return None if user.type is None else user.type.value


def secondary_roles(user: User) -> str:
    """DEFAULT_SECONDARY_ROLES as SHOW USERS prints it; unset means ALL."""
    roles = ("ALL",) if user.default_secondary_roles is None else user.default_secondary_roles
    return "[" + ",".join(f'"{role}"' for role in roles) + "]"


USER_NAME: Field[UserSummary] = text("name", lambda row: row.user.name)
USER_CREATED_ON: Field[UserSummary] = time("created_on", _known(lambda user: user.created_at))
USER_NAMES: Fields[UserSummary] = (
    text("display_name", _known(lambda user: user.display_name)),
    text("first_name", _known(lambda user: user.first_name)),
    text("last_name", _known(lambda user: user.last_name)),
    text("email", _known(lambda user: user.email)),
)
USER_COMMENT: Field[UserSummary] = text("comment", _known(lambda user: user.comment))
USER_HAS: Fields[UserSummary] = (
    text("has_password", _known_flag(lambda user: user.password is not None)),
    text("has_rsa_public_key", _known_flag(lambda _: False)),
)

SHOW_USERS: Fields[UserSummary] = (
    USER_NAME,
    USER_CREATED_ON,
    text("login_name", _known(lambda user: user.login_name)),
    *USER_NAMES,
    text("mins_to_unlock", unknown),
    text("days_to_expiry", unknown),
    USER_COMMENT,
    text("disabled", _known_flag(lambda user: user.disabled)),
    text("must_change_password", _known_flag(lambda user: user.must_change_password)),
    text("snowflake_lock", _known_flag(lambda _: False)),
    text("default_warehouse", _known(lambda user: user.default_warehouse)),
    text("default_namespace", _known(lambda user: user.default_namespace)),
    text("default_role", _known(lambda user: user.default_role)),
    text("default_secondary_roles", _known(secondary_roles)),
    text("ext_authn_duo", _known_flag(lambda _: False)),
    text("ext_authn_uid", unknown),
    text("mins_to_bypass_mfa", unknown),
    text("owner", lambda row: row.owner if row.readable else None),
    time("last_success_login", unknown),
    time("expires_at_time", unknown),
    time("locked_until_time", unknown),
    *USER_HAS,
    text("type", _known(_type)),
    text("has_mfa", _known_flag(lambda _: False)),
    text("has_pat", _known_flag(lambda _: False)),
    text("has_workload_identity", _known_flag(lambda _: False)),
    text("is_from_organization_user", _known_flag(lambda _: False)),
)

SHOW_TERSE_USERS: Fields[UserSummary] = (
    USER_NAME,
    USER_CREATED_ON,
    *USER_NAMES,
    USER_COMMENT,
    *USER_HAS,
)


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """One property of a described object."""

    name: str
    value: str | None
    default: str | None = None
    description: str = ""
    type: str = "String"


DESCRIBE_OBJECT: Fields[Described] = (
    text("property", lambda row: row.name),
    text("value", lambda row: _or_null(row.value)),
    text("default", lambda row: _or_null(row.default)),
    text("description", lambda row: row.description),
)


def _or_null(value: str | None) -> str:
    """A missing value is the text `null` (vendor: DESCRIBE USER)."""
    return "null" if value is None else value


class UserProperty(msgspec.Struct, frozen=True, kw_only=True):
    """A property that DESCRIBE USER prints."""

    name: str
    description: str
    read: Callable[[User], str | None] = lambda _: None
    default: str | None = None


def _listed(roles: tuple[str, ...] | None) -> str:
    return "[" + ",".join(("ALL",) if roles is None else roles) + "]"


NO = said(False)  # noqa: FBT003  it is the value, not an option

USER_PROPERTIES: tuple[UserProperty, ...] = (
    UserProperty(name="NAME", description="Name", read=lambda user: user.name),
    UserProperty(name="COMMENT", description="Comment", read=lambda user: user.comment),
    UserProperty(
        name="DISPLAY_NAME", description="Name to show", read=lambda user: user.display_name
    ),
    UserProperty(name="TYPE", description="Kind of user", read=_type),
    UserProperty(
        name="LOGIN_NAME", description="Name to log in with", read=lambda user: user.login_name
    ),
    UserProperty(name="FIRST_NAME", description="First name", read=lambda user: user.first_name),
    UserProperty(name="MIDDLE_NAME", description="Middle name", read=lambda user: user.middle_name),
    UserProperty(name="LAST_NAME", description="Last name", read=lambda user: user.last_name),
    UserProperty(name="EMAIL", description="E-mail address", read=lambda user: user.email),
    UserProperty(
        name="PASSWORD",
        description="Password, never shown",
        read=lambda user: "********" if user.password is not None else None,
    ),
    UserProperty(
        name="MUST_CHANGE_PASSWORD",
        description="The next login needs a new password",
        read=lambda user: said(user.must_change_password),
        default=NO,
    ),
    UserProperty(
        name="DISABLED",
        description="Can't log in",
        read=lambda user: said(user.disabled),
        default=NO,
    ),
    UserProperty(name="SNOWFLAKE_LOCK", description="Locked", read=lambda _: NO, default=NO),
    UserProperty(
        name="SNOWFLAKE_SUPPORT", description="Support may log in", read=lambda _: NO, default=NO
    ),
    UserProperty(name="DAYS_TO_EXPIRY", description="Days until the user expires"),
    UserProperty(name="MINS_TO_UNLOCK", description="Minutes until the lock is lifted"),
    UserProperty(
        name="DEFAULT_WAREHOUSE",
        description="Warehouse of a new session",
        read=lambda user: user.default_warehouse,
    ),
    UserProperty(
        name="DEFAULT_NAMESPACE",
        description="Database and schema of a new session",
        read=lambda user: user.default_namespace,
    ),
    UserProperty(
        name="DEFAULT_ROLE",
        description="Role of a new session",
        read=lambda user: user.default_role,
    ),
    UserProperty(
        name="DEFAULT_SECONDARY_ROLES",
        description="Secondary roles of a new session",
        read=lambda user: _listed(user.default_secondary_roles),
        default="[ALL]",
    ),
    UserProperty(name="EXT_AUTHN_DUO", description="Duo is in use", read=lambda _: NO, default=NO),
    UserProperty(name="EXT_AUTHN_UID", description="Name at Duo"),
    UserProperty(name="DEFAULT_MFA_METHOD", description="Second factor asked for first"),
    UserProperty(name="HAS_MFA", description="Has a second factor", read=lambda _: NO, default=NO),
    UserProperty(name="HAS_PAT", description="Has an access token", read=lambda _: NO, default=NO),
    UserProperty(
        name="HAS_WORKLOAD_IDENTITY",
        description="Has a workload identity",
        read=lambda _: NO,
        default=NO,
    ),
    UserProperty(name="MINS_TO_BYPASS_MFA", description="Minutes without a second factor"),
    UserProperty(
        name="MINS_TO_BYPASS_NETWORK_POLICY", description="Minutes without the network policy"
    ),
    UserProperty(name="RSA_PUBLIC_KEY", description="Public key"),
    UserProperty(name="RSA_PUBLIC_KEY_FP", description="Fingerprint of the public key"),
    UserProperty(name="RSA_PUBLIC_KEY_LAST_SET_TIME", description="When the key was set"),
    UserProperty(name="RSA_PUBLIC_KEY_2", description="Second public key"),
    UserProperty(name="RSA_PUBLIC_KEY_2_FP", description="Fingerprint of the second key"),
    UserProperty(name="RSA_PUBLIC_KEY_2_LAST_SET_TIME", description="When that key was set"),
    UserProperty(
        name="PASSWORD_LAST_SET_TIME",
        description="When the password was set",
        read=lambda user: None if user.password_set_at is None else moment(user.password_set_at),
    ),
    UserProperty(name="CUSTOM_LANDING_PAGE_URL", description="Page of a new session"),
    UserProperty(
        name="CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD",
        description="That page is shown once more",
        read=lambda _: NO,
        default=NO,
    ),
    UserProperty(
        name="IS_FROM_ORGANIZATION_USER",
        description="Comes from the organization",
        read=lambda _: NO,
        default=NO,
    ),
)


def described_user(user: User) -> tuple[Described, ...]:
    """The rows of DESCRIBE USER."""
    return tuple(
        Described(
            name=row.name,
            value=row.read(user),
            default=row.default,
            description=row.description,
        )
        for row in USER_PROPERTIES
    )


# ---- roles -----------------------------------------------------------------------------------


class RoleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A role of SHOW ROLES, and whether it is the user's default."""

    summary: RoleSummary
    is_default: bool


ROLE_CREATED_ON: Field[RoleRow] = time("created_on", lambda row: row.summary.role.created_at)
ROLE_NAME: Field[RoleRow] = text("name", lambda row: row.summary.role.name)

SHOW_ROLES: Fields[RoleRow] = (
    ROLE_CREATED_ON,
    ROLE_NAME,
    yes("is_default", lambda row: row.is_default),
    yes("is_current", lambda row: row.summary.is_current),
    yes("is_inherited", lambda row: row.summary.is_inherited),
    number("assigned_to_users", lambda row: row.summary.assigned_to_users),
    number("granted_to_roles", lambda row: row.summary.granted_to_roles),
    number("granted_roles", lambda row: row.summary.granted_roles),
    text("owner", lambda row: row.summary.owner or ""),
    text("comment", lambda row: row.summary.role.comment or ""),
)

SHOW_TERSE_ROLES: Fields[RoleRow] = (ROLE_CREATED_ON, ROLE_NAME)


def described_role(role: Role, owner: Name | None) -> tuple[Described, ...]:
    """The rows of DESCRIBE ROLE (ours: the vendor describes no account role)."""
    return (
        Described(name="NAME", value=role.name, description="Name"),
        Described(name="OWNER", value=owner, description="Role that owns it"),
        Described(name="COMMENT", value=role.comment, description="Comment"),
        Described(name="CREATED_ON", value=moment(role.created_at), description="When it was made"),
    )


# ---- databases -------------------------------------------------------------------------------


class DatabaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A database of SHOW DATABASES."""

    database: Database
    owner: Name | None
    is_current: bool


DATABASE_CREATED_ON: Field[DatabaseRow] = time("created_on", lambda row: row.database.created_at)
DATABASE_NAME: Field[DatabaseRow] = text("name", lambda row: row.database.name)

SHOW_DATABASES: Fields[DatabaseRow] = (
    DATABASE_CREATED_ON,
    DATABASE_NAME,
    yes("is_default", lambda _: False),
    yes("is_current", lambda row: row.is_current),
    text("origin", lambda _: ""),
    text("owner", lambda row: row.owner or ""),
    text("comment", lambda _: ""),
    text("options", lambda _: ""),
    text("retention_time", lambda _: "0"),
    text("kind", lambda _: "STANDARD"),
)

SHOW_TERSE_DATABASES: Fields[DatabaseRow] = (
    DATABASE_CREATED_ON,
    DATABASE_NAME,
    text("kind", lambda _: "STANDARD"),
    text("database_name", unknown),
    text("schema_name", unknown),
)


# ---- integrations and tokens -----------------------------------------------------------------

SHOW_INTEGRATIONS: Fields[Integration] = (
    text("name", lambda found: found.name),
    text("type", lambda found: f"SCIM - {found.scim_client}"),
    text("category", lambda _: "SECURITY"),
    flag("enabled", lambda found: found.enabled),
    text("comment", lambda found: found.comment),
    time("created_on", lambda found: found.created_at),
)

DESCRIBE_INTEGRATION: Fields[Described] = (
    text("property", lambda row: row.name),
    text("property_type", lambda row: row.type),
    text("property_value", lambda row: row.value or ""),
    text("property_default", lambda row: row.default or ""),
)


def described_integration(found: Integration, run_as_role: Name | None) -> tuple[Described, ...]:
    """The rows of DESCRIBE SECURITY INTEGRATION; the rejection date stands there when it is set."""
    rows = (
        Described(name="ENABLED", type="Boolean", value=said(found.enabled), default="true"),
        Described(name="NETWORK_POLICY", value=found.network_policy),
        Described(name="RUN_AS_ROLE", value=run_as_role),
        Described(
            name="SYNC_PASSWORD", type="Boolean", value=said(found.sync_password), default="false"
        ),
        Described(name="COMMENT", value=found.comment),
        Described(name="SCIM_ENDPOINT_ID", value=found.endpoint),
        Described(name="CONFORMANCE", value=found.conformance, default=Conformance.RFC),
        Described(
            name="UNKNOWN_ATTRIBUTES",
            value=found.unknown_attributes,
            default=UnknownAttributes.IGNORE,
        ),
        Described(
            name="ATTRIBUTE_ALIASES",
            value=", ".join(f"'{alias}' = '{name}'" for alias, name in found.attribute_aliases),
        ),
    )
    if found.reject_tokens_issued_before is None:
        return rows
    before = moment(found.reject_tokens_issued_before)
    return (*rows, Described(name="REJECT_TOKENS_ISSUED_BEFORE", value=before))


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token of SHOW SCIM TOKENS, seen at a moment."""

    token: Token
    at: int

    @property
    def state(self) -> str:
        """ENDED, EXPIRED or LIVE."""
        if self.token.ended_at is not None:
            return "ENDED"
        return "LIVE" if self.token.expires_at > self.at else "EXPIRED"


SHOW_SCIM_TOKENS: Fields[TokenRow] = (
    text("id", lambda row: row.token.id),
    text("integration", lambda row: row.token.integration_name),
    text("purpose", lambda row: row.token.purpose),
    time("issued_on", lambda row: row.token.issued_at),
    time("expires_on", lambda row: row.token.expires_at),
    time("last_used_on", lambda row: row.token.last_used_at),
    text("state", lambda row: row.state),
    time("ended_on", lambda row: row.token.ended_at),
    text("ended_why", lambda row: row.token.ended_why),
)


# ---- grants ----------------------------------------------------------------------------------

GRANT_CREATED_ON: Field[GrantRow] = time("created_on", lambda grant: grant.created_at)
GRANT_HEAD: Fields[GrantRow] = (
    GRANT_CREATED_ON,
    text("privilege", lambda grant: grant.privilege),
    text("granted_on", lambda grant: grant.granted_on.value),
    text("name", lambda grant: grant.name),
)
GRANT_TAIL: Fields[GrantRow] = (
    text("granted_to", lambda grant: grant.granted_to.value),
    text("grantee_name", lambda grant: grant.grantee_name),
    flag("grant_option", lambda grant: grant.grant_option),
)
GRANTED_BY: Field[GrantRow] = text("granted_by", lambda grant: grant.granted_by)
GRANT_ROLE: Field[GrantRow] = text("role", lambda grant: grant.name)

SHOW_GRANTS_ON: Fields[GrantRow] = (
    *GRANT_HEAD,
    *GRANT_TAIL,
    text("granted_by_role_type", lambda grant: Kind.ROLE.value if grant.granted_by else ""),
    GRANTED_BY,
)
SHOW_GRANTS_TO_ROLE: Fields[GrantRow] = (*GRANT_HEAD, *GRANT_TAIL, GRANTED_BY)
SHOW_GRANTS_TO_USER: Fields[GrantRow] = (*GRANT_HEAD, GRANT_ROLE, *GRANT_TAIL, GRANTED_BY)
SHOW_GRANTS_OF_ROLE: Fields[GrantRow] = (
    GRANT_CREATED_ON,
    GRANT_ROLE,
    text("granted_to", lambda grant: grant.granted_to.value),
    text("grantee_name", lambda grant: grant.grantee_name),
    GRANTED_BY,
)


# ---- table functions -------------------------------------------------------------------------


def _error_code(noted: Noted) -> str | None:
    """The HTTP status of what failed."""
    return None if noted.attempt.succeeded else str(noted.attempt.status)


def _actor_domain(noted: Noted) -> str | None:
    """Who calls SCIM is an integration; a stranger is nobody."""
    if noted.attempt.integration is not None:
        return Kind.INTEGRATION.value
    return noted.attempt.actor_kind


REST_EVENT_HISTORY: Fields[Noted] = (
    time("EVENT_TIMESTAMP", lambda noted: noted.attempt.at),
    number("EVENT_ID", lambda noted: noted.seq),
    text("EVENT_TYPE", lambda noted: noted.attempt.kind.value),
    text("ENDPOINT", lambda noted: noted.attempt.endpoint),
    text("METHOD", lambda noted: noted.attempt.method),
    text("STATUS", lambda noted: "SUCCESS" if noted.attempt.succeeded else "FAILURE"),
    text("ERROR_CODE", _error_code),
    text("DETAILS", lambda noted: details_of(noted.attempt)),
    text("CLIENT_IP", lambda noted: noted.attempt.client_ip),
    text("ACTOR_NAME", lambda noted: noted.attempt.integration or noted.attempt.actor),
    text("ACTOR_DOMAIN", _actor_domain),
    text("RESOURCE_NAME", lambda noted: noted.attempt.resource_name),
    text("RESOURCE_DOMAIN", lambda noted: noted.attempt.resource_kind),
)
