"""Patience: a search that asks every object is given so much time, and then refused as a whole.

Nothing is cut silently: who asks is told (RFC 7644 section 3.12, tooMany), and a reader thread is
free again for those who ask for less.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import apsw

from rolecall.domain.errors import SearchTooLong

SECONDS_MAX = 2.0
"""Long enough for any question at 100,000 users, and for most at a million."""
STEPS = 50_000
"""Instructions of the engine between two looks at the clock: well below a millisecond."""


@contextmanager
def patience(connection: apsw.Connection, seconds: float | None = None) -> Iterator[None]:
    """Interrupt what the connection is asked for when its time is over (SearchTooLong)."""
    given = SECONDS_MAX if seconds is None else seconds
    until = monotonic() + given
    connection.set_progress_handler(lambda: monotonic() >= until, STEPS)
    try:
        yield
    except apsw.InterruptError:
        raise SearchTooLong(given) from None
    finally:
        connection.set_progress_handler(None)
