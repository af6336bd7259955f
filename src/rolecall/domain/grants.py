"""Grants: roles to users and roles, privileges to roles, and who owns what."""

from collections.abc import Callable

import msgspec

from rolecall.domain import access
from rolecall.domain.commands import (
    AddMembers,
    ByName,
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    Ref,
    RemoveMembers,
    RevokePrivileges,
    RevokeRole,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import (
    CircularGrant,
    DependentGrants,
    InvalidValue,
    NotAuthorized,
    NotFound,
    SystemObject,
)
from rolecall.domain.events import (
    Event,
    OwnershipTransferred,
    PrivilegeGranted,
    PrivilegeRevoked,
    RoleGranted,
    RoleRevoked,
)
from rolecall.domain.model import (
    Database,
    Integration,
    Kind,
    Privilege,
    PrivilegeGrant,
    Role,
    RoleGrant,
    User,
)
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading, Transaction
from rolecall.domain.roles import change_members
from rolecall.domain.session import Session

ON_ACCOUNT = frozenset(
    {
        Privilege.CREATE_USER,
        Privilege.CREATE_ROLE,
        Privilege.CREATE_INTEGRATION,
        Privilege.CREATE_DATABASE,
        Privilege.MANAGE_GRANTS,
        Privilege.MONITOR_USER,
        Privilege.MONITOR_ROLE,
    }
)
GRANTABLE: dict[Kind, frozenset[Privilege]] = {
    Kind.ACCOUNT: ON_ACCOUNT,
    Kind.USER: frozenset({Privilege.MONITOR}),
    Kind.ROLE: frozenset({Privilege.MONITOR}),
    Kind.INTEGRATION: frozenset({Privilege.USAGE, Privilege.MONITOR}),
    Kind.DATABASE: frozenset({Privilege.USAGE, Privilege.MONITOR}),
}
"""Which privileges can be granted on which kind of object; OWNERSHIP is transferred instead."""


# ---- roles -----------------------------------------------------------------------------------


def grant_role(tx: Transaction, session: Session, command: GrantRole) -> Effect:
    """A role is granted. Raises NotFound, NotAuthorized, CircularGrant."""
    role = access.role_meant(tx, command.role)
    require_grantor(tx, session, role)
    if command.grantee_kind is Kind.USER:
        user = user_meant(tx, command.grantee)
        events = change_members(tx, session, role.id, AddMembers((user.id,)), command.at)
        return _touched(tx, role.id, events, command.at)

    heir = access.role_meant(tx, command.grantee)
    if heir.id in access.reached(tx, role.id) or role.name == access.PUBLIC == heir.name:
        raise CircularGrant(role.name, heir.name)
    new = tx.save_role_grant(
        RoleGrant(
            role=role.id,
            grantee_kind=Kind.ROLE,
            grantee=heir.id,
            granted_by=grantor(tx, session, role.owner),
            created_at=command.at,
            origin=session.integration,
            grant_option=command.grant_option,
        )
    )
    if not new:
        return Effect()
    tx.bump_generation()
    return Effect((RoleGranted(id=role.id, to=heir.id),))


def revoke_role(tx: Transaction, session: Session, command: RevokeRole) -> Effect:
    """A role is no longer granted. Raises NotFound, NotAuthorized, SystemObject."""
    role = access.role_meant(tx, command.role)
    require_grantor(tx, session, role)
    if command.grantee_kind is Kind.USER:
        user = user_meant(tx, command.grantee)
        events = change_members(tx, session, role.id, RemoveMembers((user.id,)), command.at)
        return _touched(tx, role.id, events, command.at)

    heir = access.role_meant(tx, command.grantee)
    if role.system and heir.system:
        raise SystemObject(Kind.ROLE, role.name)
    if not tx.delete_role_grant(role.id, heir.id):
        return Effect()
    tx.bump_generation()
    return Effect((RoleRevoked(id=role.id, to=heir.id),))


def _touched(tx: Transaction, role: Id, events: list[Event], at: int) -> Effect:
    if events:
        tx.touch(role, at)
    return Effect(tuple(events))


def require_grantor(tx: Reading, session: Session, role: Role) -> None:
    """Refuse who neither owns the role nor holds MANAGE GRANTS (vendor: GRANT ROLE)."""
    if access.owns(tx, session, role.owner):
        return
    if not access.holds(tx, session, Privilege.MANAGE_GRANTS):
        raise NotAuthorized(
            Privilege.MANAGE_GRANTS,
            Kind.ROLE,
            role.name,
            remedy=access.hand_over(tx, session, Kind.ROLE, role.name, role.owner),
        )


def grantor(tx: Reading, session: Session, owner: Id | None) -> Id | None:
    """Who is written down as grantor: the session's role if it owns, else the owner.

    MANAGE GRANTS grants in the owner's name (vendor: access control, grantor rule).
    """
    return session.role if access.owns(tx, session, owner) else owner


# ---- privileges ------------------------------------------------------------------------------


def grant_privileges(tx: Transaction, session: Session, command: GrantPrivileges) -> Effect:
    """A role holds privileges. Raises NotFound, NotAuthorized, InvalidValue."""
    target = object_meant(tx, command.kind, command.object)
    role = access.role_meant(tx, command.role)
    _require_grantable(command.kind, command.privileges)
    for privilege in command.privileges:
        _require_privilege_grantor(tx, session, privilege, target)

    events: list[Event] = []
    for privilege in command.privileges:
        new = tx.save_privilege(
            PrivilegeGrant(
                privilege=privilege,
                kind=command.kind,
                object=target.id,
                role=role.id,
                granted_by=grantor(tx, session, target.owner),
                created_at=command.at,
                grant_option=command.grant_option,
            )
        )
        if new:
            events.append(
                PrivilegeGranted(id=target.id, kind=command.kind, privilege=privilege, to=role.id)
            )
    if events:
        tx.bump_generation()
    return Effect(tuple(events))


def revoke_privileges(tx: Transaction, session: Session, command: RevokePrivileges) -> Effect:
    """A role no longer holds privileges. Raises NotFound, NotAuthorized, SystemObject."""
    target = object_meant(tx, command.kind, command.object)
    role = access.role_meant(tx, command.role)
    _require_grantable(command.kind, command.privileges)
    if role.system and command.kind is Kind.ACCOUNT:
        raise SystemObject(Kind.ROLE, role.name)
    for privilege in command.privileges:
        _require_privilege_grantor(tx, session, privilege, target)

    events: list[Event] = [
        PrivilegeRevoked(id=target.id, kind=command.kind, privilege=privilege, to=role.id)
        for privilege in command.privileges
        if tx.delete_privilege(privilege, command.kind, target.id, role.id)
    ]
    if events:
        tx.bump_generation()
    return Effect(tuple(events))


def _require_grantable(kind: Kind, privileges: tuple[Privilege, ...]) -> None:
    for privilege in privileges:
        if privilege not in GRANTABLE[kind]:
            raise InvalidValue(privilege.value, f"it can't be granted on {kind.value}")


def _require_privilege_grantor(
    tx: Reading, session: Session, privilege: Privilege, target: "Target"
) -> None:
    if access.owns(tx, session, target.owner):
        return
    if access.holds(tx, session, Privilege.MANAGE_GRANTS):
        return
    roles = access.active_roles(tx, session)
    for grant in tx.privileges_on(target.kind, target.id):
        if grant.privilege is privilege and grant.grant_option and grant.role in roles:
            return
    raise NotAuthorized(Privilege.MANAGE_GRANTS, target.kind, target.name)


# ---- ownership -------------------------------------------------------------------------------


def grant_ownership(tx: Transaction, session: Session, command: GrantOwnership) -> Effect:
    """An object has another owner. Raises NotFound, NotAuthorized, DependentGrants.

    Grants of a role outlive its owner (vendor: roles don't ask for COPY or REVOKE).
    """
    target = object_meant(tx, command.kind, command.object)
    heir = access.role_meant(tx, command.role)
    may = access.owns(tx, session, target.owner) or access.holds(
        tx, session, Privilege.MANAGE_GRANTS
    )
    if not may or command.kind is Kind.ACCOUNT:
        raise NotAuthorized(Privilege.OWNERSHIP, target.kind, target.name)
    held = tx.privileges_on(target.kind, target.id)
    if held and command.current_grants is None and command.kind is not Kind.ROLE:
        raise DependentGrants(target.kind, target.name)

    if command.current_grants == "REVOKE":
        tx.delete_privileges_on(target.kind, target.id)
        tx.bump_generation()
    if target.owner == heir.id:
        return Effect()
    _OWNED[target.kind](tx, target.id, heir.id, command.at)
    said = OwnershipTransferred(id=target.id, kind=target.kind, before=target.owner, after=heir.id)
    return Effect((said,))


def _give_user(tx: Transaction, user_id: Id, heir: Id, at: int) -> None:
    user = tx.user(user_id)
    assert user is not None, "it was just found"
    tx.save_user(msgspec.structs.replace(user, owner=heir))
    tx.touch(user_id, at)


def _give_role(tx: Transaction, role_id: Id, heir: Id, at: int) -> None:
    role = tx.role(role_id)
    assert role is not None, "it was just found"
    if role.system:
        raise SystemObject(Kind.ROLE, role.name)
    tx.save_role(msgspec.structs.replace(role, owner=heir))
    tx.touch(role_id, at)


def _give_integration(tx: Transaction, integration_id: Id, heir: Id, _at: int) -> None:
    integration = tx.integration(integration_id)
    assert integration is not None, "it was just found"
    tx.save_integration(msgspec.structs.replace(integration, owner=heir))
    tx.bump_generation()


def _give_database(tx: Transaction, database_id: Id, heir: Id, _at: int) -> None:
    database = next(found for found in tx.databases() if found.id == database_id)
    tx.save_database(msgspec.structs.replace(database, owner=heir))


_OWNED: dict[Kind, Callable[[Transaction, Id, Id, int], None]] = {
    Kind.USER: _give_user,
    Kind.ROLE: _give_role,
    Kind.INTEGRATION: _give_integration,
    Kind.DATABASE: _give_database,
}


# ---- finding ---------------------------------------------------------------------------------


def user_meant(reading: Reading, ref: Ref) -> User:
    """The user, by id or by name; NotFound."""
    user = reading.user_named(ref.name) if isinstance(ref, ByName) else reading.user(ref)
    if user is None:
        raise NotFound(Kind.USER, access.label(ref))
    return user


def integration_meant(reading: Reading, ref: Ref) -> Integration:
    """The integration, by id or by name; NotFound."""
    found = (
        reading.integration_named(ref.name) if isinstance(ref, ByName) else reading.integration(ref)
    )
    if found is None:
        raise NotFound(Kind.INTEGRATION, access.label(ref))
    return found


def database_meant(reading: Reading, ref: Ref) -> Database:
    """The database, by id or by name; NotFound."""
    for database in reading.databases():
        if (isinstance(ref, ByName) and database.name == ref.name) or database.id == ref:
            return database
    raise NotFound(Kind.DATABASE, access.label(ref))


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a grant is on: an object or the account itself."""

    kind: Kind
    id: Id
    owner: Id | None
    name: str


def object_meant(reading: Reading, kind: Kind, ref: Ref | None) -> Target:
    """What is granted on; NotFound."""
    found: User | Role | Integration | Database
    if kind is Kind.ACCOUNT or ref is None:
        account = reading.account()
        return Target(kind=Kind.ACCOUNT, id=account.id, owner=None, name=account.name)
    match kind:
        case Kind.USER:
            found = user_meant(reading, ref)
        case Kind.ROLE:
            found = access.role_meant(reading, ref)
        case Kind.INTEGRATION:
            found = integration_meant(reading, ref)
        case Kind.DATABASE:
            found = database_meant(reading, ref)
        case _:
            raise NotFound(kind, access.label(ref))
    return Target(kind=kind, id=found.id, owner=found.owner, name=found.name)
