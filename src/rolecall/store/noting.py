"""Noting: refusals before authentication cost little space, whoever sends them (contract 7)."""

import msgspec

from rolecall.domain.attempts import Attempt

REFUSALS_PER_SECOND = 10
"""Beyond these, one second's refusals from one address become one row with a count."""

SECOND = 1_000_000
MINUTE = 60 * SECOND


def minute_of(at: int) -> int:
    """The minute that a moment lies in: what is kept of a token's last use."""
    return at - at % MINUTE


def is_refused_stranger(attempt: Attempt) -> bool:
    """Whether anyone from outside can cause it without a credential, or by asking too much."""
    return attempt.status in (401, 403, 429) and attempt.actor is None


class Throttle:
    """Counts one account's refused strangers by address and second of the attempt's own time."""

    def __init__(self) -> None:
        self._second = 0
        self._seen: dict[str | None, int] = {}
        self._beyond: dict[tuple[str | None, int], Attempt] = {}

    def admit(self, attempt: Attempt) -> Attempt | None:
        """The attempt if it deserves its own row; None when it was counted instead."""
        if not is_refused_stranger(attempt):
            return attempt
        second = attempt.at // SECOND
        if second > self._second:
            self._second = second
            self._seen.clear()
        seen = self._seen[attempt.client_ip] = self._seen.get(attempt.client_ip, 0) + 1
        if seen <= REFUSALS_PER_SECOND:
            return attempt
        place = (attempt.client_ip, self._second)
        row = self._beyond.get(place)
        self._beyond[place] = (
            attempt if row is None else msgspec.structs.replace(row, count=row.count + 1)
        )
        return None

    def take_counts(self) -> list[Attempt]:
        """The rows that stand for what was counted since the last call."""
        rows = list(self._beyond.values())
        self._beyond.clear()
        return rows
