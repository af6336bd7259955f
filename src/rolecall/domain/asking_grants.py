"""Answers about grants: on an object, to a role or a user, of a role."""

from typing import Any

from rolecall.domain import access, grants
from rolecall.domain.commands import Ref
from rolecall.domain.model import Kind, Privilege, PrivilegeGrant, Role
from rolecall.domain.names import Id, Name
from rolecall.domain.narrowing import LISTED_MAX
from rolecall.domain.owned_since import owned_since
from rolecall.domain.ports import Reading
from rolecall.domain.queries import GrantRow, GrantsOfRole, GrantsOn, GrantsToRole, GrantsToUser
from rolecall.domain.session import Session


def grants_on(reading: Reading, session: Session, query: GrantsOn) -> tuple[GrantRow, ...]:
    """Ownership first, then privileges, by name. Raises NotFound for what is absent or unseen."""
    target = grants.object_meant(reading, query.kind, query.object)
    access.require_seen(reading, session, target, query.object)
    held = (
        _on_account(reading, session)
        if target.kind is Kind.ACCOUNT
        else reading.privileges_on(target.kind, target.id)
    )
    names = access.names_of(
        reading, {target.owner, *(g.role for g in held), *(g.granted_by for g in held)}
    )
    rows = [
        GrantRow(
            created_at=grant.created_at,
            privilege=grant.privilege.value,
            granted_on=target.kind,
            name=target.name,
            granted_to=Kind.ROLE,
            grantee_name=names.get(grant.role, Name("")),
            grant_option=grant.grant_option,
            granted_by=names.get(grant.granted_by, Name("")),
        )
        for grant in held
    ]
    if target.owner is not None:
        owner = names.get(target.owner, Name(""))
        since = owned_since(reading, target.owner, [target.id])[target.id]
        rows.insert(0, _ownership(target.kind, target.name, owner, since))
    return tuple(rows)


def _on_account(reading: Reading, session: Session) -> tuple[PrivilegeGrant, ...]:
    """To who sees every role, all; to others what their own roles hold."""
    held = access.account_privileges(reading)
    if access.sees(reading, session, Kind.ROLE):
        return held
    mine = access.active_roles(reading, session) | access.available_roles(reading, session)
    return tuple(grant for grant in held if grant.role in mine)


def _ownership(kind: Kind, name: str, owner: Name, since: int) -> GrantRow:
    return GrantRow(
        created_at=since,
        privilege=Privilege.OWNERSHIP.value,
        granted_on=kind,
        name=name,
        granted_to=Kind.ROLE,
        grantee_name=owner,
        grant_option=True,
        granted_by=owner,
    )


def grants_to_role(reading: Reading, session: Session, query: GrantsToRole) -> tuple[GrantRow, ...]:
    """Ownership, privileges, and roles granted to it as USAGE (vendor: SHOW GRANTS TO ROLE)."""
    role = _seen_role(reading, session, query.role)
    owned = reading.owned_by(role.id, LISTED_MAX)
    since = owned_since(reading, role.id, [id for _, id, _ in owned])
    rows = [_ownership(kind.told, name, role.name, since[id]) for kind, id, name in owned]
    account = reading.account()
    for privilege in access.privileges_of(reading, role.id):
        target = (
            account.name
            if privilege.kind is Kind.ACCOUNT
            else grants.object_meant(reading, privilege.kind, privilege.object).name
        )
        names = access.names_of(reading, {privilege.granted_by})
        rows.append(
            GrantRow(
                created_at=privilege.created_at,
                privilege=privilege.privilege.value,
                granted_on=privilege.kind,
                name=target,
                granted_to=Kind.ROLE,
                grantee_name=role.name,
                grant_option=privilege.grant_option,
                granted_by=names.get(privilege.granted_by, Name("")),
            )
        )
    inherited = [grant for grant in reading.hierarchy() if grant.grantee == role.id]
    names = access.names_of(
        reading, {g.role for g in inherited} | {g.granted_by for g in inherited}
    )
    rows.extend(
        GrantRow(
            created_at=grant.created_at,
            privilege=Privilege.USAGE.value,
            granted_on=Kind.ROLE,
            name=names.get(grant.role, Name("")),
            granted_to=Kind.ROLE,
            grantee_name=role.name,
            grant_option=grant.grant_option,
            granted_by=names.get(grant.granted_by, Name("")),
        )
        for grant in inherited
    )
    return tuple(rows)


def grants_to_user(reading: Reading, session: Session, query: GrantsToUser) -> tuple[GrantRow, ...]:
    """The roles that a user holds by a direct grant."""
    ref: Ref | None = query.user if query.user is not None else session.user
    if ref is None:
        return ()
    user = grants.user_meant(reading, ref)
    access.require_seen(reading, session, access.target_of(Kind.USER, user), ref)
    return _role_rows(
        reading,
        [(grant.role, Kind.USER, user.name, grant) for grant in reading.member_grants_to(user.id)],
    )


def grants_of_role(reading: Reading, session: Session, query: GrantsOfRole) -> tuple[GrantRow, ...]:
    """The users and roles that hold a role."""
    role = _seen_role(reading, session, query.role)
    held = reading.member_grants_of(role.id, LISTED_MAX)
    rows = []
    for grant in held:
        user = reading.user(grant.grantee)
        rows.append((role.id, Kind.USER, user.name if user else Name(""), grant))
    heirs = [grant for grant in reading.hierarchy() if grant.role == role.id]
    names = access.names_of(reading, {grant.grantee for grant in heirs})
    rows.extend((role.id, Kind.ROLE, names.get(grant.grantee, Name("")), grant) for grant in heirs)
    return _role_rows(reading, rows)


def _seen_role(reading: Reading, session: Session, ref: Ref) -> Role:
    role = access.role_meant(reading, ref)
    access.require_seen(reading, session, access.target_of(Kind.ROLE, role), ref)
    return role


def _role_rows(reading: Reading, found: list[tuple[Id, Kind, Name, Any]]) -> tuple[GrantRow, ...]:
    names = access.names_of(
        reading, {role for role, *_ in found} | {grant.granted_by for *_, grant in found}
    )
    return tuple(
        GrantRow(
            created_at=grant.created_at,
            privilege=Privilege.USAGE.value,
            granted_on=Kind.ROLE,
            name=names.get(role, Name("")),
            granted_to=kind,
            grantee_name=grantee,
            grant_option=grant.grant_option,
            granted_by=names.get(grant.granted_by, Name("")),
        )
        for role, kind, grantee, grant in found
    )
