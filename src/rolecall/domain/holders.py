"""Who could use a role at a moment: by a grant of it, or of a role that inherited it then."""

import msgspec

from rolecall.domain.events import Recorded, UserChanged, UserDropped
from rolecall.domain.model import Kind
from rolecall.domain.names import Id
from rolecall.domain.past import Past
from rolecall.domain.ports import Reading
from rolecall.domain.queries import Query
from rolecall.domain.spans import GRANT_EVENTS, MEMBERSHIP_EVENTS, Spans

PAGE = 10_000
EVENTS_OF_A_USER_MAX = 1_000
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
    """Told by the grants that are, and by the history of those that ended."""
    name, at = query.role, query.at
    spans, last = _told(reading, at)
    memberships = _held(spans, Kind.USER, at)
    hierarchy = _held(spans, Kind.ROLE, at)
    for role in reading.roles():
        memberships += [
            (grant.role, grant.grantee, grant.created_at)
            for grant in reading.member_grants_of(role.id, MEMBERS_MAX)
            if grant.created_at <= at
        ]
    hierarchy += [
        (grant.role, grant.grantee, grant.created_at)
        for grant in reading.hierarchy()
        if grant.created_at <= at
    ]
    roles = {role.id for role in reading.roles() if role.created_at <= at}
    roles |= {role for role, _, _ in memberships} | {each for g in hierarchy for each in g[:2]}
    past = Past(reading, roles)
    meant = [role for role in sorted(roles) if past.named(Kind.ROLE, role, last).name == name]
    paths = _paths(meant, hierarchy)
    people = Past(reading, {user for role, user, _ in memberships if role in paths})
    found = [
        Holder(
            user=user,
            name=people.named(Kind.USER, user, last).name,
            active=_was_active(reading, user, last),
            path=tuple(past.named(Kind.ROLE, each, last).name for each in paths[role]),
            granted_at=since,
        )
        for role, user, since in memberships
        if role in paths
    ]
    return tuple(sorted(found, key=lambda one: (one.name or "", one.user, one.path)))


def _told(reading: Reading, at: int) -> tuple[Spans, int]:
    """What has ended, and the number of the last event that had happened at the moment."""
    spans, last = Spans(), 0
    kinds = tuple(dict.fromkeys((*GRANT_EVENTS, *MEMBERSHIP_EVENTS)))
    page = reading.events_of(kinds, 0, PAGE)
    while page:
        spans.tell(page)
        page = reading.events_of(kinds, page[-1].seq, PAGE)
    after = reading.events_after(0, PAGE)
    while after:
        last = max([last, *(each.seq for each in after if each.at <= at)])
        after = reading.events_after(after[-1].seq, PAGE) if after[-1].at <= at else ()
    return spans, last


def _held(spans: Spans, holder_kind: Kind, at: int) -> list[Grant]:
    """What was held at the moment, and is no longer."""
    return [
        (span.object, span.holder, span.began_at)
        for span in spans.ended
        if span.privilege == "USAGE"
        and span.kind is Kind.ROLE
        and span.holder_kind is holder_kind
        and (span.began_at is None or span.began_at <= at)
        and (span.ended_at or 0) > at
    ]


def _paths(meant: list[Id], hierarchy: list[Grant]) -> dict[Id, tuple[Id, ...]]:
    """Each role whose holders could use one of those meant, with the shortest way to it."""
    paths: dict[Id, tuple[Id, ...]] = {role: (role,) for role in meant}
    frontier = list(meant)
    while frontier:
        reached = frontier.pop(0)
        for role, heir, _ in hierarchy:
            if role == reached and heir not in paths:
                paths[heir] = (heir, *paths[reached])
                frontier.append(heir)
    return paths


def _was_active(reading: Reading, user: Id, last: int) -> bool:
    """Whether the user was not disabled: told by the next change of that, else by the row."""
    state = reading.user(user)
    disabled = state is not None and state.disabled
    about = reading.events_about(user, EVENTS_OF_A_USER_MAX)
    for recorded in (each for each in about if each.seq > last):
        disabled = _disabled_before(recorded, disabled=disabled)
    return not disabled


def _disabled_before(recorded: Recorded, *, disabled: bool) -> bool:
    event = recorded.event
    if isinstance(event, UserDropped):
        return event.was.get("DISABLED") is True
    if isinstance(event, UserChanged) and "DISABLED" in event.before:
        return event.before["DISABLED"] is True
    return disabled
