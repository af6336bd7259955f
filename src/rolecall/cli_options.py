"""What every command shares: options with one meaning, refusals in one form, the data folder."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rolecall import settings

if TYPE_CHECKING:
    from rolecall.domain.errors import Refusal
    from rolecall.domain.model import Conformance
    from rolecall.wiring import Rolecall

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The data folder. Default: $ROLECALL_DATA, else ./rolecall-data.",
        show_default=False,
    ),
]
AccountOption = Annotated[
    str | None,
    typer.Option("--account", help="The account's name. Default: the first one."),
]


class Output(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class EventFormat(StrEnum):
    """How changes are printed."""

    JSON = "json"


class Summary(StrEnum):
    """How a summary is printed."""

    TEXT = "text"
    JSON = "json"


class Spoken(StrEnum):
    """Whose SCIM is spoken."""

    RFC = "rfc"
    SNOWFLAKE = "snowflake"


ConformanceOption = Annotated[
    Spoken | None,
    typer.Option(
        "--conformance",
        help="Whose SCIM new accounts speak: the standard's, or Snowflake's with its limits. "
        "Default: rfc. A present account is changed in SQL: "
        "alter account set scim_conformance = 'SNOWFLAKE'.",
        show_default=False,
    ),
]
FormatOption = Annotated[
    Output,
    typer.Option(
        "--format",
        help="How results are printed; json is one line a statement: an array of rows.",
    ),
]


def fail(sentence: str, status: int = 1) -> NoReturn:
    """Say what went wrong and end."""
    typer.echo(f"rolecall: {sentence}", err=True)
    raise SystemExit(status)


def refused_in_words(refusal: "Refusal") -> str:
    """A refusal for the person at this machine, who may know the remedy."""
    from rolecall.fronts.sql_refusals import refused

    told = refused(refusal).message.removeprefix("SQL compilation error:").strip()
    return f"{told} {refusal.remedy}" if refusal.remedy else told


def opened(data: Path | None, conformance: Spoken | None = None) -> "Rolecall":
    """The data folder, opened; it must have been made by `rolecall serve`."""
    from rolecall.wiring import Rolecall

    folder = settings.data_folder(data)
    if not (folder / settings.DATABASE_FILE).exists():
        fail(f"{folder} holds no Rolecall data. Run `rolecall serve --data {folder}` first.", 2)
    return Rolecall(folder, on_backup=said_backup, conformance=conformance_meant(conformance))


def conformance_meant(spoken: Spoken | None) -> "Conformance | None":
    """What new accounts begin with, where the command line says."""
    from rolecall.domain.model import Conformance

    return None if spoken is None else Conformance(spoken.value.upper())


def said_backup(copy: Path) -> None:
    """Name the copy that was made before the data's layout was changed."""
    typer.echo(f"Kept a copy of the data before upgrading it: {copy}", err=True)
