"""A batch: what a group of bodies shares while it holds the file's lock, and its history rows.

Every statement that a writer carries out hands the interpreter to the event loop and waits for
it again, so a group writes its events and attempts in a few statements at its end, and reads
generations and sequence numbers once.
"""

from itertools import chain

import apsw

from rolecall.domain.attempts import Attempt, Noted
from rolecall.domain.events import Recorded
from rolecall.store import rows, statements
from rolecall.store.rows import Row

ROWS_AT_ONCE = (64, 32, 16, 8, 4, 2, 1)
"""How many rows one INSERT takes: few texts, so that each is planned once."""


class Batch:
    """One writer's group. `cautious` bodies write in a savepoint of their own."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor
        self._last: dict[int, list[int]] = {}
        self._generations: dict[int, int] = {}
        self._attempts: list[Row] = []
        self._events: list[tuple[int, Recorded]] = []
        self.cautious = False

    def begin(self) -> None:
        """The lock was let go: another process may have written."""
        self._last.clear()
        self._generations.clear()
        self._attempts.clear()
        self._events.clear()
        self.cautious = False

    # generations
    def generation(self, number: int) -> int:
        """The account's generation as of this group's own changes."""
        known = self._generations.get(number)
        if known is None:
            row = self._cursor.execute(statements.GENERATION_NOW, (number,)).fetchone()
            assert row is not None, "a SELECT of one value has a row"
            known = self._generations[number] = int(row[0])
        return known

    def forget_generation(self, number: int) -> None:
        """It was bumped, or a bump was undone."""
        self._generations.pop(number, None)

    # histories
    def next_event(self, number: int) -> int:
        """A sequence number; one that goes unused leaves a gap, as the history allows."""
        last = self._last_of(number)
        last[0] += 1
        return last[0]

    def keep_events(self, number: int, events: list[Recorded]) -> None:
        """Events of a body that stays."""
        self._events += [(number, recorded) for recorded in events]

    def events_of(self, number: int) -> list[Recorded]:
        """What is not written yet of an account's events."""
        return [recorded for account, recorded in self._events if account == number]

    def keep_attempt(self, number: int, attempt: Attempt) -> Noted:
        """An attempt, with its number."""
        last = self._last_of(number)
        last[1] += 1
        noted = Noted(seq=last[1], attempt=attempt)
        self._attempts.append(rows.save_attempt(number, noted))
        return noted

    def write_histories(self) -> None:
        """Write what was kept, before the commit."""
        events = [rows.save_event(number, recorded) for number, recorded in self._events]
        self._insert(statements.RECORD, statements.RECORD_ROW, events)
        self._insert(statements.KEEP_ATTEMPT, statements.KEEP_ATTEMPT_ROW, self._attempts)
        self._events.clear()
        self._attempts.clear()

    def _insert(self, head: str, row: str, kept: list[Row]) -> None:
        at = 0
        for size in ROWS_AT_ONCE:
            while len(kept) - at >= size:
                text = head + ", ".join([row] * size)
                self._cursor.execute(text, tuple(chain.from_iterable(kept[at : at + size])))
                at += size

    def _last_of(self, number: int) -> list[int]:
        last = self._last.get(number)
        if last is None:
            row = self._cursor.execute(statements.LAST_SEQUENCES, (number,)).fetchone()
            assert row is not None, "a SELECT of two values has a row"
            last = self._last[number] = [row[0] or 0, row[1] or 0]
        return last
