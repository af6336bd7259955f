"""The two histories of an account in memory: read by number, time and subject, and rewritten."""

from collections.abc import Iterable, Sequence

from rolecall.domain.attempts import USER_NAMES, Attempt, AttemptKind, Noted
from rolecall.domain.events import Event, Recorded, is_mark, object_of
from rolecall.domain.names import Id
from rolecall.domain.wanted import Fact, Place, Wanted
from rolecall.store.memory_state import State, key_in
from rolecall.store.rows import text_of


class MemoryHistories:
    """Reads the histories of one account's state."""

    _state: State

    def attempts_in(
        self, kind: AttemptKind, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        found = [
            noted
            for noted in self._state.attempts.values()
            if noted.attempt.kind == kind and since <= noted.attempt.at <= until
        ]
        found.sort(key=lambda noted: (noted.attempt.at, noted.seq))
        return tuple(found[max(0, len(found) - count) :])

    def attempts_wanted(
        self, kind: AttemptKind, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[Noted, ...]:
        found = {
            (noted.attempt.at, noted.seq): noted
            for noted in self._state.attempts.values()
            if noted.attempt.kind == kind and _is_said(noted.attempt, wanted.facts)
        }
        return tuple([found[place] for place in _ordered(found, wanted, after)[:count]])

    def attempts_after(self, after: int, count: int) -> tuple[Noted, ...]:
        rows = sorted(self._state.attempts.items(), key=key_in)
        return tuple([noted for seq, noted in rows if seq > after][:count])

    def last_attempt(self) -> int:
        return max(self._state.attempts, default=0)

    def events_after(self, after: int, count: int) -> tuple[Recorded, ...]:
        rows = sorted(self._state.events.items(), key=key_in)
        return tuple([recorded for seq, recorded in rows if seq > after][:count])

    def events_wanted(
        self, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[Recorded, ...]:
        found = {
            (recorded.at, recorded.seq): recorded
            for recorded in self._state.events.values()
            if _is_told(recorded, wanted.facts)
        }
        return tuple([found[place] for place in _ordered(found, wanted, after)[:count]])

    def events_of(self, kinds: Sequence[str], after: int, count: int) -> tuple[Recorded, ...]:
        rows = sorted(self._state.events.items(), key=key_in)
        meant = [each for seq, each in rows if seq > after and type(each.event).__name__ in kinds]
        return tuple(meant[:count])

    def events_about(self, subject: Id, count: int) -> tuple[Recorded, ...]:
        rows = sorted(self._state.events.items(), key=key_in, reverse=True)
        return tuple([recorded for _, recorded in rows if recorded.event.id == subject][:count])

    def attempts_of_user(
        self, kind: AttemptKind, name: str, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        found = self.attempts_in(kind, since, until, len(self._state.attempts))
        theirs = [one for one in found if getattr(one.attempt, USER_NAMES[kind]) == name]
        return tuple(theirs[max(0, len(theirs) - count) :])

    def attempts_of_integration(
        self, integration: str, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        found = self.attempts_in(AttemptKind.SCIM, since, until, len(self._state.attempts))
        theirs = [noted for noted in found if noted.attempt.integration == integration]
        return tuple(theirs[max(0, len(theirs) - count) :])

    def attempts_numbered(self, numbers: Sequence[int]) -> tuple[Noted, ...]:
        attempts = self._state.attempts
        return tuple([attempts[seq] for seq in sorted(set(numbers)) if seq in attempts])

    def attempts_mentioning(
        self, texts: Sequence[str], after: int, until: int
    ) -> tuple[Noted, ...]:
        rows = sorted(self._state.attempts.items(), key=key_in)
        meant = [noted for seq, noted in rows if after < seq <= until]
        return tuple([noted for noted in meant if _mentions(text_of(noted.attempt), texts)])

    def events_numbered(self, numbers: Sequence[int]) -> tuple[Recorded, ...]:
        events = self._state.events
        return tuple([events[seq] for seq in sorted(set(numbers)) if seq in events])

    def first_event_about(self, subject: Id) -> Recorded | None:
        rows = sorted(self._state.events.items(), key=key_in)
        return next((recorded for _, recorded in rows if recorded.event.id == subject), None)

    def events_mentioning(
        self, texts: Sequence[str], after: int, until: int
    ) -> tuple[Recorded, ...]:
        rows = sorted(self._state.events.items(), key=key_in)
        return tuple(
            [
                each
                for seq, each in rows
                if after < seq <= until
                and (_mentions(text_of(each.event), texts) or _mentions(each.actor, texts))
            ]
        )

    def marks_of(self, subjects: Sequence[Id]) -> tuple[Recorded, ...]:
        rows = sorted(self._state.events.items(), key=key_in)
        return tuple(
            [each for _, each in rows if each.event.id in subjects and is_mark(each.event)]
        )

    def last_event(self) -> int:
        return max(self._state.events, default=0)


class MemoryHistoryChanges:
    """Appends to the histories of one account's state, and rewrites them."""

    _state: State
    recorded: list[int]

    def record(self, event: Event, *, at: int, actor: str, request: str) -> int:
        seq = max(self._state.events, default=0) + 1
        self._state.events[seq] = Recorded(
            seq=seq, at=at, actor=actor, request=request, event=event
        )
        self.recorded.append(seq)
        return seq

    def replace_attempts(self, attempts: Sequence[Noted]) -> None:
        for noted in attempts:
            if noted.seq in self._state.attempts:
                self._state.attempts[noted.seq] = noted

    def replace_events(self, events: Sequence[Recorded]) -> None:
        for recorded in events:
            if recorded.seq in self._state.events:
                self._state.events[recorded.seq] = recorded

    def forget_history(self, before: int, count: int) -> int:
        state = self._state
        gone = [
            (kept, seq)
            for kept, old in (
                (state.attempts, {seq: each.attempt.at for seq, each in state.attempts.items()}),
                (state.events, {seq: each.at for seq, each in state.events.items()}),
            )
            for seq in sorted(old)[:count]
            if old[seq] < before and seq < max(old)
        ]
        for kept, seq in gone:
            del kept[seq]
        return len(gone)


def _is_said(attempt: Attempt, facts: Sequence[Fact]) -> bool:
    return all(getattr(attempt, name) in values for name, values in facts)


def _is_told(recorded: Recorded, facts: Sequence[Fact]) -> bool:
    event = recorded.event
    said: dict[str, int | str | None] = {
        "actor": recorded.actor,
        "attempt": recorded.attempt,
        "kind": type(event).__name__,
        "object": object_of(event),
        "request": recorded.request,
        "subject": event.id,
    }
    return all(
        any(str(text) in text_of(event) for text in values)
        if name == "mentions"
        else said[name] in values
        for name, values in facts
    )


def _ordered(places: Iterable[Place], wanted: Wanted, after: Place | None) -> list[Place]:
    """Those in the ranges and behind a place, in the order that is wanted."""
    way = -1 if wanted.newest_first else 1

    def key(place: Place) -> Place:
        return (0 if wanted.by_number else place[0] * way, place[1] * way)

    return sorted(
        [
            place
            for place in places
            if wanted.since <= place[0] <= wanted.until
            and wanted.first <= place[1] <= wanted.last
            and (after is None or key(place) > key(after))
        ],
        key=key,
    )


def _mentions(text: str, wanted: Sequence[str]) -> bool:
    """As the engine compares: letters of ASCII in any case."""
    return any(_lowered(each) in _lowered(text) for each in wanted)


def _lowered(text: str) -> str:
    return "".join([letter.lower() if letter.isascii() else letter for letter in text])
