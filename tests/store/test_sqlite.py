"""The file: who may open it, what is copied before it changes, and how processes share it."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from operator import methodcaller
from pathlib import Path
from threading import Barrier

import apsw
import pytest

from builders import a_user, an_id
from rolecall.domain.ports import Asked, Reading
from rolecall.domain.predicate import And, Compare, Field, Kept, Operator
from rolecall.store import rows, statements, statements_history
from rolecall.store.engine import connect
from rolecall.store.failures import StoreFailure, StoreTooNew
from rolecall.store.migrations import MIGRATIONS, SEARCHED, bring_up
from rolecall.store.readers import READERS_MAX
from rolecall.store.remembered import VALUES_MAX
from rolecall.store.sqlite import SqliteStore
from rolecall.store.turn import Turn

VERSION = len(MIGRATIONS)
MORE = (*MIGRATIONS, "CREATE TABLE more (x INTEGER) STRICT")


def test_what_was_kept_is_there_after_a_restart(file: Path) -> None:
    store = SqliteStore(file)
    store.transact(1, lambda tx: tx.save_user(a_user()))
    store.close()
    store = SqliteStore(file)
    assert store.read(1, lambda r: r.user(a_user().id)) == a_user()
    store.close()


def test_a_store_is_busy_while_bodies_are_written_and_not_for_notes(file: Path) -> None:
    store = SqliteStore(file)
    store.flush()
    assert not store.busy()
    store.transact(1, lambda tx: tx.save_user(a_user()))
    assert store.busy()
    store.close()


def test_the_file_is_its_owner_s_alone(file: Path) -> None:
    SqliteStore(file).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_commit_waits_for_the_disk_unless_told_otherwise(tmp_path: Path) -> None:
    for name, durable, synchronous in (("a", True, 2), ("b", False, 0)):
        store = SqliteStore(tmp_path / name, durable=durable)
        writing = store._connection  # noqa: SLF001  the setting is the connection's own
        assert writing.execute("PRAGMA synchronous").get == synchronous
        store.close()


def test_a_new_file_is_not_copied(file: Path) -> None:
    copies: list[Path] = []
    SqliteStore(file, backup_notice=copies.append).close()
    SqliteStore(file, backup_notice=copies.append).close()
    assert copies == []


def test_an_old_file_is_copied_before_it_changes(file: Path) -> None:
    store = SqliteStore(file)
    store.transact(1, lambda tx: tx.save_user(a_user()))
    store.close()
    copies: list[Path] = []
    for _ in range(2):
        connection = apsw.Connection(str(file))
        connection.execute(f"DROP TABLE IF EXISTS more; PRAGMA user_version = {VERSION}")
        bring_up(connection, file, MORE, copies.append)
        assert connection.execute("PRAGMA user_version").get == len(MORE)
        connection.close()
    name = f"rolecall.db.v{VERSION}-backup"
    assert [copy.name for copy in copies] == [name, f"{name}-2"]
    copied = SqliteStore(copies[0])
    assert copied.read(1, lambda r: r.user(a_user().id)) == a_user()
    copied.close()


FIRST_INSERT = """
INSERT INTO users (
    account, id, name, name_key, login_key, display_key, email_key, owner, active, created_at, body
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
"""As the first version kept a user."""


def test_a_file_of_every_earlier_version_is_brought_up(tmp_path: Path) -> None:
    emails = [{"value": "a@example.com"}, {"value": "B@example.com"}]
    early = a_user(profile={"title": "Guide", "emails": emails}, email="a@example.com")
    asked = And(
        (
            Kept(("title",), Operator.EQ, "guide"),
            Compare(Field.ADDRESS_KEY, Operator.EQ, "b@example.com"),
        )
    )
    for version in range(1, VERSION):
        file = tmp_path / f"{version}.db"
        connection = apsw.Connection(str(file))
        bring_up(connection, file, MIGRATIONS[:version])
        saved = rows.save_user(1, early)
        if version < MIGRATIONS.index(SEARCHED) + 1:
            connection.execute(FIRST_INSERT, saved[:11])
        else:
            connection.execute(statements.SAVE_USER, saved)
            addresses = (1, early.id, saved[rows.ADDRESSES])
            connection.execute(statements.ADD_ADDRESSES, addresses)
        connection.close()
        copies: list[Path] = []
        store = SqliteStore(file, backup_notice=copies.append)
        assert store.transact(1, lambda tx: tx.save_parameter(a_user().id, "X", "x"))
        found = store.read(1, lambda r: r.find_users(Asked(asked), 0, 9))
        assert [card.user for card in found.items] == [early]
        store.close()
        assert [copy.name for copy in copies] == [f"{version}.db.v{version}-backup"]
        assert apsw.Connection(str(copies[0])).execute("PRAGMA user_version").get == version


def test_a_file_that_was_just_made_is_searched_like_one_that_is_opened(file: Path) -> None:
    """Else the first server on a folder would pass all events to find the last one."""

    def plan(connection: apsw.Connection) -> object:
        asked = f"EXPLAIN QUERY PLAN {statements_history.LAST_EVENT}"
        return connection.execute(asked, (1,)).fetchall()[0][3]

    made = connect(file)
    bring_up(made, file, MIGRATIONS)
    opened = connect(file)
    assert plan(made) == plan(opened) == "SEARCH events USING PRIMARY KEY (account=?)"
    made.close()
    opened.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(file: Path) -> None:
    SqliteStore(file).close()
    connection = apsw.Connection(str(file))
    with pytest.raises(apsw.SQLError):
        bring_up(connection, file, (*MORE, "CREATE nonsense"))
    assert connection.execute("PRAGMA user_version").get == VERSION
    assert connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'more'").get is None
    connection.close()


def test_a_file_of_a_newer_version_is_refused(file: Path) -> None:
    SqliteStore(file).close()
    connection = apsw.Connection(str(file))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreTooNew, match=f"version 99.* knows {len(MIGRATIONS)}"):
        SqliteStore(file)


def test_a_file_that_cannot_keep_a_log_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = apsw.Connection
    monkeypatch.setattr(
        "rolecall.store.sqlite.apsw.Connection", lambda _, **options: plain(":memory:", **options)
    )
    with pytest.raises(StoreFailure, match="log"):
        SqliteStore(file)


def test_a_reading_sees_one_moment(file: Path) -> None:
    store = SqliteStore(file)

    def body(reading: Reading) -> tuple[object, object]:
        before = reading.user(a_user().id)
        store.transact(1, lambda tx: tx.save_user(a_user()))
        return before, reading.user(a_user().id)

    assert store.read(1, body) == (None, None)
    assert store.read(1, lambda r: r.user(a_user().id)) == a_user()
    store.close()


def test_a_reading_that_fails_gives_its_connection_back(file: Path) -> None:
    store = SqliteStore(file)
    for _ in range(2 * READERS_MAX):
        with pytest.raises(ZeroDivisionError):
            store.read(1, lambda _: 1 // 0)
    assert store.accounts() == ()
    store.close()


def test_more_readers_than_connections_wait_for_one_another(file: Path) -> None:
    store = SqliteStore(file)
    together = Barrier(READERS_MAX)

    def body(reading: Reading) -> int:
        together.wait(10)
        return reading.last_attempt()

    with ThreadPoolExecutor(2 * READERS_MAX) as pool:
        answers = list(pool.map(lambda _: store.read(1, body), range(2 * READERS_MAX)))
    assert answers == [0] * (2 * READERS_MAX)
    store.close()


def test_a_reading_outlives_the_closing_of_its_store(file: Path) -> None:
    store = SqliteStore(file)

    def body(reading: Reading) -> int:
        reading.last_attempt()
        store.close()
        return reading.last_attempt()

    assert store.read(1, body) == 0


def test_an_older_reading_disturbs_no_newer_memo(file: Path) -> None:
    store = SqliteStore(file)

    def body(reading: Reading) -> tuple[str, str]:
        reading.generation()
        store.transact(1, lambda tx: tx.bump_generation())
        newer = store.read(1, lambda r: r.memo("key", lambda: "newer"))
        return newer, reading.memo("key", lambda: "older")

    assert store.read(1, body) == ("newer", "older")
    assert store.read(1, lambda r: r.memo("key", lambda: "late")) == "newer"
    store.close()


def test_memory_is_bounded_whatever_keys_are_asked_for(file: Path) -> None:
    store = SqliteStore(file)
    keys = range(VALUES_MAX + 1)
    store.read(1, lambda r: [r.memo(key, lambda: "first") for key in keys])
    assert store.read(1, lambda r: r.memo(0, lambda: "again")) == "again"
    store.close()


def test_a_turn_is_waited_for_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolecall.store.turn.PATIENCE_SECONDS", 0.01)
    one, other = Turn(tmp_path / "turn"), Turn(tmp_path / "turn")
    with one, other:
        assert not other._taken()  # noqa: SLF001  the lock has no other witness
    with other:
        pass
    one.close()
    other.close()


SECOND_PROCESS = """
import sys
from pathlib import Path
from time import perf_counter
from builders import a_user, an_id
from rolecall.store.remembered import VALUES_MAX
from rolecall.store.sqlite import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
slowest = 0.0
for number in range(40):
    user = a_user(f"OTHER{number}", id=an_id(10_000 + number))
    began = perf_counter()
    store.transact(1, lambda tx: (tx.save_user(user), tx.bump_generation()))
    slowest = max(slowest, perf_counter() - began)
print(slowest)
store.close()
"""


def test_two_processes_write_one_file_and_see_each_other(file: Path) -> None:
    store = SqliteStore(file)
    number = 0
    paths = [str(Path(__file__).parents[1]), *sys.path]
    with subprocess.Popen(
        [sys.executable, "-c", SECOND_PROCESS, str(file)],
        env={"PYTHONPATH": ":".join(paths)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None:
            store.transact(1, methodcaller("save_user", a_user(f"U{number}", id=an_id(number))))
            number += 1
        assert process.returncode == 0
        assert process.stdout is not None
        slowest = float(process.stdout.read())
    others = [an_id(10_000 + n) for n in range(40)]
    assert len(store.read(1, lambda r: r.known_users(others))) == 40
    assert store.read(1, lambda r: r.generation()) == 40
    assert number > 0
    assert slowest < 2.0, "a process that writes in a row starves nobody"
    store.close()
