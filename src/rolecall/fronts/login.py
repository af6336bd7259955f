"""Logging in: a password opens a session, whose token stands for it from then on.

The caller hears one sentence, whatever was wrong; the attempt says which it was.
"""

import msgspec

from rolecall.domain import admission, credentials
from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt, AttemptKind
from rolecall.domain.commands import OpenSession, RecordFailedLogin
from rolecall.domain.effects import Effect
from rolecall.domain.errors import AddressRefused, LoginRefused, Refusal
from rolecall.domain.model import Kind, User
from rolecall.domain.names import NAME_LENGTH_MAX, Id
from rolecall.domain.session import ActorKind, Session
from rolecall.fronts.sql import Worksheet, login_worksheet
from rolecall.fronts.sql_notes import fix_of
from rolecall.fronts.sql_refusals import refused
from rolecall.fronts.world import World

SESSION_SECONDS = 4 * 3600
"""How long a login lives (vendor: four hours)."""
WRONG_PASSWORD = "wrong password"
REMEDIES = {
    "disabled": "alter user … set disabled = false",
    "expired": "alter user … unset days_to_expiry",
    "locked": "alter user … set mins_to_unlock = 0",
}
"""Why a right password doesn't help, and what does."""
UNAUTHORIZED = 401
"""The status that makes a store count a stranger's refusals together (DESIGN contract 7)."""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """An open session. Its repr does not show the token."""

    token: str
    session: Id
    user_name: str
    expires_at: int

    def __repr__(self) -> str:
        return f"Login({self.session}, {self.user_name})"


def log_in(
    account: Account, world: World, login_name: str, password: str, client_ip: str | None = None
) -> Login:
    """The open session of a user with this password. Raises SqlRefusal, the same for all faults."""
    at, request = world.clock.now(), world.ids.new()
    user = account.login(login_name)
    try:
        # Before the password, and the same for nobody: who may not knock learns nothing.
        account.moment(lambda r: admission.require_admitted(r, client_ip, user=_id_of(user)))
    except AddressRefused as refusal:
        account.store.note(
            account.number, _attempt(at, request, login_name, client_ip, user=user, error=refusal)
        )
        raise refused(refusal) from None
    verifier = None if user is None else user.password
    # Also for nobody and for users without one: how long it takes tells nothing.
    matches = world.secrets.password_matches(verifier, password)

    def describe(_: tuple[Effect, ...] | None, error: Exception | None) -> Attempt:
        return _attempt(at, request, login_name, client_ip, user=user, error=error)

    fault = _fault(user, login_name, at, matches=matches)
    if user is not None and fault is not None and fault.why == WRONG_PASSWORD:
        # Not waited for: a user who is there must not take longer than one who isn't.
        door = _doorkeeper(account, user, at, request, client_ip)
        account.submit(door, (RecordFailedLogin(user=user.id, at=at),), None, _counted)
    if user is None or fault is not None:
        account.store.note(account.number, describe(None, fault))
        raise refused(LoginRefused(login_name, "")) from None

    minted = world.secrets.mint_token(at, SESSION_SECONDS)
    opening = OpenSession(
        id=world.ids.new(),
        user=user.id,
        verifier=minted.verifier,
        at=at,
        expires_at=minted.expires_at,
    )
    try:
        account.execute(
            _doorkeeper(account, user, at, request, client_ip), opening, describe=describe
        )
    except Refusal:
        raise refused(LoginRefused(login_name, "")) from None
    return Login(
        token=minted.text,
        session=opening.id,
        user_name=user.name,
        expires_at=minted.expires_at,
    )


def session_of(
    account: Account, world: World, token: str, client_ip: str | None = None
) -> Worksheet:
    """The worksheet of an open session; each statement asks anew whether it still is."""
    return login_worksheet(account, world, world.secrets.verifier_of(token), client_ip)


def _id_of(user: User | None) -> Id | None:
    return None if user is None else user.id


def _counted(_: object, __: Exception | None) -> None:
    """The login was refused already, whether or not that could be counted."""


def _fault(user: User | None, login_name: str, at: int, *, matches: bool) -> LoginRefused | None:
    """Why the user may not log in, for the history."""
    if user is None:
        return LoginRefused(login_name, "unknown user")
    if user.password is None:
        remedy = "Log in through the identity provider, or: alter user … set password = …"
        return LoginRefused(
            login_name, "no password: provisioned for single sign-on", remedy=remedy
        )
    ended = credentials.why_not_let_in(user, at)
    if not matches and ended != "locked":
        return LoginRefused(login_name, WRONG_PASSWORD)
    if ended is not None:
        return LoginRefused(login_name, ended, remedy=REMEDIES[ended])
    if user.must_change_password:
        # A login can't change the password yet, so it would hold a password that others know.
        remedy = "alter user … set password = … must_change_password = false"
        return LoginRefused(login_name, "the password must be changed first", remedy=remedy)
    return None


def _doorkeeper(
    account: Account, user: User, at: int, request: Id, client_ip: str | None
) -> Session:
    """Who opens a session is the user, before there is a role to act as."""
    local = account.local(user.name, at, request)
    return msgspec.structs.replace(
        local, actor_kind=ActorKind.SYSTEM, user=user.id, client_ip=client_ip
    )


def _attempt(
    at: int,
    request: Id,
    login_name: str,
    client_ip: str | None,
    *,
    user: User | None,
    error: Exception | None,
) -> Attempt:
    succeeded = error is None
    return Attempt(
        kind=AttemptKind.LOGIN,
        at=at,
        request=request,
        method="LOGIN",
        endpoint="sql",
        status=0 if succeeded else UNAUTHORIZED,
        succeeded=succeeded,
        error_code=refused(error).code if isinstance(error, Refusal) else None,
        why=error.why if isinstance(error, LoginRefused) else None,
        fix=fix_of(error),
        client_ip=client_ip,
        actor=user.name if succeeded and user is not None else None,
        actor_kind=ActorKind.USER.value if succeeded else None,
        resource_kind=Kind.USER,
        resource_id=None if user is None else user.id,
        resource_name=login_name[:NAME_LENGTH_MAX] if user is None else user.name,
    )
