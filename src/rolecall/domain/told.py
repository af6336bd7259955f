"""Told: who held some roles, or which roles some users held, by the events about those alone.

What it costs follows what those roles and users went through, not all that the account did.
"""

from collections.abc import Iterable, Iterator

from rolecall.domain.events import (
    AccountFounded,
    MembersAdded,
    MembersRemoved,
    Recorded,
    RoleDropped,
    RoleGranted,
    RoleRevoked,
    UserDropped,
)
from rolecall.domain.names import Id, Name
from rolecall.domain.ports import Reading
from rolecall.domain.spans import Spans
from rolecall.domain.wanted import Fact, Wanted

PAGE = 10_000

MEMBERSHIPS = (MembersAdded.__name__, MembersRemoved.__name__)
HELD = (*MEMBERSHIPS, RoleGranted.__name__, RoleRevoked.__name__)
NEWEST = 1_000
"""So many events may have happened before, and be numbered after, the newest one of a time."""


def spans_of_roles(reading: Reading, roles: Iterable[Id]) -> Spans:
    """Who held the roles: users, and roles that inherited from them."""
    subjects: Fact = ("subject", tuple(sorted(roles)))
    return _told(reading, list(events_saying(reading, subjects, ("kind", HELD))))


def spans_of_users(reading: Reading, users: Iterable[Id]) -> Spans:
    """The roles that the users held; of others that are mentioned with them it says nothing."""
    mentioned: Fact = ("mentions", tuple(sorted(users)))
    return _told(reading, list(events_saying(reading, ("kind", MEMBERSHIPS), mentioned)))


def _told(reading: Reading, about: list[Recorded]) -> Spans:
    """The events, with the ends of whoever held something and of every role, in order."""
    founded = reading.first_event_about(reading.account().id)
    begun = [founded] if founded is not None and isinstance(founded.event, AccountFounded) else []
    holders = {holder for recorded in about for holder in _holders(recorded)}
    ends = [mark for mark in reading.marks_of(sorted(holders)) if type(mark.event) is UserDropped]
    dropped = dropped_roles(reading)
    spans = Spans()
    spans.tell(begun + sorted([*about, *ends, *dropped], key=lambda recorded: recorded.seq))
    return spans


def _holders(recorded: Recorded) -> tuple[Id, ...]:
    event = recorded.event
    return event.users if isinstance(event, MembersAdded | MembersRemoved) else ()


def events_saying(reading: Reading, *facts: Fact, first: int = 0) -> Iterator[Recorded]:
    """All events that say this, in order."""
    wanted = Wanted(facts=facts, first=first, by_number=True)
    page = reading.events_wanted(wanted, None, PAGE)
    while page:
        yield from page
        last = page[-1]
        page = reading.events_wanted(wanted, (last.at, last.seq), PAGE) if len(page) == PAGE else ()


def last_event_until(reading: Reading, at: int) -> int:
    """The number of the last event that had happened by then; a number is given after a time."""
    newest = reading.events_wanted(Wanted(until=at, newest_first=True), None, NEWEST)
    return max((recorded.seq for recorded in newest), default=0)


# ---- what was called so --------------------------------------------------------------------------


def dropped_roles(reading: Reading) -> tuple[Recorded, ...]:
    """Every role that is gone: dropping one is seldom."""
    return tuple(events_saying(reading, ("kind", (RoleDropped.__name__,))))


def roles_called(reading: Reading, names: Iterable[str]) -> set[Id]:
    """Roles with these names, and those that had one at their end."""
    wanted = set(names)
    present = (reading.role_named(Name(name)) for name in wanted)
    gone = (recorded.event for recorded in dropped_roles(reading))
    return {role.id for role in present if role is not None} | {
        event.id for event in gone if isinstance(event, RoleDropped) and event.name in wanted
    }


def users_called(reading: Reading, names: Iterable[str]) -> set[Id]:
    """Users with these names, and those that had one at their end."""
    wanted = set(names)
    present = (reading.user_named(Name(name)) for name in wanted)
    gone = (each.event for each in events_saying(reading, ("kind", (UserDropped.__name__,))))
    return {user.id for user in present if user is not None} | {
        event.id for event in gone if isinstance(event, UserDropped) and event.name in wanted
    }
