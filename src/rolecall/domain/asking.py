"""Answers: each query's, with the session's sight in the query itself (DESIGN contract 10)."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from rolecall.domain import (
    access,
    admission,
    asking_grants,
    asking_tokens,
    grants,
    narrowing,
    oauth,
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
from rolecall.domain.asking_resources import (
    members_after,
    one_role,
    one_user,
    roles,
    roles_after,
    roles_beyond,
    users,
    users_after,
    users_beyond,
)
from rolecall.domain.asking_together import together, together_beyond
from rolecall.domain.errors import NotFound
from rolecall.domain.integrations import account_conformance
from rolecall.domain.model import (
    Conformance,
    Database,
    ExternalOauth,
    Integration,
    Kind,
    Privilege,
    SqlSession,
)
from rolecall.domain.names import Id, Name, key_of
from rolecall.domain.narrowing import LISTED_MAX
from rolecall.domain.ports import Reading, RoleCounts
from rolecall.domain.predicate import (
    Compare,
    Field,
    Operator,
    Predicate,
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
    Together,
    TogetherBeyond,
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
from rolecall.domain.session import Session
from rolecall.domain.users import require_own_or_owned, user_or_none

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

# ---- users -----------------------------------------------------------------------------------


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
            found = [*reading.integrations(), *reading.governed_all(Kind.EXTERNAL_OAUTH)]
        case Kind.DATABASE:
            found = reading.databases()
        case Kind.NETWORK_POLICY | Kind.NETWORK_RULE:
            found = reading.governed_all(kind)
        case _:
            found = ()
    return [access.target_of(kind, each) for each in found]


# ---- integrations, tokens, databases ---------------------------------------------------------


def integrations(
    reading: Reading, session: Session, _query: Integrations
) -> tuple[Integration | ExternalOauth, ...]:
    """Those that the session owns or has USAGE on, by name."""
    found: list[Integration | ExternalOauth] = [*reading.integrations()]
    found += oauth.all_of(reading)
    return tuple(
        each
        for each in sorted(found, key=lambda each: each.name)
        if access.is_visible(reading, session, access.target_of(Kind.INTEGRATION, each))
    )


def one_integration(
    reading: Reading, session: Session, query: OneIntegration
) -> Integration | ExternalOauth:
    """To describe it takes OWNERSHIP (vendor: DESCRIBE INTEGRATION for SCIM)."""
    found = grants.security_integration_meant(reading, query.integration)
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
    Together: together,
    TogetherBeyond: together_beyond,
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
