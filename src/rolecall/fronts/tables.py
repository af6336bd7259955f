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
    WINDOW_MINUTES,
    Conformance,
    Database,
    ExternalOauth,
    Integration,
    Kind,
    Role,
    Token,
    UnknownAttributes,
)
from rolecall.domain.names import Name
from rolecall.domain.queries import GrantRow, RoleSummary
from rolecall.domain.scim_tokens import is_soon
from rolecall.domain.tables import Cell, Column, ColumnType, Table
from rolecall.fronts.history_details import details_of
from rolecall.fronts.scim_dialect import tolerated_quirks
from rolecall.scim import quirks

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
    return Table(columns=columns_of(fields), rows=rows_of(fields, items))


def columns_of(fields: Fields[Item]) -> tuple[Column, ...]:
    """The columns, as clients see them."""
    return tuple(column_of(field.name, field.type) for field in fields)


def rows_of(fields: Fields[Item], items: Iterable[Item]) -> list[tuple[Cell, ...]]:
    """A row an item."""
    readers = [field.read for field in fields]
    return [tuple([read(item) for read in readers]) for item in items]


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


# ---- described objects --------------------------------------------------------------------------


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
    text("comment", lambda row: row.database.comment or ""),
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


def _integration_type(found: Integration | ExternalOauth) -> str:
    if isinstance(found, ExternalOauth):
        return f"EXTERNAL_OAUTH - {found.type}"
    return f"SCIM - {found.scim_client}"


SHOW_INTEGRATIONS: Fields[Integration | ExternalOauth] = (
    text("name", lambda found: found.name),
    text("type", _integration_type),
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


def described_integration(
    found: Integration,
    run_as_role: Name | None,
    network_policy: Name | None,
    conformance: Conformance,
) -> tuple[Described, ...]:
    """The rows of DESCRIBE SECURITY INTEGRATION; the rejection date stands there when it is set.

    `conformance` is the account's, which counts where the integration has none.
    """
    rows = (
        Described(name="ENABLED", type="Boolean", value=said(found.enabled), default="true"),
        Described(name="NETWORK_POLICY", value=network_policy),
        Described(name="RUN_AS_ROLE", value=run_as_role),
        Described(
            name="SYNC_PASSWORD", type="Boolean", value=said(found.sync_password), default="false"
        ),
        Described(name="COMMENT", value=found.comment),
        Described(name="SCIM_ENDPOINT_ID", value=found.endpoint),
        Described(name="CONFORMANCE", value=found.conformance or conformance, default=conformance),
        Described(
            name="UNKNOWN_ATTRIBUTES",
            value=found.unknown_attributes,
            default=UnknownAttributes.IGNORE,
        ),
        Described(
            name="ATTRIBUTE_ALIASES",
            value=", ".join(f"'{alias}' = '{name}'" for alias, name in found.attribute_aliases),
        ),
        Described(
            name="TOLERATED_QUIRKS",
            type="List",
            value=", ".join(tolerated_quirks(found)),
            default=", ".join(quirks.DIALECTS[quirks.Client(found.scim_client)]),
        ),
        *_described_brake(found),
    )
    if found.reject_tokens_issued_before is None:
        return rows
    before = moment(found.reject_tokens_issued_before)
    return (*rows, Described(name="REJECT_TOKENS_ISSUED_BEFORE", value=before))


def _described_brake(found: Integration) -> tuple[Described, ...]:
    """The deprovisioning brake; without a limit it is off."""
    limits = {
        "DEPROVISIONING_LIMIT": found.deprovisioning_limit,
        "DEPROVISIONING_LIMIT_IN_PERCENT": found.deprovisioning_limit_in_percent,
    }
    return (
        *(
            Described(name=name, type="Integer", value=None if limit is None else str(limit))
            for name, limit in limits.items()
        ),
        Described(
            name="DEPROVISIONING_WINDOW_IN_MINUTES",
            type="Integer",
            value=str(found.deprovisioning_window_in_minutes),
            default=str(WINDOW_MINUTES),
        ),
        Described(
            name="DEPROVISIONING_EXEMPT_USERS",
            type="List",
            value=", ".join(found.deprovisioning_exempt_users),
        ),
    )


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token of SHOW SCIM TOKENS, seen at a moment."""

    token: Token
    at: int

    @property
    def last_used_at(self) -> int | None:
        """Kept to the minute, which may have begun before the token was issued in it."""
        used = self.token.last_used_at
        return None if used is None else max(used, self.token.issued_at)

    @property
    def state(self) -> str:
        """ENDED, EXPIRED, EXPIRES SOON or LIVE."""
        token = self.token
        if token.ended_at is not None:
            return "ENDED"
        if token.expires_at <= self.at:
            return "EXPIRED"
        return "EXPIRES SOON" if is_soon(token.issued_at, token.expires_at, self.at) else "LIVE"


SHOW_SCIM_TOKENS: Fields[TokenRow] = (
    text("id", lambda row: row.token.id),
    text("integration", lambda row: row.token.integration_name),
    text("purpose", lambda row: row.token.purpose),
    time("issued_on", lambda row: row.token.issued_at),
    time("expires_on", lambda row: row.token.expires_at),
    time("last_used_on", lambda row: row.last_used_at),
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
    text("DETAILS", lambda noted: details_of(noted.attempt, noted.caused)),
    text("CLIENT_IP", lambda noted: noted.attempt.client_ip),
    text("ACTOR_NAME", lambda noted: noted.attempt.integration or noted.attempt.actor),
    text("ACTOR_DOMAIN", _actor_domain),
    text("RESOURCE_NAME", lambda noted: noted.attempt.resource_name),
    text("RESOURCE_DOMAIN", lambda noted: noted.attempt.resource_kind),
)
