"""Ctrl-C asked for between two looks, instead of thrown into the middle of one.

An exception that comes from outside can be lost where Python can't raise it, in a finaliser or a
callback of the database, and who follows a history would then follow it for ever.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

STEP_SECONDS = 0.1


class Interrupted:
    """Whether the end was asked for; who asks a second time doesn't wait for the next look."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self, *_: object) -> None:
        """Note the signal. Raises KeyboardInterrupt the second time."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def pause(self, seconds: float) -> None:
        """Sleep so long, unless the end is asked for."""
        until = monotonic() + seconds
        while not self.asked and (left := until - monotonic()) > 0:
            sleep(min(left, STEP_SECONDS))


@contextmanager
def interruptions() -> Iterator[Interrupted]:
    """Ctrl-C and SIGTERM as a question, on the main thread, while the context lasts."""
    found = Interrupted()
    before = {each: signal.signal(each, found.ask) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield found
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
