"""Ports: what the account asks of the world. Stores, clocks and secrets sign these contracts.

A store keeps many accounts apart by their number: nothing read or written through a `Reading`
or `Transaction` of one account touches another. Every store passes the same conformance suite.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from rolecall.domain.attempts import Attempt, Noted
from rolecall.domain.events import Event, Recorded
from rolecall.domain.history_port import HistoryReading
from rolecall.domain.model import (
    AccessToken,
    Account,
    Database,
    Governed,
    Held,
    Integration,
    Kind,
    Member,
    PrivilegeGrant,
    Revision,
    Role,
    RoleCard,
    RoleGrant,
    SqlSession,
    Token,
    User,
    UserCard,
)
from rolecall.domain.names import Id, Key, Name
from rolecall.domain.ports_held import HeldReading, HeldTransaction
from rolecall.domain.predicate import Mark, Ordering, Predicate, Value
from rolecall.domain.queries import Page

T = TypeVar("T")


class RoleCounts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What SHOW ROLES counts for one role."""

    assigned_to_users: int = 0
    granted_to_roles: int = 0
    granted_roles: int = 0


class Link(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An integration's name (`reader`), a user or role, and the external id it knows that by."""

    reader: str
    kind: Kind
    resource: Id
    external_id: str


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What is looked for among users or roles, and of which owners (None: all).

    `reader` is the integration whose external ids are meant. Without an `ordering` what is found
    is in the order of ids.
    """

    where: Predicate
    owners: frozenset[Id] | None = None
    reader: str | None = None
    ordering: Ordering | None = None


class Reading(HistoryReading, HeldReading, Protocol):
    """One account at one moment, with its histories.

    `reader` is the integration name whose external ids are shown.
    """

    @property
    def number(self) -> int:
        """The account's number in this store."""
        ...

    def generation(self) -> int:
        """Counts the changes to what caches may hold (DESIGN contract 14); 0 at first."""
        ...

    def memo(self, key: Hashable, compute: Callable[[], T]) -> T:
        """`compute()`, remembered across readings for as long as the generation stays.

        In a transaction that has bumped the generation itself nothing is remembered.
        """
        ...

    def account(self) -> Account:
        """The account; it must exist."""
        ...

    # users
    def user(self, user: Id) -> User | None: ...
    def user_named(self, name: Name) -> User | None:
        """By the exact NAME."""
        ...

    def user_with_login(self, login: Key) -> User | None: ...
    def users_taking(self, name: Key, login: Key) -> tuple[User, ...]:
        """Users whose name's key is `name` or whose login key is `login`: at most two."""
        ...

    def user_card(self, user: Id, reader: str | None) -> UserCard | None:
        """With `groups` empty; a user never touched has version 1, changed at its creation."""
        ...

    def find_users(self, asked: Asked, start: int, count: int) -> Page[UserCard]:
        """A page of users that begins at offset `start`; `total` counts all that match.

        What is equal in an ordering is ordered by id. `groups` stay empty.
        """
        ...

    def users_after(self, asked: Asked, after: str, count: int) -> tuple[UserCard, ...]:
        """Like `find_users` those whose id is above `after`; counts nothing, flat at any depth."""
        ...

    def users_beyond(
        self, asked: Asked, mark: Mark | None, count: int
    ) -> tuple[tuple[UserCard, Value], ...]:
        """Like `find_users` with an ordering, those after the mark, with what each is sorted by."""
        ...

    def users_by_name(self, where: Predicate, after: Name, count: int) -> tuple[User, ...]:
        """Users that match and whose NAME comes after `after`, by name, at most `count`."""
        ...

    def known_users(self, users: Sequence[Id]) -> frozenset[Id]:
        """Those of the ids that belong to a user."""
        ...

    def groups_of(self, users: Sequence[Id]) -> dict[Id, tuple[Held, ...]]:
        """For each user the roles held by a direct grant, by role id; users without: absent."""
        ...

    # roles
    def role(self, role: Id) -> Role | None: ...
    def role_named(self, name: Name) -> Role | None: ...
    def roles(self) -> tuple[Role, ...]:
        """All roles, by name."""
        ...

    def role_card(self, role: Id, reader: str | None) -> RoleCard | None:
        """With `members` None."""
        ...

    def find_roles(self, asked: Asked, start: int, count: int) -> Page[RoleCard]:
        """As `find_users`. System roles have no owner: only `owners=None` finds them."""
        ...

    def roles_after(self, asked: Asked, after: str, count: int) -> tuple[RoleCard, ...]:
        """As `users_after`."""
        ...

    def roles_beyond(
        self, asked: Asked, mark: Mark | None, count: int
    ) -> tuple[tuple[RoleCard, Value], ...]:
        """As `users_beyond`."""
        ...

    def mark_at(self, users: Asked, roles: Asked, place: int) -> Mark | None:
        """What stands at a place, from 0, of users and roles in one order; None past the end.

        Both are ordered in the same direction; equal ones stand by their ids.
        """
        ...

    def roles_by_name(self, where: Predicate, after: Name, count: int) -> tuple[Role, ...]:
        """As `users_by_name`."""
        ...

    def members_of(self, role: Id, count: int, after: str = "") -> tuple[Member, ...]:
        """Users above `after` with a direct grant of the role, by user id, at most `count`."""
        ...

    def members_of_each(self, roles: Sequence[Id], count: int) -> tuple[tuple[Id, Member], ...]:
        """The members of several roles, by role, then user id, at most `count` in all."""
        ...

    def has_more_members(self, role: Id, than: int) -> bool:
        """Whether more users than that have a direct grant; costs no more than `than` steps."""
        ...

    def role_counts(self) -> dict[Id, RoleCounts]:
        """For each role that has any."""
        ...

    # grants
    def hierarchy(self) -> tuple[RoleGrant, ...]:
        """Every grant of a role to a role."""
        ...

    def member_grants_of(self, role: Id, count: int) -> tuple[RoleGrant, ...]:
        """The role's grants to users, by user id, at most `count`."""
        ...

    def member_grants_to(self, user: Id) -> tuple[RoleGrant, ...]:
        """The user's direct role grants, by role id."""
        ...

    def member_grants_by(self, grantor: Id) -> tuple[RoleGrant, ...]:
        """The grants of roles to users that a role made, by role, then user."""
        ...

    def privileges_by(self, grantor: Id) -> tuple[PrivilegeGrant, ...]:
        """The privileges that a role granted."""
        ...

    def privileges_on(self, kind: Kind, on: Id) -> tuple[PrivilegeGrant, ...]: ...
    def privileges_of(self, role: Id) -> tuple[PrivilegeGrant, ...]: ...
    def owned_by(self, role: Id, count: int) -> tuple[tuple[Kind, Id, str], ...]:
        """Kind, id and name of what the role owns, by kind then id, at most `count`."""
        ...

    # integrations, tokens, databases, sessions
    def integration(self, integration: Id) -> Integration | None: ...
    def integration_named(self, name: Name) -> Integration | None: ...
    def integrations(self) -> tuple[Integration, ...]:
        """By name."""
        ...

    def endpoint_of(self, name: Name) -> Id | None:
        """The SCIM_ENDPOINT_ID that integrations of this name have, living or dropped."""
        ...

    def token(self, token: Id) -> Token | None: ...
    def token_with(self, verifier: str) -> Token | None: ...
    def tokens_of(self, integration: Id | None) -> tuple[Token, ...]:
        """Newest first; None: of every integration, dropped ones too."""
        ...

    def database_named(self, name: Name) -> Database | None: ...
    def databases(self) -> tuple[Database, ...]:
        """By name."""
        ...

    # policies, rules, parameters, programmatic access tokens
    def governed(self, kind: Kind, governed: Id) -> Governed | None:
        """A network policy or rule, by id."""
        ...

    def governed_named(self, kind: Kind, name: Name) -> Governed | None: ...
    def governed_all(self, kind: Kind) -> tuple[Governed, ...]:
        """By name."""
        ...

    def parameters(self, scope: Id) -> dict[str, str]:
        """The parameters set on the account (its own id) or on one user or integration."""
        ...

    def parameter_scopes(self, name: str, value: str) -> tuple[Id, ...]:
        """On what a parameter is set to this value: whom a network policy is attached to."""
        ...

    def access_tokens_of(self, user: Id) -> tuple[AccessToken, ...]:
        """By name."""
        ...

    def access_token_with(self, verifier: str) -> AccessToken | None: ...
    def links_of(self, reader: str | None, start: int, count: int) -> tuple[Link, ...]:
        """Of one reader (None: of all), by reader then resource: `count` from offset `start`."""
        ...

    def session(self, session: Id) -> SqlSession | None: ...
    def session_with(self, verifier: str) -> SqlSession | None: ...
    def session_with_master(self, verifier: str) -> SqlSession | None:
        """By the verifier of the token that renews it."""
        ...


class Transaction(HeldTransaction, Reading, Protocol):
    """One account being changed: all of a body's writes, or none."""

    def save_account(self, account: Account) -> None: ...
    def erase_some(self, count: int) -> bool:
        """Delete rows, histories too, but never the account's own; False when none are left.

        At most `count` of one kind, so that others wait a moment and not until all is gone.
        """
        ...

    def add_user(self, user: User, known: tuple[str, str] | None = None) -> bool:
        """Insert; False, and nothing written, when its id or its name's or login's key is taken.

        With `known`, a reader and an external id, the reader knows the user by that from now on;
        False as well, and nothing written, when it knows one by that who is disabled.
        """
        ...

    def save_user(self, user: User, before: User | None = None) -> None:
        """Insert or replace by id. Name and login keys are unique: the caller has looked.

        `before` is what is there: given, what it shares with the user need not be written again.
        """
        ...

    def delete_user(self, user: Id) -> None:
        """With memberships, external ids, revision and parameters.

        Sessions and access tokens are ended before, by whoever tells of it.
        """
        ...

    def save_role(self, role: Role) -> None: ...
    def delete_role(self, role: Id) -> None:
        """With every grant of, to and on it, those it granted, external ids and revision."""
        ...

    def add_members(
        self, role: Id, users: Sequence[Id], granted_by: Id | None, origin: str | None, at: int
    ) -> tuple[Id, ...]:
        """Grant the role to those users that exist and don't hold it: their ids."""
        ...

    def remove_members(self, role: Id, users: Sequence[Id] | None) -> tuple[Id, ...]:
        """Take the role from those users that hold it (None: all): their ids."""
        ...

    def save_role_grant(self, grant: RoleGrant) -> bool:
        """A grant of a role to a role; False when it was there already."""
        ...

    def delete_role_grant(self, role: Id, grantee: Id) -> bool:
        """A grant of a role to a role; False when there was none."""
        ...

    def save_privilege(self, grant: PrivilegeGrant) -> bool:
        """False when the role held it already (a grant option given now is kept)."""
        ...

    def delete_privilege(self, privilege: str, kind: Kind, on: Id, role: Id) -> bool: ...
    def delete_privileges_on(self, kind: Kind, on: Id) -> int: ...
    def reassign(self, owner: Id, heir: Id) -> int:
        """Whatever `owner` owns belongs to `heir`: how many objects."""
        ...

    def save_integration(self, integration: Integration) -> None:
        """Also remembers its endpoint for the name."""
        ...

    def delete_integration(self, integration: Id) -> None:
        """With the privileges on it and its parameters; tokens' records and external ids stay."""
        ...

    def save_token(self, token: Token) -> None: ...
    def save_link(self, reader: str, resource: Id, external_id: str | None) -> bool:
        """The external id by which an integration knows a resource; True when that is new."""
        ...

    def save_database(self, database: Database) -> None: ...
    def delete_database(self, database: Id) -> None: ...
    def save_governed(self, kind: Kind, governed: Governed) -> None:
        """Insert or replace by kind and id. Names are unique among a kind."""
        ...

    def delete_governed(self, kind: Kind, governed: Id) -> None:
        """With the privileges on it."""
        ...

    def save_parameter(self, scope: Id, name: str, value: str | None) -> bool:
        """Set, or with None unset; False when that changes nothing."""
        ...

    def save_access_token(self, token: AccessToken) -> None:
        """Insert or replace by id. Verifiers are unique, names among a user's tokens."""
        ...

    def delete_access_token(self, token: Id) -> None: ...
    def save_session(self, session: SqlSession) -> None:
        """Insert or replace by id. Verifiers, of both kinds, are unique."""
        ...

    def delete_session(self, session: Id) -> bool: ...
    def delete_sessions_of(self, user: Id) -> int: ...
    def delete_lapsed_sessions(self, user: Id, at: int) -> int:
        """Those of the user's that neither token opens any more at `at`."""
        ...

    def touch(self, resource: Id, at: int, before: Revision | None = None) -> Revision:
        """The resource's next version, changed at `at`; `before` is the present one, if known."""
        ...

    def bump_generation(self) -> None: ...
    def record(self, event: Event, *, at: int, actor: str, request: str) -> int:
        """Append to the history: the sequence number. It will name the body's attempt."""
        ...

    def replace_attempts(self, attempts: Sequence[Noted]) -> None:
        """Each takes the place of the one that has its number."""
        ...

    def replace_events(self, events: Sequence[Recorded]) -> None:
        """Each takes the place of the one that has its number."""
        ...

    def forget_history(self, before: int, count: int) -> int:
        """Remove what is older from the oldest `count` attempts and events: how many.

        The highest numbers stay, so that no number is given twice.
        """
        ...


Describe = Callable[[T | None, Exception | None], Attempt]
"""From a body's result, or the exception that ended it, to the attempt that is kept."""

Done = Callable[[T | None, Exception | None], None]
"""Told the body's result or the exception, after the commit, on the store's own thread."""


class Store(Protocol):
    """Where accounts live. Thread safe."""

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, by number."""
        ...

    def read(self, number: int, body: Callable[[Reading], T]) -> T:
        """`body` over one moment of the account. The reading ends with the call."""
        ...

    def transact(
        self, number: int, body: Callable[[Transaction], T], describe: Describe[T] | None = None
    ) -> T:
        """Carry out `body`, durably, all or nothing, and keep its attempt in the same commit.

        The body may run more than once. Raises what the body raised; its attempt is kept then too.
        """
        ...

    def transact_each(
        self,
        number: int,
        bodies: Sequence[tuple[Callable[[Transaction], T], Describe[T] | None]],
    ) -> tuple[T | Exception, ...]:
        """`transact` each, in this order and handed over together: what each answers or raises."""
        ...

    def submit(
        self,
        number: int,
        body: Callable[[Transaction], T],
        describe: Describe[T] | None,
        done: Done[T],
    ) -> None:
        """`transact` without waiting: `done` is called after the commit. Order is kept."""
        ...

    def note(self, number: int, attempt: Attempt) -> None:
        """Keep an attempt that changed nothing, at most a second late."""
        ...

    def use(self, number: int, token: Id, at: int) -> None:
        """Remember that a token, of either kind, was used, to the minute, at most a second late."""
        ...

    def flush(self) -> None:
        """Wait until what was noted and used is kept."""
        ...

    def busy(self) -> bool:
        """Whether this process writes just now, so that who reads much gives way."""
        ...

    def scrub(self) -> None:
        """What was replaced or deleted before can't be read from the disk any more."""

    def close(self) -> None:
        """Finish what was taken, then let go."""
        ...


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> int:
        """Microseconds since the epoch, UTC."""
        ...


class Ids(Protocol):
    """Where ids come from."""

    def new(self) -> Id:
        """A new UUID, version 7, in canonical text."""
        ...


class MintedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token's text, to be shown once, and what is kept of it. Its repr shows neither."""

    text: str
    verifier: str
    expires_at: int

    def __repr__(self) -> str:
        return "MintedToken(…)"


class Secrets(Protocol):
    """Where secrets come from and are checked."""

    def mint_token(self, at: int, seconds: int | None = None) -> MintedToken:
        """A random 256-bit token that lives six calendar months from `at`, or that long."""
        ...

    def verifier_of(self, token: str) -> str:
        """What is kept of a token: the hex SHA-256."""
        ...

    def mint_password(self) -> str:
        """A password for a person to copy once."""
        ...

    def hash_password(self, password: str) -> str:
        """An argon2id verifier. Takes tens of milliseconds: never in a transaction."""
        ...

    def public_key(self, text: str) -> str | None:
        """The base64 DER of an RSA public key in PEM; None for another key and a weak one."""
        ...

    def sign(self, text: str) -> str:
        """A signature that nobody else can make, in characters that a URL takes as they are."""
        ...

    def claims_of(self, token: str) -> Mapping[str, object] | None:
        """What a JSON Web Token says, verified by nobody; None when it isn't one."""
        ...

    def is_signed_with(self, token: str, public_key: str) -> bool:
        """Whether the token is signed (RS256) with the private half of a key (base64 DER)."""
        ...

    def password_matches(self, verifier: str | None, password: str) -> bool:
        """Whether it is the password; with no verifier it takes as long and is False."""
        ...
