"""Copies: a whole database taken while others write to it, and judged before it is trusted.

Theory of operation: the copy is made through SQLite's backup interface, within one reading
transaction. That moment stays as it is whatever is committed meanwhile, so the copy never begins
anew, however busy the server is; the log grows for as long as it takes.
"""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import apsw
import msgspec

from rolecall.store.engine import connect
from rolecall.store.failures import StoreDamaged, StoreFailure, StoreTooNew
from rolecall.store.migrations import MIGRATIONS

PAGES_AT_ONCE = 500
"""Some four megabytes between two signs of progress."""
FAULTS_SHOWN = 3

OnProgress = Callable[[int, int], None]
"""Hears how many pages are done, of how many."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a database file turned out to be."""

    schema: int
    accounts: int


def copy_database(source: Path, target: Path, on_progress: OnProgress) -> None:
    """A consistent copy at `target`, readable by its owner alone, on the disk when this returns.

    Raises FileExistsError when there is one, StoreFailure when it can't be made.
    """
    target.touch(mode=0o600, exist_ok=False)
    try:
        reading = connect(source)
        try:
            _copy(reading, target, on_progress)
        finally:
            reading.close()
    except apsw.Error as error:
        raise StoreFailure(f"the copy can't be made: {error}") from error
    synced(target)


def _copy(reading: apsw.Connection, target: Path, on_progress: OnProgress) -> None:
    reading.execute("PRAGMA query_only = ON")
    reading.execute("BEGIN")
    reading.execute("PRAGMA schema_version").fetchall()  # from here on the moment stands still
    writing = apsw.Connection(str(target))
    try:
        writing.execute("PRAGMA synchronous = OFF")  # the whole file is synced at the end
        with writing.backup("main", reading, "main") as backup:
            while not backup.done:
                backup.step(PAGES_AT_ONCE)
                on_progress(backup.page_count - backup.remaining, backup.page_count)
    finally:
        writing.close()


def judged(file: Path, *, thorough: bool) -> Judged:
    """What is in a file that nobody writes to. Raises StoreDamaged, StoreTooNew.

    A thorough look compares every index with its table; the quick one reads every page.
    """
    try:
        connection = apsw.Connection(
            f"file:{quote(str(file.resolve()))}?immutable=1",
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
        )
    except apsw.Error as error:
        raise StoreDamaged(f"{file} can't be read as a database: {error}") from error
    try:
        found = schema_of(connection)
        if found > len(MIGRATIONS):
            raise StoreTooNew(str(file), found, len(MIGRATIONS))
        faults = faults_of(connection, thorough=thorough)
        if faults:
            raise StoreDamaged(f"{file} is damaged: {'; '.join(faults)}")
        counted = connection.execute("SELECT count(*) FROM accounts").get
    except apsw.Error as error:
        raise StoreDamaged(f"{file} is no whole database of Rolecall: {error}") from error
    finally:
        connection.close()
    assert isinstance(counted, int), "a count is a number"
    return Judged(schema=found, accounts=counted)


def schema_of(connection: apsw.Connection) -> int:
    """How many migrations the file has seen."""
    found = connection.execute("PRAGMA user_version").get
    assert isinstance(found, int), "a pragma's version is a number"
    return found


def faults_of(connection: apsw.Connection, *, thorough: bool) -> list[str]:
    """What is wrong with the file, by the engine's own check; nothing when it is whole."""
    check = "PRAGMA integrity_check" if thorough else "PRAGMA quick_check"
    rows = [str(row[0]) for row in connection.execute(f"{check}({FAULTS_SHOWN})")]
    return [] if rows == ["ok"] else [row.replace("\n", " ") for row in rows]


def synced(path: Path) -> None:
    """What a file or folder holds is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """A database in use, as a look at it found it."""

    schema: int
    known: int
    faults: list[str]


def faults_of_folder(file: Path) -> Examined:
    """A quick look at a database that others may be writing. Raises StoreDamaged."""
    try:
        connection = connect(file)
        try:
            connection.execute("PRAGMA query_only = ON")
            schema = schema_of(connection)
            faults = faults_of(connection, thorough=False)
        finally:
            connection.close()
    except apsw.Error as error:
        raise StoreDamaged(f"{file} can't be read: {error}") from error
    return Examined(schema=schema, known=len(MIGRATIONS), faults=faults)
