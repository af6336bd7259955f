"""A store says how it writes, and what keeps it from its work."""

from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from builders import a_user
from rolecall.domain.names import Id
from rolecall.store import sqlite
from rolecall.store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "rolecall.db")


def test_commits_are_counted_with_what_they_held(store: SqliteStore) -> None:
    store.transact(1, lambda tx: tx.save_user(a_user()))
    store.close()
    assert sum(store.measures.seconds.counts) == sum(store.measures.bodies.counts) == 1
    assert (store.measures.bodies.total, store.queued) == (1, 0)


def test_the_audit_lags_while_a_note_waits(store: SqliteStore) -> None:
    assert store.audit_lag_seconds == 0
    store.use(1, Id("token"), 60_000_000)
    assert store.audit_lag_seconds > 0
    store.flush()
    store.close()
    assert store.audit_lag_seconds == 0


def test_a_store_that_is_well_has_no_complaints(store: SqliteStore) -> None:
    assert store.complaints() == ()
    store.close()


def test_a_full_disk_is_complained_of(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    assert store.complaints() == ("The disk is full: 1 MiB are free.",)
    store.close()


def test_a_layout_of_another_version_is_complained_of(store: SqliteStore, tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / "rolecall.db"))
    other.execute("PRAGMA user_version = 999")
    other.close()
    assert "schema version 999" in store.complaints()[0]
    store.close()


def test_a_commit_that_failed_is_complained_of_until_one_succeeds(store: SqliteStore) -> None:
    store.measures.failed("disk I/O error")
    assert store.complaints() == ("Writing failed lately: disk I/O error.",)
    assert store.complaints(), "asking proves nothing"
    store.transact(1, lambda tx: tx.save_user(a_user()))
    assert store.complaints() == ()
    assert store.measures.lost == 1
    store.close()
