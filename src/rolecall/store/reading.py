"""A reading of the embedded store: each question is one statement on the reading's connection."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import apsw

from rolecall.domain.attempts import USER_NAMES, AttemptKind, Noted
from rolecall.domain.events import Recorded
from rolecall.domain.held import HeldChange, Spells
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
    Role,
    RoleCard,
    RoleGrant,
    SqlSession,
    Token,
    User,
    UserCard,
)
from rolecall.domain.names import Id, Key, Name, key_of
from rolecall.domain.ports import Asked, Link, RoleCounts
from rolecall.domain.predicate import Mark, Predicate, Value
from rolecall.domain.queries import Page
from rolecall.domain.wanted import Place, Wanted
from rolecall.store import rows, statements, statements_held, statements_history
from rolecall.store.patience import patience
from rolecall.store.predicate import (
    MEMBER_COLUMNS,
    ROLE_COLUMNS,
    USER_COLUMNS,
    Parameters,
    compile_predicate,
)
from rolecall.store.remembered import Remembered, Values, recalled
from rolecall.store.rows import Row
from rolecall.store.search import Search, mark_at
from rolecall.store.sought import attempts_sought, events_sought

T = TypeVar("T")

COUNT_MAX = 2**62
"""Beyond every table; a caller's larger number would not fit the engine's integers."""


def _at_most(count: int) -> int:
    return min(count, COUNT_MAX)


class SqliteReading:
    """Reads one account at the moment of the open transaction."""

    __slots__ = ("_cursor", "_generation", "_number", "_remembered", "_values")

    def __init__(
        self, number: int, cursor: apsw.Cursor, remembered: Remembered, generation: int
    ) -> None:
        self._number = number
        self._cursor = cursor
        self._remembered = remembered
        self._generation = generation
        self._values: Values | None = None

    @property
    def number(self) -> int:
        return self._number

    def generation(self) -> int:
        return self._generation

    def memo(self, key: Hashable, compute: Callable[[], T]) -> T:
        values = self._values
        if values is None:
            values = self._values = self._remembered.values(self._number, self.generation())
        return recalled(values, key, compute)

    def account(self) -> Account:
        account = self._one(rows.account_from, statements.ACCOUNT)
        assert account is not None, "an account is founded before it is asked"
        return account

    # users
    def user(self, user: Id) -> User | None:
        return self._one(rows.user_from, statements.USER, user)

    def user_named(self, name: Name) -> User | None:
        return self._one(rows.user_from, statements.USER_NAMED, key_of(name), name)

    def user_with_login(self, login: Key) -> User | None:
        return self._one(rows.user_from, statements.USER_WITH_LOGIN, login)

    def users_taking(self, name: Key, login: Key) -> tuple[User, ...]:
        found = self._rows(statements.USERS_TAKING, name, login)
        return tuple([rows.user_from(body) for _, body in found])

    def user_card(self, user: Id, reader: str | None) -> UserCard | None:
        row = self._row(statements.USER_CARD, user, reader)
        return None if row is None else rows.user_card_from(row)

    def find_users(self, asked: Asked, start: int, count: int) -> Page[UserCard]:
        total, found = self._page(Search("users", asked), start, count)
        return Page(total=total, items=tuple([rows.user_card_from(row) for row in found]))

    def users_after(self, asked: Asked, after: str, count: int) -> tuple[UserCard, ...]:
        found = self._after(Search("users", asked), after, count)
        return tuple([rows.user_card_from(row) for row in found])

    def users_beyond(
        self, asked: Asked, mark: Mark | None, count: int
    ) -> tuple[tuple[UserCard, Value], ...]:
        found = self._beyond(Search("users", asked), mark, count)
        return tuple([(rows.user_card_from(row[:4]), row[4]) for row in found])

    def users_by_name(self, where: Predicate, after: Name, count: int) -> tuple[User, ...]:
        parameters = Parameters(self._number, after, _at_most(count))
        condition = compile_predicate(where, USER_COLUMNS, parameters)
        sql = statements.USERS_BY_NAME.format(condition=condition)
        found: list[Row] = self._cursor.execute(sql, parameters.values()).fetchall()
        return tuple([rows.user_from(row[0]) for row in found])

    def known_users(self, users: Sequence[Id]) -> frozenset[Id]:
        found = self._rows(statements.KNOWN_USERS, rows.list_of(users))
        return frozenset([row[0] for row in found])

    def groups_of(self, users: Sequence[Id]) -> dict[Id, tuple[Held, ...]]:
        groups: dict[Id, list[Held]] = {}
        if len(users) == 1:
            found = self._rows(statements.GROUPS_OF_ONE, users[0])
        else:
            found = self._rows(statements.GROUPS_OF, rows.list_of(set(users)))
        for user, role, name, owner, system in found:
            held = Held(role=role, name=name, owner=owner, system=bool(system))
            groups.setdefault(user, []).append(held)
        return {user: tuple(held) for user, held in groups.items()}

    # roles
    def role(self, role: Id) -> Role | None:
        return self._one(rows.role_from, statements.ROLE, role)

    def role_named(self, name: Name) -> Role | None:
        return self._one(rows.role_from, statements.ROLE_NAMED, name)

    def roles(self) -> tuple[Role, ...]:
        return self._all(rows.role_from, statements.ROLES)

    def role_card(self, role: Id, reader: str | None) -> RoleCard | None:
        row = self._row(statements.ROLE_CARD, role, reader)
        return None if row is None else rows.role_card_from(row)

    def find_roles(self, asked: Asked, start: int, count: int) -> Page[RoleCard]:
        total, found = self._page(Search("roles", asked), start, count)
        return Page(total=total, items=tuple([rows.role_card_from(row) for row in found]))

    def roles_after(self, asked: Asked, after: str, count: int) -> tuple[RoleCard, ...]:
        found = self._after(Search("roles", asked), after, count)
        return tuple([rows.role_card_from(row) for row in found])

    def roles_beyond(
        self, asked: Asked, mark: Mark | None, count: int
    ) -> tuple[tuple[RoleCard, Value], ...]:
        found = self._beyond(Search("roles", asked), mark, count)
        return tuple([(rows.role_card_from(row[:4]), row[4]) for row in found])

    def mark_at(self, users: Asked, roles: Asked, place: int) -> Mark | None:
        sql, parameters = mark_at(users, roles, self._number, _at_most(place))
        with patience(self._cursor.connection):
            row = self._cursor.execute(sql, parameters).fetchone()
        return None if row is None else Mark(key=row[0], id=row[1])

    def roles_by_name(self, where: Predicate, after: Name, count: int) -> tuple[Role, ...]:
        parameters = Parameters(self._number, after, _at_most(count))
        condition = compile_predicate(where, ROLE_COLUMNS, parameters)
        sql = statements.ROLES_BY_NAME.format(condition=condition)
        found: list[Row] = self._cursor.execute(sql, parameters.values()).fetchall()
        return tuple([rows.role_from(row[0]) for row in found])

    def members_of(self, role: Id, count: int, after: str = "") -> tuple[Member, ...]:
        found = self._rows(statements.MEMBERS_OF, role, _at_most(count), after)
        return tuple([rows.member_from(*row) for row in found])

    def members_of_each(self, roles: Sequence[Id], count: int) -> tuple[tuple[Id, Member], ...]:
        found = self._rows(statements.MEMBERS_OF_EACH, rows.list_of(roles), _at_most(count))
        return tuple([(role, rows.member_from(*row)) for role, *row in found])

    def has_more_members(self, role: Id, than: int) -> bool:
        return self._row(statements.HAS_MORE_MEMBERS, role, than) is not None

    def role_counts(self) -> dict[Id, RoleCounts]:
        return {
            role: RoleCounts(assigned_to_users=users, granted_to_roles=takers, granted_roles=given)
            for role, users, takers, given in self._rows(statements.ROLE_COUNTS)
        }

    # grants
    def hierarchy(self) -> tuple[RoleGrant, ...]:
        return tuple([rows.role_grant_from(row) for row in self._rows(statements.HIERARCHY)])

    def member_grants_of(self, role: Id, count: int) -> tuple[RoleGrant, ...]:
        found = self._rows(statements.MEMBER_GRANTS_OF, role, _at_most(count))
        return tuple([rows.member_grant_from(row) for row in found])

    def member_grants_to(self, user: Id) -> tuple[RoleGrant, ...]:
        found = self._rows(statements.MEMBER_GRANTS_TO, user)
        return tuple([rows.member_grant_from(row) for row in found])

    def member_grants_by(self, grantor: Id) -> tuple[RoleGrant, ...]:
        found = self._rows(statements.MEMBER_GRANTS_BY, grantor)
        return tuple([rows.member_grant_from(row) for row in found])

    def privileges_by(self, grantor: Id) -> tuple[PrivilegeGrant, ...]:
        found = self._rows(statements.PRIVILEGES_BY, grantor)
        return tuple([rows.privilege_from(row) for row in found])

    def privileges_on(self, kind: Kind, on: Id) -> tuple[PrivilegeGrant, ...]:
        found = self._rows(statements.PRIVILEGES_ON, kind, on)
        return tuple([rows.privilege_from(row) for row in found])

    def privileges_of(self, role: Id) -> tuple[PrivilegeGrant, ...]:
        found = self._rows(statements.PRIVILEGES_OF, role)
        return tuple([rows.privilege_from(row) for row in found])

    def owned_by(self, role: Id, count: int) -> tuple[tuple[Kind, Id, str], ...]:
        found = self._rows(statements.OWNED_BY, role, _at_most(count))
        return tuple([rows.owned_from(row) for row in found])

    # integrations, tokens, databases, sessions
    def integration(self, integration: Id) -> Integration | None:
        return self._one(rows.integration_from, statements.INTEGRATION, integration)

    def integration_named(self, name: Name) -> Integration | None:
        return self._one(rows.integration_from, statements.INTEGRATION_NAMED, name)

    def integrations(self) -> tuple[Integration, ...]:
        return self._all(rows.integration_from, statements.INTEGRATIONS)

    def endpoint_of(self, name: Name) -> Id | None:
        row = self._row(statements.ENDPOINT, name)
        return None if row is None else Id(row[0])

    def token(self, token: Id) -> Token | None:
        return self._one(rows.token_from, statements.TOKEN, token)

    def token_with(self, verifier: str) -> Token | None:
        return self._one(rows.token_from, statements.TOKEN_WITH, verifier)

    def tokens_of(self, integration: Id | None) -> tuple[Token, ...]:
        if integration is None:
            return self._all(rows.token_from, statements.TOKENS)
        return self._all(rows.token_from, statements.TOKENS_OF, integration)

    def database_named(self, name: Name) -> Database | None:
        return self._one(rows.database_from, statements.DATABASE_NAMED, name)

    def databases(self) -> tuple[Database, ...]:
        return self._all(rows.database_from, statements.DATABASES)

    # policies, rules, parameters, programmatic access tokens
    def governed(self, kind: Kind, governed: Id) -> Governed | None:
        return self._one(rows.governed_from[kind], statements.GOVERNED, kind, governed)

    def governed_named(self, kind: Kind, name: Name) -> Governed | None:
        return self._one(rows.governed_from[kind], statements.GOVERNED_NAMED, kind, name)

    def governed_all(self, kind: Kind) -> tuple[Governed, ...]:
        return self._all(rows.governed_from[kind], statements.GOVERNED_ALL, kind)

    def parameters(self, scope: Id) -> dict[str, str]:
        return dict(self._rows(statements.PARAMETERS, scope))

    def parameter_scopes(self, name: str, value: str) -> tuple[Id, ...]:
        found = self._rows(statements.PARAMETER_SCOPES, name, value)
        return tuple([row[0] for row in found])

    def access_tokens_of(self, user: Id) -> tuple[AccessToken, ...]:
        return self._all(rows.access_token_from, statements.ACCESS_TOKENS_OF, user)

    def access_token_with(self, verifier: str) -> AccessToken | None:
        return self._one(rows.access_token_from, statements.ACCESS_TOKEN_WITH, verifier)

    def links_of(self, reader: str | None, start: int, count: int) -> tuple[Link, ...]:
        found = self._rows(statements.LINKS_OF, reader, _at_most(count), _at_most(start))
        return tuple([rows.link_from(row) for row in found])

    def session(self, session: Id) -> SqlSession | None:
        return self._one(rows.session_from, statements.SESSION, session)

    def session_with(self, verifier: str) -> SqlSession | None:
        return self._one(rows.session_from, statements.SESSION_WITH, verifier)

    def session_with_master(self, verifier: str) -> SqlSession | None:
        return self._one(rows.session_from, statements.SESSION_WITH_MASTER, verifier)

    # held changes
    def members_among(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        found = self._rows(statements_held.MEMBERS_AMONG, role, rows.list_of(users))
        return tuple([row[0] for row in found])

    def members_but(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        found = self._rows(statements_held.MEMBERS_BUT, role, rows.list_of(users))
        return tuple(sorted([row[0] for row in found]))

    def strangers_among(self, role: Id, users: Sequence[Id]) -> tuple[Id, ...]:
        found = self._rows(statements_held.STRANGERS_AMONG, role, rows.list_of(users))
        return tuple(sorted([row[0] for row in found]))

    def members_meeting(self, role: Id, where: Predicate) -> tuple[Id, ...]:
        parameters = Parameters(self._number, role)
        condition = compile_predicate(where, MEMBER_COLUMNS, parameters)
        sql = statements_held.MEMBERS_MEETING.format(condition=condition)
        found: list[Row] = self._cursor.execute(sql, parameters.values()).fetchall()
        return tuple([row[0] for row in found])

    def spells_of(self, integration: Name) -> Spells:
        return self._one(rows.spells_from, statements_held.SPELLS_OF, integration) or ()

    def held_change(self, change: Id) -> HeldChange | None:
        return self._one(rows.held_change_from, statements_held.HELD_CHANGE, change)

    def held_change_like(self, integration: Name, fingerprint: str) -> HeldChange | None:
        sql = statements_held.HELD_CHANGE_LIKE
        return self._one(rows.held_change_from, sql, integration, fingerprint)

    def held_changes_about(self, resource: Id) -> tuple[HeldChange, ...]:
        return self._all(rows.held_change_from, statements_held.HELD_CHANGES_ABOUT, resource)

    def held_changes(self, integration: Name | None) -> tuple[HeldChange, ...]:
        if integration is None:
            return self._all(rows.held_change_from, statements_held.HELD_CHANGES)
        return self._all(rows.held_change_from, statements_held.HELD_CHANGES_OF, integration)

    # histories
    def attempts_in(
        self, kind: AttemptKind, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        found = self._rows(statements.ATTEMPTS_IN, kind, since, until, _at_most(count))
        return tuple([rows.noted_from(row) for row in reversed(found)])

    def attempts_of_integration(
        self, integration: str, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        sql = statements_history.ATTEMPTS_OF_INTEGRATION
        found = self._rows(sql, integration, since, until, _at_most(count))
        return tuple([rows.noted_from(row) for row in reversed(found)])

    def attempts_numbered(self, numbers: Sequence[int]) -> tuple[Noted, ...]:
        found = self._rows(statements_history.ATTEMPTS_NUMBERED, rows.list_of(numbers))
        return tuple([rows.noted_from(row) for row in found])

    def attempts_mentioning(
        self, texts: Sequence[str], after: int, until: int
    ) -> tuple[Noted, ...]:
        sql = statements_history.ATTEMPTS_MENTIONING
        found = self._rows(sql, rows.list_of(texts), after, until)
        return tuple([rows.noted_from(row) for row in found])

    def attempts_of_user(
        self, kind: AttemptKind, name: str, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        theirs = ((USER_NAMES[kind], (name,)),)
        wanted = Wanted(since=since, until=until, facts=theirs, newest_first=True)
        return self.attempts_wanted(kind, wanted, None, count)[::-1]

    def attempts_wanted(
        self, kind: AttemptKind, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[Noted, ...]:
        sql, values = attempts_sought(self._number, kind, wanted, after, _at_most(count))
        text = self._cursor.execute(sql, values).get
        return () if text is None else rows.noted_page_from(str(text))

    def attempts_after(self, after: int, count: int) -> tuple[Noted, ...]:
        found = self._rows(statements.ATTEMPTS_AFTER, after, _at_most(count))
        return tuple([rows.noted_from(row) for row in found])

    def last_attempt(self) -> int:
        row = self._row(statements.LAST_ATTEMPT)
        assert row is not None, "an aggregate has a row"
        return row[0] or 0

    def events_after(self, after: int, count: int) -> tuple[Recorded, ...]:
        found = self._rows(statements.EVENTS_AFTER, after, _at_most(count))
        return tuple([rows.recorded_from(row) for row in found])

    def events_wanted(
        self, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[Recorded, ...]:
        sql, values = events_sought(self._number, wanted, after, _at_most(count))
        found = self._cursor.execute(sql, values).fetchall()
        return tuple([rows.recorded_from(row) for row in found])

    def events_of(self, kinds: Sequence[str], after: int, count: int) -> tuple[Recorded, ...]:
        wanted = Wanted(first=after + 1, facts=(("kind", tuple(kinds)),), by_number=True)
        return self.events_wanted(wanted, None, count)

    def events_about(self, subject: Id, count: int) -> tuple[Recorded, ...]:
        found = self._rows(statements.EVENTS_ABOUT, subject, _at_most(count))
        return tuple([rows.recorded_from(row) for row in found])

    def events_numbered(self, numbers: Sequence[int]) -> tuple[Recorded, ...]:
        return self._events(statements_history.EVENTS_NUMBERED, rows.list_of(numbers))

    def first_event_about(self, subject: Id) -> Recorded | None:
        return next(iter(self._events(statements_history.FIRST_EVENT_ABOUT, subject)), None)

    def events_mentioning(
        self, texts: Sequence[str], after: int, until: int
    ) -> tuple[Recorded, ...]:
        sql = statements_history.EVENTS_MENTIONING
        return self._events(sql, rows.list_of(texts), after, until)

    def marks_of(self, subjects: Sequence[Id]) -> tuple[Recorded, ...]:
        return self._events(statements_history.MARKS_OF, rows.list_of(subjects))

    def last_event(self) -> int:
        row = self._row(statements_history.LAST_EVENT)
        assert row is not None, "an aggregate has a row"
        return row[0] or 0

    def _events(self, sql: str, *parameters: object) -> tuple[Recorded, ...]:
        return tuple([rows.recorded_from(row) for row in self._rows(sql, *parameters)])

    # statements
    def _row(self, sql: str, *parameters: object) -> Row | None:
        return self._cursor.execute(sql, (self._number, *parameters)).fetchone()

    def _rows(self, sql: str, *parameters: object) -> list[Row]:
        return self._cursor.execute(sql, (self._number, *parameters)).fetchall()

    def _one(self, decode: Callable[[str], T], sql: str, *parameters: object) -> T | None:
        row = self._cursor.execute(sql, (self._number, *parameters)).fetchone()
        return None if row is None else decode(row[0])

    def _all(self, decode: Callable[[str], T], sql: str, *parameters: object) -> tuple[T, ...]:
        return tuple([decode(row[0]) for row in self._rows(sql, *parameters)])

    def _beyond(self, search: Search, mark: Mark | None, count: int) -> list[Row]:
        sql, parameters = search.beyond(self._number, mark, _at_most(count))
        with patience(self._cursor.connection):
            found: list[Row] = self._cursor.execute(sql, parameters).fetchall()
        return found

    def _after(self, search: Search, after: str, count: int) -> list[Row]:
        sql, parameters = search.after(self._number, after, _at_most(count))
        with patience(self._cursor.connection):
            return self._cursor.execute(sql, parameters).fetchall()

    def _page(self, search: Search, start: int, count: int) -> tuple[int, list[Row]]:
        """As `_paged`, and refused when it takes too long; what is looked up can't."""
        if search.is_lookup:
            return self._paged(search, start, count)
        with patience(self._cursor.connection):
            return self._paged(search, start, count)

    def _paged(self, search: Search, start: int, count: int) -> tuple[int, list[Row]]:
        """Counted apart only when the page itself doesn't show how many there are."""
        sql, parameters = search.page(self._number, _at_most(start), _at_most(count))
        found = self._cursor.execute(sql, parameters).fetchall()
        if len(found) < count and (found or start == 0):
            return start + len(found), found
        sql, parameters = search.total(self._number)
        row = self._cursor.execute(sql, parameters).fetchone()
        assert row is not None, "an aggregate has a row"
        return row[0], found
