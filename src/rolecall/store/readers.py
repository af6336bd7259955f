"""Readers: connections for reading, the last used first, for its pages are warm."""

from collections import deque
from collections.abc import Callable
from threading import Condition

import apsw

READERS_MAX = 16
"""Connections of one process; who asks beyond them waits for one to come back."""


class Readers:
    """A pool of connections. Thread safe."""

    def __init__(self, open_one: Callable[[], apsw.Connection]) -> None:
        self._open_one = open_one
        self._free: deque[apsw.Connection] = deque()
        self._opened = 0
        self._waiting = 0
        self._closed = False
        self._returned = Condition()

    def take(self) -> apsw.Connection:
        try:
            return self._free.pop()
        except IndexError:
            return self._take_slowly()

    def give_back(self, connection: apsw.Connection) -> None:
        if self._closed:
            connection.close()
            return
        self._free.append(connection)
        if self._waiting:
            with self._returned:
                self._returned.notify()

    def close(self) -> None:
        """Those that are free now, and those in use when they come back."""
        self._closed = True
        while self._free:
            self._free.pop().close()

    def _take_slowly(self) -> apsw.Connection:
        with self._returned:
            if self._opened < READERS_MAX:
                self._opened += 1
                return self._open_one()
            self._waiting += 1
            try:
                while not self._free:
                    self._returned.wait()
                return self._free.pop()
            finally:
                self._waiting -= 1
