"""Who could use a role at a moment: by a grant of it, or of a role that inherited it then."""

import msgspec

from rolecall.domain.events import Recorded, RoleChanged, RoleDropped, UserChanged, UserDropped
from rolecall.domain.model import Kind
from rolecall.domain.names import Id, Name
from rolecall.domain.past import Past
from rolecall.domain.ports import Reading
from rolecall.domain.queries import Query
from rolecall.domain.spans import Span
from rolecall.domain.told import events_saying, last_event_until, spans_of_roles

MEMBERS_MAX = 10_000_000

Grant = tuple[Id, Id, int | None]
"""A role, who holds it, and since when; None: since before the history."""


class Holder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A user who could use the role: as called then, by which role, and whether able to log in.

    `path` names the roles from the one that is held to the one that was asked for.
    """

    user: Id
    name: str | None
    active: bool
    path: tuple[str | None, ...]
    granted_at: int | None


class RoleHolders(Query[tuple[Holder, ...]], frozen=True, kw_only=True):
    """Everyone who could use the role that was called so at the moment, by name."""

    role: str
    at: int


def role_holders(reading: Reading, query: RoleHolders) -> tuple[Holder, ...]:
    """Told by the grants that are, and by the history of those that ended, of these roles alone."""
    name, at = query.role, query.at
    last = last_event_until(reading, at)
    candidates = _ever_called(reading, name)
    past = Past(reading, candidates)
    meant = [role for role in candidates if past.named(Kind.ROLE, role, last).name == name]
    paths, ended = _paths(reading, meant, at)
    memberships: list[Grant] = [
        (grant.role, grant.grantee, grant.created_at)
        for role in sorted(paths)
        for grant in reading.member_grants_of(role, MEMBERS_MAX)
        if grant.created_at <= at
    ]
    memberships += [grant for grant in _held(ended, Kind.USER, at) if grant[0] in paths]
    users = {user for _, user, _ in memberships}
    people = Past(reading, users)
    disabled = _disabled_later(reading, users, last)
    found = [
        Holder(
            user=user,
            name=people.named(Kind.USER, user, last).name,
            active=not (disabled[user] if user in disabled else _is_disabled(reading, user)),
            path=tuple(past.named(Kind.ROLE, each, last).name for each in paths[role]),
            granted_at=since,
        )
        for role, user, since in memberships
    ]
    return tuple(sorted(found, key=lambda one: (one.name or "", one.user, one.path)))


def _ever_called(reading: Reading, name: str) -> list[Id]:
    """The roles that ever had the name, by id: renames and ends of roles are seldom."""
    present = reading.role_named(Name(name))
    kinds = (RoleChanged.__name__, RoleDropped.__name__)
    told = (each.event for each in events_saying(reading, ("kind", kinds)))
    found = {
        event.id
        for event in told
        if (isinstance(event, RoleDropped) and event.name == name)
        or (isinstance(event, RoleChanged) and event.before.get("NAME") == name)
    }
    return sorted(found if present is None else {*found, present.id})


def _paths(
    reading: Reading, meant: list[Id], at: int
) -> tuple[dict[Id, tuple[Id, ...]], list[Span]]:
    """Each role whose holders could use one of those meant, with the shortest way to it.

    And what ended of what these roles gave their holders.
    """
    present = [grant for grant in reading.hierarchy() if grant.created_at <= at]
    paths: dict[Id, tuple[Id, ...]] = {role: (role,) for role in meant}
    ended: list[Span] = []
    frontier = list(meant)
    while frontier:
        spans = spans_of_roles(reading, frontier).ended
        ended += spans
        heirs = {(grant.role, grant.grantee) for grant in present}
        heirs |= {(role, heir) for role, heir, _ in _held(spans, Kind.ROLE, at)}
        reached = []
        for role in frontier:
            for _, heir in sorted(pair for pair in heirs if pair[0] == role):
                if heir not in paths:
                    paths[heir] = (heir, *paths[role])
                    reached.append(heir)
        frontier = reached
    return paths, ended


def _held(ended: list[Span], holder_kind: Kind, at: int) -> list[Grant]:
    """What was held at the moment, and is no longer."""
    return [
        (span.object, span.holder, span.began_at)
        for span in ended
        if span.privilege == "USAGE"
        and span.kind is Kind.ROLE
        and span.holder_kind is holder_kind
        and (span.began_at is None or span.began_at <= at)
        and (span.ended_at or 0) > at
    ]


def _is_disabled(reading: Reading, user: Id) -> bool:
    state = reading.user(user)
    return state is not None and state.disabled


def _disabled_later(reading: Reading, users: set[Id], last: int) -> dict[Id, bool]:
    """Whether users were disabled, where a later change of that, or their end, tells it."""
    kinds = (UserChanged.__name__, UserDropped.__name__)
    subjects = ("subject", tuple(sorted(users)))
    told: dict[Id, bool] = {}
    for recorded in events_saying(reading, subjects, ("kind", kinds), first=last + 1):
        before = _disabled_before(recorded)
        if before is not None:
            told.setdefault(recorded.event.id, before)
    return told


def _disabled_before(recorded: Recorded) -> bool | None:
    event = recorded.event
    if isinstance(event, UserDropped):
        return event.was.get("DISABLED") is True
    if isinstance(event, UserChanged) and "DISABLED" in event.before:
        return event.before["DISABLED"] is True
    return None
