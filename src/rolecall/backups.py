"""Backups: a folder with all that a data folder needs, taken online and checked before it is used.

A backup holds the database, the signing key, and a list of both with their checksums.
It appears whole under its name, and a restore leaves nothing half done behind.
"""

import hashlib
import shutil
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from rolecall import __version__, settings
from rolecall.store.copies import Judged, OnProgress, copy_database, judged, synced
from rolecall.store.failures import StoreDamaged, StoreTooNew
from rolecall.store.held import Hold
from rolecall.vault import kept_key

MANIFEST_FILE = "backup.json"
CHUNK_BYTES = 4 << 20
SPARE_BYTES = 16 << 20
"""What stays free on a disk that a copy is put on."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds. The time is microseconds since the epoch."""

    version: str
    schema: int
    accounts: int
    taken_at: int
    checksums: dict[str, str]
    """SHA-256 by file."""


class BackupRefused(Exception):
    """It can't be done as it was asked for; nothing was changed."""


def back_up(folder: Path, target: Path, at: int, on_progress: OnProgress) -> Manifest:
    """Copy the data folder, in use or not, to a new folder `target`.

    Raises BackupRefused, StoreFailure, OSError.
    """
    if target.exists() or target.is_symlink():
        raise BackupRefused(f"{target} exists already: name a new folder.")
    database = folder / settings.DATABASE_FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    _require_space(
        target.parent, _size(database) + _size(database.with_name(f"{database.name}-wal"))
    )
    draft = Path(mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
    try:
        copy_database(database, draft / settings.DATABASE_FILE, on_progress)
        _write(draft / settings.KEY_FILE, kept_key(folder / settings.KEY_FILE))
        found = _judged(draft / settings.DATABASE_FILE, database, thorough=False)
        manifest = Manifest(
            version=__version__,
            schema=found.schema,
            accounts=found.accounts,
            taken_at=at,
            checksums={
                name: _checksum(draft / name)
                for name in (settings.DATABASE_FILE, settings.KEY_FILE)
            },
        )
        _write(draft / MANIFEST_FILE, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        synced(draft)
        draft.rename(target)
        synced(target.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return manifest


def restore(source: Path, folder: Path, on_progress: OnProgress) -> Judged:
    """Put a backup, or one database file, into an empty data folder that nobody has open.

    Raises BackupRefused, FolderHeld, StoreDamaged, StoreTooNew, OSError.
    """
    manifest = _manifest(source)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Hold(folder, alone=True):
        if any(folder.iterdir()):
            raise BackupRefused(f"{folder} is not empty: move it away, and restore into a new one.")
        database = source if manifest is None else source / settings.DATABASE_FILE
        _require_space(folder, _size(database))
        drafts = {settings.DATABASE_FILE: database}
        if manifest is not None:
            drafts[settings.KEY_FILE] = source / settings.KEY_FILE
        try:
            for name, file in drafts.items():
                expected = None if manifest is None else manifest.checksums.get(name, "")
                _copy_checked(file, folder / f"{name}.part", expected, on_progress)
            found = _judged(folder / f"{settings.DATABASE_FILE}.part", database, thorough=True)
            for name in reversed(drafts):  # the database last: with it the folder is whole
                (folder / f"{name}.part").rename(folder / name)
        finally:
            for name in drafts:
                (folder / f"{name}.part").unlink(missing_ok=True)
        synced(folder)
    return found


def _judged(copy: Path, original: Path, *, thorough: bool) -> Judged:
    """What is in a copy; a fault names the original. Raises StoreDamaged, StoreTooNew."""
    try:
        return judged(copy, thorough=thorough)
    except StoreDamaged as damaged:
        raise StoreDamaged(str(damaged).replace(str(copy), str(original))) from damaged
    except StoreTooNew as newer:
        raise StoreTooNew(str(original), newer.found, newer.known) from newer


def taken_at(source: Path) -> int:
    """When a backup was taken; of a database file, when it was last written."""
    manifest = _manifest(source)
    return source.stat().st_mtime_ns // 1_000 if manifest is None else manifest.taken_at


def _manifest(source: Path) -> Manifest | None:
    """What a backup says of itself; None for a database file, which says nothing."""
    if source.is_file():
        return None
    listed = source / MANIFEST_FILE
    if not listed.is_file():
        raise BackupRefused(
            f"{source} is no backup: it has no {MANIFEST_FILE}. Name what `rolecall backup` made, "
            "or a database file."
        )
    try:
        return msgspec.json.decode(listed.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise StoreDamaged(f"{listed} is damaged: {error}") from error


def _copy_checked(
    source: Path, target: Path, expected: str | None, on_progress: OnProgress
) -> None:
    """A copy of a file, on the disk. Raises StoreDamaged when it is not what was backed up."""
    if not source.is_file():
        raise StoreDamaged(f"{source} is missing from the backup")
    total, done, checksum = _size(source), 0, hashlib.sha256()
    target.touch(mode=0o600, exist_ok=False)
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(CHUNK_BYTES):
            checksum.update(chunk)
            writing.write(chunk)
            done += len(chunk)
            on_progress(done, total)
    synced(target)
    if expected is not None and checksum.hexdigest() != expected:
        raise StoreDamaged(f"{source} is not what was backed up: its checksum differs")


def _checksum(file: Path) -> str:
    with file.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(content)
    synced(file)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _require_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    needed += SPARE_BYTES
    if free < needed:
        raise BackupRefused(
            f"{folder} has {free >> 20} MiB free, and the copy needs {needed >> 20}: make room."
        )
