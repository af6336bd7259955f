"""What the views of INFORMATION_SCHEMA answer with: one row a column, and its getter."""

import msgspec

from rolecall.domain.model import Database, Kind
from rolecall.domain.names import Name
from rolecall.domain.queries import GrantRow, ScimResource
from rolecall.domain.tolerated import Tolerated
from rolecall.fronts.tables import Fields, Item, number, text, time, unknown, yes
from rolecall.fronts.tables_scim import SHOW_SCIM_RESOURCES
from rolecall.fronts.tables_usage import boolean
from rolecall.scim.quirks import QUIRKS


class DatabaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """A database and its owner's name."""

    database: Database
    owner: Name | None


class SchemaLine(msgspec.Struct, frozen=True, kw_only=True):
    """A schema of a database."""

    database: Database
    owner: Name | None
    name: Name


class RoleLine(msgspec.Struct, frozen=True, kw_only=True):
    """A role, its owner's name, and to whom it is granted, where that is asked."""

    name: Name
    owner: Name | None
    grantee: str = ""


class ColumnLine(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a view, by its position."""

    schema: Name
    view: Name
    says: str
    name: str
    type: str
    position: int


DATABASES: Fields[DatabaseLine] = (
    text("DATABASE_NAME", lambda row: row.database.name),
    text("DATABASE_OWNER", lambda row: row.owner),
    text("IS_TRANSIENT", lambda _: "NO"),
    text("COMMENT", lambda row: row.database.comment),
    time("CREATED", lambda row: row.database.created_at),
    time("LAST_ALTERED", lambda row: row.database.created_at),
    number("RETENTION_TIME", lambda _: 0),
    text("TYPE", lambda _: "STANDARD"),
    text("OWNER_ROLE_TYPE", lambda row: Kind.ROLE.value if row.owner else None),
)

SCHEMATA: Fields[SchemaLine] = (
    text("CATALOG_NAME", lambda row: row.database.name),
    text("SCHEMA_NAME", lambda row: row.name),
    text("SCHEMA_OWNER", lambda row: row.owner),
    text("IS_TRANSIENT", lambda _: "NO"),
    text("IS_MANAGED_ACCESS", lambda _: "NO"),
    number("RETENTION_TIME", lambda _: 0),
    text("DEFAULT_CHARACTER_SET_CATALOG", unknown),
    text("DEFAULT_CHARACTER_SET_SCHEMA", unknown),
    text("DEFAULT_CHARACTER_SET_NAME", unknown),
    text("SQL_PATH", unknown),
    time("CREATED", lambda row: row.database.created_at),
    time("LAST_ALTERED", lambda row: row.database.created_at),
    text("COMMENT", unknown),
    text("OWNER_ROLE_TYPE", lambda row: Kind.ROLE.value if row.owner else None),
)

ENABLED_ROLES: Fields[RoleLine] = (
    text("ROLE_NAME", lambda row: row.name),
    text("ROLE_OWNER", lambda row: row.owner or ""),
)

APPLICABLE_ROLES: Fields[RoleLine] = (
    text("GRANTEE", lambda row: row.grantee),
    text("ROLE_NAME", lambda row: row.name),
    text("ROLE_OWNER", lambda row: row.owner or ""),
    text("IS_GRANTABLE", lambda _: "NO"),
)

OBJECT_PRIVILEGES: Fields[GrantRow] = (
    text("GRANTOR", lambda grant: grant.granted_by or None),
    text("GRANTEE", lambda grant: grant.grantee_name),
    text("OBJECT_CATALOG", unknown),
    text("OBJECT_SCHEMA", unknown),
    text("OBJECT_NAME", lambda grant: grant.name),
    text("OBJECT_TYPE", lambda grant: grant.granted_on.value),
    text("PRIVILEGE_TYPE", lambda grant: grant.privilege),
    yes("IS_GRANTABLE", lambda grant: grant.grant_option),
    time("CREATED", lambda grant: grant.created_at),
    text("GRANTED_TO", lambda grant: grant.granted_to.value),
)

CATALOG_NAME: Fields[Name] = (text("CATALOG_NAME", lambda name: name),)

TABLES: Fields[ColumnLine] = (
    text("TABLE_CATALOG", lambda _: "SNOWFLAKE"),
    text("TABLE_SCHEMA", lambda row: row.schema),
    text("TABLE_NAME", lambda row: row.view),
    text("TABLE_OWNER", unknown),
    text("TABLE_TYPE", lambda _: "VIEW"),
    text("COMMENT", lambda row: row.says),
)

COLUMNS: Fields[ColumnLine] = (
    text("TABLE_CATALOG", lambda _: "SNOWFLAKE"),
    text("TABLE_SCHEMA", lambda row: row.schema),
    text("TABLE_NAME", lambda row: row.view),
    text("COLUMN_NAME", lambda row: row.name),
    number("ORDINAL_POSITION", lambda row: row.position),
    text("IS_NULLABLE", lambda _: "YES"),
    text("DATA_TYPE", lambda row: row.type),
)


def _shouted(fields: Fields[Item]) -> Fields[Item]:
    """The columns of a SHOW with the names of a view."""
    return tuple(msgspec.structs.replace(field, name=field.name.upper()) for field in fields)


SCIM_RESOURCES: Fields[ScimResource] = tuple(
    boolean("ACTIVE", lambda row: row.active) if field.name == "ACTIVE" else field
    for field in _shouted(SHOW_SCIM_RESOURCES)
)

SCIM_QUIRKS: Fields[Tolerated] = (
    text("INTEGRATION", lambda row: row.integration),
    text("QUIRK", lambda row: row.quirk),
    number("REQUESTS", lambda row: row.requests),
    time("FIRST_MET", lambda row: row.first_at),
    time("LAST_MET", lambda row: row.last_at),
    text("LAST_REQUEST", lambda row: row.last_request),
    text("REASON", lambda row: QUIRKS[row.quirk].reason if row.quirk in QUIRKS else None),
)
