"""Since when things have their owner: ownership has no row of its own, the history tells it.

By its last transfer, or else its beginning; and where the owner of then is gone, since the heir.
"""

from collections.abc import Sequence

from rolecall.domain.events import OwnershipTransferred, Recorded, RoleDropped
from rolecall.domain.names import Id
from rolecall.domain.past import BORN
from rolecall.domain.ports import Reading


def owned_since(reading: Reading, owner: Id, owned: Sequence[Id]) -> dict[Id, int]:
    """For each, by when the owner had it; the account's birth where the history begins later."""
    moved: dict[Id, tuple[Id, int]] = {}
    for mark in reading.marks_of(owned):
        if isinstance(mark.event, OwnershipTransferred):
            moved[mark.event.id] = (mark.event.after, mark.at)
    founded = reading.account().created_at
    heirs = _Heirs(reading)
    return {
        each: heirs.since(*(moved.get(each) or _born(reading, each) or (owner, founded)), owner)
        for each in owned
    }


def _born(reading: Reading, owned: Id) -> tuple[Id, int] | None:
    first = reading.first_event_about(owned)
    if first is None or not isinstance(first.event, BORN) or first.event.owner is None:
        return None
    return first.event.owner, first.at


class _Heirs:
    """Who took over from roles that are gone, each looked for once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._ends: dict[Id, Recorded | None] = {}

    def since(self, told: Id, at: int, owner: Id) -> int:
        """From the owner that was told to the one of now; each heir comes later."""
        while told != owner and (end := self._end(told)) is not None:
            assert isinstance(end.event, RoleDropped), "it was looked for"
            told, at = end.event.heir, end.at
        return at

    def _end(self, role: Id) -> Recorded | None:
        if role not in self._ends:
            marks = self._reading.marks_of([role])
            ends = [mark for mark in marks if isinstance(mark.event, RoleDropped)]
            self._ends[role] = ends[-1] if ends else None
        return self._ends[role]
