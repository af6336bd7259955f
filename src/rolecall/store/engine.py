"""The engine: how this process is set up for SQLite, and how a connection is opened."""

from pathlib import Path
from time import sleep

import apsw

from rolecall.store.turn import PAUSE_SECONDS

BUSY_TRIES = 30_000
"""Some ten seconds at the pause between two tries: then the other process is stuck."""

STATEMENTS_CACHED = 200


def connect(path: Path) -> apsw.Connection:
    """A connection that waits for locks and plans a statement once.

    Without the planner's guarantee the engine prepares a statement anew whenever another value
    might find a better plan: measured, a card took 11 microseconds instead of 3.
    """
    connection = apsw.Connection(str(path), statementcachesize=STATEMENTS_CACHED)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.set_busy_handler(_wait_a_little)
    return connection


def _wait_a_little(tries: int) -> bool:
    """Whether to try again for a lock that another process holds."""
    sleep(PAUSE_SECONDS)
    return tries < BUSY_TRIES


def _count_no_memory() -> None:
    """Let the engine allocate without counting it, which takes a lock each time.

    Measured: a tenth of the engine's time for a create. It can be said only before the first
    connection of the process.
    """
    if not apsw.connections():
        apsw.shutdown()
        apsw.config(apsw.SQLITE_CONFIG_MEMSTATUS, 0)
        apsw.initialize()


_count_no_memory()
