"""The inbox: what waits for the writer. Bodies by account, served in turn; notes a second late."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition, Lock
from time import monotonic
from typing import Any

import msgspec

from rolecall.domain.attempts import Attempt
from rolecall.domain.names import Id
from rolecall.domain.ports import Transaction
from rolecall.store.failures import StoreFailure
from rolecall.store.noting import Throttle, minute_of

LATE_SECONDS = 0.9
"""How long a note may wait, so that it is kept within the second."""

NOTES_MAX = 100_000
"""Notes held while the disk takes none; what comes then is lost, and the disk full anyway."""


class Job(msgspec.Struct, frozen=True, gc=False):
    """A body that was submitted; its result's type is known to its caller alone."""

    number: int
    body: Callable[[Transaction], Any]
    describe: Callable[[Any, Exception | None], Attempt] | None
    done: Callable[[Any, Exception | None], None]


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What was noted and used, taken out to be kept, and who waits for that."""

    attempts: list[tuple[int, Attempt]]
    uses: dict[tuple[int, Id], int]
    waiting: list[Future[None]]

    def __bool__(self) -> bool:
        return bool(self.attempts or self.uses)


class Inbox:
    """Filled by any thread, emptied by the writer's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._idle = False
        self._closed = False
        self._queues: dict[int, deque[Job]] = {}
        self._turns: deque[int] = deque()
        self._attempts: list[tuple[int, Attempt]] = []
        self._uses: dict[tuple[int, Id], int] = {}
        self._throttles: dict[int, Throttle] = {}
        self._counted: set[int] = set()
        self._waiting: list[Future[None]] = []
        self._due: float | None = None

    # for everybody
    def submit(self, job: Job) -> None:
        with self._lock:
            self._refuse_when_closed()
            queue = self._queues.get(job.number)
            if queue is None:
                queue = self._queues[job.number] = deque()
                self._turns.append(job.number)
            queue.append(job)
            self._wake()

    def note(self, number: int, attempt: Attempt) -> None:
        with self._lock:
            throttle = self._throttles.get(number)
            if throttle is None:
                throttle = self._throttles[number] = Throttle()
            kept = throttle.admit(attempt)
            if kept is None:
                self._counted.add(number)
            elif len(self._attempts) < NOTES_MAX:
                self._attempts.append((number, kept))
            self._expect()

    def use(self, number: int, token: Id, at: int) -> None:
        with self._lock:
            minute = minute_of(at)
            if self._uses.get((number, token), -1) < minute:
                self._uses[number, token] = minute
                self._expect()

    def flush(self) -> Future[None]:
        """Done when all that was noted and used until now is kept."""
        kept: Future[None] = Future()
        with self._lock:
            self._refuse_when_closed()
            self._waiting.append(kept)
            self._wake()
        return kept

    def close(self) -> None:
        """Nothing more is taken; what was taken is still handed out."""
        with self._lock:
            self._closed = True
            self._wake()

    def queued(self) -> int:
        """How many bodies wait."""
        with self._lock:
            return sum(len(queue) for queue in self._queues.values())

    def lag_seconds(self) -> float:
        """How long the oldest note has waited to be kept."""
        due = self._due
        return 0.0 if due is None else max(0.0, monotonic() - (due - LATE_SECONDS))

    # for the writer
    def wait(self) -> bool:
        """Sleep until there is something to do; False when there will never be."""
        with self._lock:
            while not self._ready():
                if self._closed:
                    return False
                self._idle = True
                self._changed.wait(None if self._due is None else self._due - monotonic())
                self._idle = False
            return True

    def take(self) -> Job | None:
        """The next body: the accounts that have any take turns."""
        with self._lock:
            if not self._turns:
                return None
            number = self._turns.popleft()
            queue = self._queues[number]
            job = queue.popleft()
            if queue:
                self._turns.append(number)
            else:
                del self._queues[number]
            return job

    def take_notes(self) -> Notes:
        """All that is noted; refusals that were only counted wait until their second is over."""
        with self._lock:
            notes = Notes(attempts=self._attempts, uses=self._uses, waiting=self._waiting)
            if self._hurried():
                for number in sorted(self._counted):
                    counted = self._throttles[number].take_counts()
                    notes.attempts.extend([(number, attempt) for attempt in counted])
                self._counted.clear()
            self._attempts, self._uses, self._waiting = [], {}, []
            if not self._counted:
                self._due = None
            return notes

    def give_back(self, notes: Notes, failure: StoreFailure) -> None:
        """The notes could not be kept: they are tried again, but nobody waits for that."""
        with self._lock:
            self._attempts = (notes.attempts + self._attempts)[:NOTES_MAX]
            self._uses = notes.uses | self._uses
            self._due = monotonic() + LATE_SECONDS
        for kept in notes.waiting:
            kept.set_exception(failure)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreFailure("the store is closed")

    def _ready(self) -> bool:
        return bool(self._turns) or self._hurried()

    def _hurried(self) -> bool:
        """Whether the notes can't wait any longer."""
        if self._waiting:
            return True
        return self._due is not None and (self._closed or monotonic() >= self._due)

    def _expect(self) -> None:
        """There is something noted: the writer looks after it in time."""
        if self._due is None:
            self._due = monotonic() + LATE_SECONDS
            self._wake()

    def _wake(self) -> None:
        if self._idle:
            self._changed.notify()
