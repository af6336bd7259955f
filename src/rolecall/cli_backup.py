"""`rolecall backup` and `rolecall restore`: a data folder, kept and brought back.

Registered by `cli`; what they need is imported when they run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall import settings
from rolecall.cli_options import DataOption, Summary, SummaryOption, fail

if TYPE_CHECKING:
    from rolecall.store.copies import OnProgress


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder for the backup.")],
    data: DataOption = None,
    format_: SummaryOption = Summary.TEXT,
) -> None:
    """Copy the data folder to a new folder, also while a server runs on it.

    The copy is one moment of the account: the database, the signing key, and their
    checksums, readable by you alone. It holds everything the account holds: keep it as safe.
    """
    import msgspec

    from rolecall.backups import back_up
    from rolecall.vault import SystemClock

    folder = settings.data_folder(data)
    if not (folder / settings.DATABASE_FILE).exists():
        fail(f"{folder} holds no Rolecall data: name the data folder with --data.", 2)
    with _told(), _progress("copying") as on_progress:
        made = back_up(folder, target, SystemClock().now(), on_progress)
    if format_ is Summary.JSON:
        typer.echo(msgspec.json.encode(made).decode())
    else:
        typer.echo(f"{target} holds {_accounts(made.accounts)} (schema version {made.schema}).")


def restore(
    source: Annotated[
        Path, typer.Argument(help="A folder that `rolecall backup` made, or a database file.")
    ],
    data: DataOption = None,
) -> None:
    """Put a backup into an empty data folder that no server has open.

    Checksums, schema version and the whole database are checked first. What was revoked, disabled
    or removed after the backup is as it was before: look at `rolecall token list`, and start a full
    sync at the identity provider.
    """
    from rolecall.backups import restore as restored

    folder = settings.data_folder(data)
    if not source.exists():
        fail(f"{source} does not exist: name what `rolecall backup` made.", 2)
    with _told(), _progress("restoring") as on_progress:
        found = restored(source, folder, on_progress)
    typer.echo(f"{folder} holds {_accounts(found.accounts)} (schema version {found.schema}).")
    typer.echo(f"Now, as of {_taken(source)}, tokens that have been revoked since are live again:")
    typer.echo(f"  rolecall token list --data {folder}")
    typer.echo("Start the server, and a full sync at the identity provider.")


@contextmanager
def _told() -> Iterator[None]:
    """End the command with one sentence when it can't be done."""
    from rolecall.backups import BackupRefused
    from rolecall.store.failures import FolderHeld, StoreDamaged, StoreFailure, StoreTooNew

    try:
        yield
    except (BackupRefused, FolderHeld, StoreDamaged, StoreFailure, StoreTooNew) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'the copy'}: {error.strerror}.")


@contextmanager
def _progress(stage: str) -> "Iterator[OnProgress]":
    """A bar on standard error, drawn only on a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(stage, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _accounts(count: int) -> str:
    return f"{count} account{'' if count == 1 else 's'}"


def _taken(source: Path) -> str:
    """When the backup was taken, to the second; a bare file says nothing but its own time."""
    from rolecall.backups import taken_at

    return datetime.fromtimestamp(taken_at(source) // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
