"""Revoking: roles and privileges are taken back, with what was passed on or not at all."""

import msgspec

from rolecall.domain import access
from rolecall.domain.access import Target
from rolecall.domain.commands import RevokePrivileges, RevokeRole
from rolecall.domain.dependents import (
    end_privileges,
    end_role_grants,
    privileges_passed_on,
    roles_passed_on,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import NotAuthorized, PassedOn, SystemObject
from rolecall.domain.events import Event, GrantOptionRevoked
from rolecall.domain.founding import SYSTEM_PRIVILEGES, SYSTEM_ROLES
from rolecall.domain.grants import (
    Grantor,
    object_meant,
    privilege_grantor,
    require_grantable,
    role_grantor,
    user_meant,
)
from rolecall.domain.model import Kind, Privilege, PrivilegeGrant, Role, RoleGrant
from rolecall.domain.names import Id
from rolecall.domain.ports import Transaction
from rolecall.domain.session import Session

# ---- roles -----------------------------------------------------------------------------------


def revoke_role(tx: Transaction, session: Session, command: RevokeRole) -> Effect:
    """A role is no longer granted. Raises NotFound, NotAuthorized, SystemObject, PassedOn."""
    role = access.role_meant(tx, command.role)
    grantor = role_grantor(tx, session, role, command.role)
    grantee = _grantee(tx, role, command)
    held = _held(tx, role, grantee, command.grantee_kind)
    if held is None:
        return Effect()
    _require_own(tx, session, grantor, held.granted_by, access.target_of(Kind.ROLE, role))
    passed = roles_passed_on(tx, held, role.owner)
    if passed and not command.cascade:
        raise PassedOn(Privilege.USAGE, Kind.ROLE, role.name)

    ending = passed if command.option_only else (held, *passed)
    events: list[Event] = []
    if command.option_only and held.grant_option:
        tx.delete_role_grant(role.id, grantee)
        tx.save_role_grant(msgspec.structs.replace(held, grant_option=False))
        events.append(
            GrantOptionRevoked(id=role.id, kind=Kind.ROLE, privilege=Privilege.USAGE, to=grantee)
        )
    events += end_role_grants(tx, ending, command.at)
    # Who holds a role is read anew by every statement; who inherits from it is remembered.
    if events and command.grantee_kind is Kind.ROLE:
        tx.bump_generation()
    return Effect(tuple(events))


def _grantee(tx: Transaction, role: Role, command: RevokeRole) -> Id:
    if command.grantee_kind is Kind.USER:
        return user_meant(tx, command.grantee).id
    heir = access.role_meant(tx, command.grantee)
    if heir.name in SYSTEM_ROLES.get(role.name, ()):
        raise SystemObject(Kind.ROLE, role.name)
    return heir.id


def _held(tx: Transaction, role: Role, grantee: Id, kind: Kind) -> RoleGrant | None:
    grants = tx.member_grants_to(grantee) if kind is Kind.USER else tx.hierarchy()
    return next((each for each in grants if (each.role, each.grantee) == (role.id, grantee)), None)


# ---- privileges ------------------------------------------------------------------------------


def revoke_privileges(tx: Transaction, session: Session, command: RevokePrivileges) -> Effect:
    """A role no longer holds privileges.

    Raises NotFound, NotAuthorized, SystemObject, PassedOn.
    """
    target = object_meant(tx, command.kind, command.object)
    require_grantable(target.kind, command.privileges)
    grantors = {
        privilege: privilege_grantor(tx, session, privilege, target, command.object)
        for privilege in command.privileges
    }
    role = access.role_meant(tx, command.role)
    inborn = SYSTEM_PRIVILEGES.get(role.name, ()) if role.system else ()
    if target.kind is Kind.ACCOUNT and not set(command.privileges).isdisjoint(inborn):
        raise SystemObject(Kind.ROLE, role.name)

    held = [
        grant
        for grant in tx.privileges_on(target.kind, target.id)
        if grant.role == role.id and grant.privilege in grantors
    ]
    for grant in held:
        _require_own(tx, session, grantors[grant.privilege], grant.granted_by, target)
    passed = [deeper for grant in held for deeper in privileges_passed_on(tx, grant, target.owner)]
    if passed and not command.cascade:
        raise PassedOn(passed[0].privilege, target.kind, target.name)

    events: list[Event] = []
    if command.option_only:
        events += _options_revoked(tx, held)
    events += end_privileges(tx, passed if command.option_only else (*held, *passed))
    if events:
        tx.bump_generation()
    return Effect(tuple(events))


def _options_revoked(tx: Transaction, held: list[PrivilegeGrant]) -> list[Event]:
    events: list[Event] = []
    for grant in held:
        if grant.grant_option:
            tx.delete_privilege(grant.privilege, grant.kind, grant.object, grant.role)
            tx.save_privilege(msgspec.structs.replace(grant, grant_option=False))
            events.append(
                GrantOptionRevoked(
                    id=grant.object, kind=grant.kind, privilege=grant.privilege, to=grant.role
                )
            )
    return events


# ---- whose grants ----------------------------------------------------------------------------


def _require_own(
    tx: Transaction, session: Session, grantor: Grantor, made_by: Id | None, target: Target
) -> None:
    """Who has only the grant option takes back what was granted in its name, nothing else."""
    if grantor.by_option and made_by not in access.active_roles(tx, session):
        raise NotAuthorized(Privilege.MANAGE_GRANTS, target.kind, target.name)
