"""A turn at the file: processes that write one file take it one after the other.

The engine's own lock is a free-for-all: a process that commits in a row hardly leaves it to one
that sleeps between its tries. Whoever wants the engine's lock next takes the turn first and keeps
it while waiting, so that the one that has just let go queues behind (DESIGN contract 14).
"""

import fcntl
from pathlib import Path
from time import monotonic, sleep

PAUSE_SECONDS = 0.000_3
"""Between two tries: short against a batch's 5 ms, long against a try."""

PATIENCE_SECONDS = 1.0
"""The turn is a courtesy: when a stopped process sits on it, the engine's lock decides."""


class Turn:
    """One process's place in the queue for a file."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._file = path.open("rb")

    def __enter__(self) -> None:
        until = monotonic() + PATIENCE_SECONDS
        while not self._taken() and monotonic() < until:
            sleep(PAUSE_SECONDS)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        self._file.close()

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
