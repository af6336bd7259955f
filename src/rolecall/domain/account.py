"""The account's one door: commands go in through `execute`, questions through `ask`."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from rolecall.domain import (
    access,
    access_tokens,
    admission,
    brake,
    callers,
    credentials,
    founding,
    grants,
    integrations,
    keeping,
    logins,
    ownership,
    parameters,
    policies,
    purging,
    releasing,
    revoking,
    roles,
    scim_tokens,
    users,
)
from rolecall.domain.asking import ANSWERS
from rolecall.domain.commands import (
    AddAccessToken,
    ChangeAccessToken,
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
    GrantOwnership,
    GrantOwnershipOfAll,
    GrantPrivileges,
    GrantRole,
    IssueToken,
    OpenSession,
    RecordFailedLogin,
    RemoveAccessToken,
    RenewSession,
    RevokePrivileges,
    RevokeRole,
    RevokeToken,
    RotateAccessToken,
)
from rolecall.domain.commands_accounts import (
    DropAccount,
    FoundAccount,
    PurgeHistory,
    RestoreAccount,
)
from rolecall.domain.commands_held import RejectHeldChange, ReleaseHeldChange
from rolecall.domain.effects import Effect
from rolecall.domain.errors import Refusal
from rolecall.domain.model import AccessToken, Integration, SqlSession, Token, User
from rolecall.domain.model import Account as AccountRow
from rolecall.domain.names import Id, key_of
from rolecall.domain.ports import Describe, Done, Reading, Store, Transaction
from rolecall.domain.queries import Query
from rolecall.domain.session import ActorKind, Session

Answer = TypeVar("Answer")
Effects = tuple[Effect, ...]


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is on record, and its integration while there is one.

    `standing` is the policy that judges its address. One that is `settled` only its expiry can
    refuse in this generation of the account: it is not ended, its account not dropped, its
    integration takes it and runs as a role that exists.
    """

    token: Token
    integration: Integration | None
    standing: admission.Standing | None
    settled: bool


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

    def execute_each(
        self,
        session: Session,
        several: Sequence[tuple[Sequence[Command], Describe[Effects] | None]],
    ) -> tuple[Effects | Exception, ...]:
        """`execute` each in this order, together: the effects of each, or what it was refused by.

        They share commits, and nothing else.
        """
        bodies = [(carry_out(session, commands), describe) for commands, describe in several]
        return self.store.transact_each(self.number, bodies)

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

    def busy(self) -> bool:
        """Whether somebody writes just now: who reads much gives way."""
        return self.store.busy()

    # ---- before there is a session: what a credential stands for ----

    def moment(self, body: Callable[[Reading], Answer]) -> Answer:
        """What `body` makes of one moment of the account: a credential and then a question."""
        return self.store.read(self.number, body)

    def row(self) -> AccountRow:
        """What the account is called."""
        return self.store.read(self.number, lambda r: r.account())

    def login(self, login_name: str) -> User | None:
        """The user with this LOGIN_NAME, in any case."""
        return self.store.read(self.number, lambda r: r.user_with_login(key_of(login_name)))

    def login_session(self, verifier: str) -> tuple[SqlSession, User | None] | None:
        """The login session with this verifier, and its user."""

        def body(reading: Reading) -> tuple[SqlSession, User | None] | None:
            found = reading.session_with(verifier)
            return None if found is None else (found, reading.user(found.user))

        return self.store.read(self.number, body)

    def renewable_session(self, master: str) -> tuple[SqlSession, User | None] | None:
        """The login session that a master token with this verifier renews, and its user."""

        def body(reading: Reading) -> tuple[SqlSession, User | None] | None:
            found = reading.session_with_master(master)
            return None if found is None else (found, reading.user(found.user))

        return self.store.read(self.number, body)

    def access_token(self, verifier: str) -> tuple[AccessToken, User | None] | None:
        """The programmatic access token with this verifier, and its user."""

        def body(reading: Reading) -> tuple[AccessToken, User | None] | None:
            found = reading.access_token_with(verifier)
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
    callers.require_live(reading, session)
    admission.require_session_admitted(reading, session)
    return answer_to_bearer(reading, session, query)


def answer_to_bearer(reading: Reading, session: Session, query: Query[Answer]) -> Answer:
    """The answer to the session of a bearer that this very reading has found to be settled."""
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
    integration = reading.integration(token.integration)
    return Bearer(
        token=token,
        integration=integration,
        standing=admission.standing(reading, integration),
        settled=integration is not None and _is_settled(reading, token, integration),
    )


def _is_settled(reading: Reading, token: Token, integration: Integration) -> bool:
    """Whether it was good in its first moment, by what a transaction asks of it, too."""
    session = Session(
        number=reading.number,
        actor=integration.name,
        actor_kind=ActorKind.INTEGRATION,
        role=integration.run_as_role,
        at=token.issued_at,
        request=token.id,
        token=token.id,
    )
    try:
        access.require_live(reading, session)
    except Refusal:
        return False
    return True


def carry_out(session: Session, commands: Sequence[Command]) -> Callable[[Transaction], Effects]:
    """The body of a transaction: judge the session, apply each command, write its history.

    What the brake stops is held, and its refusal is the answer: a provider asks for one change
    at a time, and the brake stops it before it has written anything.
    """

    def body(tx: Transaction) -> Effects:
        access.require_live(tx, session)
        callers.require_live(tx, session)
        admission.require_session_admitted(tx, session)
        try:
            effects = tuple([apply(tx, session, command) for command in commands])
        except brake.Stopped as stopped:
            assert len(commands) == 1, "what else was done would stay done"
            kept = keeping.kept_by_held(tx, stopped.change)
            effects = (brake.hold(tx, session, stopped, kept),)
        for effect in effects:
            for event in effect.events:
                tx.record(event, at=session.at, actor=session.actor, request=session.request)
        return effects

    return body


def apply(tx: Transaction, session: Session, command: Command) -> Effect:
    """Carry out one command. Raises a Refusal."""
    return HANDLERS[type(command)](tx, session, command)


HANDLERS: dict[type, Callable[[Transaction, Session, Any], Effect]] = {
    CreateUser: users.create_user,
    ChangeUser: users.change_user,
    DropUser: users.drop_user,
    AddAccessToken: access_tokens.add_access_token,
    RotateAccessToken: access_tokens.rotate_access_token,
    ChangeAccessToken: access_tokens.change_access_token,
    RemoveAccessToken: access_tokens.remove_access_token,
    RecordFailedLogin: credentials.record_failed_login,
    CreateRole: roles.create_role,
    ChangeRole: roles.change_role,
    DropRole: roles.drop_role,
    GrantRole: grants.grant_role,
    RevokeRole: revoking.revoke_role,
    GrantPrivileges: grants.grant_privileges,
    RevokePrivileges: revoking.revoke_privileges,
    GrantOwnership: ownership.grant_ownership,
    GrantOwnershipOfAll: ownership.grant_ownership_of_all,
    CreateIntegration: integrations.create_integration,
    ChangeIntegration: integrations.change_integration,
    DropIntegration: integrations.drop_integration,
    IssueToken: scim_tokens.issue_token,
    RevokeToken: scim_tokens.revoke_token,
    ReleaseHeldChange: releasing.release,
    RejectHeldChange: releasing.reject,
    OpenSession: logins.open_session,
    RenewSession: logins.renew_session,
    ChangeSession: logins.change_session,
    CloseSession: logins.close_session,
    CreateGoverned: policies.create_governed,
    ChangeGoverned: policies.change_governed,
    DropGoverned: policies.drop_governed,
    ChangeParameters: parameters.change_parameters,
    CreateDatabase: logins.create_database,
    DropDatabase: logins.drop_database,
    FoundAccount: founding.found_account,
    DropAccount: founding.drop_account,
    RestoreAccount: founding.restore_account,
    PurgeHistory: purging.purge_history,
}
"""Every command, and who carries it out."""
