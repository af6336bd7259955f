"""Events: facts that happened to an account, in past tense, with ids and never with a secret.

They are committed with the change and read in order by whoever follows; one sequence an account,
gaps allowed. Every event names its subject in `id`, so that a follower can fetch the row anew.
"""

from typing import get_args

import msgspec

from rolecall.domain.model import Json, Kind, Privilege, Scalar
from rolecall.domain.names import Id


class AccountFounded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account was born."""

    id: Id
    name: str


class AccountDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An account was closed to everybody; `until` is the end of its grace period."""

    id: Id
    name: str
    until: int


class AccountRestored(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A dropped account was opened again."""

    id: Id
    name: str


class HistoryPurged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The data of the person `id` was taken from so many `rows` of the histories."""

    id: Id
    rows: int


class UserCreated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user came to be."""

    id: Id
    name: str
    owner: Id | None


class UserChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These attributes of a user changed; `before` and `after` hold no secret."""

    id: Id
    before: dict[str, Json]
    after: dict[str, Json]


class UserDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user is gone; `was` holds its properties at the end, and no secret."""

    id: Id
    name: str
    owner: Id | None = None
    created_at: int | None = None
    was: dict[str, Json] = {}


class UserLocked(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Too many wrong passwords: the user `id` can't log in before `until`."""

    id: Id
    until: int


class AccessTokenAdded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A user has a programmatic access token, new or with a new text."""

    id: Id
    user: Id
    name: str
    expires_at: int


class AccessTokenChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These attributes of a programmatic access token changed."""

    id: Id
    user: Id
    before: dict[str, Scalar]
    after: dict[str, Scalar]


class AccessTokenEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A programmatic access token ended; `why` is removed, disabled or dropped."""

    id: Id
    user: Id
    why: str


class RoleCreated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role came to be."""

    id: Id
    name: str
    owner: Id | None


class RoleChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These attributes of a role changed."""

    id: Id
    before: dict[str, Json]
    after: dict[str, Json]


class RoleDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A role is gone, with every grant of, to and by it; `heir` owns what it owned."""

    id: Id
    name: str
    heir: Id
    owner: Id | None = None
    created_at: int | None = None
    comment: str | None = None


class MembersAdded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Users hold the role `id` who didn't before."""

    id: Id
    users: tuple[Id, ...]
    granted_by: Id | None = None


class MembersRemoved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Users no longer hold the role `id`."""

    id: Id
    users: tuple[Id, ...]


class RoleGranted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The role `id` is granted to another role, or may be passed on by it from now on."""

    id: Id
    to: Id
    grant_option: bool = False
    granted_by: Id | None = None


class RoleRevoked(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The role `id` is no longer granted to another role."""

    id: Id
    to: Id


class PrivilegeGranted(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The role `to` holds a privilege on the object `id`, or may pass it on from now on."""

    id: Id
    kind: Kind
    privilege: Privilege
    to: Id
    grant_option: bool = False
    granted_by: Id | None = None


class PrivilegeRevoked(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The role `to` no longer holds a privilege on the object `id`."""

    id: Id
    kind: Kind
    privilege: Privilege
    to: Id


class GrantOptionRevoked(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The role `to` keeps a privilege, or the role `id` (USAGE), and can't pass it on any more."""

    id: Id
    kind: Kind
    privilege: Privilege
    to: Id


class OwnershipTransferred(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The object `id` has another owner."""

    id: Id
    kind: Kind
    before: Id | None
    after: Id


class IntegrationCreated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An integration came to be."""

    id: Id
    name: str
    run_as_role: Id
    owner: Id | None = None


class IntegrationChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These properties of an integration changed."""

    id: Id
    before: dict[str, Json]
    after: dict[str, Json]


class IntegrationDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """An integration is gone; `tokens_ended` were live until then."""

    id: Id
    name: str
    tokens_ended: int


class TokenIssued(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A token was issued for an integration."""

    id: Id
    integration: Id
    purpose: str | None
    expires_at: int


class TokenReplaced(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A newer token of its purpose was issued: the token expires sooner than it would have."""

    id: Id
    integration: Id
    by: Id
    expires_at: int


class TokenEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A token was ended before its time."""

    id: Id
    integration: Id
    why: str


class RemovalHeld(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The integration `id` wanted to take access away beyond its limit: the change is held."""

    id: Id
    change: Id
    act: str
    resource_kind: Kind
    resource: Id
    removes: int
    limit: int


class RemovalReleased(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A held change of the integration `id` was carried out after all."""

    id: Id
    change: Id
    removes: int


class RemovalRejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A held change of the integration `id` won't be carried out."""

    id: Id
    change: Id
    removes: int


class RemovalWithdrawn(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What an integration's held change would have taken away was given anew: it is held no more.

    `id` is the user or role that stays.
    """

    id: Id
    kind: Kind
    change: Id
    integration: str


class GovernedCreated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A network policy or rule came to be."""

    id: Id
    kind: Kind
    name: str
    owner: Id | None


class GovernedChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These properties of a network policy or rule changed."""

    id: Id
    kind: Kind
    before: dict[str, bool | str | list[str] | None]
    after: dict[str, bool | str | list[str] | None]


class GovernedDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A network policy or rule is gone."""

    id: Id
    kind: Kind
    name: str


class ParametersChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """These parameters of the account or user `id` changed; a network policy is its id."""

    id: Id
    kind: Kind
    before: dict[str, str | None]
    after: dict[str, str | None]


class DatabaseCreated(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A database came to be."""

    id: Id
    name: str
    owner: Id | None = None


class DatabaseDropped(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A database is gone."""

    id: Id
    name: str


class SessionOpened(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The user `id` logged in."""

    id: Id
    session: Id


class SessionsEnded(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Sessions of the user `id` ended; `why` is logout, disabled, dropped or password."""

    id: Id
    count: int
    why: str


Event = (
    AccountFounded
    | AccountDropped
    | AccountRestored
    | HistoryPurged
    | UserCreated
    | UserChanged
    | UserDropped
    | UserLocked
    | AccessTokenAdded
    | AccessTokenChanged
    | AccessTokenEnded
    | RoleCreated
    | RoleChanged
    | RoleDropped
    | MembersAdded
    | MembersRemoved
    | RoleGranted
    | RoleRevoked
    | PrivilegeGranted
    | PrivilegeRevoked
    | GrantOptionRevoked
    | OwnershipTransferred
    | IntegrationCreated
    | IntegrationChanged
    | IntegrationDropped
    | TokenIssued
    | TokenReplaced
    | TokenEnded
    | RemovalHeld
    | RemovalReleased
    | RemovalRejected
    | RemovalWithdrawn
    | GovernedCreated
    | GovernedChanged
    | GovernedDropped
    | ParametersChanged
    | DatabaseCreated
    | DatabaseDropped
    | SessionOpened
    | SessionsEnded
)


GONE = (UserDropped, RoleDropped, IntegrationDropped, GovernedDropped, DatabaseDropped)
CHANGED = (UserChanged, RoleChanged, IntegrationChanged, GovernedChanged)


def is_mark(event: Event) -> bool:
    """Whether its subject is called otherwise from then on, belongs to another role, or is gone.

    Marks are few and found by subject: they say what something was called before them.
    """
    if isinstance(event, CHANGED):
        return "NAME" in event.before
    return isinstance(event, (*GONE, OwnershipTransferred))


MANY = (UserCreated, UserChanged, MembersAdded, MembersRemoved, SessionOpened, SessionsEnded)
"""What happens all day. Every other kind of event is seldom, and found by its kind."""
SELDOM = frozenset(kind.__name__ for kind in get_args(Event) if kind not in MANY)
OF_TOKENS = (
    AccessTokenAdded,
    AccessTokenChanged,
    AccessTokenEnded,
    TokenIssued,
    TokenReplaced,
    TokenEnded,
)


def object_of(event: Event) -> Id:
    """What was changed: of a token its user or its integration."""
    match event:
        case AccessTokenAdded() | AccessTokenChanged() | AccessTokenEnded():
            return event.user
        case TokenIssued() | TokenReplaced() | TokenEnded():
            return event.integration
        case _:
            return event.id


def weight_of(event: Event) -> int:
    """How it is found beside its number, time and subject: 1 a mark, 2 seldom, 0 not at all."""
    if is_mark(event):
        return 1
    return 0 if isinstance(event, MANY) else 2


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the account's history and who caused it, by which attempt."""

    seq: int
    at: int
    actor: str
    request: str
    event: Event
    attempt: int | None = None
