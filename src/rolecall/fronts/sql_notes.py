"""Every statement is one attempt: what was tried, on what, how it ended; never a secret in it."""

import re
from collections.abc import Iterator

import msgspec

from rolecall.domain.attempts import WHY_LENGTH_MAX, Attempt, AttemptKind, without_tokens
from rolecall.domain.effects import Effect
from rolecall.domain.errors import AddressRefused, Refusal, StoreFailure, TokenRefused
from rolecall.domain.model import Kind
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Clock
from rolecall.domain.session import Session
from rolecall.fronts.sql_network import KINDS as NETWORK_KINDS
from rolecall.fronts.sql_refusals import SqlRefusal, misread, refused
from rolecall.fronts.sql_session import Place
from rolecall.sql.errors import SqlCompilationError
from rolecall.sql.parts import Identifier, folded
from rolecall.sql.printer import print_redacted
from rolecall.sql.statements import (
    AlterRole,
    AlterSecurityIntegration,
    AlterUser,
    CreateDatabase,
    CreateRole,
    CreateSecurityIntegration,
    CreateUser,
    Describe,
    DropDatabase,
    DropIntegration,
    DropRole,
    DropUser,
    Statement,
    UseDatabase,
    UseRole,
)
from rolecall.sql.statements_accounts import CreateAccount, DropAccount, PurgeHistory, UndropAccount
from rolecall.sql.statements_grants import (
    GrantOwnership,
    GrantOwnershipOfAll,
    GrantPrivilege,
    GrantRole,
    RevokePrivilege,
    RevokeRole,
)

STRANGE = (AddressRefused, TokenRefused)
"""What is said to strangers."""
STATEMENT_CHARACTERS_MAX = 2_000
"""Of a long statement the beginning is kept: JSON may write a character as six."""
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
WORD = re.compile(r"[A-Za-z]{1,20}")

NAMED: dict[type, Kind] = {
    **NETWORK_KINDS,
    CreateAccount: Kind.ACCOUNT,
    DropAccount: Kind.ACCOUNT,
    UndropAccount: Kind.ACCOUNT,
    UseRole: Kind.ROLE,
    CreateRole: Kind.ROLE,
    AlterRole: Kind.ROLE,
    DropRole: Kind.ROLE,
    CreateUser: Kind.USER,
    AlterUser: Kind.USER,
    DropUser: Kind.USER,
    CreateSecurityIntegration: Kind.INTEGRATION,
    AlterSecurityIntegration: Kind.INTEGRATION,
    DropIntegration: Kind.INTEGRATION,
    UseDatabase: Kind.DATABASE,
    CreateDatabase: Kind.DATABASE,
    DropDatabase: Kind.DATABASE,
}
"""What the `name` of a statement is the name of."""


NOT_KEPT = SqlRefusal(
    "000603", "53100", "The account can't keep changes at the moment; try again later."
)
"""What a statement is told while the disk takes nothing; the server's log says why."""


class Subject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a statement is about."""

    kind: str
    name: str | None


def subject_of(statement: Statement) -> Subject | None:
    """The object that a statement names first."""
    match statement:
        case GrantRole() | RevokeRole():
            return Subject(kind=Kind.ROLE, name=folded(statement.role))
        case GrantOwnershipOfAll():
            return Subject(kind=Kind.ROLE, name=folded(statement.owner))
        case PurgeHistory():
            return Subject(kind=Kind.USER, name=None)
        case GrantPrivilege() | RevokePrivilege() | GrantOwnership():
            return Subject(kind=statement.on_kind, name=_folded(statement.on_name))
        case Describe():
            return Subject(kind=statement.kind, name=folded(statement.name))
        case _:
            kind = NAMED.get(type(statement))
            name: Identifier | None = getattr(statement, "name", None)
            return None if kind is None else Subject(kind=kind, name=_folded(name))


def _folded(identifier: Identifier | None) -> str | None:
    return None if identifier is None else folded(identifier)


class Noting(msgspec.Struct, kw_only=True):
    """One statement's attempt in the making; `kept` once a transaction has described it."""

    at: int
    clock: Clock
    request: Id
    text: str
    client_ip: str | None = None
    session: Session | None = None
    place: Place | None = None
    role: Name | None = None
    statement: Statement | None = None
    subject: Subject | None = None
    kept: bool = False

    def describe(self, effects: tuple[Effect, ...] | None, error: Exception | None) -> Attempt:
        """The attempt of a transaction; the store keeps it with the change, or without it."""
        self.kept = True
        return self.attempt(effects or (), error)

    def attempt(self, effects: tuple[Effect, ...], error: Exception | None) -> Attempt:
        """The statement as it ended."""
        said = None if error is None else refusal_of(error)
        session = self.session
        return Attempt(
            kind=AttemptKind.STATEMENT,
            at=self.at,
            request=self.request,
            method=self._method(),
            endpoint="sql",
            # A stranger's refusals are counted together (DESIGN contract 7).
            status=401 if isinstance(error, STRANGE) and session is None else 0,
            succeeded=error is None,
            error_code=None if said is None else said.code,
            why=None if error is None else without_tokens(_why(error, said))[:WHY_LENGTH_MAX],
            fix=fix_of(error),
            client_ip=self.client_ip,
            actor=None if session is None else session.actor,
            actor_kind=None if session is None else session.actor_kind,
            resource_kind=None if self.subject is None else self.subject.kind,
            resource_id=_id_of(effects) if self.subject is not None else None,
            resource_name=None if self.subject is None else self.subject.name,
            details=self._details(),
            ended=max(self.at, self.clock.now()),
        )

    def _method(self) -> str:
        if self.statement is not None:
            return CAPITAL.sub(" ", type(self.statement).__name__).upper()
        first = WORD.match(self.text.lstrip())
        return "?" if first is None else first.group().upper()

    def _details(self) -> str | None:
        """Where the session was, and the statement without its secrets.

        Of what can't be read no text is kept, for it may hold a secret.
        """
        told: dict[str, str] = {}
        if self.statement is not None:
            text = without_tokens(print_redacted(self.statement))
            if len(text) > STATEMENT_CHARACTERS_MAX:
                text = text[:STATEMENT_CHARACTERS_MAX] + "…"
            told["statement"] = text
        told.update((key, value) for key, value in self._where() if value is not None)
        return msgspec.json.encode(told).decode() if told else None

    def _where(self) -> Iterator[tuple[str, str | None]]:
        if self.session is not None:
            yield "session", self.session.login
        yield "role", self.role
        if self.place is not None:
            yield "database", self.place.database
            yield "schema", self.place.schema
            yield "warehouse", self.place.warehouse


def refusal_of(error: Exception) -> SqlRefusal | None:
    """What the client is shown of an error; None for a bug."""
    match error:
        case SqlRefusal():
            return error
        case Refusal():
            return refused(error)
        case SqlCompilationError():
            return misread(error)
        case StoreFailure():
            return NOT_KEPT
        case _:
            return None


def _why(error: Exception, said: SqlRefusal | None) -> str:
    if said is None:
        return f"internal error: {type(error).__name__}"
    why = said.message.split(":\n", 1)[-1]
    return f"{why} ({error.why})" if isinstance(error, TokenRefused) else why


def fix_of(error: Exception | None) -> str | None:
    """What an operator can do about it."""
    if isinstance(error, Refusal):
        return error.remedy
    return error.fix if isinstance(error, SqlRefusal) else None


def _id_of(effects: tuple[Effect, ...]) -> Id | None:
    """The subject's id, from the last event of what was done: a replacement ends with the new."""
    # What happens to an access token happens to its user.
    ids = [getattr(event, "user", event.id) for effect in effects for event in effect.events]
    return ids[-1] if ids else None
