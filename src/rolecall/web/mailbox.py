"""Outcomes cross from the store's thread to the event loop with one wake-up for a whole batch."""

import asyncio
from collections import deque
from typing import Any


class Mailbox:
    """Futures of one event loop, resolved from another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._letters: deque[tuple[asyncio.Future[Any], object]] = deque()
        self._called = False

    def post(self, future: asyncio.Future[Any], outcome: object) -> None:
        """Resolve a future soon; called from any thread."""
        self._letters.append((future, outcome))
        if not self._called:
            self._called = True
            try:
                self._loop.call_soon_threadsafe(self._open)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more

    def _open(self) -> None:
        # First the flag, then the letters: one posted meanwhile calls again.
        self._called = False
        letters = self._letters
        while letters:
            future, outcome = letters.popleft()
            if not future.done():  # the client may have gone away
                future.set_result(outcome)
