"""Answers: each query's, with the session's sight in the query itself (DESIGN contract 10)."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from rolecall.domain import (
    access,
    admission,
    asking_grants,
    asking_tokens,
    grants,
    narrowing,
    nesting,
    parameters,
    past,
    policies,
    provisioned,
    releasing,
    tolerated,
    trails,
    usage,
)
from rolecall.domain import holders as role_holding
from rolecall.domain.asking_history import (
    attempts_after,
    events_after,
    history,
    history_page,
    to_administrators,
    to_monitors,
)
from rolecall.domain.errors import NotFound
from rolecall.domain.founding import SYSTEM_ROLES
from rolecall.domain.integrations import account_conformance
from rolecall.domain.model import (
    Conformance,
    Database,
    Integration,
    Kind,
    Privilege,
    RoleCard,
    SqlSession,
    UserCard,
)
from rolecall.domain.names import Id, Name, key_of
from rolecall.domain.narrowing import LISTED_MAX
from rolecall.domain.ports import Reading, RoleCounts
from rolecall.domain.predicate import (
    EVERYTHING,
    And,
    Compare,
    Field,
    Granted,
    Operator,
    Or,
    Predicate,
    Value,
    with_grants_told,
)
from rolecall.domain.queries import (
    AccessTokens,
    AccessTokenSummary,
    AttachedPolicy,
    AttemptsAfter,
    CurrentSession,
    Databases,
    EnabledRoles,
    EvaluateNetworkPolicy,
    EventsAfter,
    GovernedObjects,
    GrantRecords,
    GrantsOfRole,
    GrantsOn,
    GrantsToRole,
    GrantsToUser,
    History,
    HistoryPage,
    Integrations,
    MembersAfter,
    MembershipRecords,
    OneGoverned,
    OneIntegration,
    OneRole,
    OneUser,
    Page,
    PolicyReferences,
    RoleInSession,
    RoleNames,
    RoleRecords,
    Roles,
    RolesAfter,
    RolesBeyond,
    RoleSummaries,
    RoleSummary,
    ScimConformance,
    ScimResources,
    ShownParameters,
    SimilarNames,
    StoredSession,
    TokenExpiries,
    Tokens,
    Trail,
    UserRecords,
    Users,
    UsersAfter,
    UsersBeyond,
    UserSummaries,
    UserSummary,
    WhoAmI,
)
from rolecall.domain.roles import find_role, with_members
from rolecall.domain.session import Session
from rolecall.domain.users import find_user, require_own_or_owned, user_or_none

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

# ---- users -----------------------------------------------------------------------------------


def one_user(reading: Reading, session: Session, query: OneUser) -> UserCard:
    """Raises NotFound for an absent user and one that the session may not see."""
    card = find_user(reading, session, query.user)
    if card is None or not access.is_visible(
        reading, session, access.target_of(Kind.USER, card.user)
    ):
        raise NotFound(Kind.USER, access.label(query.user))
    if not query.with_groups:
        return card
    groups = nesting.groups_of(reading, session, [card.user.id]).get(card.user.id, ())
    return msgspec.structs.replace(card, groups=groups)


def users(reading: Reading, session: Session, query: Users) -> Page[UserCard]:
    """Users that the session sees."""
    where, owners = _seen_users(reading, session, query.where)
    page = reading.find_users(
        where, owners, session.integration, query.start, query.count, query.ordering
    )
    if not query.with_groups:
        return page
    return Page(total=page.total, items=_with_groups(reading, session, page.items))


def users_after(reading: Reading, session: Session, query: UsersAfter) -> tuple[UserCard, ...]:
    """The next of the users that the session sees."""
    where, owners = _seen_users(reading, session, query.where)
    cards = reading.users_after(where, owners, session.integration, query.after, query.count)
    return _with_groups(reading, session, cards) if query.with_groups else cards


def users_beyond(
    reading: Reading, session: Session, query: UsersBeyond
) -> tuple[tuple[UserCard, Value], ...]:
    """The next, in an order, of the users that the session sees."""
    where, owners = _seen_users(reading, session, query.where)
    found = reading.users_beyond(
        where, owners, session.integration, query.ordering, query.mark, query.count
    )
    if not query.with_groups:
        return found
    cards = _with_groups(reading, session, tuple(card for card, _ in found))
    return tuple(zip(cards, (key for _, key in found), strict=True))


def _with_groups(
    reading: Reading, session: Session, cards: tuple[UserCard, ...]
) -> tuple[UserCard, ...]:
    if not cards:
        return cards
    groups = nesting.groups_of(reading, session, [card.user.id for card in cards])
    return tuple(
        msgspec.structs.replace(card, groups=groups.get(card.user.id, ())) for card in cards
    )


def _seen_users(
    reading: Reading, session: Session, where: Predicate
) -> tuple[Predicate, frozenset[Id] | None]:
    told = with_grants_told(where, lambda asked: _groups_told(reading, session, asked))
    return _seen(reading, session, Kind.USER, told)


def _groups_told(reading: Reading, session: Session, asked: Granted) -> Granted:
    """What is asked of the groups of a user, of those that `nesting.groups_of` tells."""
    shown = _roles_shown(reading, session)
    direct = Granted(And((asked.term, shown)))
    if asked.nested is None or session.integration is None or not nesting.is_used(reading):
        return direct
    return Granted(direct.term, nested=And((asked.nested, shown)), by=shown)


def _roles_shown(reading: Reading, session: Session) -> Predicate:
    """The roles whose members the session may hear of: what `access.shows_role` says of each."""
    if session.integration is None:
        return EVERYTHING
    if access.sees(reading, session, Kind.ROLE):
        return And(tuple(_not_system(reading)))
    owners = sorted(access.active_roles(reading, session))
    return Or(tuple(Compare(Field.OWNER, Operator.EQ, owner) for owner in owners))


def _seen(
    reading: Reading, session: Session, kind: Kind, where: Predicate
) -> tuple[Predicate, frozenset[Id] | None]:
    """The condition and the owners of what the session sees, for a store to look for.

    MONITOR on single objects is rare: without it the owners alone decide, by their index.
    """
    owners = access.visible_owners(reading, session, kind)
    if owners is None:
        return where, None
    monitored = access.objects_held(reading, session, kind, Privilege.MONITOR)
    if not monitored:
        return where, owners
    owned = [Compare(Field.OWNER, Operator.EQ, owner) for owner in sorted(owners)]
    named = [Compare(Field.ID, Operator.EQ, each) for each in sorted(monitored)]
    return And((where, Or((*owned, *named)))), None


def user_summaries(
    reading: Reading, session: Session, query: UserSummaries
) -> tuple[UserSummary, ...]:
    """Every user; the properties are readable to owners, administrators and the user."""
    found = narrowing.narrowed(reading.users_by_name, query.narrowing)
    owners = access.names_of(reading, {user.owner for user in found})
    sees = access.sees(reading, session, Kind.USER)
    roles = access.active_roles(reading, session)
    monitored = access.objects_held(reading, session, Kind.USER, Privilege.MONITOR)
    return tuple(
        UserSummary(
            user=user,
            owner=owners.get(user.owner),
            readable=sees or user.owner in roles or user.id in {session.user, *monitored},
        )
        for user in found
    )


def access_tokens(
    reading: Reading, session: Session, query: AccessTokens
) -> tuple[AccessTokenSummary, ...]:
    """The tokens of oneself or of a user that the session owns. Raises NotFound, NotAuthorized."""
    user = user_or_none(reading, query.user)
    if user is None:
        raise NotFound(Kind.USER, access.label(query.user))
    require_own_or_owned(reading, session, user, query.user)
    tokens = reading.access_tokens_of(user.id)
    names = {token.id: token.name for token in tokens}
    roles = access.names_of(reading, {token.role_restriction for token in tokens})
    return tuple(
        AccessTokenSummary(
            token=token,
            user_name=user.name,
            role_restriction=roles.get(token.role_restriction),
            rotated_to=None if token.rotated_to is None else names.get(token.rotated_to),
        )
        for token in tokens
    )


# ---- roles -----------------------------------------------------------------------------------


def one_role(reading: Reading, session: Session, query: OneRole) -> RoleCard:
    """Raises NotFound for an absent role and one that the session may not see."""
    card = find_role(reading, session, query.role)
    if card is None or not _visible_role(reading, session, card):
        raise NotFound(Kind.ROLE, access.label(query.role))
    (answered,) = with_members(reading, (card,), query.members_max)
    return answered


def members_after(reading: Reading, session: Session, query: MembersAfter) -> RoleCard:
    """Raises NotFound for an absent role and one that the session may not see."""
    card = one_role(reading, session, OneRole(role=query.role))
    return msgspec.structs.replace(
        card,
        members=reading.members_of(card.role.id, query.count, query.after),
        groups=() if query.after else nesting.named_within(reading, card.role.id),
    )


def _visible_role(reading: Reading, session: Session, card: RoleCard) -> bool:
    if card.role.system and session.integration is not None:
        return False
    return access.is_visible(reading, session, access.target_of(Kind.ROLE, card.role))


def roles(reading: Reading, session: Session, query: Roles) -> Page[RoleCard]:
    """Roles that the session sees."""
    where, owners = _seen_roles(reading, session, query.where)
    page = reading.find_roles(
        where, owners, session.integration, query.start, query.count, query.ordering
    )
    return Page(total=page.total, items=with_members(reading, page.items, query.members_max))


def roles_after(reading: Reading, session: Session, query: RolesAfter) -> tuple[RoleCard, ...]:
    """The next of the roles that the session sees."""
    where, owners = _seen_roles(reading, session, query.where)
    cards = reading.roles_after(where, owners, session.integration, query.after, query.count)
    return with_members(reading, cards, query.members_max)


def roles_beyond(
    reading: Reading, session: Session, query: RolesBeyond
) -> tuple[tuple[RoleCard, Value], ...]:
    """The next, in an order, of the roles that the session sees."""
    where, owners = _seen_roles(reading, session, query.where)
    found = reading.roles_beyond(
        where, owners, session.integration, query.ordering, query.mark, query.count
    )
    cards = with_members(reading, tuple(card for card, _ in found), query.members_max)
    return tuple(zip(cards, (key for _, key in found), strict=True))


def _seen_roles(
    reading: Reading, session: Session, where: Predicate
) -> tuple[Predicate, frozenset[Id] | None]:
    told = with_grants_told(where, lambda asked: _members_told(reading, asked))
    where, owners = _seen(reading, session, Kind.ROLE, told)
    if owners is None and session.integration is not None:
        where = And((where, *_not_system(reading)))
    return where, owners


def _members_told(reading: Reading, asked: Granted) -> Granted:
    """Where no group is in a group, members are users, and a search looks for nothing else."""
    return asked if nesting.is_used(reading) else Granted(asked.term)


def _not_system(reading: Reading) -> list[Predicate]:
    """SCIM never sees a system role, whatever its role monitors."""
    return [
        Compare(Field.ID, Operator.NE, access.system_role(reading, Name(name)).id)
        for name in SYSTEM_ROLES
    ]


def role_summaries(
    reading: Reading, session: Session, query: RoleSummaries
) -> tuple[RoleSummary, ...]:
    """Every role, with what SHOW ROLES counts."""
    counts = reading.role_counts()
    inherited = access.active_roles(reading, session)
    found = narrowing.narrowed(reading.roles_by_name, query.narrowing)
    names = access.names_of(reading, {role.owner for role in found})
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


def role_names(reading: Reading, _session: Session, _query: RoleNames) -> dict[Id | None, Name]:
    """The names of all roles."""
    return {role.id: role.name for role in reading.roles()}


# ---- names -----------------------------------------------------------------------------------


def similar_names(reading: Reading, session: Session, query: SimilarNames) -> tuple[Name, ...]:
    """Names that the session sees and that differ from this one only in case."""
    key = key_of(query.name)
    return tuple(
        Name(target.name)
        for target in _of_kind(reading, query.kind, Compare(Field.NAME_KEY, Operator.EQ, key))
        if target.name != query.name
        and key_of(target.name) == key
        and access.is_visible(reading, session, target)
    )


def _of_kind(reading: Reading, kind: Kind, where: Predicate) -> list[access.Target]:
    """The objects of a kind; users and roles are many, so only those that match."""
    found: Iterable[access.Owned]
    match kind:
        case Kind.USER:
            found = reading.users_by_name(where, Name(""), LISTED_MAX)
        case Kind.ROLE:
            found = reading.roles_by_name(where, Name(""), LISTED_MAX)
        case Kind.INTEGRATION:
            found = reading.integrations()
        case Kind.DATABASE:
            found = reading.databases()
        case Kind.NETWORK_POLICY | Kind.NETWORK_RULE | Kind.EXTERNAL_OAUTH:
            found = reading.governed_all(kind)
        case _:
            found = ()
    return [access.target_of(kind, each) for each in found]


# ---- integrations, tokens, databases ---------------------------------------------------------


def integrations(
    reading: Reading, session: Session, _query: Integrations
) -> tuple[Integration, ...]:
    """Those that the session owns or has USAGE on."""
    return tuple(
        found
        for found in reading.integrations()
        if access.is_visible(reading, session, access.target_of(Kind.INTEGRATION, found))
    )


def one_integration(reading: Reading, session: Session, query: OneIntegration) -> Integration:
    """To describe it takes OWNERSHIP (vendor: DESCRIBE INTEGRATION for SCIM)."""
    found = grants.integration_meant(reading, query.integration)
    access.require_owned(
        reading, session, access.target_of(Kind.INTEGRATION, found), query.integration
    )
    return found


def scim_conformance(reading: Reading, _session: Session, _query: ScimConformance) -> Conformance:
    """It is no secret: every answer of SCIM shows it."""
    return account_conformance(reading)


def databases(reading: Reading, session: Session, _query: Databases) -> tuple[Database, ...]:
    """All of them: a database is a name."""
    del session
    return reading.databases()


# ---- the session itself ----------------------------------------------------------------------


def role_in_session(reading: Reading, session: Session, query: RoleInSession) -> bool:
    """IS_ROLE_IN_SESSION: primary, secondary and inherited roles."""
    role = reading.role_named(query.role)
    return role is not None and role.id in access.active_roles(reading, session)


def current_session(reading: Reading, session: Session, _query: CurrentSession) -> WhoAmI:
    """Account, current role and available roles."""
    available = access.names_of(reading, access.available_roles(reading, session))
    secondary = access.names_of(reading, access.secondary_roles(reading, session))
    role = reading.role(session.role)
    return WhoAmI(
        account=reading.account(),
        role=role.name if role is not None else None,
        roles=tuple(sorted(available.values())),
        secondary=tuple(sorted(secondary.values())),
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
    UsersAfter: users_after,
    UsersBeyond: users_beyond,
    UserSummaries: user_summaries,
    AccessTokens: access_tokens,
    OneRole: one_role,
    Roles: roles,
    RolesAfter: roles_after,
    RolesBeyond: roles_beyond,
    MembersAfter: members_after,
    RoleSummaries: role_summaries,
    RoleNames: role_names,
    SimilarNames: similar_names,
    GrantsOn: asking_grants.grants_on,
    GrantsToRole: asking_grants.grants_to_role,
    GrantsToUser: asking_grants.grants_to_user,
    GrantsOfRole: asking_grants.grants_of_role,
    Integrations: integrations,
    OneIntegration: one_integration,
    ScimConformance: scim_conformance,
    Tokens: asking_tokens.tokens,
    TokenExpiries: asking_tokens.token_expiries,
    ScimResources: provisioned.scim_resources,
    releasing.HeldChanges: releasing.held_changes,
    Databases: databases,
    GovernedObjects: policies.governed_objects,
    OneGoverned: policies.one_governed,
    AttachedPolicy: policies.attached_policy,
    PolicyReferences: policies.policy_references,
    EvaluateNetworkPolicy: admission.evaluate,
    ShownParameters: parameters.shown_parameters,
    UserRecords: to_administrators(usage.user_records),
    RoleRecords: to_administrators(usage.role_records),
    MembershipRecords: to_administrators(usage.membership_records),
    GrantRecords: to_administrators(usage.grant_records),
    past.Changes: to_monitors(past.changes),
    past.ChangesPage: to_monitors(past.changes_page),
    tolerated.ToleratedQuirks: tolerated.tolerated_quirks,
    role_holding.RoleHolders: to_monitors(role_holding.role_holders),
    History: history,
    HistoryPage: history_page,
    Trail: trails.trail,
    EnabledRoles: trails.enabled_roles,
    AttemptsAfter: attempts_after,
    EventsAfter: events_after,
    RoleInSession: role_in_session,
    CurrentSession: current_session,
    StoredSession: stored_session,
}
