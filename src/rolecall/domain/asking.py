"""Answers: each query's, with the session's sight in the query itself (DESIGN contract 10)."""

from collections.abc import Callable
from typing import Any

import msgspec

from rolecall.domain import access, grants, parameters, policies, provisioned
from rolecall.domain.attempts import Noted
from rolecall.domain.commands import Ref
from rolecall.domain.errors import NotAuthorized, NotFound
from rolecall.domain.events import Recorded
from rolecall.domain.founding import SYSTEM_ROLES
from rolecall.domain.model import (
    Database,
    Integration,
    Kind,
    Privilege,
    RoleCard,
    SqlSession,
    Token,
    UserCard,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading, RoleCounts
from rolecall.domain.predicate import And, Compare, Field, Operator, Predicate
from rolecall.domain.queries import (
    AttemptsAfter,
    CurrentSession,
    Databases,
    EventsAfter,
    GovernedObjects,
    GrantRow,
    GrantsOfRole,
    GrantsOn,
    GrantsToRole,
    GrantsToUser,
    History,
    Integrations,
    OneGoverned,
    OneIntegration,
    OneRole,
    OneUser,
    Page,
    RoleInSession,
    Roles,
    RoleSummaries,
    RoleSummary,
    ScimResources,
    ShownParameters,
    StoredSession,
    Tokens,
    Users,
    UserSummaries,
    UserSummary,
    WhoAmI,
)
from rolecall.domain.roles import find_role
from rolecall.domain.session import ActorKind, Session
from rolecall.domain.users import find_user

LISTED_MAX = 10_000


# ---- users -----------------------------------------------------------------------------------


def one_user(reading: Reading, session: Session, query: OneUser) -> UserCard:
    """Raises NotFound for an absent user and one that the session may not see."""
    card = find_user(reading, session, query.user)
    if card is None or not _visible_user(reading, session, card):
        raise NotFound(Kind.USER, access.label(query.user))
    if not query.with_groups:
        return card
    groups = access.groups_of(reading, session, [card.user.id]).get(card.user.id, ())
    return msgspec.structs.replace(card, groups=groups)


def _visible_user(reading: Reading, session: Session, card: UserCard) -> bool:
    return (
        card.user.id == session.user
        or access.owns(reading, session, card.user.owner)
        or access.sees(reading, session, Kind.USER)
    )


def users(reading: Reading, session: Session, query: Users) -> Page[UserCard]:
    """Users that the session sees."""
    owners = access.visible_owners(reading, session, Kind.USER)
    page = reading.find_users(query.where, owners, session.integration, query.start, query.count)
    if not query.with_groups or not page.items:
        return page
    groups = access.groups_of(reading, session, [card.user.id for card in page.items])
    return Page(
        total=page.total,
        items=tuple(
            msgspec.structs.replace(card, groups=groups.get(card.user.id, ()))
            for card in page.items
        ),
    )


def user_summaries(
    reading: Reading, session: Session, query: UserSummaries
) -> tuple[UserSummary, ...]:
    """Every user; the properties are readable to owners, administrators and the user."""
    page = reading.find_users(query.where, None, None, 0, query.count)
    owners = access.names_of(reading, {card.user.owner for card in page.items})
    sees = access.sees(reading, session, Kind.USER)
    roles = access.active_roles(reading, session)
    return tuple(
        UserSummary(
            user=card.user,
            owner=owners.get(card.user.owner),
            readable=sees or card.user.owner in roles or card.user.id == session.user,
        )
        for card in page.items
    )


# ---- roles -----------------------------------------------------------------------------------


def one_role(reading: Reading, session: Session, query: OneRole) -> RoleCard:
    """Raises NotFound for an absent role and one that the session may not see."""
    card = find_role(reading, session, query.role)
    if card is None or not _visible_role(reading, session, card):
        raise NotFound(Kind.ROLE, access.label(query.role))
    return _with_members(reading, card, query.members_max)


def _visible_role(reading: Reading, session: Session, card: RoleCard) -> bool:
    if card.role.system and session.integration is not None:
        return False
    return access.owns(reading, session, card.role.owner) or access.sees(
        reading, session, Kind.ROLE
    )


def _with_members(reading: Reading, card: RoleCard, members_max: int) -> RoleCard:
    """With members, unless they are more than `members_max`; 0 asks for none."""
    if members_max == 0:
        return card
    members = reading.members_of(card.role.id, members_max + 1)
    if len(members) > members_max:
        return card
    return msgspec.structs.replace(card, members=members)


def roles(reading: Reading, session: Session, query: Roles) -> Page[RoleCard]:
    """Roles that the session sees."""
    owners = access.visible_owners(reading, session, Kind.ROLE)
    where = query.where
    if owners is None and session.integration is not None:
        where = And((where, *_not_system(reading)))
    page = reading.find_roles(where, owners, session.integration, query.start, query.count)
    cards = tuple(_with_members(reading, card, query.members_max) for card in page.items)
    return Page(total=page.total, items=cards)


def _not_system(reading: Reading) -> list[Predicate]:
    """SCIM never sees a system role, whatever its role monitors."""
    return [
        Compare(Field.ID, Operator.NE, access.system_role(reading, Name(name)).id)
        for name in SYSTEM_ROLES
    ]


def role_summaries(
    reading: Reading, session: Session, _query: RoleSummaries
) -> tuple[RoleSummary, ...]:
    """Every role, with what SHOW ROLES counts."""
    counts = reading.role_counts()
    inherited = access.active_roles(reading, session)
    found = reading.roles()
    names = {role.id: role.name for role in found}
    none = RoleCounts()
    return tuple(
        RoleSummary(
            role=role,
            owner=names.get(role.owner) if role.owner is not None else None,
            assigned_to_users=counts.get(role.id, none).assigned_to_users,
            granted_to_roles=counts.get(role.id, none).granted_to_roles,
            granted_roles=counts.get(role.id, none).granted_roles,
            is_current=role.id == session.role,
            is_inherited=role.id in inherited and role.id != session.role,
        )
        for role in found
    )


# ---- grants ----------------------------------------------------------------------------------


def grants_on(reading: Reading, session: Session, query: GrantsOn) -> tuple[GrantRow, ...]:
    """Ownership first, then privileges, by name."""
    del session
    target = grants.object_meant(reading, query.kind, query.object)
    held = (
        access.account_privileges(reading)
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
        rows.insert(0, _ownership(target.kind, target.name, owner))
    return tuple(rows)


def _ownership(kind: Kind, name: str, owner: Name) -> GrantRow:
    return GrantRow(
        created_at=None,
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
    del session
    role = access.role_meant(reading, query.role)
    rows = [
        _ownership(kind, name, role.name)
        for kind, _id, name in reading.owned_by(role.id, LISTED_MAX)
    ]
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
    return _role_rows(
        reading,
        [(grant.role, Kind.USER, user.name, grant) for grant in reading.member_grants_to(user.id)],
    )


def grants_of_role(reading: Reading, session: Session, query: GrantsOfRole) -> tuple[GrantRow, ...]:
    """The users and roles that hold a role."""
    del session
    role = access.role_meant(reading, query.role)
    held = reading.member_grants_of(role.id, LISTED_MAX)
    rows = []
    for grant in held:
        user = reading.user(grant.grantee)
        rows.append((role.id, Kind.USER, user.name if user else Name(""), grant))
    heirs = [grant for grant in reading.hierarchy() if grant.role == role.id]
    names = access.names_of(reading, {grant.grantee for grant in heirs})
    rows.extend((role.id, Kind.ROLE, names.get(grant.grantee, Name("")), grant) for grant in heirs)
    return _role_rows(reading, rows)


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


# ---- integrations, tokens, databases ---------------------------------------------------------


def integrations(
    reading: Reading, session: Session, _query: Integrations
) -> tuple[Integration, ...]:
    """Those that the session owns or has USAGE on."""
    roles_active = access.active_roles(reading, session)
    return tuple(
        found
        for found in reading.integrations()
        if access.owns(reading, session, found.owner)
        or not roles_active.isdisjoint(
            access.holders(reading, Privilege.USAGE, Kind.INTEGRATION, found.id)
        )
    )


def one_integration(reading: Reading, session: Session, query: OneIntegration) -> Integration:
    """To describe it takes OWNERSHIP (vendor: DESCRIBE INTEGRATION for SCIM)."""
    found = grants.integration_meant(reading, query.integration)
    access.require_owned(
        reading, session, access.target_of(Kind.INTEGRATION, found), query.integration
    )
    return found


def tokens(reading: Reading, session: Session, query: Tokens) -> tuple[Token, ...]:
    """Of the integrations that the session owns; those of dropped ones to ACCOUNTADMIN."""
    if query.integration is not None:
        found = one_integration(reading, session, OneIntegration(integration=query.integration))
        return reading.tokens_of(found.id)
    owned = {
        found.id for found in reading.integrations() if access.owns(reading, session, found.owner)
    }
    everything = is_administrator(reading, session)
    return tuple(
        token for token in reading.tokens_of(None) if everything or token.integration in owned
    )


def databases(reading: Reading, session: Session, _query: Databases) -> tuple[Database, ...]:
    """All of them: a database is a name."""
    del session
    return reading.databases()


# ---- histories -------------------------------------------------------------------------------


def history(reading: Reading, session: Session, query: History) -> tuple[Noted, ...]:
    """Attempts in a range: to ACCOUNTADMIN only (vendor: REST_EVENT_HISTORY)."""
    require_administrator(reading, session)
    return reading.attempts_in(query.kind, query.since, query.until, query.count)


def attempts_after(reading: Reading, session: Session, query: AttemptsAfter) -> tuple[Noted, ...]:
    """To ACCOUNTADMIN only. A negative `after` means: from the last one on."""
    require_administrator(reading, session)
    if query.after < 0:
        last = reading.last_attempt()
        return reading.attempts_after(max(0, last + query.after), query.count)
    return reading.attempts_after(query.after, query.count)


def events_after(reading: Reading, session: Session, query: EventsAfter) -> tuple[Recorded, ...]:
    """To ACCOUNTADMIN only."""
    require_administrator(reading, session)
    return reading.events_after(query.after, query.count)


def is_administrator(reading: Reading, session: Session) -> bool:
    """Whether ACCOUNTADMIN is among the session's roles."""
    return session.actor_kind is ActorKind.SYSTEM or (
        access.system_role(reading, access.ACCOUNTADMIN).id in access.active_roles(reading, session)
    )


def require_administrator(reading: Reading, session: Session) -> None:
    """Refuse who doesn't act as ACCOUNTADMIN (NotAuthorized)."""
    if not is_administrator(reading, session):
        raise NotAuthorized(
            Privilege.MONITOR,
            Kind.ACCOUNT,
            reading.account().name,
            remedy="use role accountadmin",
        )


# ---- the session itself ----------------------------------------------------------------------


def role_in_session(reading: Reading, session: Session, query: RoleInSession) -> bool:
    """IS_ROLE_IN_SESSION: primary, secondary and inherited roles."""
    role = reading.role_named(query.role)
    return role is not None and role.id in access.active_roles(reading, session)


def current_session(reading: Reading, session: Session, _query: CurrentSession) -> WhoAmI:
    """Account, current role and available roles."""
    available = access.names_of(reading, access.available_roles(reading, session))
    role = reading.role(session.role)
    return WhoAmI(
        account=reading.account(),
        role=role.name if role is not None else None,
        roles=tuple(sorted(available.values())),
    )


def stored_session(reading: Reading, session: Session, query: StoredSession) -> SqlSession:
    """The login session's present state."""
    found = reading.session(query.session)
    if found is None or found.user != session.user:
        raise NotFound(Kind.USER, session.actor)
    return found


ANSWERS: dict[type, Callable[[Reading, Session, Any], Any]] = {
    OneUser: one_user,
    Users: users,
    UserSummaries: user_summaries,
    OneRole: one_role,
    Roles: roles,
    RoleSummaries: role_summaries,
    GrantsOn: grants_on,
    GrantsToRole: grants_to_role,
    GrantsToUser: grants_to_user,
    GrantsOfRole: grants_of_role,
    Integrations: integrations,
    OneIntegration: one_integration,
    Tokens: tokens,
    ScimResources: provisioned.scim_resources,
    Databases: databases,
    GovernedObjects: policies.governed_objects,
    OneGoverned: policies.one_governed,
    ShownParameters: parameters.shown_parameters,
    History: history,
    AttemptsAfter: attempts_after,
    EventsAfter: events_after,
    RoleInSession: role_in_session,
    CurrentSession: current_session,
    StoredSession: stored_session,
}
