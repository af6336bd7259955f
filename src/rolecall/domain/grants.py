"""Grants: roles to users and roles, privileges to roles, and who owns what."""

from collections.abc import Callable

import msgspec

from rolecall.domain import access
from rolecall.domain.access import Target
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
from rolecall.domain.founding import SYSTEM_PRIVILEGES, SYSTEM_ROLES
from rolecall.domain.model import (
    Database,
    Governed,
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
        Privilege.CREATE_NETWORK_POLICY,
        Privilege.CREATE_NETWORK_RULE,
        Privilege.ATTACH_POLICY,
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
    Kind.NETWORK_POLICY: frozenset({Privilege.USAGE}),
    Kind.NETWORK_RULE: frozenset({Privilege.USAGE}),
}
"""Which privileges can be granted on which kind of object; OWNERSHIP is transferred instead."""


# ---- roles -----------------------------------------------------------------------------------


def grant_role(tx: Transaction, session: Session, command: GrantRole) -> Effect:
    """A role is granted. Raises NotFound, NotAuthorized, CircularGrant."""
    role = access.role_meant(tx, command.role)
    require_grantor(tx, session, role, command.role)
    if command.grantee_kind is Kind.USER:
        user = user_meant(tx, command.grantee)
        events = change_members(tx, session, role, AddMembers((user.id,)), command.at)
        return _touched(tx, role.id, events, command.at)

    heir = access.role_meant(tx, command.grantee)
    if heir.id in access.inherited(tx, role.id):
        raise CircularGrant(role.name, heir.name)
    new = tx.save_role_grant(
        RoleGrant(
            role=role.id,
            grantee_kind=Kind.ROLE,
            grantee=heir.id,
            granted_by=access.grantor(session, role.owner),
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
    require_grantor(tx, session, role, command.role)
    if command.grantee_kind is Kind.USER:
        user = user_meant(tx, command.grantee)
        events = change_members(tx, session, role, RemoveMembers((user.id,)), command.at)
        return _touched(tx, role.id, events, command.at)

    heir = access.role_meant(tx, command.grantee)
    if heir.name in SYSTEM_ROLES.get(role.name, ()):
        raise SystemObject(Kind.ROLE, role.name)
    if not tx.delete_role_grant(role.id, heir.id):
        return Effect()
    tx.bump_generation()
    return Effect((RoleRevoked(id=role.id, to=heir.id),))


def _touched(tx: Transaction, role: Id, events: list[Event], at: int) -> Effect:
    if events:
        tx.touch(role, at)
    return Effect(tuple(events))


def require_grantor(tx: Reading, session: Session, role: Role, asked: Ref) -> None:
    """Refuse who neither owns the role nor holds MANAGE GRANTS (vendor: GRANT ROLE).

    SCIM grants what it owns and nothing else, and does not learn what there is besides.
    """
    if access.owns(tx, session, role.owner):
        return
    target = access.target_of(Kind.ROLE, role)
    if session.integration is not None:
        remedy = access.hand_over(tx, session, target)
        raise NotFound(Kind.ROLE, access.label(asked), remedy=remedy)
    if not access.holds(tx, session, Privilege.MANAGE_GRANTS):
        remedy = access.hand_over(tx, session, target)
        raise NotAuthorized(Privilege.MANAGE_GRANTS, Kind.ROLE, role.name, remedy=remedy)
    if not _guarded(tx, role.id) <= access.active_roles(tx, session):
        raise NotAuthorized(
            Privilege.OWNERSHIP, Kind.ROLE, role.name, remedy="use role accountadmin"
        )


def _guarded(tx: Reading, role: Id) -> frozenset[Id]:
    """ACCOUNTADMIN, if the role is it or inherits it, or is ORGADMIN or inherits that.

    MANAGE GRANTS alone must not make its holder the account's administrator.
    """
    admin = access.system_role(tx, access.ACCOUNTADMIN).id
    organization = access.system_role(tx, access.ORGADMIN).id
    reach = access.inherited(tx, role)
    return frozenset({admin}) if admin in reach or organization in reach else frozenset()


# ---- privileges ------------------------------------------------------------------------------


def grant_privileges(tx: Transaction, session: Session, command: GrantPrivileges) -> Effect:
    """A role holds privileges. Raises NotFound, NotAuthorized, InvalidValue."""
    target = object_meant(tx, command.kind, command.object)
    role = access.role_meant(tx, command.role)
    _require_grantable(target.kind, command.privileges)
    grantors = {
        privilege: _privilege_grantor(tx, session, privilege, target)
        for privilege in command.privileges
    }

    events: list[Event] = []
    for privilege, grantor in grantors.items():
        new = tx.save_privilege(
            PrivilegeGrant(
                privilege=privilege,
                kind=target.kind,
                object=target.id,
                role=role.id,
                granted_by=grantor,
                created_at=command.at,
                grant_option=command.grant_option,
            )
        )
        if new:
            events.append(
                PrivilegeGranted(id=target.id, kind=target.kind, privilege=privilege, to=role.id)
            )
    if events or command.grant_option:
        tx.bump_generation()
    return Effect(tuple(events))


def revoke_privileges(tx: Transaction, session: Session, command: RevokePrivileges) -> Effect:
    """A role no longer holds privileges. Raises NotFound, NotAuthorized, SystemObject."""
    target = object_meant(tx, command.kind, command.object)
    role = access.role_meant(tx, command.role)
    _require_grantable(target.kind, command.privileges)
    inborn = SYSTEM_PRIVILEGES.get(role.name, ()) if role.system else ()
    if target.kind is Kind.ACCOUNT and not set(command.privileges).isdisjoint(inborn):
        raise SystemObject(Kind.ROLE, role.name)
    for privilege in command.privileges:
        _privilege_grantor(tx, session, privilege, target)

    events: list[Event] = [
        PrivilegeRevoked(id=target.id, kind=target.kind, privilege=privilege, to=role.id)
        for privilege in command.privileges
        if tx.delete_privilege(privilege, target.kind, target.id, role.id)
    ]
    if events:
        tx.bump_generation()
    return Effect(tuple(events))


def _require_grantable(kind: Kind, privileges: tuple[Privilege, ...]) -> None:
    for privilege in privileges:
        if privilege not in GRANTABLE.get(kind, frozenset()):
            raise InvalidValue(privilege.value, f"it can't be granted on {kind.value}")


def _privilege_grantor(
    tx: Reading, session: Session, privilege: Privilege, target: Target
) -> Id | None:
    """In whose name the session grants: the owner's, or the role's with the grant option."""
    if access.owns(tx, session, target.owner):
        return access.grantor(session, target.owner)
    if access.holds(tx, session, Privilege.MANAGE_GRANTS):
        return access.grantor(session, target.owner)
    roles = access.active_roles(tx, session)
    for grant in tx.privileges_on(target.kind, target.id):
        if grant.privilege is privilege and grant.grant_option and grant.role in roles:
            return grant.role
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

    events: list[Event] = []
    if command.current_grants == "REVOKE":
        events += _revoked(tx, target, held)
    if command.current_grants == "COPY":
        _copied(tx, target, held, heir.id)
    if target.owner != heir.id:
        _OWNED[target.kind](tx, target.id, heir.id, command.at)
        events.append(
            OwnershipTransferred(id=target.id, kind=target.kind, before=target.owner, after=heir.id)
        )
    return Effect(tuple(events))


def _revoked(tx: Transaction, target: Target, held: tuple[PrivilegeGrant, ...]) -> list[Event]:
    tx.delete_privileges_on(target.kind, target.id)
    return [
        PrivilegeRevoked(id=target.id, kind=target.kind, privilege=grant.privilege, to=grant.role)
        for grant in held
    ]


def _copied(tx: Transaction, target: Target, held: tuple[PrivilegeGrant, ...], heir: Id) -> None:
    """The grants stand in the new owner's name (vendor: COPY CURRENT GRANTS)."""
    tx.delete_privileges_on(target.kind, target.id)
    for grant in held:
        tx.save_privilege(msgspec.structs.replace(grant, granted_by=heir))


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
    tx.bump_generation()


def _give_integration(tx: Transaction, integration_id: Id, heir: Id, _at: int) -> None:
    integration = tx.integration(integration_id)
    assert integration is not None, "it was just found"
    tx.save_integration(msgspec.structs.replace(integration, owner=heir))
    tx.bump_generation()


def _give_database(tx: Transaction, database_id: Id, heir: Id, _at: int) -> None:
    database = next(found for found in tx.databases() if found.id == database_id)
    tx.save_database(msgspec.structs.replace(database, owner=heir))


def _give_governed(kind: Kind) -> Callable[[Transaction, Id, Id, int], None]:
    def give(tx: Transaction, governed_id: Id, heir: Id, _at: int) -> None:
        governed = tx.governed(kind, governed_id)
        assert governed is not None, "it was just found"
        tx.save_governed(kind, msgspec.structs.replace(governed, owner=heir))

    return give


_OWNED: dict[Kind, Callable[[Transaction, Id, Id, int], None]] = {
    Kind.USER: _give_user,
    Kind.ROLE: _give_role,
    Kind.INTEGRATION: _give_integration,
    Kind.DATABASE: _give_database,
    Kind.NETWORK_POLICY: _give_governed(Kind.NETWORK_POLICY),
    Kind.NETWORK_RULE: _give_governed(Kind.NETWORK_RULE),
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


def governed_meant(reading: Reading, kind: Kind, ref: Ref) -> Governed:
    """The network policy or rule, by id or by name; NotFound."""
    found = (
        reading.governed_named(kind, ref.name)
        if isinstance(ref, ByName)
        else reading.governed(kind, ref)
    )
    if found is None:
        raise NotFound(kind, access.label(ref))
    return found


def object_meant(reading: Reading, kind: Kind, ref: Ref | None) -> Target:
    """What is granted on; NotFound."""
    found: access.Owned
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
        case Kind.NETWORK_POLICY | Kind.NETWORK_RULE:
            found = governed_meant(reading, kind, ref)
        case _:
            raise NotFound(kind, access.label(ref))
    return access.target_of(kind, found)
