"""Grants: roles to users and to roles, privileges to roles, and in whose name."""

import msgspec

from rolecall.domain import access, keeping
from rolecall.domain.access import Target
from rolecall.domain.commands import (
    ByName,
    GrantPrivileges,
    GrantRole,
    Ref,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import (
    CircularGrant,
    InvalidValue,
    NotAuthorized,
    NotFound,
)
from rolecall.domain.events import (
    Event,
    MembersAdded,
    PrivilegeGranted,
    RoleGranted,
)
from rolecall.domain.model import (
    Database,
    ExternalOauth,
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
        Privilege.MONITOR,
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
    by = role_grantor(tx, session, role, command.role).role
    if command.grantee_kind is Kind.USER:
        user = user_meant(tx, command.grantee)
        added = tx.add_members(role.id, (user.id,), by, session.integration, command.at)
        kept = keeping.kept_members(tx, session, role, (user.id,))
        if not added:
            return Effect(tuple(kept))
        tx.touch(role.id, command.at)
        return Effect((MembersAdded(id=role.id, users=added, granted_by=by), *kept))

    heir = access.role_meant(tx, command.grantee)
    if heir.id in access.inherited(tx, role.id):
        raise CircularGrant(role.name, heir.name)
    grant = RoleGrant(
        role=role.id,
        grantee_kind=Kind.ROLE,
        grantee=heir.id,
        granted_by=by,
        created_at=command.at,
        origin=session.integration,
        grant_option=command.grant_option,
    )
    if not tx.save_role_grant(grant) and not _gains_option(tx, grant):
        return Effect()
    tx.bump_generation()
    told = RoleGranted(id=role.id, to=heir.id, grant_option=command.grant_option, granted_by=by)
    return Effect((told,))


def _gains_option(tx: Transaction, wanted: RoleGrant) -> bool:
    """A grant that is there already can be passed on from now on; False when that is so already."""
    place = (wanted.role, wanted.grantee)
    held = next(grant for grant in tx.hierarchy() if (grant.role, grant.grantee) == place)
    if held.grant_option or not wanted.grant_option:
        return False
    tx.delete_role_grant(held.role, held.grantee)
    return tx.save_role_grant(msgspec.structs.replace(held, grant_option=True))


class Grantor(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """In whose name a session grants; `by_option` when only the grant option lets it."""

    role: Id | None
    by_option: bool = False


def role_grantor(tx: Reading, session: Session, role: Role, asked: Ref) -> Grantor:
    """In whose name the role is granted: its owner's, or a holder's with the grant option.

    Raises NotFound, or NotAuthorized where the session sees the role (vendor: GRANT ROLE). SCIM
    grants what it owns and nothing else, and does not learn what there is besides.
    """
    if access.owns(tx, session, role.owner):
        return Grantor(role=access.grantor(session, role.owner))
    target = access.target_of(Kind.ROLE, role)
    remedy = access.hand_over(tx, session, target)
    if session.integration is not None:
        raise NotFound(Kind.ROLE, access.label(asked), remedy=remedy)
    passing = [
        grant.grantee for grant in tx.hierarchy() if grant.role == role.id and grant.grant_option
    ]
    holder = _active_holder(tx, session, passing)
    if holder is not None:
        return Grantor(role=holder, by_option=True)
    if not access.holds(tx, session, Privilege.MANAGE_GRANTS):
        access.require_seen(tx, session, target, asked, remedy)
        raise NotAuthorized(Privilege.MANAGE_GRANTS, Kind.ROLE, role.name, remedy=remedy)
    require_harmless(tx, session, role)
    return Grantor(role=access.grantor(session, role.owner))


def _active_holder(reading: Reading, session: Session, holders: list[Id]) -> Id | None:
    """The primary role if it is among the holders, else the first that the session acts as."""
    active = access.active_roles(reading, session).intersection(holders)
    return session.role if session.role in active else min(active, default=None)


def require_harmless(tx: Reading, session: Session, role: Role) -> None:
    """MANAGE GRANTS alone must not make its holder the account's administrator (our decision)."""
    if not _guarded(tx, role.id) <= access.active_roles(tx, session):
        raise NotAuthorized(
            Privilege.OWNERSHIP, Kind.ROLE, role.name, remedy="use role accountadmin"
        )


def _guarded(tx: Reading, role: Id) -> frozenset[Id]:
    """ACCOUNTADMIN, if the role is it or inherits it, or is ORGADMIN or inherits that."""
    admin = access.system_role(tx, access.ACCOUNTADMIN).id
    organization = access.system_role(tx, access.ORGADMIN).id
    reach = access.inherited(tx, role)
    return frozenset({admin}) if admin in reach or organization in reach else frozenset()


# ---- privileges ------------------------------------------------------------------------------


def grant_privileges(tx: Transaction, session: Session, command: GrantPrivileges) -> Effect:
    """A role holds privileges. Raises NotFound, NotAuthorized, InvalidValue."""
    target = object_meant(tx, command.kind, command.object)
    require_grantable(target.kind, command.privileges)
    grantors = {
        privilege: privilege_grantor(tx, session, privilege, target, command.object)
        for privilege in command.privileges
    }
    role = access.role_meant(tx, command.role)

    held = {
        grant.privilege: grant.grant_option
        for grant in tx.privileges_on(target.kind, target.id)
        if grant.role == role.id
    }
    events: list[Event] = []
    for privilege, grantor in grantors.items():
        if privilege in held and held[privilege] >= command.grant_option:
            continue
        tx.save_privilege(
            PrivilegeGrant(
                privilege=privilege,
                kind=target.kind,
                object=target.id,
                role=role.id,
                granted_by=grantor.role,
                created_at=command.at,
                grant_option=command.grant_option,
            )
        )
        events.append(
            PrivilegeGranted(
                id=target.id,
                kind=target.kind,
                privilege=privilege,
                to=role.id,
                grant_option=command.grant_option,
                granted_by=grantor.role,
            )
        )
    if events:
        tx.bump_generation()
    return Effect(tuple(events))


def require_grantable(kind: Kind, privileges: tuple[Privilege, ...]) -> None:
    """Refuse a privilege that objects of this kind don't have (InvalidValue)."""
    for privilege in privileges:
        if privilege not in GRANTABLE.get(kind, frozenset()):
            raise InvalidValue(privilege.value, f"it can't be granted on {kind.value}")


def privilege_grantor(
    tx: Reading, session: Session, privilege: Privilege, target: Target, asked: Ref | None
) -> Grantor:
    """In whose name the session grants: the owner's, or a holder's with the grant option.

    Raises NotFound, or NotAuthorized where the session sees the object.
    """
    if access.owns(tx, session, target.owner):
        return Grantor(role=access.grantor(session, target.owner))
    passing = [
        grant.role
        for grant in tx.privileges_on(target.kind, target.id)
        if grant.privilege is privilege and grant.grant_option
    ]
    holder = _active_holder(tx, session, passing)
    if holder is not None:
        return Grantor(role=holder, by_option=True)
    if access.holds(tx, session, Privilege.MANAGE_GRANTS):
        return Grantor(role=access.grantor(session, target.owner))
    access.require_seen(tx, session, target, asked, access.hand_over(tx, session, target))
    remedy = access.granting(tx, session, Privilege.MANAGE_GRANTS)
    raise NotAuthorized(Privilege.MANAGE_GRANTS, target.kind, target.name, remedy=remedy)


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


def security_integration_meant(reading: Reading, ref: Ref) -> Integration | ExternalOauth:
    """The integration of whatever type, by id or by name; NotFound."""
    kind = Kind.EXTERNAL_OAUTH
    found = (
        reading.governed_named(kind, ref.name)
        if isinstance(ref, ByName)
        else reading.governed(kind, ref)
    )
    return found if isinstance(found, ExternalOauth) else integration_meant(reading, ref)


def database_meant(reading: Reading, ref: Ref) -> Database:
    """The database, by id or by name; NotFound."""
    for database in reading.databases():
        if (isinstance(ref, ByName) and database.name == ref.name) or database.id == ref:
            return database
    raise NotFound(Kind.DATABASE, access.label(ref))


def governed_meant(reading: Reading, kind: Kind, ref: Ref) -> Governed:
    """The network policy or rule or OAuth integration, by id or by name; NotFound."""
    found = (
        reading.governed_named(kind, ref.name)
        if isinstance(ref, ByName)
        else reading.governed(kind, ref)
    )
    if found is None:
        raise NotFound(kind.told, access.label(ref))
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
            found = security_integration_meant(reading, ref)
        case Kind.DATABASE:
            found = database_meant(reading, ref)
        case Kind.NETWORK_POLICY | Kind.NETWORK_RULE:
            found = governed_meant(reading, kind, ref)
        case _:
            raise NotFound(kind, access.label(ref))
    return access.target_of(kind, found)
