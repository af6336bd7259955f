"""Rules for what concerns the session: USE, ALTER SESSION, transactions."""

from collections.abc import Mapping

from rolecall.sql.cursor import Cursor
from rolecall.sql.properties import read_parameters
from rolecall.sql.rules import Head, Rule
from rolecall.sql.statements import (
    AlterSession,
    Begin,
    Commit,
    Rollback,
    UseDatabase,
    UseRole,
    UseSchema,
    UseSecondaryRoles,
    UseWarehouse,
)


def _use_role(cursor: Cursor, _: Head) -> UseRole:
    return UseRole(name=cursor.identifier())


def _use_secondary_roles(cursor: Cursor, _: Head) -> UseSecondaryRoles:
    if cursor.accept("ALL"):
        return UseSecondaryRoles(all_roles=True)
    if cursor.accept("NONE"):
        return UseSecondaryRoles()
    return UseSecondaryRoles(roles=cursor.identifiers())


def _use_database(cursor: Cursor, _: Head) -> UseDatabase:
    return UseDatabase(name=cursor.identifier())


def _use_schema(cursor: Cursor, _: Head) -> UseSchema:
    first = cursor.identifier()
    if cursor.accept_symbol("."):
        return UseSchema(database=first, name=cursor.identifier())
    return UseSchema(name=first)


def _use_name(cursor: Cursor, head: Head) -> UseDatabase | UseSchema:
    schema = _use_schema(cursor, head)
    return UseDatabase(name=schema.name) if schema.database is None else schema


def _use_warehouse(cursor: Cursor, _: Head) -> UseWarehouse:
    return UseWarehouse(name=cursor.identifier())


def _begin(cursor: Cursor, _: Head) -> Begin:
    if not cursor.accept("WORK"):
        cursor.accept("TRANSACTION")
    return Begin(name=cursor.identifier() if cursor.accept("NAME") else None)


def _commit(cursor: Cursor, _: Head) -> Commit:
    cursor.accept("WORK")
    return Commit()


def _rollback(cursor: Cursor, _: Head) -> Rollback:
    cursor.accept("WORK")
    return Rollback()


def _alter_session(cursor: Cursor, _: Head) -> AlterSession:
    return AlterSession(action=read_parameters(cursor))


RULES: Mapping[tuple[str, ...], Rule] = {
    ("USE", "ROLE"): _use_role,
    ("USE", "SECONDARY", "ROLES"): _use_secondary_roles,
    ("USE", "DATABASE"): _use_database,
    ("USE", "SCHEMA"): _use_schema,
    ("USE", "WAREHOUSE"): _use_warehouse,
    ("USE",): _use_name,
    ("ALTER", "SESSION"): _alter_session,
    ("BEGIN",): _begin,
    ("START", "TRANSACTION"): _begin,
    ("COMMIT",): _commit,
    ("ROLLBACK",): _rollback,
}
