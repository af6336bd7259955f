"""Logging in: a password, a key or an access token opens a session, whose token stands for it.

The caller hears one sentence a credential, whatever was wrong; the attempt says which it was.
"""

import msgspec

from rolecall.domain import credentials
from rolecall.domain.access import fold_role
from rolecall.domain.account import Account
from rolecall.domain.attempts import Attempt, AttemptKind, without_tokens
from rolecall.domain.commands import (
    ByName,
    CloseSession,
    OpenSession,
    RecordFailedLogin,
    RenewSession,
)
from rolecall.domain.effects import Effect
from rolecall.domain.errors import AddressRefused, LoginRefused, Refusal, RoleNotGranted
from rolecall.domain.model import Kind, SqlSession, User
from rolecall.domain.names import NAME_LENGTH_MAX, Id, Name
from rolecall.domain.ports import Reading
from rolecall.domain.session import ALL_ROLES, ActorKind, Session
from rolecall.fronts.login_checks import WRONG_PASSWORD, Checked, Knock, Method, checked
from rolecall.fronts.sql import Worksheet, bearer_worksheet, login_worksheet
from rolecall.fronts.sql_notes import fix_of
from rolecall.fronts.sql_refusals import SqlRefusal, refused
from rolecall.fronts.sql_session import Bearer, require_admitted
from rolecall.fronts.world import World

__all__ = ["Knock", "Login", "Method", "PasswordMustChange"]

SESSION_SECONDS = 3_600
"""How long a session token lives (vendor: an hour)."""
MASTER_SECONDS = 4 * 3_600
"""How long a session lives that nobody renews (vendor: four hours)."""
CLIENT_LENGTH_MAX = 100
"""Of what a client calls itself so much is kept: anybody may send a login."""
UNAUTHORIZED = 401
"""The status that makes a store count a stranger's refusals together (DESIGN contract 7)."""

SENTENCES = {
    Method.PASSWORD: ("390100", "Incorrect username or password was specified."),
    Method.SNOWFLAKE_JWT: ("390144", "JWT token is invalid."),
    Method.PROGRAMMATIC_ACCESS_TOKEN: ("394400", "Programmatic access token is invalid."),
}
"""What a caller hears of a credential that doesn't let in, whatever is wrong with it."""
ROLE_REFUSED = "390189"
PASSWORD_REFUSED = "390106"
EXPIRED = SqlRefusal("390112", "08001", "Your session has expired. Please login again.")


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """An open session, and what it acts as and where. Its repr does not show the tokens."""

    token: str
    master_token: str
    session: Id
    user_name: str
    expires_at: int
    master_expires_at: int
    is_first: bool = False
    role: Name | None = None
    database: Name | None = None
    schema: Name | None = None
    warehouse: Name | None = None
    parameters: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Login({self.session}, {self.user_name})"


class PasswordMustChange(SqlRefusal):
    """The password is right and lets nobody in before another one is chosen."""


def log_in(
    account: Account, world: World, login_name: str, password: str, client_ip: str | None = None
) -> Login:
    """The open session of a user with this password. Raises SqlRefusal as `enter` does."""
    return enter(account, world, Knock(login_name=login_name, secret=password, client_ip=client_ip))


def enter(account: Account, world: World, knock: Knock) -> Login:
    """The session that a credential opens. Raises SqlRefusal, the same for all faults of it.

    PasswordMustChange asks for `knock.new_password`; a role that isn't the user's is said too.
    """
    at, request = world.clock.now(), world.ids.new()
    found = checked(account, world, knock, at)
    user = found.user
    if user is None or found.fault is not None:
        raise _refused(account, knock, found, at, request)
    new_password = _new_password(account, world, knock, found, at, request)
    session_token = world.secrets.mint_token(at, SESSION_SECONDS)
    master_token = world.secrets.mint_token(at, MASTER_SECONDS)
    opening = OpenSession(
        id=world.ids.new(),
        user=user.id,
        verifier=session_token.verifier,
        at=at,
        expires_at=session_token.expires_at,
        master=master_token.verifier,
        master_expires_at=master_token.expires_at,
        password=user.password if knock.method is Method.PASSWORD else None,
        new_password=new_password,
        access_token=found.access_token,
        role=_by_name(knock.role),
        secondary=_secondary(knock.secondary_roles),
        database=_named(knock.database),
        schema=_named(knock.schema),
        warehouse=_named(knock.warehouse),
        parameters=knock.parameters,
    )

    def describe(_: tuple[Effect, ...] | None, error: Exception | None) -> Attempt:
        return attempt_of(knock, found, at, request, error)

    door = _doorkeeper(account, user, at, request, knock.client_ip)
    try:
        (effect,) = account.execute(door, opening, describe=describe)
    except Refusal as refusal:
        raise _worded(knock, refusal) from None
    if found.access_token is not None:
        account.store.use(account.number, found.access_token, at)
    assert isinstance(effect.answer, SqlSession), "opening answers with the session"
    login = _login(account, effect.answer, user, session_token.text, master_token.text)
    return msgspec.structs.replace(login, is_first=user.last_login_at is None)


def let_in(account: Account, world: World, knock: Knock) -> tuple[Worksheet, Id]:
    """The worksheet of one request with its own credential, and whose it is.

    Raises SqlRefusal as `enter` does.
    """
    at, request = world.clock.now(), world.ids.new()
    found = checked(account, world, knock, at)
    if found.user is None or found.fault is not None:
        raise _refused(account, knock, found, at, request)
    account.store.note(account.number, attempt_of(knock, found, at, request, None))
    if found.access_token is not None:
        account.store.use(account.number, found.access_token, at)
    who = Bearer(
        user=found.user.id,
        access_token=found.access_token,
        restricted_to=found.restricted_to,
        role=_by_name(knock.role),
        secondary=_secondary(knock.secondary_roles),
        database=_named(knock.database),
        schema=_named(knock.schema),
        warehouse=_named(knock.warehouse),
        parameters=knock.parameters,
    )
    return bearer_worksheet(account, world, who, knock.client_ip), who.user


def knock_with(account: Account, world: World, knock: Knock) -> tuple[Worksheet, Id, Id]:
    """The worksheet of one request with a session's token, its user and the session.

    What the request asks to act as or where holds for that request. Raises SqlRefusal.
    """
    at = world.clock.now()
    stored, user = _living(account, world, knock.secret, at, knock.client_ip)
    if knock.role is knock.database is knock.schema is knock.warehouse is None:
        return session_of(account, world, knock.secret, knock.client_ip), user.id, stored.id
    who = Bearer(
        user=user.id,
        access_token=stored.access_token,
        restricted_to=stored.restricted_to,
        role=_by_name(knock.role) or stored.role,
        secondary=stored.secondary,
        database=_named(knock.database) or stored.database,
        schema=_named(knock.schema) or stored.schema,
        warehouse=_named(knock.warehouse) or stored.warehouse,
        parameters=dict(stored.parameters),
    )
    return bearer_worksheet(account, world, who, knock.client_ip), user.id, stored.id


def session_of(
    account: Account, world: World, token: str, client_ip: str | None = None
) -> Worksheet:
    """The worksheet of an open session; each statement asks anew whether it still is."""
    return login_worksheet(account, world, world.secrets.verifier_of(token), client_ip)


# ---- the life of a session --------------------------------------------------------------------


def renew(account: Account, world: World, master_token: str, client_ip: str | None = None) -> Login:
    """The session goes on under a new token; the master token is the same and lives longer.

    Raises AddressRefused, and SqlRefusal: 390113 for a token that opens nothing, 390114 when it
    came too late.
    """
    at, request = world.clock.now(), world.ids.new()
    found = account.renewable_session(world.secrets.verifier_of(master_token))
    stored, user = (None, None) if found is None else found
    require_admitted_here(account, world, client_ip, user)
    if stored is None or user is None:
        raise SqlRefusal("390113", "08001", "Master token was not found. Please login again.")
    minted = world.secrets.mint_token(at, SESSION_SECONDS)
    renewing = RenewSession(
        session=stored.id,
        verifier=minted.verifier,
        at=at,
        expires_at=minted.expires_at,
        master_expires_at=at + MASTER_SECONDS * 1_000_000,
    )
    try:
        (effect,) = account.execute(_doorkeeper(account, user, at, request, client_ip), renewing)
    except Refusal:
        raise SqlRefusal(
            "390114", "08001", "Authentication token has expired. The user must authenticate again."
        ) from None
    assert isinstance(effect.answer, SqlSession), "renewing answers with the session"
    return _login(account, effect.answer, user, minted.text, master_token)


def keep_alive(account: Account, world: World, token: str) -> None:
    """A heartbeat: the session's master token lives longer. Raises SqlRefusal (390112)."""
    at, request = world.clock.now(), world.ids.new()
    stored, user = _living(account, world, token, at, None)
    beat = RenewSession(
        session=stored.id,
        verifier=None,
        at=at,
        expires_at=stored.expires_at,
        master_expires_at=at + MASTER_SECONDS * 1_000_000,
    )
    try:
        account.execute(_doorkeeper(account, user, at, request, None), beat)
    except Refusal:
        raise EXPIRED from None


def log_out(account: Account, world: World, token: str) -> None:
    """The session is over; one that is over already is no matter."""
    at, request = world.clock.now(), world.ids.new()
    found = account.login_session(world.secrets.verifier_of(token))
    stored, user = (None, None) if found is None else found
    if stored is None or user is None:
        return
    door = _doorkeeper(account, user, at, request, None)
    account.execute(door, CloseSession(session=stored.id, at=at))


def _living(
    account: Account, world: World, token: str, at: int, client_ip: str | None
) -> tuple[SqlSession, User]:
    found = account.login_session(world.secrets.verifier_of(token))
    require_admitted_here(account, world, client_ip, None if found is None else found[1])
    if found is None or found[1] is None or found[0].expires_at <= at:
        raise EXPIRED
    return found[0], found[1]


def _login(
    account: Account, stored: SqlSession, user: User, token: str, master_token: str
) -> Login:
    def body(reading: Reading) -> Name | None:
        role = None if stored.role is None else reading.role(stored.role)
        return None if role is None else role.name

    return Login(
        token=token,
        master_token=master_token,
        session=stored.id,
        user_name=user.name,
        expires_at=stored.expires_at,
        master_expires_at=stored.master_expires_at or stored.expires_at,
        role=account.moment(body),
        database=stored.database,
        schema=stored.schema,
        warehouse=stored.warehouse,
        parameters=stored.parameters,
    )


# ---- addresses ---------------------------------------------------------------------------------


def require_admitted_here(
    account: Account, world: World, client_ip: str | None, user: User | None = None
) -> None:
    """Judge the address of a request that opens no session, and note its refusal.

    Raises AddressRefused. `user` is whom the request's token belongs to, if it is anybody's.
    """
    try:
        require_admitted(account, client_ip, user)
    except AddressRefused as refusal:
        turned_away(account, world, refusal, user)
        raise


def turned_away(account: Account, world: World, refusal: AddressRefused, user: User | None) -> None:
    """Note a request with a session's token, or none, that came from a refused address."""
    knock = Knock(login_name="", secret="", client_ip=refusal.address)
    found = Checked(user=user, fault=refusal)
    noted = attempt_of(knock, found, world.clock.now(), world.ids.new(), refusal)
    noted = msgspec.structs.replace(noted, method="SESSION", details=None)
    account.store.note(account.number, noted)


# ---- refusals ---------------------------------------------------------------------------------


def _refused(account: Account, knock: Knock, found: Checked, at: int, request: Id) -> SqlRefusal:
    """The refusal of a credential, which is noted, and counted when it is a wrong password."""
    fault = found.fault
    user = found.user
    if user is not None and isinstance(fault, LoginRefused) and fault.why == WRONG_PASSWORD:
        # Not waited for: a user who is there must not take longer than one who isn't.
        door = _doorkeeper(account, user, at, request, knock.client_ip)
        account.submit(door, (RecordFailedLogin(user=user.id, at=at),), None, _counted)
    account.store.note(account.number, attempt_of(knock, found, at, request, fault))
    return _worded(knock, fault)


def _counted(_: object, __: Exception | None) -> None:
    """The login was refused already, whether or not that could be counted."""


def _worded(knock: Knock, refusal: Refusal | None) -> SqlRefusal:
    if isinstance(refusal, RoleNotGranted):
        return SqlRefusal(
            ROLE_REFUSED,
            "08001",
            f"Role '{refusal.name}' specified in the connect string does not exist or not "
            "authorized. Contact your local system administrator, or attempt to login with "
            "another role, e.g. PUBLIC.",
        )
    if isinstance(refusal, AddressRefused):
        return refused(refusal)
    code, sentence = SENTENCES[knock.method]
    return SqlRefusal(code, "08001", sentence)


def _new_password(
    account: Account, world: World, knock: Knock, found: Checked, at: int, request: Id
) -> str | None:
    """The verifier of the password that the user has from now on, if there is to be one.

    Raises PasswordMustChange, also for one that is no other.
    """
    user = found.user
    assert user is not None, "only a user who is let in chooses a password"
    if knock.method is not Method.PASSWORD:
        return None
    new = knock.new_password
    if new and not world.secrets.password_matches(user.password, new):
        return world.secrets.hash_password(new)
    if new is None and not user.must_change_password:
        return None
    fault = LoginRefused(user.name, credentials.MUST_CHANGE)
    account.store.note(account.number, attempt_of(knock, found, at, request, fault))
    sentence = "Your password must be changed before you can log in"
    if new is not None:
        sentence = "The new password must be another one, and not empty"
    raise PasswordMustChange(
        PASSWORD_REFUSED,
        "08001",
        f"{sentence}: `rolecall sql --url URL --user NAME` asks for it.",
    )


# ---- what a login says ------------------------------------------------------------------------


def _by_name(text: str | None) -> ByName | None:
    return ByName(fold_role(text)) if text else None


def _named(text: str | None) -> Name | None:
    return fold_role(text) if text else None


def _secondary(word: str | None) -> tuple[Id, ...] | None:
    """Drivers say ALL or NONE, or nothing: then the user's default."""
    return {"ALL": ALL_ROLES, "NONE": ()}.get((word or "").upper())


def _doorkeeper(
    account: Account, user: User, at: int, request: Id, client_ip: str | None
) -> Session:
    """Who opens a session is the user, before there is a role to act as."""
    local = account.local(user.name, at, request)
    return msgspec.structs.replace(
        local, actor_kind=ActorKind.SYSTEM, user=user.id, client_ip=client_ip
    )


def attempt_of(
    knock: Knock, found: Checked, at: int, request: Id, error: Exception | None
) -> Attempt:
    """A login as the history keeps it; `details` say how, and with which program."""
    succeeded = error is None
    user = found.user
    details = {
        "factor": knock.method.factor,
        "client_type": knock.client_type,
        "client_version": knock.client_version,
    }
    said = {key: value[:CLIENT_LENGTH_MAX] for key, value in details.items() if value is not None}
    name = knock.login_name if user is None else user.name
    return Attempt(
        kind=AttemptKind.LOGIN,
        at=at,
        request=request,
        method="LOGIN",
        endpoint="sql",
        status=0 if succeeded else UNAUTHORIZED,
        succeeded=succeeded,
        error_code=None if succeeded else _code(knock, error),
        why=_why(error),
        fix=fix_of(error),
        client_ip=knock.client_ip,
        actor=user.name if succeeded and user is not None else None,
        actor_kind=ActorKind.USER.value if succeeded else None,
        resource_kind=Kind.USER,
        resource_id=None if user is None else user.id,
        resource_name=without_tokens(name)[:NAME_LENGTH_MAX],
        details=msgspec.json.encode(said).decode(),
    )


def _code(knock: Knock, error: Exception | None) -> str:
    if isinstance(error, LoginRefused) and error.why == credentials.MUST_CHANGE:
        return PASSWORD_REFUSED
    if isinstance(error, AddressRefused):
        return refused(error).code
    return ROLE_REFUSED if isinstance(error, RoleNotGranted) else SENTENCES[knock.method][0]


def _why(error: Exception | None) -> str | None:
    if isinstance(error, RoleNotGranted):
        return f"role {error.name} is not granted"
    return error.why if isinstance(error, LoginRefused) else None
