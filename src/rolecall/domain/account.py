"""The account's one door: commands go in through `execute`, questions through `ask`."""

from collections.abc import Callable, Sequence
from typing import TypeVar, assert_never

import msgspec

from rolecall.domain import (
    access,
    founding,
    grants,
    integrations,
    logins,
    parameters,
    policies,
    roles,
    users,
)
from rolecall.domain.asking import ANSWERS
from rolecall.domain.commands import (
    ChangeGoverned,
    ChangeIntegration,
    ChangeParameters,
    ChangeRole,
    ChangeSession,
    ChangeUser,
    CloseSession,
    Command,
    CreateDatabase,
    CreateGoverned,
    CreateIntegration,
    CreateRole,
    CreateUser,
    DropDatabase,
    DropGoverned,
    DropIntegration,
    DropRole,
    DropUser,
    FoundAccount,
    GrantOwnership,
    GrantPrivileges,
    GrantRole,
    IssueToken,
    OpenSession,
    RevokePrivileges,
    RevokeRole,
    RevokeToken,
)
from rolecall.domain.effects import Effect
from rolecall.domain.model import Integration, SqlSession, Token, User
from rolecall.domain.names import Id, key_of
from rolecall.domain.ports import Describe, Done, Reading, Store, Transaction
from rolecall.domain.queries import Query
from rolecall.domain.session import ActorKind, Session

Answer = TypeVar("Answer")
Effects = tuple[Effect, ...]


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is on record, and its integration while there is one."""

    token: Token
    integration: Integration | None


class Account:
    """One account in a store. Plain and synchronous: a debugger can step through it."""

    def __init__(self, store: Store, number: int) -> None:
        self.store = store
        self.number = number

    def execute(
        self, session: Session, *commands: Command, describe: Describe[Effects] | None = None
    ) -> Effects:
        """Carry out the commands in order: all of them and their history, or a Refusal."""
        return self.store.transact(self.number, carry_out(session, commands), describe)

    def submit(
        self,
        session: Session,
        commands: Sequence[Command],
        describe: Describe[Effects] | None,
        done: Done[Effects],
    ) -> None:
        """`execute` without waiting; `done` is told after the commit."""
        self.store.submit(self.number, carry_out(session, commands), describe, done)

    def ask(self, session: Session, query: Query[Answer]) -> Answer:
        """The answer as of now. Raises a Refusal."""
        return self.store.read(self.number, lambda reading: answer(reading, session, query))

    # ---- before there is a session: what a credential stands for ----

    def moment(self, body: Callable[[Reading], Answer]) -> Answer:
        """What `body` makes of one moment of the account: a credential and then a question."""
        return self.store.read(self.number, body)

    def login(self, login_name: str) -> User | None:
        """The user with this LOGIN_NAME, in any case."""
        return self.store.read(self.number, lambda r: r.user_with_login(key_of(login_name)))

    def login_session(self, verifier: str) -> tuple[SqlSession, User | None] | None:
        """The login session with this verifier, and its user."""

        def body(reading: Reading) -> tuple[SqlSession, User | None] | None:
            found = reading.session_with(verifier)
            return None if found is None else (found, reading.user(found.user))

        return self.store.read(self.number, body)

    def local(self, actor: str, at: int, request: str) -> Session:
        """A session of whoever holds the data folder: ACCOUNTADMIN, recorded as local."""

        def body(reading: Reading) -> Session:
            admin = access.system_role(reading, access.ACCOUNTADMIN)
            return Session(
                number=self.number,
                actor=actor,
                actor_kind=ActorKind.LOCAL,
                role=admin.id,
                at=at,
                request=Id(request),
            )

        return self.store.read(self.number, body)


def answer(reading: Reading, session: Session, query: Query[Answer]) -> Answer:
    """The answer as of this reading. Raises a Refusal."""
    access.require_live(reading, session)
    found: Answer = ANSWERS[type(query)](reading, session, query)
    return found


def bearer(reading: Reading, verifier: str) -> Bearer | None:
    """The token with this verifier, live or not."""
    try:
        return reading.memo(("bearer", verifier), lambda: _bearer(reading, verifier))
    except _NoBearer:
        return None


class _NoBearer(Exception):
    """No such token: whoever guesses must not fill the memory."""


def _bearer(reading: Reading, verifier: str) -> Bearer:
    token = reading.token_with(verifier)
    if token is None:
        raise _NoBearer
    return Bearer(token=token, integration=reading.integration(token.integration))


def carry_out(session: Session, commands: Sequence[Command]) -> Callable[[Transaction], Effects]:
    """The body of a transaction: judge the session, apply each command, write its history."""

    def body(tx: Transaction) -> Effects:
        access.require_live(tx, session)
        effects = tuple(apply(tx, session, command) for command in commands)
        for effect in effects:
            for event in effect.events:
                tx.record(event, at=session.at, actor=session.actor, request=session.request)
        return effects

    return body


def apply(  # noqa: C901  one line a command
    tx: Transaction, session: Session, command: Command
) -> Effect:
    """Carry out one command. Raises a Refusal."""
    match command:
        case CreateUser():
            return users.create_user(tx, session, command)
        case ChangeUser():
            return users.change_user(tx, session, command)
        case DropUser():
            return users.drop_user(tx, session, command)
        case CreateRole():
            return roles.create_role(tx, session, command)
        case ChangeRole():
            return roles.change_role(tx, session, command)
        case DropRole():
            return roles.drop_role(tx, session, command)
        case GrantRole():
            return grants.grant_role(tx, session, command)
        case RevokeRole():
            return grants.revoke_role(tx, session, command)
        case GrantPrivileges():
            return grants.grant_privileges(tx, session, command)
        case RevokePrivileges():
            return grants.revoke_privileges(tx, session, command)
        case GrantOwnership():
            return grants.grant_ownership(tx, session, command)
        case CreateIntegration():
            return integrations.create_integration(tx, session, command)
        case ChangeIntegration():
            return integrations.change_integration(tx, session, command)
        case DropIntegration():
            return integrations.drop_integration(tx, session, command)
        case IssueToken():
            return integrations.issue_token(tx, session, command)
        case RevokeToken():
            return integrations.revoke_token(tx, session, command)
        case OpenSession():
            return logins.open_session(tx, session, command)
        case ChangeSession():
            return logins.change_session(tx, session, command)
        case CloseSession():
            return logins.close_session(tx, session, command)
        case CreateGoverned():
            return policies.create_governed(tx, session, command)
        case ChangeGoverned():
            return policies.change_governed(tx, session, command)
        case DropGoverned():
            return policies.drop_governed(tx, session, command)
        case ChangeParameters():
            return parameters.change_parameters(tx, session, command)
        case CreateDatabase():
            return logins.create_database(tx, session, command)
        case DropDatabase():
            return logins.drop_database(tx, session, command)
        case FoundAccount():
            return founding.found_account(tx, session, command)
        case _:
            assert_never(command)
