"""Dependents: what a role passed on by a grant option ends when the role's own grant ends.

Every walk is over grants of one object or of one role, and meets each grant once.
"""

from collections.abc import Iterable

from rolecall.domain.events import Event, MembersRemoved, PrivilegeRevoked, RoleRevoked
from rolecall.domain.grants import object_meant
from rolecall.domain.model import Kind, PrivilegeGrant, RoleGrant
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading, Transaction

# ---- what was passed on ----------------------------------------------------------------------


def privileges_passed_on(
    reading: Reading, held: PrivilegeGrant, owner: Id | None
) -> tuple[PrivilegeGrant, ...]:
    """The grants of the same privilege that rest on this one, at any distance.

    What the object's owner granted rests on its ownership.
    """
    if not held.grant_option:
        return ()
    others = [
        grant
        for grant in reading.privileges_on(held.kind, held.object)
        if grant.privilege is held.privilege and grant.role != held.role
    ]
    found: dict[Id, PrivilegeGrant] = {}
    frontier = [held.role]
    while frontier:
        grantor = frontier.pop()
        if grantor == owner:
            continue
        fresh = [grant for grant in others if grant.granted_by == grantor]
        frontier.extend(grant.role for grant in fresh if grant.role not in found)
        found |= {grant.role: grant for grant in fresh}
    return tuple(found.values())


def roles_passed_on(reading: Reading, held: RoleGrant, owner: Id | None) -> tuple[RoleGrant, ...]:
    """The grants of the same role, to roles and users, that rest on this one."""
    if not held.grant_option:
        return ()
    others = [
        grant
        for grant in reading.hierarchy()
        if grant.role == held.role and grant.grantee != held.grantee
    ]
    found: dict[Id, RoleGrant] = {}
    frontier = [held.grantee]
    while frontier:
        grantor = frontier.pop()
        if grantor == owner:
            continue
        fresh = [grant for grant in others if grant.granted_by == grantor]
        frontier.extend(grant.grantee for grant in fresh if grant.grantee not in found)
        members = (grant for grant in reading.member_grants_by(grantor) if grant.role == held.role)
        found |= {grant.grantee: grant for grant in (*fresh, *members)}
    return tuple(found.values())


# ---- ending it -------------------------------------------------------------------------------


def end_privileges(tx: Transaction, grants: Iterable[PrivilegeGrant]) -> list[Event]:
    """These privileges are held no longer."""
    return [
        PrivilegeRevoked(id=grant.object, kind=grant.kind, privilege=grant.privilege, to=grant.role)
        for grant in grants
        if tx.delete_privilege(grant.privilege, grant.kind, grant.object, grant.role)
    ]


def end_role_grants(tx: Transaction, grants: Iterable[RoleGrant], at: int) -> list[Event]:
    """These roles are granted no longer; a role that lost members has a new version."""
    events: list[Event] = []
    members: dict[Id, list[Id]] = {}
    for role, grantee, kind in dict.fromkeys((g.role, g.grantee, g.grantee_kind) for g in grants):
        if kind is Kind.USER:
            members.setdefault(role, []).append(grantee)
        else:
            tx.delete_role_grant(role, grantee)
            events.append(RoleRevoked(id=role, to=grantee))
    for role, users in members.items():
        gone = tx.remove_members(role, users)
        tx.touch(role, at)
        events.append(MembersRemoved(id=role, users=gone))
    return events


def end_what_it_granted(tx: Transaction, role: Id, at: int) -> list[Event]:
    """A role that is dropped takes with it what it granted to others (vendor: DROP ROLE)."""
    made = [grant for grant in tx.hierarchy() if _is_made_by(grant, role)]
    made += [grant for grant in tx.member_grants_by(role) if grant.role != role]
    passed = [
        deeper
        for grant in made
        if grant.grantee_kind is Kind.ROLE
        for deeper in roles_passed_on(tx, grant, object_meant(tx, Kind.ROLE, grant.role).owner)
    ]
    privileges = [
        grant
        for grant in tx.privileges_by(role)
        if grant.role != role and (grant.kind, grant.object) != (Kind.ROLE, role)
    ]
    privileges += [
        deeper
        for grant in tuple(privileges)
        for deeper in privileges_passed_on(
            tx, grant, object_meant(tx, grant.kind, grant.object).owner
        )
    ]
    return end_role_grants(tx, (*made, *passed), at) + end_privileges(tx, privileges)


def _is_made_by(grant: RoleGrant, role: Id) -> bool:
    return grant.granted_by == role and role not in {grant.role, grant.grantee}
