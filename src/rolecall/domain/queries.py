"""Queries: everything that can be asked about an account. `Query[T]` is answered with a `T`.

What a session may not see is left out by the query itself, never filtered from a page later
(DESIGN contract 10).
"""

from typing import Generic, TypeVar

import msgspec

from rolecall.domain.attempts import AttemptKind, Noted
from rolecall.domain.commands import Ref
from rolecall.domain.events import Recorded
from rolecall.domain.model import (
    AccessToken,
    Account,
    Conformance,
    Database,
    ExternalOauth,
    Governed,
    Integration,
    Kind,
    Role,
    RoleCard,
    SqlSession,
    Token,
    User,
    UserCard,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.narrowing import ALL, Narrowing
from rolecall.domain.predicate import EVERYTHING, Mark, Ordering, Predicate, Value
from rolecall.domain.wanted import Place, Wanted

Answer_co = TypeVar("Answer_co", covariant=True)
Item = TypeVar("Item")


class Query(msgspec.Struct, Generic[Answer_co], frozen=True, kw_only=True):
    """A question whose answer is an `Answer_co`."""


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """`items` of the `total` that match."""

    total: int
    items: tuple[Item, ...]


class OneUser(Query[UserCard], frozen=True, kw_only=True):
    """One user, with groups unless not wanted; NotFound when absent or unseen."""

    user: Ref
    with_groups: bool = True


class OneRole(Query[RoleCard], frozen=True, kw_only=True):
    """One role; NotFound when absent or unseen. With members unless more than `members_max`."""

    role: Ref
    members_max: int = 0


class MembersAfter(Query[RoleCard], frozen=True, kw_only=True):
    """One role with its members whose ids are above `after`, by id, at most `count`.

    The groups within it come with the first. NotFound when absent or unseen.
    """

    role: Id
    after: str = ""
    count: int


class Users(Query[Page[UserCard]], frozen=True, kw_only=True):
    """Visible users that match, by id or an ordering; `start` counts from 0."""

    where: Predicate = EVERYTHING
    start: int = 0
    count: int = 100
    ordering: Ordering | None = None
    with_groups: bool = True


class Roles(Query[Page[RoleCard]], frozen=True, kw_only=True):
    """Visible roles that match, as Users are listed.

    Those have members whose own and whose predecessors', by id, are at most `members_max`.
    """

    where: Predicate = EVERYTHING
    start: int = 0
    count: int = 100
    ordering: Ordering | None = None
    members_max: int = 0


class UsersAfter(Query[tuple[UserCard, ...]], frozen=True, kw_only=True):
    """Visible users that match and whose id is above `after`, by id, at most `count`."""

    where: Predicate = EVERYTHING
    after: str = ""
    count: int = 100
    with_groups: bool = True


class RolesAfter(Query[tuple[RoleCard, ...]], frozen=True, kw_only=True):
    """Visible roles that match and whose id is above `after`; otherwise as UsersAfter and Roles."""

    where: Predicate = EVERYTHING
    after: str = ""
    count: int = 100
    members_max: int = 0


class UsersBeyond(Query[tuple[tuple[UserCard, Value], ...]], frozen=True, kw_only=True):
    """Visible users that match, in an order, from a mark on; with what each is sorted by."""

    where: Predicate = EVERYTHING
    ordering: Ordering
    mark: Mark | None = None
    count: int = 100
    with_groups: bool = True


class RolesBeyond(Query[tuple[tuple[RoleCard, Value], ...]], frozen=True, kw_only=True):
    """Visible roles that match, in an order, from a mark on; otherwise as UsersBeyond and Roles."""

    where: Predicate = EVERYTHING
    ordering: Ordering
    mark: Mark | None = None
    count: int = 100
    members_max: int = 0


class TogetherBeyond(
    Query[tuple[tuple[UserCard | RoleCard, Value], ...]], frozen=True, kw_only=True
):
    """Visible users and roles that match, in one order, from a mark on; at most `count` in all.

    Both are asked for with this mark and count, in the same direction.
    """

    users: UsersBeyond
    roles: RolesBeyond


class Together(Query[Page[UserCard | RoleCard]], frozen=True, kw_only=True):
    """Visible users and roles that match, in one order; `start` counts from 0, through both."""

    users: UsersBeyond
    roles: RolesBeyond
    start: int = 0


class RoleSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A role with the counts that SHOW ROLES prints."""

    role: Role
    owner: Name | None
    assigned_to_users: int
    granted_to_roles: int
    granted_roles: int
    is_current: bool
    is_inherited: bool


class RoleSummaries(Query[tuple[RoleSummary, ...]], frozen=True, kw_only=True):
    """SHOW ROLES: each role of the account that is meant, by name, with its counts."""

    narrowing: Narrowing = ALL


class RoleNames(Query[dict[Id | None, Name]], frozen=True, kw_only=True):
    """The name of each role by its id."""


class SimilarNames(Query[tuple[Name, ...]], frozen=True, kw_only=True):
    """Names of a kind that the session sees and that differ from `name` only in case."""

    kind: Kind
    name: str


class UserSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A user with what SHOW USERS prints beside its properties."""

    user: User
    owner: Name | None
    readable: bool


class UserSummaries(Query[tuple[UserSummary, ...]], frozen=True, kw_only=True):
    """SHOW USERS: each user that is meant, by name; `readable` if the properties may be seen."""

    narrowing: Narrowing = ALL


class AccessTokenSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A programmatic access token with the names that SHOW prints."""

    token: AccessToken
    user_name: Name
    role_restriction: Name | None
    rotated_to: Name | None


class AccessTokens(Query[tuple[AccessTokenSummary, ...]], frozen=True, kw_only=True):
    """A user's access tokens, by name: to the user and to whoever owns it."""

    user: Ref


class Integrations(Query[tuple[Integration | ExternalOauth, ...]], frozen=True, kw_only=True):
    """The integrations that the session owns or has USAGE on."""


class OneIntegration(Query[Integration | ExternalOauth], frozen=True, kw_only=True):
    """One integration to describe: needs OWNERSHIP."""

    integration: Ref


class ScimConformance(Query[Conformance], frozen=True, kw_only=True):
    """Whose SCIM the account's integrations speak unless their CONFORMANCE says."""


class Tokens(Query[tuple[Token, ...]], frozen=True, kw_only=True):
    """Tokens of the integrations that the session owns, newest first, ended ones too."""

    integration: Ref | None = None


class TokenExpiry(msgspec.Struct, frozen=True, kw_only=True):
    """When a token ends: in `seconds`, less than 0 since it has; `soon` is reason for a warning.

    `replaced`: a newer token of its purpose is there, and yet this one was used since.
    """

    integration: Name
    purpose: str | None
    token: Id
    expires_at: int
    seconds: int
    soon: bool
    replaced: bool = False


class TokenExpiries(Query[tuple[TokenExpiry, ...]], frozen=True, kw_only=True):
    """When access by each purpose ends: its newest token, and a replaced one that is still used.

    Tokens without a purpose stand each for itself. What expired a while ago is left out, and so
    is what the integration rejects. Of the integrations that the session owns.
    """


class GovernedSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A network policy or rule, and its owner's name."""

    governed: Governed
    owner: Name | None


class GovernedObjects(Query[tuple[GovernedSummary, ...]], frozen=True, kw_only=True):
    """The network policies or rules that the session owns, has USAGE on or sees, by name."""

    kind: Kind


class OneGoverned(Query[GovernedSummary], frozen=True, kw_only=True):
    """One network policy or rule to describe: needs OWNERSHIP, or MANAGE GRANTS."""

    kind: Kind
    object: Ref


class AttachedPolicy(Query[Name | None], frozen=True, kw_only=True):
    """The name of an integration's network policy: needs OWNERSHIP of the integration."""

    integration: Ref


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a request; without `policy` none is in force."""

    allowed: bool
    policy: Name | None = None
    entry: str | None = None
    attached_to: Kind | None = None


class EvaluateNetworkPolicy(Query[Admission], frozen=True, kw_only=True):
    """Whether an address is let in, to an integration or else to the account: a dry run."""

    address: str
    integration: Ref | None = None


class PolicyReference(msgspec.Struct, frozen=True, kw_only=True):
    """A network policy, and one thing that it is attached to."""

    policy: Name
    kind: Kind
    name: str


class PolicyReferences(Query[tuple[PolicyReference, ...]], frozen=True, kw_only=True):
    """What a network policy is attached to, or every policy: needs to own it, or the account."""

    policy: Ref | None = None


class ParameterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter as SHOW PARAMETERS prints it; `level` is empty where the default stands."""

    key: str
    value: str
    default: str
    level: str
    description: str
    type: str


class ShownParameters(Query[tuple[ParameterRow, ...]], frozen=True, kw_only=True):
    """The parameters of a level (`parameters.Level`), by name, with what counts there.

    `session` is what the session itself has set.
    """

    level: str
    user: Ref | None = None
    session: dict[str, str] = {}


class ScimResource(msgspec.Struct, frozen=True, kw_only=True):
    """A user or role that an integration provisions; `stopped` says why it no longer does."""

    id: Id
    external_id: str | None
    name: str
    kind: Kind
    integration: Name
    owner: Name | None
    active: bool
    written_at: int | None
    changed_at: int | None
    changed_by: str | None
    stopped: str | None


class ScimResources(Query[tuple[ScimResource, ...]], frozen=True, kw_only=True):
    """What integrations that the session owns provision; one of them when it is named."""

    integration: Ref | None = None


class Databases(Query[tuple[Database, ...]], frozen=True, kw_only=True):
    """All databases, by name."""


class GrantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One grant with its names; ownership is since it was made or handed over."""

    created_at: int | None
    privilege: str
    granted_on: Kind
    name: str
    granted_to: Kind
    grantee_name: str
    grant_option: bool
    granted_by: str


class GrantsOn(Query[tuple[GrantRow, ...]], frozen=True, kw_only=True):
    """Who holds what on one object; the account itself when `object` is None."""

    kind: Kind
    object: Ref | None


class GrantsToRole(Query[tuple[GrantRow, ...]], frozen=True, kw_only=True):
    """What a role holds: privileges, ownership, and other roles as USAGE."""

    role: Ref


class GrantsToUser(Query[tuple[GrantRow, ...]], frozen=True, kw_only=True):
    """The roles that a user holds; the session's own user when None."""

    user: Ref | None


class GrantsOfRole(Query[tuple[GrantRow, ...]], frozen=True, kw_only=True):
    """To whom a role is granted."""

    role: Ref


class UserRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A user that is, or was until `deleted_at`."""

    user: User
    owner: Name | None
    deleted_at: int | None


class UserRecords(Query[tuple[UserRecord, ...]], frozen=True, kw_only=True):
    """All users, those that were dropped too: to ACCOUNTADMIN."""


class RoleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A role that is, or was until `deleted_at`."""

    role: Role
    owner: Name | None
    deleted_at: int | None


class RoleRecords(Query[tuple[RoleRecord, ...]], frozen=True, kw_only=True):
    """All roles, those that were dropped too: to ACCOUNTADMIN."""


class GrantRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A grant with its names, in force or until `deleted_at`; names of what is gone are its last.

    `created_at` is None where the history no longer reaches back so far.
    """

    created_at: int | None
    deleted_at: int | None
    privilege: str
    granted_on: Kind
    name: str
    granted_to: Kind
    grantee_name: str
    grant_option: bool
    granted_by: str | None


class MembershipRecords(Query[tuple[GrantRecord, ...]], frozen=True, kw_only=True):
    """Every grant of a role to a user, ended ones too: to ACCOUNTADMIN.

    With names at least those of these roles, or else of these users; a name is the last one.
    """

    roles: tuple[str, ...] | None = None
    users: tuple[str, ...] | None = None


class GrantRecords(Query[tuple[GrantRecord, ...]], frozen=True, kw_only=True):
    """Every other grant and all ownership, ended ones too: to ACCOUNTADMIN.

    Who owns users is most of it, and can be left out.
    """

    owners_of_users: bool = True


class History(Query[tuple[Noted, ...]], frozen=True, kw_only=True):
    """The newest `count` attempts of a kind in [since, until], oldest first.

    Needs ACCOUNTADMIN in the session's roles (reference: REST_EVENT_HISTORY).
    """

    kind: AttemptKind
    since: int
    until: int
    count: int = 100


class HistoryPage(Query[tuple[Noted, ...]], frozen=True, kw_only=True):
    """The first `count` attempts of a kind that are wanted, in the order that is, behind a place.

    To whoever monitors the account. `caused` wants the events of each.
    """

    kind: AttemptKind
    wanted: Wanted
    after: Place | None
    count: int
    caused: bool = False


class Trail(Query[tuple[Noted, ...]], frozen=True, kw_only=True):
    """The newest `count` logins or statements in [since, until], oldest first; one user's if named.

    To whoever may monitor users all, to others their own.
    """

    kind: AttemptKind
    since: int
    until: int
    count: int
    user_name: Name | None = None


class EnabledRoles(Query[tuple[tuple[Role, Name | None], ...]], frozen=True, kw_only=True):
    """The roles that the session acts as, inherited ones too, by name, with their owners' names."""


class AttemptsAfter(Query[tuple[Noted, ...]], frozen=True, kw_only=True):
    """Attempts with a number above `after`, in order; -N means the last N."""

    after: int
    count: int = 1_000


class EventsAfter(Query[tuple[Recorded, ...]], frozen=True, kw_only=True):
    """Events with a sequence above `after`, in order."""

    after: int
    count: int = 1_000


class RoleInSession(Query[bool], frozen=True, kw_only=True):
    """Whether a role is among those that the session acts as, inherited ones included."""

    role: Name


class WhoAmI(msgspec.Struct, frozen=True, kw_only=True):
    """What CURRENT_USER() and its siblings answer."""

    account: Account
    role: Name | None
    roles: tuple[Name, ...]
    secondary: tuple[Name, ...] = ()


class CurrentSession(Query[WhoAmI], frozen=True, kw_only=True):
    """The account and the session's role and available roles by name."""


class StoredSession(Query[SqlSession], frozen=True, kw_only=True):
    """A login session by id."""

    session: Id
