"""What lets a user in ends here: sessions and access tokens; wrong passwords lock for a while."""

import msgspec

from rolecall.domain import access
from rolecall.domain.commands import At, RecordFailedLogin, Set, Unset
from rolecall.domain.effects import Effect
from rolecall.domain.events import AccessTokenEnded, Event, SessionsEnded, UserLocked
from rolecall.domain.model import User
from rolecall.domain.names import Id
from rolecall.domain.ports import Transaction
from rolecall.domain.session import Session

FAILED_LOGINS_MAX = 5
"""Wrong passwords in a row that lock (vendor: five)."""
LOCK_SECONDS = 15 * 60
MUST_CHANGE = "the password must be changed first"


def sessions_ended(tx: Transaction, user: Id, why: str) -> tuple[Event, ...]:
    """The user's sessions are over."""
    count = tx.delete_sessions_of(user)
    return (SessionsEnded(id=user, count=count, why=why),) if count else ()


def access_tokens_ended(tx: Transaction, user: User, why: str) -> tuple[Event, ...]:
    """The user's access tokens are gone; the user's own mark of them is the caller's to take."""
    if not user.has_access_token:
        return ()
    events = []
    for token in tx.access_tokens_of(user.id):
        tx.delete_access_token(token.id)
        events.append(AccessTokenEnded(id=token.id, user=user.id, why=why))
    tx.bump_generation()
    return tuple(events)


def why_not_let_in(user: User | None, at: int) -> str | None:
    """Why a login is refused whatever its password; None when it isn't."""
    ended = access.why_ended(user, at)
    if ended is None and user is not None and is_locked(user, at):
        return "locked"
    return ended


def is_locked(user: User, at: int) -> bool:
    """Whether logins of the user are refused for now."""
    return user.locked_until is not None and user.locked_until > at


def logged_in(user: User, at: int) -> User:
    """The user after a login: wrong passwords before it no longer count."""
    return msgspec.structs.replace(user, failed_logins=0, locked_until=None, last_login_at=at)


def password_reset(verifier: str, at: int) -> tuple[Set | Unset, ...]:
    """The changes that let a user in with a new password, and with nothing older."""
    return (
        Set(At("PASSWORD"), verifier),
        Set(At("PASSWORD_SET_AT"), at),
        Unset(At("MUST_CHANGE_PASSWORD")),
        Unset(At("LOCKED_UNTIL")),
    )


def record_failed_login(tx: Transaction, _session: Session, command: RecordFailedLogin) -> Effect:
    """One more wrong password. Of a locked user and of one who is gone none is counted."""
    user = tx.user(command.user)
    if user is None or is_locked(user, command.at):
        return Effect()
    count = user.failed_logins + 1
    if count < FAILED_LOGINS_MAX:
        tx.save_user(msgspec.structs.replace(user, failed_logins=count, locked_until=None), user)
        return Effect()
    until = command.at + LOCK_SECONDS * 1_000_000
    tx.save_user(msgspec.structs.replace(user, failed_logins=0, locked_until=until), user)
    return Effect((UserLocked(id=user.id, until=until),))
