"""One account in memory: what a reading and a transaction of the memory store work on.

A transaction changes the state in place; the store puts back a copy when a body is refused.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import fields
from itertools import islice
from typing import TypeVar

from msgspec.structs import replace

from rolecall.domain.model import (
    AccessToken,
    Account,
    Database,
    Governed,
    Integration,
    Kind,
    PrivilegeGrant,
    Revision,
    Role,
    RoleGrant,
    SqlSession,
    Token,
    User,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Link, RoleCounts
from rolecall.store.failures import KeyTaken
from rolecall.store.fields import (
    keys_of,
)
from rolecall.store.memory_directory import MemoryDirectory
from rolecall.store.memory_held import MemoryHeld, MemoryHeldChanges
from rolecall.store.memory_histories import MemoryHistories, MemoryHistoryChanges
from rolecall.store.memory_search import counts_of
from rolecall.store.memory_state import State, drop, key_in, only, require_free
from rolecall.store.remembered import Remembered, recalled

T = TypeVar("T")

EVERY = 2**62


class MemoryReading(MemoryDirectory, MemoryHistories, MemoryHeld):
    """Reads one account's state."""

    def __init__(self, number: int, state: State, remembered: Remembered) -> None:
        self._number = number
        self._state = state
        self._remembered = remembered

    @property
    def number(self) -> int:
        return self._number

    def generation(self) -> int:
        return self._state.generation

    def memo(self, key: Hashable, compute: Callable[[], T]) -> T:
        values = self._remembered.values(self._number, self._state.generation)
        return recalled(values, key, compute)

    def account(self) -> Account:
        assert self._state.account is not None, "an account is founded before it is asked"
        return self._state.account

    def role_counts(self) -> dict[Id, RoleCounts]:
        return counts_of(self._state)

    def hierarchy(self) -> tuple[RoleGrant, ...]:
        return tuple(grant for _, grant in sorted(self._state.hierarchy.items(), key=key_in))

    def member_grants_of(self, role: Id, count: int) -> tuple[RoleGrant, ...]:
        grants = [
            grant
            for (held, _), grant in sorted(self._state.members.items(), key=key_in)
            if held == role
        ]
        return tuple(grants[:count])

    def member_grants_to(self, user: Id) -> tuple[RoleGrant, ...]:
        return tuple(
            grant
            for (_, holder), grant in sorted(self._state.members.items(), key=key_in)
            if holder == user
        )

    def member_grants_by(self, grantor: Id) -> tuple[RoleGrant, ...]:
        rows = sorted(self._state.members.items(), key=key_in)
        return tuple(grant for _, grant in rows if grant.granted_by == grantor)

    def privileges_by(self, grantor: Id) -> tuple[PrivilegeGrant, ...]:
        rows = sorted(self._state.privileges.items(), key=key_in)
        return tuple(grant for _, grant in rows if grant.granted_by == grantor)

    def privileges_on(self, kind: Kind, on: Id) -> tuple[PrivilegeGrant, ...]:
        return tuple(
            grant
            for _, grant in sorted(self._state.privileges.items(), key=key_in)
            if grant.kind == kind and grant.object == on
        )

    def privileges_of(self, role: Id) -> tuple[PrivilegeGrant, ...]:
        return tuple(
            grant
            for _, grant in sorted(self._state.privileges.items(), key=key_in)
            if grant.role == role
        )

    def owned_by(self, role: Id, count: int) -> tuple[tuple[Kind, Id, str], ...]:
        state = self._state
        items: tuple[tuple[Kind, User | Role | Integration | Database | Governed], ...] = (
            *((Kind.DATABASE, each) for each in state.databases.values()),
            *((Kind.INTEGRATION, each) for each in state.integrations.values()),
            *((Kind.ROLE, each) for each in state.roles.values()),
            *((Kind.USER, each) for each in state.users.values()),
            *((kind, each) for (kind, _), each in state.governed.items()),
        )
        owned = [(kind, each.id, str(each.name)) for kind, each in items if each.owner == role]
        return tuple(sorted(owned)[:count])

    def integration(self, integration: Id) -> Integration | None:
        return self._state.integrations.get(integration)

    def integration_named(self, name: Name) -> Integration | None:
        return only(each for each in self._state.integrations.values() if each.name == name)

    def integrations(self) -> tuple[Integration, ...]:
        return tuple(sorted(self._state.integrations.values(), key=lambda each: each.name))

    def endpoint_of(self, name: Name) -> Id | None:
        return self._state.endpoints.get(name)

    def token(self, token: Id) -> Token | None:
        return self._state.tokens.get(token)

    def token_with(self, verifier: str) -> Token | None:
        return only(each for each in self._state.tokens.values() if each.verifier == verifier)

    def tokens_of(self, integration: Id | None) -> tuple[Token, ...]:
        found = [
            token
            for token in self._state.tokens.values()
            if integration is None or token.integration == integration
        ]
        return tuple(sorted(found, key=lambda token: (token.issued_at, token.id), reverse=True))

    def database_named(self, name: Name) -> Database | None:
        return only(each for each in self._state.databases.values() if each.name == name)

    def databases(self) -> tuple[Database, ...]:
        return tuple(sorted(self._state.databases.values(), key=lambda each: each.name))

    def governed(self, kind: Kind, governed: Id) -> Governed | None:
        return self._state.governed.get((kind, governed))

    def governed_named(self, kind: Kind, name: Name) -> Governed | None:
        return only(each for each in self.governed_all(kind) if each.name == name)

    def governed_all(self, kind: Kind) -> tuple[Governed, ...]:
        found = [each for (of, _), each in self._state.governed.items() if of == kind]
        return tuple(sorted(found, key=lambda each: each.name))

    def parameters(self, scope: Id) -> dict[str, str]:
        rows = self._state.parameters.items()
        return {name: value for (on, name), value in rows if on == scope}

    def parameter_scopes(self, name: str, value: str) -> tuple[Id, ...]:
        rows = self._state.parameters.items()
        return tuple(sorted(on for (on, set_), is_ in rows if (set_, is_) == (name, value)))

    def access_tokens_of(self, user: Id) -> tuple[AccessToken, ...]:
        found = [each for each in self._state.access_tokens.values() if each.user == user]
        return tuple(sorted(found, key=lambda each: each.name))

    def access_token_with(self, verifier: str) -> AccessToken | None:
        tokens = self._state.access_tokens.values()
        return only(each for each in tokens if each.verifier == verifier)

    def session(self, session: Id) -> SqlSession | None:
        return self._state.sessions.get(session)

    def session_with(self, verifier: str) -> SqlSession | None:
        return only(each for each in self._state.sessions.values() if each.verifier == verifier)

    def session_with_master(self, verifier: str) -> SqlSession | None:
        return only(each for each in self._state.sessions.values() if each.master == verifier)

    def links_of(self, reader: str | None, start: int, count: int) -> tuple[Link, ...]:
        state = self._state
        links = [
            Link(
                reader=of,
                kind=Kind.ROLE if resource in state.roles else Kind.USER,
                resource=resource,
                external_id=external_id,
            )
            for (of, resource), external_id in sorted(state.links.items(), key=key_in)
            if reader in (None, of)
        ]
        return tuple(links[start : start + count])


class MemoryTransaction(MemoryReading, MemoryHistoryChanges, MemoryHeldChanges):
    """Changes one account's state in place."""

    def __init__(self, number: int, state: State, remembered: Remembered) -> None:
        super().__init__(number, state, remembered)
        self.recorded: list[int] = []

    def memo(self, key: Hashable, compute: Callable[[], T]) -> T:  # noqa: ARG002  nothing is kept
        return compute()

    def save_account(self, account: Account) -> None:
        assert account.number == self._number, "an account is saved under its own number"
        self._state.account = account

    def erase_some(self, count: int) -> bool:
        for each in fields(self._state):
            rows = getattr(self._state, each.name)
            if isinstance(rows, dict) and rows:
                for key in list(islice(rows, count)):
                    del rows[key]
                return True
        return False

    def add_user(self, user: User, known: tuple[str, str] | None = None) -> bool:
        if known is not None and any(
            (reader, external_id) == known
            and resource in self._state.users
            and self._state.users[resource].disabled
            for (reader, resource), external_id in self._state.links.items()
        ):
            return False
        keys = keys_of(user)
        if user.id in self._state.users or self.users_taking(keys.name, keys.login):
            return False
        self._state.users[user.id] = user
        if known is not None:
            self._state.links[known[0], user.id] = known[1]
        return True

    def save_user(self, user: User, before: User | None = None) -> None:  # noqa: ARG002  no indices
        keys = keys_of(user)
        for other in self.users_taking(keys.name, keys.login):
            if other.id != user.id:
                raise KeyTaken(user.name)
        self._state.users[user.id] = user

    def delete_user(self, user: Id) -> None:
        self._state.users.pop(user, None)
        drop(self._state.members, lambda _, grant: grant.grantee == user)
        drop(self._state.parameters, lambda key, _: key[0] == user)
        self._forget(user)

    def save_role(self, role: Role) -> None:
        require_free(role, self.role_named(role.name))
        self._state.roles[role.id] = role

    def delete_role(self, role: Id) -> None:
        self._state.roles.pop(role, None)
        for grants in (self._state.members, self._state.hierarchy):
            drop(grants, lambda _, grant: role in (grant.role, grant.grantee, grant.granted_by))
        drop(
            self._state.privileges,
            lambda _, grant: (
                role in (grant.role, grant.granted_by)
                or (grant.kind == Kind.ROLE and grant.object == role)
            ),
        )
        self._forget(role)

    def add_members(
        self, role: Id, users: Sequence[Id], granted_by: Id | None, origin: str | None, at: int
    ) -> tuple[Id, ...]:
        added = {
            user
            for user in users
            if user in self._state.users and (role, user) not in self._state.members
        }
        for user in added:
            self._state.members[role, user] = RoleGrant(
                role=role,
                grantee_kind=Kind.USER,
                grantee=user,
                granted_by=granted_by,
                created_at=at,
                origin=origin,
            )
        return tuple(sorted(added))

    def remove_members(self, role: Id, users: Sequence[Id] | None) -> tuple[Id, ...]:
        held = {user for holds, user in self._state.members if holds == role}
        removed = held if users is None else held & set(users)
        for user in removed:
            del self._state.members[role, user]
        return tuple(sorted(removed))

    def save_role_grant(self, grant: RoleGrant) -> bool:
        if (grant.role, grant.grantee) in self._state.hierarchy:
            return False
        self._state.hierarchy[grant.role, grant.grantee] = grant
        return True

    def delete_role_grant(self, role: Id, grantee: Id) -> bool:
        return self._state.hierarchy.pop((role, grantee), None) is not None

    def save_privilege(self, grant: PrivilegeGrant) -> bool:
        key = (grant.kind.value, grant.object, grant.role, grant.privilege.value)
        held = self._state.privileges.get(key)
        if held is None:
            self._state.privileges[key] = grant
            return True
        if grant.grant_option:
            self._state.privileges[key] = replace(held, grant_option=True)
        return False

    def delete_privilege(self, privilege: str, kind: Kind, on: Id, role: Id) -> bool:
        key = (kind.value, on, role, privilege)
        return self._state.privileges.pop(key, None) is not None

    def delete_privileges_on(self, kind: Kind, on: Id) -> int:
        return drop(
            self._state.privileges,
            lambda _, grant: grant.kind == kind and grant.object == on,
        )

    def reassign(self, owner: Id, heir: Id) -> int:
        state, count = self._state, 0
        for user in [user for user in state.users.values() if user.owner == owner]:
            state.users[user.id] = replace(user, owner=heir)
            count += 1
        for role in [role for role in state.roles.values() if role.owner == owner]:
            state.roles[role.id] = replace(role, owner=heir)
            count += 1
        for each in [each for each in state.integrations.values() if each.owner == owner]:
            state.integrations[each.id] = replace(each, owner=heir)
            count += 1
        for database in [item for item in state.databases.values() if item.owner == owner]:
            state.databases[database.id] = replace(database, owner=heir)
            count += 1
        for key in [key for key, item in state.governed.items() if item.owner == owner]:
            state.governed[key] = replace(state.governed[key], owner=heir)
            count += 1
        return count

    def save_integration(self, integration: Integration) -> None:
        require_free(integration, self.integration_named(integration.name))
        self._state.integrations[integration.id] = integration
        self._state.endpoints[integration.name] = integration.endpoint

    def delete_integration(self, integration: Id) -> None:
        self._state.integrations.pop(integration, None)
        self.delete_privileges_on(Kind.INTEGRATION, integration)
        drop(self._state.parameters, lambda key, _: key[0] == integration)

    def save_token(self, token: Token) -> None:
        require_free(token, self.token_with(token.verifier))
        self._state.tokens[token.id] = token

    def save_link(self, reader: str, resource: Id, external_id: str | None) -> bool:
        key = (reader, resource)
        if self._state.links.get(key) == external_id:
            return False
        if external_id is None:
            del self._state.links[key]
        else:
            self._state.links[key] = external_id
        return True

    def save_database(self, database: Database) -> None:
        require_free(database, self.database_named(database.name))
        self._state.databases[database.id] = database

    def delete_database(self, database: Id) -> None:
        self._state.databases.pop(database, None)

    def save_governed(self, kind: Kind, governed: Governed) -> None:
        require_free(governed, self.governed_named(kind, governed.name))
        self._state.governed[kind, governed.id] = governed

    def delete_governed(self, kind: Kind, governed: Id) -> None:
        self._state.governed.pop((kind, governed), None)
        self.delete_privileges_on(kind.told, governed)

    def save_parameter(self, scope: Id, name: str, value: str | None) -> bool:
        key = (scope, name)
        if self._state.parameters.get(key) == value:
            return False
        if value is None:
            del self._state.parameters[key]
        else:
            self._state.parameters[key] = value
        return True

    def save_access_token(self, token: AccessToken) -> None:
        require_free(token, self.access_token_with(token.verifier))
        for other in self.access_tokens_of(token.user):
            if other.name == token.name:
                require_free(token, other)
        self._state.access_tokens[token.id] = token

    def delete_access_token(self, token: Id) -> None:
        self._state.access_tokens.pop(token, None)

    def save_session(self, session: SqlSession) -> None:
        require_free(session, self.session_with(session.verifier))
        if session.master is not None:
            require_free(session, self.session_with_master(session.master))
        self._state.sessions[session.id] = session

    def delete_session(self, session: Id) -> bool:
        return self._state.sessions.pop(session, None) is not None

    def delete_sessions_of(self, user: Id) -> int:
        return drop(self._state.sessions, lambda _, session: session.user == user)

    def delete_lapsed_sessions(self, user: Id, at: int) -> int:
        return drop(
            self._state.sessions,
            lambda _, session: session.user == user and session.ends_at <= at,
        )

    def touch(self, resource: Id, at: int, before: Revision | None = None) -> Revision:
        present = before or self._revision(resource, at)
        revision = Revision(version=present.version + 1, changed_at=at)
        self._state.revisions[resource] = revision
        return revision

    def bump_generation(self) -> None:
        self._state.generation += 1

    def _forget(self, resource: Id) -> None:
        self._state.revisions.pop(resource, None)
        drop(self._state.links, lambda key, _: key[1] == resource)
