"""Logins and databases: sessions that USE changes, and names to use."""

import msgspec

from rolecall.domain import access, credentials, parameters, properties, variables
from rolecall.domain.commands import (
    ByName,
    ChangeSession,
    ChangeUser,
    CloseSession,
    CreateDatabase,
    DropDatabase,
    OpenSession,
    Ref,
    RenewSession,
)
from rolecall.domain.effects import Effect, Moved
from rolecall.domain.errors import (
    AlreadyExists,
    LoginRefused,
    NotFound,
    RoleNotGranted,
    TokenRefused,
)
from rolecall.domain.events import (
    DatabaseCreated,
    DatabaseDropped,
    Event,
    SessionOpened,
    SessionsEnded,
)
from rolecall.domain.grants import database_meant
from rolecall.domain.model import (
    AccessToken,
    Database,
    Kind,
    Privilege,
    Role,
    SqlSession,
    User,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.session import ALL_ROLES, ActorKind, Session
from rolecall.domain.users import change_user, require_name


def open_session(tx: Transaction, session: Session, command: OpenSession) -> Effect:
    """A user is logged in, with the role asked for, else the default one, else PUBLIC.

    Raises LoginRefused when that has become impossible since the credential was verified, and
    RoleNotGranted for a role that was asked for.
    """
    user = tx.user(command.user)
    why = credentials.why_not_let_in(user, command.at)
    if access.is_dropped(tx):
        raise LoginRefused(command.user, "dropped account")
    if user is None or why is not None:
        raise LoginRefused(command.user, why or "unknown user")
    changed = _password_changed(tx, session, user, command)
    user = tx.user(user.id) or user
    token = _access_token_of(tx, user, command)
    restricted_to = None if token is None else token.role_restriction
    role, secondary = roles_at_first(tx, user, restricted_to, command.role, command.secondary)
    database = command.database if _is_database(tx, command.database) else None
    opened = SqlSession(
        id=command.id,
        user=user.id,
        verifier=command.verifier,
        created_at=command.at,
        expires_at=command.expires_at,
        master=command.master,
        master_expires_at=command.master_expires_at,
        access_token=command.access_token,
        restricted_to=restricted_to,
        role=role.id,
        secondary=secondary,
        database=database,
        schema=None if database is None else command.schema,
        warehouse=command.warehouse,
        parameters=parameters.known_session_values(command.parameters),
    )
    tx.delete_lapsed_sessions(user.id, command.at)
    tx.save_user(credentials.logged_in(user, command.at), user)
    tx.save_session(opened)
    return Effect((*changed, SessionOpened(id=user.id, session=opened.id)), opened)


def _password_changed(
    tx: Transaction, session: Session, user: User, command: OpenSession
) -> tuple[Event, ...]:
    """The new password, if the login brings one; which it must when the old one is to be changed.

    Raises LoginRefused when the password that was compared is the user's no more.
    """
    if command.password is None:
        return ()
    if command.password != user.password:
        raise LoginRefused(user.name, "the password has changed meanwhile")
    if command.new_password is None:
        if user.must_change_password:
            raise LoginRefused(user.name, credentials.MUST_CHANGE)
        return ()
    changes = credentials.password_reset(command.new_password, command.at)
    change = ChangeUser(user=user.id, changes=changes, at=command.at)
    return change_user(tx, session, change).events


def roles_at_first(
    reading: Reading,
    user: User,
    restricted_to: Id | None,
    asked: Ref | None,
    secondary: tuple[Ref, ...] | None,
) -> tuple[Role, tuple[Id, ...]]:
    """What a user acts as at first: the primary role, and the secondary ones.

    Raises RoleNotGranted for a role asked for, and LoginRefused when a token's only role is
    the user's no more.
    """
    held = access.roles_of_user(reading, user.id)
    if restricted_to is not None:
        return _only_role(reading, user, restricted_to, asked, held), ()
    if asked is not None:
        role = _found(reading, asked)
        if role is None or role.id not in held:
            raise RoleNotGranted(access.label(asked), user.name)
    else:
        role = _default_role(reading, user, held)
    if secondary is None:
        return role, () if user.default_secondary_roles == () else ALL_ROLES
    if secondary == ALL_ROLES:
        return role, ALL_ROLES
    found = (_found(reading, ref) for ref in secondary)
    return role, tuple(each.id for each in found if each is not None and each.id in held)


def _only_role(
    reading: Reading, user: User, only: Id, asked: Ref | None, held: frozenset[Id]
) -> Role:
    role = reading.role(only)
    if role is None or role.id not in held:
        raise LoginRefused(user.name, "the role of the access token is not granted to the user")
    if asked is not None and _found(reading, asked) != role:
        raise RoleNotGranted(access.label(asked), user.name)
    return role


def _default_role(reading: Reading, user: User, held: frozenset[Id]) -> Role:
    name = access.fold_role(user.default_role) if user.default_role else None
    role = None if name is None else reading.role_named(name)
    if role is not None and role.id in held:
        return role
    return access.system_role(reading, access.PUBLIC)


def _found(reading: Reading, ref: Ref) -> Role | None:
    return reading.role_named(ref.name) if isinstance(ref, ByName) else reading.role(ref)


def _is_database(reading: Reading, name: Name | None) -> bool:
    """Vendor: a database that isn't there is no reason to refuse a login."""
    return name is not None and reading.database_named(name) is not None


def _access_token_of(tx: Transaction, user: User, command: OpenSession) -> AccessToken | None:
    """The access token that lets the user in, while it does."""
    if command.access_token is None:
        return None
    for token in tx.access_tokens_of(user.id):
        if token.id == command.access_token and access.is_good(token, command.at):
            return token
    raise LoginRefused(user.name, "the access token has ended")


def renew_session(tx: Transaction, session: Session, command: RenewSession) -> Effect:
    """A session lives on.

    Raises TokenRefused when it has ended, or the access token behind it, and LoginRefused.
    """
    stored = tx.session(command.session)
    if stored is None or stored.user != session.user or access.is_dropped(tx):
        raise TokenRefused("unknown", remedy="Log in again.")
    if stored.master_expires_at is None or stored.master_expires_at <= command.at:
        raise TokenRefused("expired", remedy="Log in again.")
    access.require_user(tx, msgspec.structs.replace(session, access_token=stored.access_token))
    renewed = msgspec.structs.replace(
        stored,
        verifier=command.verifier or stored.verifier,
        expires_at=command.expires_at if command.verifier else stored.expires_at,
        master_expires_at=command.master_expires_at,
    )
    tx.save_session(renewed)
    return Effect((), renewed)


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
