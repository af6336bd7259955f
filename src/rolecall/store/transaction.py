"""A transaction of the embedded store: a reading that writes, within a group's batch.

The writer holds the lock of the file. Handlers refuse before they write, nearly always, so a
body costs no savepoint at first; one that is refused later spoils its group, which is carried
out anew with a savepoint for each body (a body may run twice: DESIGN contract 3).
"""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import apsw
from msgspec import structs

from rolecall.domain.attempts import Noted
from rolecall.domain.events import Event, Recorded
from rolecall.domain.held import HeldChange, Spells
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
from rolecall.store import rows, statements, statements_held, statements_history
from rolecall.store.batch import Batch
from rolecall.store.reading import SqliteReading
from rolecall.store.remembered import Remembered

T = TypeVar("T")


class Spoiled(Exception):
    """A body was refused after it had written: the group is carried out anew, cautiously."""


class SqliteTransaction(SqliteReading):
    """One body's changes to one account."""

    __slots__ = ("_batch", "_recorded", "_wrote", "events")

    def __init__(
        self, number: int, cursor: apsw.Cursor, remembered: Remembered, batch: Batch
    ) -> None:
        super().__init__(number, cursor, remembered, 0)
        self._batch = batch
        self._recorded: list[Recorded] = []
        self._wrote = False
        self.events: tuple[int, int] | None = None

    def keep(self, attempt: int | None) -> None:
        """The body is done: its changes join the batch, its events name their attempt."""
        if self._wrote and self._batch.cautious:
            self._cursor.execute(statements.RELEASE)
        if attempt is not None and self._recorded:
            self._recorded = [structs.replace(each, attempt=attempt) for each in self._recorded]
        self._batch.keep_events(self._number, self._recorded)

    def undo(self) -> None:
        """The body was refused: as if it had never run. Raises Spoiled when that takes more."""
        self.events = None
        if not self._wrote:
            return
        if not self._batch.cautious:
            raise Spoiled
        self._cursor.execute(statements.ROLLBACK_TO)
        self._cursor.execute(statements.RELEASE)
        self._batch.forget_generation(self._number)

    def generation(self) -> int:
        return self._batch.generation(self._number)

    def memo(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What a body sees after its own writes may be undone: it isn't remembered."""
        return compute() if self._wrote else super().memo(key, compute)

    def save_account(self, account: Account) -> None:
        assert account.number == self._number, "an account is saved under its own number"
        self._write(statements.SAVE_ACCOUNT, (self._number, rows.text_of(account)))

    def erase_some(self, count: int) -> bool:
        for table, key in self._cursor.execute(statements.TABLES_OF_ACCOUNTS).fetchall():
            self._write(statements.ERASE.format(table=table, key=key), (self._number, count))
            if self._cursor.connection.changes():
                return True
        return False

    # users
    def add_user(self, user: User, known: tuple[str, str] | None = None) -> bool:
        parameters = rows.save_user(self._number, user)
        statement = statements.ADD_USER
        if known is not None:
            parameters, statement = (*parameters, *known), statements.ADD_USER_KNOWN
        if self._wrote or self._batch.cautious:
            added = self._changes(statement, parameters)
        else:
            self._cursor.execute(statement, parameters)
            # A user who is refused has written nothing: that spoils no group.
            added = self._wrote = self._cursor.connection.changes() == 1
        if not added:
            return False
        if known is not None:
            reader, external_id = known
            self._write(statements.SAVE_LINK, (self._number, user.id, reader, external_id))
        addresses = parameters[rows.ADDRESSES]
        if addresses is not None:
            self._write(statements.ADD_ADDRESSES, (self._number, user.id, addresses))
        return True

    def save_user(self, user: User, before: User | None = None) -> None:
        if before is not None and rows.is_filed_alike(user, before):
            self._write(statements.SAVE_USER_CONTENT, rows.save_user_content(self._number, user))
            return
        parameters = rows.save_user(self._number, user)
        ((addressed,),) = self._returned(statements.SAVE_USER, parameters)
        if addressed:  # now or once
            addresses = parameters[rows.ADDRESSES] or "[]"
            self._write(statements.DELETE_ADDRESSES, (self._number, user.id))
            self._write(statements.ADD_ADDRESSES, (self._number, user.id, addresses))

    def delete_user(self, user: Id) -> None:
        for statement in (
            statements.DELETE_USER,
            statements.DELETE_MEMBERSHIPS,
            statements.DELETE_PARAMETERS,
            statements.DELETE_LINKS,
            statements.DELETE_REVISION,
        ):
            self._write(statement, (self._number, user))

    # roles
    def save_role(self, role: Role) -> None:
        self._write(statements.SAVE_ROLE, rows.save_role(self._number, role))

    def delete_role(self, role: Id) -> None:
        for statement in (
            statements.DELETE_ROLE,
            statements.DELETE_ROLE_MEMBERS,
            statements.DELETE_MEMBERS_BY_GRANTOR,
            statements.DELETE_ROLE_GRANTS,
            statements.DELETE_ROLE_PRIVILEGES,
            statements.DELETE_LINKS,
            statements.DELETE_REVISION,
        ):
            self._write(statement, (self._number, role))

    def add_members(
        self, role: Id, users: Sequence[Id], granted_by: Id | None, origin: str | None, at: int
    ) -> tuple[Id, ...]:
        if len(users) == 1:
            one = (self._number, role, users[0], granted_by, origin, at)
            return tuple(users) if self._changes(statements.ADD_MEMBER, one) else ()
        several = (self._number, role, rows.list_of(users), granted_by, origin, at)
        return self._ids(statements.ADD_MEMBERS, several)

    def remove_members(self, role: Id, users: Sequence[Id] | None) -> tuple[Id, ...]:
        if users is None:
            return self._ids(statements.REMOVE_ALL_MEMBERS, (self._number, role))
        if len(users) == 1:
            one = (self._number, role, users[0])
            return tuple(users) if self._changes(statements.REMOVE_MEMBER, one) else ()
        return self._ids(statements.REMOVE_MEMBERS, (self._number, role, rows.list_of(users)))

    # grants
    def save_role_grant(self, grant: RoleGrant) -> bool:
        parameters = rows.save_role_grant(self._number, grant)
        return self._changes(statements.SAVE_ROLE_GRANT, parameters)

    def delete_role_grant(self, role: Id, grantee: Id) -> bool:
        return self._changes(statements.DELETE_ROLE_GRANT, (self._number, role, grantee))

    def save_privilege(self, grant: PrivilegeGrant) -> bool:
        parameters = rows.save_privilege(self._number, grant)
        if self._changes(statements.SAVE_PRIVILEGE, parameters):
            return True
        if grant.grant_option:
            self._write(statements.ADD_GRANT_OPTION, parameters[:5])
        return False

    def delete_privilege(self, privilege: str, kind: Kind, on: Id, role: Id) -> bool:
        parameters = (self._number, kind, on, role, privilege)
        return self._changes(statements.DELETE_PRIVILEGE, parameters)

    def delete_privileges_on(self, kind: Kind, on: Id) -> int:
        return self._count(statements.DELETE_PRIVILEGES_ON, (self._number, kind, on))

    def reassign(self, owner: Id, heir: Id) -> int:
        parameters = (self._number, owner, heir)
        return sum([self._count(statement, parameters) for statement in statements.REASSIGN])

    # integrations, tokens, databases, sessions
    def save_integration(self, integration: Integration) -> None:
        parameters = rows.save_named(self._number, integration)
        self._write(statements.SAVE_INTEGRATION, parameters)
        endpoint = (self._number, integration.name, integration.endpoint)
        self._write(statements.SAVE_ENDPOINT, endpoint)

    def delete_integration(self, integration: Id) -> None:
        self._write(statements.DELETE_INTEGRATION, (self._number, integration))
        self.delete_privileges_on(Kind.INTEGRATION, integration)
        self._write(statements.DELETE_PARAMETERS, (self._number, integration))

    def save_token(self, token: Token) -> None:
        self._write(statements.SAVE_TOKEN, rows.save_token(self._number, token))

    def save_link(self, reader: str, resource: Id, external_id: str | None) -> bool:
        key = (self._number, resource, reader)
        if external_id is None:
            return self._changes(statements.DELETE_LINK, key)
        return self._changes(statements.SAVE_LINK, (*key, external_id))

    def save_database(self, database: Database) -> None:
        self._write(statements.SAVE_DATABASE, rows.save_named(self._number, database))

    def delete_database(self, database: Id) -> None:
        self._write(statements.DELETE_DATABASE, (self._number, database))

    def save_governed(self, kind: Kind, governed: Governed) -> None:
        self._write(statements.SAVE_GOVERNED, rows.save_governed(self._number, kind, governed))

    def delete_governed(self, kind: Kind, governed: Id) -> None:
        self._write(statements.DELETE_GOVERNED, (self._number, kind, governed))
        self.delete_privileges_on(kind.told, governed)

    def save_parameter(self, scope: Id, name: str, value: str | None) -> bool:
        key = (self._number, scope, name)
        if value is None:
            return self._changes(statements.DELETE_PARAMETER, key)
        return self._changes(statements.SAVE_PARAMETER, (*key, value))

    def save_access_token(self, token: AccessToken) -> None:
        self._write(statements.SAVE_ACCESS_TOKEN, rows.save_access_token(self._number, token))

    def delete_access_token(self, token: Id) -> None:
        self._write(statements.DELETE_ACCESS_TOKEN, (self._number, token))

    def save_session(self, session: SqlSession) -> None:
        self._write(statements.SAVE_SESSION, rows.save_session(self._number, session))

    def delete_session(self, session: Id) -> bool:
        return self._changes(statements.DELETE_SESSION, (self._number, session))

    def delete_sessions_of(self, user: Id) -> int:
        return self._count(statements.DELETE_SESSIONS_OF, (self._number, user))

    def delete_lapsed_sessions(self, user: Id, at: int) -> int:
        return self._count(statements.DELETE_LAPSED_SESSIONS, (self._number, user, at))

    # held changes
    def save_spells(self, integration: Name, spells: Spells) -> None:
        text = rows.ENCODER.encode(spells).decode()
        self._write(statements_held.SAVE_SPELLS, (self._number, integration, text))

    def save_held_change(self, change: HeldChange) -> None:
        parameters = rows.save_held_change(self._number, change)
        self._write(statements_held.SAVE_HELD_CHANGE, parameters)

    def delete_held_change(self, change: Id) -> None:
        self._write(statements_held.DELETE_HELD_CHANGE, (self._number, change))

    def forget_decided_changes(self, integration: Name, before: int) -> int:
        parameters = (self._number, integration, before)
        return self._count(statements_held.FORGET_DECIDED_CHANGES, parameters)

    # what stands beside a resource
    def touch(self, resource: Id, at: int, before: Revision | None = None) -> Revision:
        if before is not None:
            version = before.version + 1
            self._write(statements.SAVE_REVISION, (self._number, resource, version, at))
            return Revision(version=version, changed_at=at)
        found = self._returned(statements.TOUCH, (self._number, resource, at))
        return Revision(version=found[0][0], changed_at=at)

    def bump_generation(self) -> None:
        self._write(statements.BUMP_GENERATION, (self._number,))
        self._batch.forget_generation(self._number)

    def record(self, event: Event, *, at: int, actor: str, request: str) -> int:
        seq = self._batch.next_event(self._number)
        recorded = Recorded(seq=seq, at=at, actor=actor, request=request, event=event)
        self._recorded.append(recorded)
        self.events = (seq if self.events is None else self.events[0], seq)
        return seq

    def replace_attempts(self, attempts: Sequence[Noted]) -> None:
        for noted in attempts:
            parameters = rows.save_attempt(self._number, noted)
            self._write(statements_history.REPLACE_ATTEMPT, parameters)

    def replace_events(self, events: Sequence[Recorded]) -> None:
        for recorded in events:
            parameters = rows.save_event(self._number, recorded)
            self._write(statements_history.REPLACE_EVENT, parameters)

    def forget_history(self, before: int, count: int) -> int:
        parameters = (self._number, before, count)
        return sum([self._count(sql, parameters) for sql in statements_history.FORGET])

    def events_after(self, after: int, count: int) -> tuple[Recorded, ...]:
        unwritten = [*self._batch.events_of(self._number), *self._recorded]
        fresh = [recorded for recorded in unwritten if recorded.seq > after]
        return (*super().events_after(after, count), *fresh)[:count]

    # statements
    def _write(self, sql: str, parameters: rows.Row) -> apsw.Cursor:
        """Carry out a change; a cautious body's first one sets the savepoint to come back to."""
        if not self._wrote:
            if self._batch.cautious:
                self._cursor.execute(statements.SAVEPOINT)
            self._wrote = True
        return self._cursor.execute(sql, parameters)

    def _returned(self, sql: str, parameters: rows.Row) -> list[rows.Row]:
        return self._write(sql, parameters).fetchall()

    def _ids(self, sql: str, parameters: rows.Row) -> tuple[Id, ...]:
        """The ids that a statement returns, in their order."""
        return tuple(sorted([row[0] for row in self._returned(sql, parameters)]))

    def _changes(self, sql: str, parameters: rows.Row) -> bool:
        return self._count(sql, parameters) > 0

    def _count(self, sql: str, parameters: rows.Row) -> int:
        self._write(sql, parameters)
        return self._cursor.connection.changes()
