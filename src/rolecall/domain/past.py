"""The past: events with the names and owners of their time, and who could use a role at a moment.

What something was called is told by its next mark (a rename, an end), else by its row: nothing is
replayed, and a history that was purged at its beginning still knows the names after that.
"""

from collections.abc import Iterable, Iterator

import msgspec

from rolecall.domain.attempts import Attempt
from rolecall.domain.events import (
    CHANGED,
    GONE,
    AccessTokenAdded,
    AccessTokenChanged,
    AccessTokenEnded,
    AccountDropped,
    AccountFounded,
    AccountRestored,
    DatabaseCreated,
    DatabaseDropped,
    Event,
    GovernedChanged,
    GovernedCreated,
    GovernedDropped,
    GrantOptionRevoked,
    HistoryPurged,
    IntegrationChanged,
    IntegrationCreated,
    IntegrationDropped,
    MembersAdded,
    MembersRemoved,
    OwnershipTransferred,
    ParametersChanged,
    PrivilegeGranted,
    PrivilegeRevoked,
    Recorded,
    RemovalHeld,
    RemovalRejected,
    RemovalReleased,
    RemovalWithdrawn,
    RoleChanged,
    RoleCreated,
    RoleDropped,
    RoleGranted,
    RoleRevoked,
    SessionOpened,
    SessionsEnded,
    TokenEnded,
    TokenIssued,
    TokenReplaced,
    UserChanged,
    UserCreated,
    UserDropped,
    UserLocked,
)
from rolecall.domain.model import Json, Kind
from rolecall.domain.names import Id
from rolecall.domain.ports import Reading
from rolecall.domain.queries import Query
from rolecall.domain.wanted import Place, Wanted


class Named(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something with its name as of then; None where no history knows it any more."""

    kind: Kind
    id: Id
    name: str | None


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change: what was done to what, whose it was, and by whom it was done.

    `others` are whom a grant is about. `attempt` is the request or statement that did it, while
    that is kept.
    """

    seq: int
    at: int
    change: str
    object: Named
    owner: str | None
    others: tuple[Named, ...]
    privilege: str | None
    before: dict[str, Json] | None
    after: dict[str, Json] | None
    actor: str
    request: str
    number: int | None
    attempt: Attempt | None


class Changes(Query[tuple[Change, ...]], frozen=True, kw_only=True):
    """The changes with a number above `after`, in order, told with the names of their time."""

    after: int
    count: int = 1_000


def changes(reading: Reading, query: Changes) -> tuple[Change, ...]:
    """A page of the account's events, told."""
    return tuple(changes_of(reading, reading.events_after(query.after, query.count)))


class ChangesPage(Query[tuple[Change, ...]], frozen=True, kw_only=True):
    """The first changes that are wanted, in the order that is, behind a place."""

    wanted: Wanted
    after: Place | None
    count: int


def changes_page(reading: Reading, query: ChangesPage) -> tuple[Change, ...]:
    """A page of the events that are wanted, told."""
    page = reading.events_wanted(query.wanted, query.after, query.count)
    return tuple(changes_of(reading, page))


def changes_of(reading: Reading, page: tuple[Recorded, ...]) -> Iterator[Change]:
    """The events, told with the names of their time."""
    told = [(recorded, *_objects(recorded.event)) for recorded in page]
    past = Past(reading, {id for _, changed, others in told for _, id in (changed, *others)})
    numbers = [recorded.attempt for recorded in page if recorded.attempt is not None]
    attempts = {noted.seq: noted.attempt for noted in reading.attempts_numbered(numbers)}
    for recorded, changed, others in told:
        event, seq = recorded.event, recorded.seq
        yield Change(
            seq=seq,
            at=recorded.at,
            change=_said(event),
            object=past.named(*changed, seq),
            owner=past.owner_name(*changed, seq),
            others=tuple(past.named(*other, seq) for other in others),
            privilege=_privilege(event),
            before=_values(event, "before"),
            after=_values(event, "after"),
            actor=recorded.actor,
            request=recorded.request,
            number=recorded.attempt,
            attempt=None if recorded.attempt is None else attempts.get(recorded.attempt),
        )


class Past:
    """What some things were called, and whose they were, as of an event's number."""

    def __init__(self, reading: Reading, ids: Iterable[Id]) -> None:
        self._reading = reading
        self._marks: dict[Id, list[Recorded]] = {each: [] for each in ids}
        for mark in reading.marks_of(sorted(self._marks)):
            self._marks[mark.event.id].append(mark)
        self._rows: dict[tuple[Kind, Id], tuple[str, Id | None] | None] = {}

    def named(self, kind: Kind, id: Id, seq: int) -> Named:
        """With its name as of the event; a rename's own is the new one."""
        return Named(kind=kind, id=id, name=self._name(kind, id, seq))

    def owner_name(self, kind: Kind, id: Id, seq: int) -> str | None:
        """The name, as of the event, of the role that owned it."""
        owner = self._owner(kind, id, seq)
        return None if owner is None else self._name(Kind.ROLE, owner, seq)

    def _marks_of(self, id: Id) -> list[Recorded]:
        if id not in self._marks:
            self._marks[id] = list(self._reading.marks_of([id]))
        return self._marks[id]

    def _name(self, kind: Kind, id: Id, seq: int) -> str | None:
        for mark in self._marks_of(id):
            event = mark.event
            if isinstance(event, GONE) and mark.seq >= seq:
                return event.name or None
            if isinstance(event, CHANGED) and mark.seq > seq:
                name = event.before["NAME"]  # None once it was purged
                return None if name is None else str(name)
        row = self._row(kind, id)
        return None if row is None else row[0]

    def _owner(self, kind: Kind, id: Id, seq: int) -> Id | None:
        """Who it was created for, or moved to last; then the heirs of roles dropped since."""
        owner, since = self._owner_told(kind, id, seq)
        while True:  # each heir comes later than the one before
            dropped = next(
                (
                    mark
                    for mark in (() if owner is None else self._marks_of(owner))
                    if isinstance(mark.event, RoleDropped) and since < mark.seq <= seq
                ),
                None,
            )
            if dropped is None:
                return owner
            assert isinstance(dropped.event, RoleDropped), "it was looked for"
            owner, since = dropped.event.heir, dropped.seq

    def _owner_told(self, kind: Kind, id: Id, seq: int) -> tuple[Id | None, int]:
        moves = [
            mark for mark in self._marks_of(id) if isinstance(mark.event, OwnershipTransferred)
        ]
        for mark in reversed(moves):
            if mark.seq <= seq:
                assert isinstance(mark.event, OwnershipTransferred), "it was looked for"
                return mark.event.after, mark.seq
        first = self._reading.first_event_about(id)
        if first is not None and isinstance(first.event, BORN):
            return first.event.owner, first.seq
        if moves:
            assert isinstance(moves[0].event, OwnershipTransferred), "it was looked for"
            return moves[0].event.before, seq
        row = self._row(kind, id)
        return (None if row is None else row[1]), seq

    def _row(self, kind: Kind, id: Id) -> tuple[str, Id | None] | None:
        """The name and owner that it has now."""
        key = (kind, id)
        if key not in self._rows:
            self._rows[key] = _row_of(self._reading, kind, id)
        return self._rows[key]


def _row_of(reading: Reading, kind: Kind, id: Id) -> tuple[str, Id | None] | None:
    """What stands in the account's rows; policies, databases and accounts are few."""
    match kind:
        case Kind.USER:
            user = reading.user(id)
            return None if user is None else (user.name, user.owner)
        case Kind.ROLE:
            role = reading.role(id)
            return None if role is None else (role.name, role.owner)
        case Kind.INTEGRATION:
            integration = reading.integration(id) or reading.governed(Kind.EXTERNAL_OAUTH, id)
            return None if integration is None else (integration.name, integration.owner)
        case Kind.NETWORK_POLICY | Kind.NETWORK_RULE:
            governed = reading.governed(kind, id)
            return None if governed is None else (governed.name, governed.owner)
        case Kind.DATABASE:
            found = [each for each in reading.databases() if each.id == id]
            return (found[0].name, found[0].owner) if found else None
        case _:
            return reading.account().name, None


BORN = (UserCreated, RoleCreated, IntegrationCreated, DatabaseCreated, GovernedCreated)


# ---- what an event is about --------------------------------------------------------------------

Object = tuple[Kind, Id]

WORDS: dict[type, tuple[str, Kind | None]] = {
    AccountFounded: ("CREATE ACCOUNT", Kind.ACCOUNT),
    AccountDropped: ("DROP ACCOUNT", Kind.ACCOUNT),
    AccountRestored: ("UNDROP ACCOUNT", Kind.ACCOUNT),
    HistoryPurged: ("PURGE HISTORY", Kind.USER),
    UserCreated: ("CREATE USER", Kind.USER),
    UserChanged: ("ALTER USER", Kind.USER),
    UserDropped: ("DROP USER", Kind.USER),
    UserLocked: ("LOCK USER", Kind.USER),
    AccessTokenAdded: ("ADD ACCESS TOKEN", Kind.USER),
    AccessTokenChanged: ("ALTER ACCESS TOKEN", Kind.USER),
    AccessTokenEnded: ("END ACCESS TOKEN", Kind.USER),
    RoleCreated: ("CREATE ROLE", Kind.ROLE),
    RoleChanged: ("ALTER ROLE", Kind.ROLE),
    RoleDropped: ("DROP ROLE", Kind.ROLE),
    MembersAdded: ("GRANT ROLE", Kind.ROLE),
    MembersRemoved: ("REVOKE ROLE", Kind.ROLE),
    RoleGranted: ("GRANT ROLE", Kind.ROLE),
    RoleRevoked: ("REVOKE ROLE", Kind.ROLE),
    PrivilegeGranted: ("GRANT PRIVILEGE", None),
    PrivilegeRevoked: ("REVOKE PRIVILEGE", None),
    GrantOptionRevoked: ("REVOKE GRANT OPTION", None),
    OwnershipTransferred: ("GRANT OWNERSHIP", None),
    IntegrationCreated: ("CREATE INTEGRATION", Kind.INTEGRATION),
    IntegrationChanged: ("ALTER INTEGRATION", Kind.INTEGRATION),
    IntegrationDropped: ("DROP INTEGRATION", Kind.INTEGRATION),
    TokenIssued: ("ISSUE TOKEN", Kind.INTEGRATION),
    TokenReplaced: ("REPLACE TOKEN", Kind.INTEGRATION),
    TokenEnded: ("END TOKEN", Kind.INTEGRATION),
    RemovalHeld: ("HOLD CHANGE", Kind.INTEGRATION),
    RemovalReleased: ("RELEASE HELD CHANGE", Kind.INTEGRATION),
    RemovalRejected: ("REJECT HELD CHANGE", Kind.INTEGRATION),
    RemovalWithdrawn: ("WITHDRAW HELD CHANGE", None),
    GovernedCreated: ("CREATE", None),
    GovernedChanged: ("ALTER", None),
    GovernedDropped: ("DROP", None),
    ParametersChanged: ("SET PARAMETERS", None),
    DatabaseCreated: ("CREATE DATABASE", Kind.DATABASE),
    DatabaseDropped: ("DROP DATABASE", Kind.DATABASE),
    SessionOpened: ("LOG IN", Kind.USER),
    SessionsEnded: ("END SESSIONS", Kind.USER),
}
"""Every event: what was done, and to what kind of thing; None where the event says the kind."""


def kinds_called(change: str) -> tuple[str, ...]:
    """The events that what was done can be told by, at least; the names of their classes."""
    if change in {"DISABLE USER", "ENABLE USER"}:
        return (UserChanged.__name__,)
    return tuple(
        kind.__name__
        for kind, (words, _) in WORDS.items()
        if change == words or (issubclass(kind, GOVERNED) and change.startswith(f"{words} "))
    )


GOVERNED = (GovernedCreated, GovernedChanged, GovernedDropped)


def _said(event: Event) -> str:
    """What was done; that a user can or can't log in any more has words of its own."""
    words, _ = WORDS[type(event)]
    if isinstance(event, UserChanged) and "DISABLED" in event.after:
        return "DISABLE USER" if event.after["DISABLED"] else "ENABLE USER"
    if isinstance(event, GovernedCreated | GovernedChanged | GovernedDropped):
        return f"{words} {event.kind.told.value}"
    return words


def _objects(event: Event) -> tuple[Object, tuple[Object, ...]]:
    """What was changed, and whom a grant is about."""
    said = WORDS[type(event)][1]
    kind: Kind = getattr(event, "kind", Kind.ACCOUNT).told if said is None else said
    match event:
        case MembersAdded() | MembersRemoved():
            return (kind, event.id), tuple((Kind.USER, user) for user in event.users)
        case RoleGranted() | RoleRevoked():
            return (kind, event.id), ((Kind.ROLE, event.to),)
        case PrivilegeGranted() | PrivilegeRevoked() | GrantOptionRevoked():
            return (kind, event.id), ((Kind.ROLE, event.to),)
        case OwnershipTransferred():
            return (kind, event.id), ((Kind.ROLE, event.after),)
        case AccessTokenAdded() | AccessTokenChanged() | AccessTokenEnded():
            return (kind, event.user), ()
        case TokenIssued() | TokenReplaced() | TokenEnded():
            return (kind, event.integration), ()
        case _:
            return (kind, event.id), ()


def _privilege(event: Event) -> str | None:
    if isinstance(event, OwnershipTransferred):
        return "OWNERSHIP"
    privilege = getattr(event, "privilege", None)
    return None if privilege is None else str(privilege)


def _values(event: Event, name: str) -> dict[str, Json] | None:
    """The attributes before or after, of what changes attributes; of an end, what was."""
    if isinstance(event, UserDropped):
        return dict(event.was) if name == "before" else None
    if isinstance(event, HistoryPurged):
        return {"ROWS": event.rows} if name == "after" else None
    values = getattr(event, name, None)
    return dict(values) if isinstance(values, dict) else None
