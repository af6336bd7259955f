"""`rolecall doctor`: a data folder and its machine, looked over. Registered by `cli`."""

from typing import TYPE_CHECKING, Annotated

import typer

from rolecall import settings
from rolecall.cli_options import DataOption, PublicUrlOption, Summary, TlsCertificateOption, fail

if TYPE_CHECKING:
    from rolecall.doctor import Finding

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    data: DataOption = None,
    public_url: PublicUrlOption = None,
    tls_certificate: TlsCertificateOption = None,
    format_: Annotated[
        Summary, typer.Option("--format", help="How the findings are printed.")
    ] = Summary.TEXT,
) -> None:
    """Look a data folder and its machine over, also while a server runs, and say what to do.

    Permissions, integrity, schema, log, disk, clock, file limit; tokens about to end, roles of
    integrations that lost their privileges, policies that admit nobody; and, when they are named,
    the public URL and the certificate. Exit status 1: something does not work.
    """
    import msgspec

    from rolecall.doctor import Verdict, examined
    from rolecall.vault import SystemClock

    folder = settings.data_folder(data)
    if not (folder / settings.DATABASE_FILE).exists():
        fail(f"{folder} holds no Rolecall data: name the data folder with --data.", 2)
    found = examined(folder, SystemClock().now(), public_url, tls_certificate)
    if format_ is Summary.JSON:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _show(found)
    raise SystemExit(1 if any(each.verdict is Verdict.FAIL for each in found) else 0)


def _show(found: "list[Finding]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for title in ("check", "", "found", "what to do"):
        table.add_column(title, overflow="fold")  # a statement that helps is there to be pasted
    for each in found:
        verdict = Text(each.verdict.value, style=COLOURS[each.verdict.value])
        table.add_row(Text(each.check), verdict, Text(each.found), Text(each.do or ""))
    Console().print(table)
