"""The port to the two histories: what was tried, and what happened, as every store tells them."""

from collections.abc import Sequence
from typing import Protocol

from rolecall.domain.attempts import AttemptKind, Noted
from rolecall.domain.events import Recorded
from rolecall.domain.names import Id
from rolecall.domain.wanted import Place, Wanted


class HistoryReading(Protocol):
    """The attempts and events of one account at one moment."""

    def attempts_in(
        self, kind: AttemptKind, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        """The newest `count` with since <= at <= until, oldest first."""
        ...

    def attempts_of_integration(
        self, integration: str, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        """As `attempts_in`, of one integration's name."""
        ...

    def attempts_of_user(
        self, kind: AttemptKind, name: str, since: int, until: int, count: int
    ) -> tuple[Noted, ...]:
        """As `attempts_in`: logins as a user of this name, or what an actor of it stated."""
        ...

    def attempts_wanted(
        self, kind: AttemptKind, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[Noted, ...]:
        """The first `count` that are wanted, in the order that is, behind a place."""
        ...

    def attempts_after(self, after: int, count: int) -> tuple[Noted, ...]: ...
    def attempts_numbered(self, numbers: Sequence[int]) -> tuple[Noted, ...]:
        """Those that are kept, by number."""
        ...

    def attempts_mentioning(
        self, texts: Sequence[str], after: int, until: int
    ) -> tuple[Noted, ...]:
        """Those in which a text stands anywhere, in any case of A to Z: after < number <= until."""
        ...

    def last_attempt(self) -> int:
        """The highest attempt number, 0 when there is none."""
        ...

    def events_after(self, after: int, count: int) -> tuple[Recorded, ...]: ...
    def events_wanted(
        self, wanted: Wanted, after: Place | None, count: int
    ) -> tuple[Recorded, ...]:
        """As `attempts_wanted`, of events."""
        ...

    def events_of(self, kinds: Sequence[str], after: int, count: int) -> tuple[Recorded, ...]:
        """`events_after`, of these kinds alone, by the names of their classes."""
        ...

    def events_about(self, subject: Id, count: int) -> tuple[Recorded, ...]:
        """The newest `count` whose subject it is, newest first."""
        ...

    def events_numbered(self, numbers: Sequence[int]) -> tuple[Recorded, ...]:
        """Those that are kept, by number."""
        ...

    def first_event_about(self, subject: Id) -> Recorded | None: ...
    def events_mentioning(
        self, texts: Sequence[str], after: int, until: int
    ) -> tuple[Recorded, ...]:
        """As `attempts_mentioning`, the actor included."""
        ...

    def marks_of(self, subjects: Sequence[Id]) -> tuple[Recorded, ...]:
        """The events about the subjects that are marks (`events.is_mark`), in order."""
        ...

    def last_event(self) -> int:
        """The highest event number, 0 when there is none."""
        ...
