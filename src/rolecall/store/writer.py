"""The writer: one thread carries out the bodies of every account in groups, a commit for each.

Rules: nobody hears of a result before its commit. A refused body takes only itself back. When a
group's commit is lost, each of its bodies gets a transaction, and a verdict, of its own.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Thread
from time import perf_counter
from typing import Any

import apsw
import msgspec

from rolecall.domain.attempts import Attempt, Noted
from rolecall.store import statements
from rolecall.store.batch import Batch
from rolecall.store.failures import KeyTaken, StoreFailure
from rolecall.store.inbox import Inbox, Job, Notes
from rolecall.store.measures import Measures
from rolecall.store.remembered import Remembered
from rolecall.store.transaction import Spoiled, SqliteTransaction
from rolecall.store.turn import Turn

LOGGER = logging.getLogger(__name__)

BODIES_MAX = 64
WORK_SECONDS = 0.005
"""A group ends at either: larger ones gain nothing (measured), and everyone in it waits."""

BUSY_SECONDS = 0.1
"""Who wrote within this time is likely to write again soon."""

OnAttempts = Callable[[int, Sequence[Noted]], None]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a body ended, and the attempt that is kept of it."""

    job: Job
    result: Any = None
    error: Exception | None = None
    noted: Noted | None = None


class Writer:
    """Writes to one file. Its connection is used by its thread alone from `start` to `finish`."""

    def __init__(
        self,
        connection: apsw.Connection,
        turn: Turn,
        remembered: Remembered,
        on_attempts: OnAttempts | None,
    ) -> None:
        self.inbox = Inbox()
        self.measures = Measures()
        self._connection = connection
        self._cursor = connection.cursor()
        self._turn = turn
        self._remembered = remembered
        self._on_attempts = on_attempts
        self._changes = connection.total_changes()
        self._batch = Batch(self._cursor)
        self._written_at = -BUSY_SECONDS
        self._thread = Thread(target=self._work, name="rolecall-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def busy(self) -> bool:
        """Whether bodies are carried out, or were a moment ago; notes of reads don't count."""
        return perf_counter() - self._written_at < BUSY_SECONDS

    def finish(self) -> None:
        """Carry out what was taken, then stop."""
        self.inbox.close()
        self._thread.join()

    def _work(self) -> None:
        while self.inbox.wait():
            self._carry_out_group()

    def _carry_out_group(self) -> None:
        try:
            self._begin()
        except apsw.Error as error:
            self.measures.failed(str(error))
            self._refuse_group(_failure_of(error))
            return
        taken: list[Job] = []
        notes: Notes | None = None
        try:
            outcomes = self._carry_out_several(taken)
            notes = self.inbox.take_notes()
            kept = self._keep_notes(notes)
            self._commit(len(taken))
            if taken:
                self._written_at = perf_counter()
        except Exception as error:  # noqa: BLE001  the group is lost, not the thread
            self._lose()
            self.measures.failed(str(error))
            for job in taken:
                self._tell([self._carry_out_alone(job)], [])
            self._keep_alone(notes or self.inbox.take_notes())
        else:
            self._tell(outcomes, kept)
            for waiting in notes.waiting:
                waiting.set_result(None)

    def _carry_out_several(self, taken: list[Job]) -> list[Outcome]:
        """Bodies until the group is full; `taken` holds them even when this raises."""
        outcomes: list[Outcome] = []
        until = perf_counter() + WORK_SECONDS
        while len(taken) < BODIES_MAX and (job := self.inbox.take()) is not None:
            taken.append(job)
            try:
                outcomes.append(self._carry_out(job))
            except Spoiled:
                outcomes = self._carry_out_anew(taken)
            if perf_counter() >= until:
                break
        return outcomes

    def _carry_out_anew(self, taken: list[Job]) -> list[Outcome]:
        """A body was refused after it had written: all again, each in a savepoint of its own."""
        self._lose()
        self._begin()
        self._batch.cautious = True
        return [self._carry_out(job) for job in taken]

    def _refuse_group(self, failure: StoreFailure) -> None:
        """The file's lock can't be had: those who wait hear of it instead of waiting longer."""
        self.inbox.give_back(self.inbox.take_notes(), failure)
        for _ in range(BODIES_MAX):
            job = self.inbox.take()
            if job is None:
                break
            self._tell([self._fail(job, failure)], [])

    def _keep_alone(self, notes: Notes) -> None:
        try:
            self._begin()
            kept = self._keep_notes(notes)
            self._commit(0)
        except Exception as error:  # noqa: BLE001  they are tried again later
            self._lose()
            self.measures.failed(str(error))
            self.inbox.give_back(notes, _failure_of(error))
        else:
            self._tell([], kept)
            for waiting in notes.waiting:
                waiting.set_result(None)

    def _carry_out_alone(self, job: Job) -> Outcome:
        try:
            self._begin()
            self._batch.cautious = True
            outcome = self._carry_out(job)
            self._commit(1)
        except Exception as error:  # noqa: BLE001  the caller hears of it, the thread goes on
            self._lose()
            self.measures.failed(str(error))
            return self._fail(job, _failure_of(error))
        return outcome

    def _fail(self, job: Job, failure: StoreFailure) -> Outcome:
        """The attempt is kept when the disk takes anything again."""
        attempt = _described(job, failure)
        if attempt is not None:
            self.inbox.note(job.number, attempt)
        return Outcome(job=job, error=failure)

    def _begin(self) -> None:
        self._batch.begin()
        with self._turn:
            self._cursor.execute(statements.BEGIN_WRITE)

    def _commit(self, bodies: int) -> None:
        self._batch.write_histories()
        began, changes = perf_counter(), self._connection.total_changes()
        self._cursor.execute(statements.COMMIT)
        wrote, self._changes = changes != self._changes, changes
        self.measures.committed(bodies, perf_counter() - began, wrote=wrote)

    def _lose(self) -> None:
        """Back to the last commit; the engine may have gone back by itself."""
        self._remembered.forget()
        if self._connection.in_transaction:
            self._cursor.execute(statements.ROLLBACK)

    def _carry_out(self, job: Job) -> Outcome:
        """One body in the open transaction; only failures of the engine itself are raised."""
        transaction = SqliteTransaction(job.number, self._cursor, self._remembered, self._batch)
        try:
            result = job.body(transaction)
            attempt = None if job.describe is None else job.describe(result, None)
        except apsw.ConstraintError as broken:
            return self._refuse(job, transaction, KeyTaken(str(broken)))
        except apsw.Error:
            raise
        except Exception as error:  # noqa: BLE001  whatever ends a body undoes it and is handed on
            return self._refuse(job, transaction, error)
        if attempt is not None and transaction.events is not None:
            attempt = msgspec.structs.replace(attempt, events=transaction.events)
        noted = self._keep(job.number, attempt)
        transaction.keep(None if noted is None else noted.seq)
        return Outcome(job=job, result=result, noted=noted)

    def _refuse(self, job: Job, transaction: SqliteTransaction, error: Exception) -> Outcome:
        transaction.undo()
        attempt = _described(job, error)
        return Outcome(job=job, error=error, noted=self._keep(job.number, attempt))

    def _keep(self, number: int, attempt: Attempt | None) -> Noted | None:
        if attempt is None:
            return None
        return self._batch.keep_attempt(number, attempt)

    def _keep_notes(self, notes: Notes) -> list[tuple[int, Noted]]:
        kept = [
            (number, self._batch.keep_attempt(number, attempt))
            for number, attempt in notes.attempts
        ]
        uses = [(number, token, minute) for (number, token), minute in notes.uses.items()]
        for statement in statements.USE_TOKEN:
            self._cursor.executemany(statement, uses)
        return kept

    def _tell(self, outcomes: list[Outcome], kept: list[tuple[int, Noted]]) -> None:
        for outcome in outcomes:
            try:
                outcome.job.done(outcome.result, outcome.error)
            except Exception:
                LOGGER.exception("a caller's `done` failed")
        if self._on_attempts is None:
            return
        attempts: dict[int, list[Noted]] = {}
        for outcome in outcomes:
            if outcome.noted is not None:
                attempts.setdefault(outcome.job.number, []).append(outcome.noted)
        for number, noted in kept:
            attempts.setdefault(number, []).append(noted)
        for number, several in attempts.items():
            try:
                self._on_attempts(number, several)
            except Exception:
                LOGGER.exception("a follower of attempts failed")


def _failure_of(error: Exception) -> StoreFailure:
    failure = StoreFailure(f"the change is not kept: {error}")
    failure.__cause__ = error
    return failure


def _described(job: Job, error: Exception) -> Attempt | None:
    """The attempt of a body that failed; a description that fails itself costs only the attempt."""
    if job.describe is None:
        return None
    try:
        return job.describe(None, error)
    except Exception:
        LOGGER.exception("an attempt could not be described")
        return None
