"""What every command shares: options with one meaning, refusals in one form, the data folder."""

from collections.abc import Iterable
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


LISTS = {
    "INTEGRATION": "rolecall sql -c 'show integrations'",
    "TOKEN": "rolecall token list",
    "USER": "rolecall sql -c 'show users'",
}
"""Who typed a name that nothing has looks for it there."""


def fail(sentence: str, status: int = 1) -> NoReturn:
    """Say what went wrong and end."""
    typer.echo(f"rolecall: {sentence}", err=True)
    raise SystemExit(status)


SummaryOption = Annotated[
    Summary, typer.Option("--format", help="How it is told: text for people, json for scripts.")
]


def unreadable(file: Path, error: OSError | UnicodeDecodeError) -> str:
    """Why a file can't be read, without the number that the system gives the reason."""
    return f"can't read {file}: {error.strerror if isinstance(error, OSError) else error}."


def secret_in(file: Path) -> str:
    """What a file with a password or a token holds, without the end of its line."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        fail(unreadable(file, error), 2)


def token_meant(file: Path | None) -> str:
    """The token for a SCIM server: from a file, else from the environment."""
    token = secret_in(file).strip() if file is not None else settings.token()
    if not token:
        fail(f"no token: set ${settings.TOKEN_VARIABLE} or give --token-file.", 2)
    return token


def refused_in_words(refusal: "Refusal") -> str:
    """A refusal for the person at this machine, who may know the remedy."""
    from rolecall.domain.errors import NotFound
    from rolecall.fronts.sql_refusals import refused

    told = refused(refusal).message.removeprefix("SQL compilation error:").strip()
    remedy = refusal.remedy
    if remedy is None and isinstance(refusal, NotFound) and refusal.kind in LISTS:
        remedy = f"To see what there is: {LISTS[refusal.kind]}"
    return f"{told} {remedy}" if remedy else told


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


PublicUrlOption = Annotated[
    str | None,
    typer.Option(
        help="The URL that clients reach this server by, when a reverse proxy is in front.",
        metavar="URL",
    ),
]
LogFormatOption = Annotated[
    Summary,
    typer.Option(
        "--log-format",
        help="How the log is written: text for people, json for machines, which never holds a "
        "secret.",
    ),
]


MetricsPortOption = Annotated[
    int | None,
    typer.Option(
        help="Answer Prometheus at /metrics on this port, apart from the server; 0 picks one.",
        min=0,
        max=65535,
    ),
]
MetricsHostOption = Annotated[
    str, typer.Option(help="The address of that port: one that strangers don't reach.")
]
IssuerOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A host, address or network that keys of OAuth issuers may be fetched from though it "
        "is not public; repeatable.",
        metavar="HOST",
    ),
]
TlsCertificateOption = Annotated[
    Path | None,
    typer.Option(help="Answer over HTTPS, with the certificate (and its chain) in this file."),
]
TlsKeyOption = Annotated[
    Path | None, typer.Option(help="The certificate's private key, in PEM, not encrypted.")
]


def issuers_meant(given: Iterable[str]) -> tuple[str, ...]:
    """Internal issuers as they were named. Ends the command when one is no host or network."""
    from rolecall.outside import Allowance

    issuers = tuple(given)
    try:
        Allowance(issuers)
    except ValueError as error:
        fail(f"--internal-issuer: {error}.", 2)
    return issuers


def tls_meant(
    certificate: Path | None, key: Path | None, *, prefaces: bool
) -> tuple[Path, Path] | None:
    """The files for HTTPS, once they are known to fit. Ends the command when they don't."""
    import ssl

    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        fail("--tls-certificate and --tls-key go together: name both files.", 2)
    if prefaces:
        fail("--proxy-protocol is for a proxy that ends TLS itself: leave --tls-key to it.", 2)
    try:
        # Without a password: a key that needs one must not make the server ask for it.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        why = "do not fit together" if error.reason == "KEY_VALUES_MISMATCH" else "can't be read"
        fail(f"{certificate} and {key} {why}: name a PEM certificate and its own PEM key.", 2)
    except OSError as error:
        fail(f"--tls-certificate, --tls-key: {error.strerror}: name files to be read.", 2)
    return certificate, key
