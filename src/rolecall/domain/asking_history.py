"""Who may ask the histories: ACCOUNTADMIN and MONITOR on the account; MONITOR on an integration.

Whoever monitors an integration, or owns it, reads that integration's requests and no others.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from rolecall.domain import access
from rolecall.domain.attempts import AttemptKind, Noted
from rolecall.domain.errors import NotAuthorized
from rolecall.domain.events import Recorded
from rolecall.domain.model import Integration, Kind, Privilege
from rolecall.domain.ports import Reading
from rolecall.domain.queries import AttemptsAfter, EventsAfter, History, HistoryPage
from rolecall.domain.session import ActorKind, Session

CAUSED_MAX = 20
"""So many of an attempt's events are read with it."""

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


def history(reading: Reading, session: Session, query: History) -> tuple[Noted, ...]:
    """Attempts in a range, each with the events that it caused. Raises NotAuthorized."""
    since, until, count = query.since, query.until, query.count
    if may_monitor(reading, session):
        found = reading.attempts_in(query.kind, since, until, count)
    else:
        found = _theirs(reading, session, query)
    return _with_events(reading, found)


def history_page(reading: Reading, session: Session, query: HistoryPage) -> tuple[Noted, ...]:
    """Attempts after one that is known, for who walks a whole history. Raises NotAuthorized."""
    require_monitor(reading, session)
    found = reading.attempts_wanted(query.kind, query.wanted, query.after, query.count)
    return _with_events(reading, found) if query.caused else found


def _theirs(reading: Reading, session: Session, query: History) -> tuple[Noted, ...]:
    """The newest requests of the integrations that the session monitors, oldest first."""
    monitored = access.objects_held(reading, session, Kind.INTEGRATION, Privilege.MONITOR)
    names = [
        each.name for each in reading.integrations() if _monitors(reading, session, each, monitored)
    ]
    if query.kind is not AttemptKind.SCIM or not names or session.integration is not None:
        require_monitor(reading, session)
    found = [
        noted
        for name in names
        for noted in reading.attempts_of_integration(name, query.since, query.until, query.count)
    ]
    found.sort(key=lambda noted: (noted.attempt.at, noted.seq))
    return tuple(found[max(0, len(found) - query.count) :])


def _monitors(
    reading: Reading, session: Session, integration: Integration, monitored: frozenset[str]
) -> bool:
    return integration.id in monitored or access.owns(reading, session, integration.owner)


def _with_events(reading: Reading, found: tuple[Noted, ...]) -> tuple[Noted, ...]:
    """What each attempt changed is told by its events, not kept twice (DESIGN contract 7)."""
    numbers = {noted.seq: _numbers(noted) for noted in found}
    wanted = [number for several in numbers.values() for number in several]
    if not wanted:
        return found
    events = {recorded.seq: recorded.event for recorded in reading.events_numbered(wanted)}
    return tuple(
        msgspec.structs.replace(
            noted, caused=tuple(events[n] for n in numbers[noted.seq] if n in events)
        )
        for noted in found
    )


def _numbers(noted: Noted) -> range:
    if noted.attempt.events is None:
        return range(0)
    first, last = noted.attempt.events
    return range(first, min(last + 1, first + CAUSED_MAX))


def attempts_after(reading: Reading, session: Session, query: AttemptsAfter) -> tuple[Noted, ...]:
    """To whoever monitors the account. A negative `after` means: from the last one on."""
    require_monitor(reading, session)
    if query.after < 0:
        last = reading.last_attempt()
        return reading.attempts_after(max(0, last + query.after), query.count)
    return reading.attempts_after(query.after, query.count)


def events_after(reading: Reading, session: Session, query: EventsAfter) -> tuple[Recorded, ...]:
    """To whoever monitors the account."""
    require_monitor(reading, session)
    return reading.events_after(query.after, query.count)


# ---- who may -----------------------------------------------------------------------------------


def to_administrators(
    answer: Callable[[Reading, Asked], Answer],
) -> Callable[[Reading, Session, Asked], Answer]:
    """The answer, to ACCOUNTADMIN only."""

    def asked(reading: Reading, session: Session, query: Asked) -> Answer:
        require_administrator(reading, session)
        return answer(reading, query)

    return asked


def to_monitors(
    answer: Callable[[Reading, Asked], Answer],
) -> Callable[[Reading, Session, Asked], Answer]:
    """The answer, to whoever monitors the account."""

    def asked(reading: Reading, session: Session, query: Asked) -> Answer:
        require_monitor(reading, session)
        return answer(reading, query)

    return asked


def is_administrator(reading: Reading, session: Session) -> bool:
    """Whether ACCOUNTADMIN is among the session's roles."""
    return session.actor_kind is ActorKind.SYSTEM or (
        access.system_role(reading, access.ACCOUNTADMIN).id in access.active_roles(reading, session)
    )


def may_monitor(reading: Reading, session: Session) -> bool:
    """Whether the session reads the account's histories; no provider does."""
    if is_administrator(reading, session):
        return True
    return session.integration is None and access.holds(reading, session, Privilege.MONITOR)


def require_administrator(reading: Reading, session: Session) -> None:
    """Refuse who doesn't act as ACCOUNTADMIN (NotAuthorized)."""
    if not is_administrator(reading, session):
        raise _refused(reading)


def require_monitor(reading: Reading, session: Session) -> None:
    """Refuse who neither acts as ACCOUNTADMIN nor holds MONITOR on the account (NotAuthorized)."""
    if not may_monitor(reading, session):
        raise _refused(reading)


def _refused(reading: Reading) -> NotAuthorized:
    name = reading.account().name
    return NotAuthorized(Privilege.MONITOR, Kind.ACCOUNT, name, remedy="use role accountadmin")
