"""Who sits at a worksheet: a local session that it keeps, or a login that the store keeps.

Every statement asks its seat anew, so that a role that was taken away, a session that ended and
a user that was disabled are gone at the next statement (DESIGN section 3).
"""

from datetime import UTC, tzinfo
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from rolecall.domain import admission
from rolecall.domain.access import ACCOUNTADMIN, PUBLIC, why_ended
from rolecall.domain.account import Account
from rolecall.domain.commands import ByName, ChangeSession, Ref
from rolecall.domain.effects import Moved
from rolecall.domain.errors import InvalidValue, TokenRefused
from rolecall.domain.logins import roles_at_first
from rolecall.domain.model import Json, Kind, Role, User, Variable
from rolecall.domain.names import Id, Name
from rolecall.domain.parameters import known_session_values, session_values
from rolecall.domain.ports import Reading
from rolecall.domain.queries import GrantsOfRole, OneRole, OneUser, Query, ShownParameters
from rolecall.domain.session import ALL_ROLES, ActorKind, Session
from rolecall.domain.tables import Table
from rolecall.domain.variables import changed
from rolecall.fronts.results import Results
from rolecall.fronts.world import World

Answer = TypeVar("Answer")
NOWHERE = Id("")
"""The session id of a local seat, which no store knows."""


class Place(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What USE has set, and the name that CURRENT_USER answers."""

    user_name: str
    database: Name | None = None
    schema: Name | None = None
    warehouse: Name | None = None
    parameters: dict[str, str] = {}
    variables: dict[str, Variable] = {}


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One statement being carried out: who asks, where, and of which account."""

    account: Account
    world: World
    session: Session
    place: Place
    statement: str = ""
    results: Results = msgspec.field(default_factory=Results)
    results_of: Id = NOWHERE
    flow: tuple[Table, ...] = ()

    def query(self, position: int) -> Id | None:
        """An earlier query of the session: -1 is the last."""
        return self.results.query((self.session.number, self.results_of), position)

    def result(self, query: str) -> Table | None:
        """What an earlier query of the session answered, while that is kept."""
        return self.results.table((self.session.number, self.results_of), query)

    def parameters(self) -> dict[str, str]:
        """The session's parameters: its own, its user's, the account's, or the defaults."""
        session = self.session
        user = session.user if session.actor_kind is ActorKind.USER else None
        shown = ShownParameters(level="SESSION", user=user, session=self.place.parameters)
        return {row.key: row.value for row in self.ask(shown)}

    def zone(self) -> tzinfo:
        """The session's time zone. Raises InvalidValue for one that this machine doesn't know."""
        name = self.parameters()["TIMEZONE"]
        if name.upper() == "UTC":
            return UTC
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            remedy = "alter session set timezone = 'UTC'"
            why = f"'{name}' is no time zone that this server knows"
            raise InvalidValue("TIMEZONE", why, remedy=remedy) from None

    def stage(self, name: tuple[str, ...]) -> Table | None:
        """What `$1` stands for: the answer of the stage before."""
        if len(name) != 1 or not name[0].startswith("$") or not name[0][1:].isdecimal():
            return None
        position = int(name[0][1:])
        return self.flow[-position] if 1 <= position <= len(self.flow) else None

    @property
    def at(self) -> int:
        """When the statement began."""
        return self.session.at

    def ask(self, query: Query[Answer]) -> Answer:
        """The account's answer to this session."""
        return self.account.ask(self.session, query)


class Seat(Protocol):
    """Where a session's state is kept."""

    session_id: Id
    """The stored session that USE changes."""
    client_ip: str | None

    def sit(self, at: int, request: Id) -> tuple[Session, Place]:
        """The session and its place as of now. Raises TokenRefused."""
        ...

    def moved(self, change: ChangeSession, moved: Moved) -> None:
        """USE was carried out."""
        ...


class LocalSeat:
    """Whoever holds the data folder, as the account's first administrator."""

    def __init__(self, account: Account, world: World, actor: str) -> None:
        """Act as ACCOUNTADMIN, recorded as `actor`."""
        self.session_id = NOWHERE
        self.client_ip: str | None = None
        self._account = account
        self._actor = actor
        start = account.local(actor, world.clock.now(), world.ids.new())
        found = _first_administrator(account, start)
        self._user = None if found is None else found[0]
        self._role = start.role
        self._secondary: tuple[Id, ...] = ALL_ROLES
        self._place = Place(user_name=actor if found is None else found[1])

    def sit(self, at: int, request: Id) -> tuple[Session, Place]:
        """A local session, and where USE has put it."""
        session = msgspec.structs.replace(
            self._account.local(self._actor, at, request),
            role=self._role,
            secondary=self._secondary,
            user=self._user,
        )
        return session, self._place

    def moved(self, change: ChangeSession, moved: Moved) -> None:
        """Keep what the store doesn't."""
        if moved.role is not None:
            self._role = moved.role.id
        if moved.secondary is not None:
            self._secondary = moved.secondary
        self._place = _moved(self._place, change)


def _first_administrator(account: Account, session: Session) -> tuple[Id, Name] | None:
    """The user that the account was founded with, while it holds ACCOUNTADMIN."""
    for grant in account.ask(session, GrantsOfRole(role=ByName(ACCOUNTADMIN))):
        if grant.granted_to is Kind.USER and not grant.granted_by:  # by nobody: at birth
            meant = ByName(Name(grant.grantee_name))
            user = account.ask(session, OneUser(user=meant, with_groups=False)).user
            return user.id, user.name
    return None


class LoginSeat:
    """A user who logged in; the session lives in the store."""

    def __init__(self, account: Account, verifier: str, client_ip: str | None) -> None:
        """Sit down with the verifier of the session's token."""
        self._account = account
        self._verifier = verifier
        self.client_ip = client_ip
        self.session_id = NOWHERE

    def sit(self, at: int, request: Id) -> tuple[Session, Place]:
        """The stored session, while it lives and its user may log in.

        Raises AddressRefused, before anything else is said, and TokenRefused.
        """
        found = self._account.login_session(self._verifier)
        require_admitted(self._account, self.client_ip, None if found is None else found[1])
        if found is None:
            raise TokenRefused("unknown", remedy="Log in again.")
        stored, user = found
        if stored.expires_at <= at:
            raise TokenRefused("expired", remedy="Log in again.")
        if user is None or why_ended(user, at) is not None or stored.role is None:
            raise TokenRefused("ended", remedy="The user can't log in any more.")
        self.session_id = stored.id
        session = Session(
            number=self._account.number,
            actor=user.name,
            actor_kind=ActorKind.USER,
            role=stored.role,
            at=at,
            request=request,
            user=user.id,
            secondary=stored.secondary,
            login=stored.id,
            access_token=stored.access_token,
            restricted_to=stored.restricted_to,
            client_ip=self.client_ip,
        )
        place = Place(
            user_name=user.name,
            database=stored.database,
            schema=stored.schema,
            warehouse=stored.warehouse,
            parameters=stored.parameters,
            variables=stored.variables,
        )
        return session, place

    def moved(self, change: ChangeSession, moved: Moved) -> None:
        """The store has kept it."""


def require_admitted(account: Account, address: str | None, user: User | None) -> None:
    """Judge an address by the policy of whom a credential is of, if it is anybody's.

    Raises AddressRefused.
    """
    known = None if user is None else user.id
    account.moment(lambda reading: admission.require_admitted(reading, address, user=known))


class BearerSeat:
    """A user whose credential comes with every request; USE holds until the request is over."""

    def __init__(self, account: Account, bearer: "Bearer", client_ip: str | None) -> None:
        """Sit down with what a credential that was verified stands for."""
        self.session_id = NOWHERE
        self.client_ip = client_ip
        self._account = account
        self._bearer = bearer
        self._place = Place(
            user_name="",
            database=bearer.database,
            schema=bearer.schema,
            warehouse=bearer.warehouse,
            parameters=known_session_values(bearer.parameters),
        )

    def sit(self, at: int, request: Id) -> tuple[Session, Place]:
        """Who the credential is of, with the roles held now. Raises a Refusal."""
        bearer = self._bearer

        def body(reading: Reading) -> tuple[User | None, Role | None, tuple[Id, ...]]:
            user = reading.user(bearer.user)
            if user is None or why_ended(user, at) is not None:
                return None, None, ()
            role, secondary = roles_at_first(
                reading, user, bearer.restricted_to, bearer.role, bearer.secondary
            )
            return user, role, secondary

        user, role, secondary = self._account.moment(body)
        if user is None or role is None:
            raise TokenRefused("ended", remedy="The user can't log in any more.")
        session = Session(
            number=self._account.number,
            actor=user.name,
            actor_kind=ActorKind.USER,
            role=role.id,
            at=at,
            request=request,
            user=user.id,
            secondary=secondary,
            access_token=bearer.access_token,
            restricted_to=bearer.restricted_to,
            client_ip=self.client_ip,
        )
        return session, msgspec.structs.replace(self._place, user_name=user.name)

    def moved(self, change: ChangeSession, moved: Moved) -> None:
        """Keep it for the statements that the same request brings after this one."""
        if moved.role is not None:
            self._bearer = msgspec.structs.replace(self._bearer, role=moved.role.id)
        if moved.secondary is not None:
            self._bearer = msgspec.structs.replace(self._bearer, secondary=moved.secondary)
        self._place = _moved(self._place, change)


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential stands for: its user, and what the request asks to act as and where."""

    user: Id
    access_token: Id | None = None
    restricted_to: Id | None = None
    role: Ref | None = None
    secondary: tuple[Ref, ...] | None = None
    database: Name | None = None
    schema: Name | None = None
    warehouse: Name | None = None
    parameters: dict[str, Json] = {}


def _moved(place: Place, change: ChangeSession) -> Place:
    """The place after USE, ALTER SESSION or SET."""
    return Place(
        user_name=place.user_name,
        database=change.database or place.database,
        schema=change.schema or place.schema,
        warehouse=change.warehouse or place.warehouse,
        parameters=session_values(place.parameters, change.parameters),
        variables=changed(place.variables, change.variables),
    )


def able_to_move(account: Account, session: Session) -> Session:
    """The session for a USE ROLE: as PUBLIC, for its own role may have been taken away."""
    local = account.local(session.actor, session.at, session.request)
    public = account.ask(local, OneRole(role=ByName(PUBLIC))).role
    return msgspec.structs.replace(session, role=public.id)
