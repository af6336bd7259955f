"""A backup is one moment, whole or not there; a restore takes only what it can trust."""

import shutil
import stat
import threading
from functools import partial
from pathlib import Path

import apsw
import msgspec
import pytest

from builders import a_user, an_id
from rolecall import backups
from rolecall.backups import MANIFEST_FILE, BackupRefused, Manifest, back_up, restore, taken_at
from rolecall.domain.names import Name
from rolecall.domain.ports import Transaction
from rolecall.store.failures import FolderHeld, StoreDamaged, StoreTooNew
from rolecall.store.held import Hold
from rolecall.store.migrations import MIGRATIONS
from rolecall.wiring import ADMINISTRATOR, Rolecall

AT = 1_700_000_000_000_000
DATABASE = "rolecall.db"


def unheard(_done: int, _total: int) -> None:
    """Nobody watches."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with an account, which nobody has open."""
    folder = tmp_path / "data"
    with Rolecall(folder) as rolecall:
        rolecall.found(Name("DEMO"), ADMINISTRATOR, integration=True)
    return folder


@pytest.fixture
def backup(data: Path, tmp_path: Path) -> Path:
    back_up(data, tmp_path / "backup", AT, unheard)
    return tmp_path / "backup"


def test_a_backup_holds_the_database_the_key_and_their_checksums(data: Path, backup: Path) -> None:
    assert sorted(file.name for file in backup.iterdir()) == [
        MANIFEST_FILE,
        DATABASE,
        "signing.key",
    ]
    assert (backup / "signing.key").read_bytes() == (data / "signing.key").read_bytes()
    manifest = msgspec.json.decode((backup / MANIFEST_FILE).read_bytes(), type=Manifest)
    assert (manifest.schema, manifest.accounts, taken_at(backup)) == (len(MIGRATIONS), 1, AT)


def test_a_backup_is_its_owners_alone(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in backup.iterdir()} == {0o600}


def test_a_backup_is_never_put_over_something(data: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(BackupRefused, match="exists already"):
        back_up(data, tmp_path / "there", AT, unheard)
    assert list((tmp_path / "there").iterdir()) == []


def test_a_backup_that_fails_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "judged", fails)
    with pytest.raises(OSError, match="No space"):
        back_up(data, tmp_path / "out" / "backup", AT, unheard)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_disk_that_is_too_full_is_told_before_it_is_filled(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "SPARE_BYTES", 1 << 60)
    with pytest.raises(BackupRefused, match="MiB free, and the copy needs"):
        back_up(data, tmp_path / "backup", AT, unheard)


def save_pair(number: int, tx: Transaction) -> None:
    for each in (number, number + 1):
        tx.save_user(a_user(f"U{each}", id=an_id(900_000 + each)))


def test_a_backup_is_one_moment_although_others_write(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction writes a pair: a copy with half of one would be two moments."""
    monkeypatch.setattr("rolecall.store.copies.PAGES_AT_ONCE", 5)
    ended, heard = threading.Event(), list[tuple[int, int]]()
    with Rolecall(data) as rolecall:

        def write() -> None:
            number = 0
            while not ended.is_set():
                number += 2
                rolecall.store.transact(1, partial(save_pair, number))

        writing = threading.Thread(target=write)
        writing.start()
        try:
            back_up(data, tmp_path / "backup", AT, lambda *seen: heard.append(seen))
        finally:
            ended.set()
            writing.join()
    assert len(heard) > 3
    assert [total for _, total in heard] == [heard[0][1]] * len(heard), "it never began anew"
    copy = apsw.Connection(str(tmp_path / "backup" / DATABASE))
    found = copy.execute("SELECT count(*) % 2 FROM users WHERE name GLOB 'U[0-9]*'").fetchall()
    copy.close()
    assert found == [(0,)]


def test_what_is_restored_is_what_was_backed_up(backup: Path, tmp_path: Path) -> None:
    found = restore(backup, tmp_path / "new", unheard)
    assert (found.schema, found.accounts) == (len(MIGRATIONS), 1)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert {
        file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new").iterdir()
    } == {DATABASE: 0o600, "signing.key": 0o600}
    with Rolecall(tmp_path / "new") as rolecall:
        assert [account.name for account in rolecall.store.accounts()] == ["DEMO"]


def test_a_database_file_alone_can_be_restored(backup: Path, tmp_path: Path) -> None:
    """Such as the copy that is made before an upgrade."""
    restore(backup / DATABASE, tmp_path / "new", unheard)
    assert [file.name for file in (tmp_path / "new").iterdir()] == [DATABASE]
    assert taken_at(backup / DATABASE) > AT


def test_a_folder_with_anything_in_it_is_not_restored_into(backup: Path, data: Path) -> None:
    before = {file.name: file.read_bytes() for file in data.iterdir()}
    with pytest.raises(BackupRefused, match="is not empty"):
        restore(backup, data, unheard)
    assert {file.name: file.read_bytes() for file in data.iterdir()} == before


def test_a_folder_in_use_is_not_restored_into_even_when_it_was_emptied(
    backup: Path, data: Path
) -> None:
    with Rolecall(data):
        for file in data.iterdir():
            file.unlink()
        with pytest.raises(FolderHeld, match="is in use"):
            restore(backup, data, unheard)
        assert list(data.iterdir()) == []


def test_a_folder_that_is_restored_is_not_opened(tmp_path: Path) -> None:
    with Hold(tmp_path, alone=True), pytest.raises(FolderHeld, match="is being restored"):
        Rolecall(tmp_path)
    assert list(tmp_path.iterdir()) == []


def damage_checksum(backup: Path) -> None:
    with (backup / DATABASE).open("r+b") as file:
        file.seek(-100, 2)
        file.write(b"\0" * 50 + b"\1" * 50)


def damage_key(backup: Path) -> None:
    (backup / "signing.key").unlink()


def damage_list(backup: Path) -> None:
    (backup / MANIFEST_FILE).write_text('{"version": ')


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damage_checksum, "checksum differs"),
        (damage_key, "is missing from the backup"),
        (damage_list, "is damaged"),
    ],
)
def test_a_damaged_backup_is_refused_and_nothing_stays(
    backup: Path, tmp_path: Path, damage: "object", told: str
) -> None:
    assert callable(damage)
    damage(backup)
    with pytest.raises(StoreDamaged, match=told):
        restore(backup, tmp_path / "new", unheard)
    assert not (tmp_path / "new").exists() or list((tmp_path / "new").iterdir()) == []


def test_a_database_with_a_torn_index_is_refused(backup: Path, tmp_path: Path) -> None:
    connection = apsw.Connection(str(backup / DATABASE))
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema "
        "WHERE name = 'roles_by_id') WHERE name = 'users_by_id'"
    )
    connection.close()
    with pytest.raises(StoreDamaged):
        restore(backup / DATABASE, tmp_path / "new", unheard)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1_000])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(StoreDamaged, match="no whole database"):
        restore(tmp_path / "file", tmp_path / "new", unheard)


def test_a_backup_of_a_newer_version_is_refused(backup: Path, tmp_path: Path) -> None:
    connection = apsw.Connection(str(backup / DATABASE))
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreTooNew, match="Start the newer version"):
        restore(backup / DATABASE, tmp_path / "new", unheard)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_that_is_no_backup_is_refused(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "copied")
    with pytest.raises(BackupRefused, match="is no backup"):
        restore(tmp_path / "copied", tmp_path / "new", unheard)
