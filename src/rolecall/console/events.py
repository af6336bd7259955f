"""`rolecall events`: the account's changes on standard output, a line each, as they happen."""

import sys
from collections.abc import Callable
from time import monotonic

from rolecall.console.interrupts import interruptions
from rolecall.domain.past import Change
from rolecall.fronts.following import HEARTBEAT_SECONDS, heartbeat, line_of

Page = Callable[[int], tuple[Change, ...]]
"""The changes after a number."""


def follow_events(
    page_after: Page, now: Callable[[], int], after: int, *, follow: bool, seconds: float
) -> None:
    """Print what comes after a number, and with `follow` what happens from then on."""
    heard = monotonic()
    with interruptions() as interrupted:
        while not interrupted.asked:
            page = page_after(after)
            if page:
                after, heard = page[-1].seq, monotonic()
                _say(b"".join([line_of(change) for change in page]))
                continue
            if not follow:
                return
            if monotonic() - heard >= HEARTBEAT_SECONDS:
                heard = monotonic()
                _say(heartbeat(after, now()))
            interrupted.pause(seconds)


def _say(lines: bytes) -> None:
    sys.stdout.buffer.write(lines)
    sys.stdout.buffer.flush()
