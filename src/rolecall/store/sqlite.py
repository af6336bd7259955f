"""The embedded store: one SQLite file, written in groups by one thread, read by everybody.

Theory of operation: bodies queue by account in the inbox; the writer takes them in turn, carries
out as many as 64 or 5 ms allow, and commits once. Readings use connections of their own, in WAL
mode, so that they neither wait for the writer nor see half of a group.
"""

from collections.abc import Callable
from pathlib import Path
from shutil import disk_usage
from typing import TypeVar

import apsw

from rolecall.domain.attempts import Attempt
from rolecall.domain.model import Account
from rolecall.domain.names import Id
from rolecall.domain.ports import Describe, Done, Reading, Transaction
from rolecall.store import rows, statements
from rolecall.store.engine import connect
from rolecall.store.failures import StoreFailure
from rolecall.store.inbox import Job
from rolecall.store.measures import Measures
from rolecall.store.migrations import MIGRATIONS, bring_up
from rolecall.store.readers import Readers
from rolecall.store.reading import SqliteReading
from rolecall.store.remembered import Remembered
from rolecall.store.turn import Turn
from rolecall.store.waited import Waiting
from rolecall.store.writer import OnAttempts, Writer

T = TypeVar("T")

OnStatement = Callable[[str], None]

FREE_BYTES_MIN = 32 << 20
"""With less a group may not fit any more: more than the longest log between two foldings."""

FAILURE_SECONDS = 30.0
"""A failed commit is believed so long, unless one succeeds."""

PAGE_BYTES = 8_192
"""Half the system calls of the usual page for the same log (measured: 3 % of a create)."""

WRITER_SETTINGS = """
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -32768;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA secure_delete = ON;
"""
READER_SETTINGS = """
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -8192;
PRAGMA query_only = ON;
"""


BROKEN = (
    apsw.IOError,
    apsw.FullError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.NotADBError,
)
"""What the engine says of a file or a disk that fails."""


class SqliteStore(Waiting):
    """Accounts in the file at `path`, whose folder exists. Other processes may use it as well.

    With `durable` off a commit does not wait for the disk: for data that is thrown away.
    `on_attempts` hears of each attempt that this process has kept, on the writer's thread.
    `on_statement` hears each SQL text as it is executed, on any connection.
    `backup_notice` hears of the copy that was made before a schema was changed.
    """

    def __init__(
        self,
        path: Path,
        *,
        durable: bool = True,
        on_attempts: OnAttempts | None = None,
        on_statement: OnStatement | None = None,
        backup_notice: Callable[[Path], None] | None = None,
    ) -> None:
        self._path = path
        self._on_statement = on_statement
        self._remembered = Remembered()
        try:
            path.touch(mode=0o600)
            self._connection = self._open_writing(durable=durable, notice=backup_notice)
        except (*BROKEN, apsw.ReadOnlyError, OSError) as broken:
            damaged = isinstance(broken, apsw.CorruptError | apsw.NotADBError)
            raise StoreFailure(
                f"{path} can't be used: {broken}. "
                + (
                    "Restore a backup into another folder: rolecall restore --help"
                    if damaged
                    else "See who owns the folder, and what room its disk has: rolecall doctor"
                )
            ) from broken
        self._turn = Turn(path.with_name(f"{path.name}-turn"))
        self._readers = Readers(self._open_reading)
        self._writer = Writer(self._connection, self._turn, self._remembered, on_attempts)
        self._writer.start()

    def accounts(self) -> tuple[Account, ...]:
        connection = self._readers.take()
        try:
            found: list[rows.Row] = connection.execute(statements.ACCOUNTS).fetchall()
        finally:
            self._readers.give_back(connection)
        return tuple([rows.account_from(row[0]) for row in found])

    def read(self, number: int, body: Callable[[Reading], T]) -> T:
        connection = self._readers.take()
        # A statement that is not finished holds the moment for all others of its connection:
        # one statement for what BEGIN, SELECT and COMMIT would do. Closing both lets it go.
        holding, cursor = connection.cursor(), connection.cursor()
        try:
            generation = next(holding.execute(statements.GENERATION_NOW, (number,)))[0]
            return body(SqliteReading(number, cursor, self._remembered, generation))
        except BROKEN as broken:
            raise StoreFailure(f"the file can't be read: {broken}") from broken
        finally:
            cursor.close(force=True)
            holding.close(force=True)
            self._readers.give_back(connection)

    def submit(
        self,
        number: int,
        body: Callable[[Transaction], T],
        describe: Describe[T] | None,
        done: Done[T],
    ) -> None:
        self._writer.inbox.submit(Job(number, body, describe, done))

    def note(self, number: int, attempt: Attempt) -> None:
        self._writer.inbox.note(number, attempt)

    def use(self, number: int, token: Id, at: int) -> None:
        self._writer.inbox.use(number, token, at)

    @property
    def measures(self) -> Measures:
        """How writing goes, since this process began."""
        return self._writer.measures

    @property
    def queued(self) -> int:
        """How many bodies wait for the writer."""
        return self._writer.inbox.queued()

    @property
    def audit_lag_seconds(self) -> float:
        """How long the oldest attempt has waited to be kept."""
        return self._writer.inbox.lag_seconds()

    def sessions_open(self, at: int) -> dict[int, int]:
        """How many sessions have not ended, by account's number."""
        connection = self._readers.take()
        try:
            found: list[rows.Row] = connection.execute(statements.SESSIONS_OPEN, (at,)).fetchall()
            return {row[0]: row[1] for row in found}
        finally:
            self._readers.give_back(connection)

    def complaints(self) -> tuple[str, ...]:
        """What keeps this store from its work, in sentences; nothing when all is well.

        The writer's turn is waited for, since a file that can't be locked can't be written.
        """
        return (*self._layout_complaints(), *self._writing_complaints())

    def _layout_complaints(self) -> tuple[str, ...]:
        connection = self._readers.take()
        try:
            found = connection.execute("PRAGMA user_version").get
        except apsw.Error as error:
            return (f"The data can't be read: {error}.",)
        finally:
            self._readers.give_back(connection)
        if found != len(MIGRATIONS):
            return (f"The data has schema version {found}, this server {len(MIGRATIONS)}.",)
        return ()

    def _writing_complaints(self) -> tuple[str, ...]:
        free = disk_usage(self._path.parent).free
        if free < FREE_BYTES_MIN:
            return (f"The disk is full: {free >> 20} MiB are free.",)
        try:
            self.transact(0, lambda _: None)
        except StoreFailure as failure:
            return (f"The data can't be written: {failure}.",)
        failure_lately = self.measures.failure_within(FAILURE_SECONDS)
        return (f"Writing failed lately: {failure_lately}.",) if failure_lately else ()

    def flush(self) -> None:
        self._writer.inbox.flush().result()

    def busy(self) -> bool:
        return self._writer.busy()

    def scrub(self) -> None:
        """Fold the log into the file and cut it off: it holds rows as they were.

        In the file itself the engine overwrites what it deletes (`secure_delete`). A reading that
        goes on for longer keeps its part of the log until the next time.
        """
        connection = connect(self._path)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()

    def close(self) -> None:
        """The last process that closes the file folds its log into it."""
        self._writer.finish()
        self._readers.close()
        self._connection.close()
        self._turn.close()

    def _open_writing(
        self, *, durable: bool, notice: Callable[[Path], None] | None
    ) -> apsw.Connection:
        connection = connect(self._path)
        try:
            self._keep_a_log(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            connection.execute(WRITER_SETTINGS).fetchall()  # some of them answer
            bring_up(connection, self._path, MIGRATIONS, notice)
        except BaseException:
            connection.close()
            raise
        self._trace(connection)
        return connection

    def _keep_a_log(self, connection: apsw.Connection) -> None:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # heard only by a new file
        if connection.execute("PRAGMA journal_mode = WAL").get != "wal":
            raise StoreFailure(f"{self._path} lies where SQLite can't keep a log beside it")

    def _open_reading(self) -> apsw.Connection:
        connection = connect(self._path)
        connection.execute(READER_SETTINGS)
        self._trace(connection)
        return connection

    def _trace(self, connection: apsw.Connection) -> None:
        if self._on_statement is not None:
            tell = self._on_statement

            def trace(_: object, sql: str, __: object) -> bool:
                tell(sql)
                return True

            connection.set_exec_trace(trace)
