"""Logins and databases: sessions that USE changes, and names to use."""

import msgspec

from rolecall.domain import access, credentials, parameters, properties, variables
from rolecall.domain.commands import (
    ChangeSession,
    CloseSession,
    CreateDatabase,
    DropDatabase,
    OpenSession,
    Ref,
)
from rolecall.domain.effects import Effect, Moved
from rolecall.domain.errors import AlreadyExists, LoginRefused, NotFound
from rolecall.domain.events import (
    DatabaseCreated,
    DatabaseDropped,
    SessionOpened,
    SessionsEnded,
)
from rolecall.domain.grants import database_meant
from rolecall.domain.model import Database, Kind, Privilege, SqlSession
from rolecall.domain.names import Id
from rolecall.domain.ports import Transaction
from rolecall.domain.session import ALL_ROLES, ActorKind, Session
from rolecall.domain.users import require_name


def open_session(tx: Transaction, _session: Session, command: OpenSession) -> Effect:
    """A user is logged in, with the default role if it is granted, else PUBLIC.

    Raises LoginRefused when that has become impossible since the password was verified.
    """
    user = tx.user(command.user)
    why = credentials.why_not_let_in(user, command.at)
    if user is None or why is not None:
        raise LoginRefused(command.user, why or "unknown user")

    role = tx.role_named(access.fold_role(user.default_role)) if user.default_role else None
    public = access.system_role(tx, access.PUBLIC)
    held = access.roles_of_user(tx, user.id)
    chosen = role if role is not None and role.id in held else public
    session = SqlSession(
        id=command.id,
        user=user.id,
        verifier=command.verifier,
        created_at=command.at,
        expires_at=command.expires_at,
        role=chosen.id,
        secondary=() if user.default_secondary_roles == () else ALL_ROLES,
    )
    tx.save_user(credentials.logged_in(user, command.at))
    tx.save_session(session)
    return Effect((SessionOpened(id=user.id, session=session.id),), session)


def change_session(tx: Transaction, session: Session, command: ChangeSession) -> Effect:
    """USE. Raises NotFound, or RoleNotGranted for a role that the user may know of."""
    role = access.role_granted(tx, session, command.role) if command.role is not None else None
    secondary = _secondary_meant(tx, session, command.secondary)
    parameters.session_values({}, command.parameters)
    if command.database is not None and tx.database_named(command.database) is None:
        raise NotFound(Kind.DATABASE, command.database)
    stored = tx.session(command.session)
    moved = Moved(role=role, secondary=secondary)
    if stored is None:
        return Effect((), moved)
    if stored.user != session.user:
        raise NotFound(Kind.USER, session.actor)

    kept = {
        "role": role.id if role is not None else None,
        "secondary": secondary,
        "database": command.database,
        "schema": command.schema,
        "warehouse": command.warehouse,
        "variables": variables.changed(stored.variables, command.variables),
        "parameters": parameters.session_values(stored.parameters, command.parameters),
    }
    said = {field: value for field, value in kept.items() if value is not None}
    tx.save_session(msgspec.structs.replace(stored, **said))
    return Effect((), moved)


def _secondary_meant(
    tx: Transaction, session: Session, refs: tuple[Ref, ...] | None
) -> tuple[Id, ...] | None:
    """The ids of the secondary roles, each of which must be granted now (vendor: USE)."""
    if refs is None or refs == ALL_ROLES:
        return None if refs is None else ALL_ROLES
    return tuple(dict.fromkeys(access.role_granted(tx, session, ref).id for ref in refs))


def close_session(tx: Transaction, session: Session, command: CloseSession) -> Effect:
    """A session ends; ending an ended one changes nothing."""
    stored = tx.session(command.session)
    if stored is None:
        return Effect()
    if session.user != stored.user and session.actor_kind is not ActorKind.LOCAL:
        raise NotFound(Kind.USER, session.actor)
    tx.delete_session(stored.id)
    return Effect((SessionsEnded(id=stored.user, count=1, why="logout"),))


def create_database(tx: Transaction, session: Session, command: CreateDatabase) -> Effect:
    """A database comes to be. Raises NotAuthorized, AlreadyExists, InvalidValue."""
    access.require(tx, session, Privilege.CREATE_DATABASE)
    require_name("NAME", command.name)
    present = tx.database_named(command.name)
    if present is not None and command.if_not_exists:
        return Effect()
    if present is not None:
        raise AlreadyExists(Kind.DATABASE, command.name, id=present.id)

    comment = properties.text("COMMENT", command.comment)
    database = Database(
        id=command.id,
        name=command.name,
        owner=session.role,
        created_at=command.at,
        comment=comment,
    )
    tx.save_database(database)
    return Effect((DatabaseCreated(id=database.id, name=database.name, owner=database.owner),))


def drop_database(tx: Transaction, session: Session, command: DropDatabase) -> Effect:
    """A database is gone. Raises NotFound, NotAuthorized."""
    try:
        database = database_meant(tx, command.database)
    except NotFound:
        if command.if_exists:
            return Effect()
        raise
    access.require_owned(tx, session, access.target_of(Kind.DATABASE, database), command.database)

    tx.delete_privileges_on(Kind.DATABASE, database.id)
    tx.delete_database(database.id)
    return Effect((DatabaseDropped(id=database.id, name=database.name),))
