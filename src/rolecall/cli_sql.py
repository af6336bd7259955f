"""`rolecall sql`: a worksheet on a data folder, or far away over HTTP.

Registered by `cli`; what it needs is imported when it runs.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from rolecall import settings
from rolecall.cli_local import local_run
from rolecall.cli_options import (
    AccountOption,
    DataOption,
    FormatOption,
    Output,
    fail,
    opened,
    secret_in,
    unreadable,
)

if TYPE_CHECKING:
    from rolecall.console.printing import Answered, Format

    Run: TypeAlias = Callable[[str], Iterable[Answered]]


def sql(
    command: Annotated[str | None, typer.Option("-c", help="Statements to run.")] = None,
    file: Annotated[
        Path | None, typer.Option("-f", help="A file of statements to run; - reads stdin.")
    ] = None,
    data: DataOption = None,
    url: Annotated[
        str | None, typer.Option("--url", help="A server's URL, instead of a data folder.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="The user to log in as.")] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(help="A file with the password. Default: $ROLECALL_PASSWORD, else a prompt."),
    ] = None,
    account: AccountOption = None,
    role: Annotated[str | None, typer.Option("--role", help="The role to begin with.")] = None,
    format_: FormatOption = Output.TABLE,
) -> None:
    """Run SQL, or open a worksheet when there is neither -c nor -f.

    With --data it opens the folder itself, also while a server runs on it, as the account's
    administrator: the recovery path. With --url it logs in over HTTP. Quote statements with
    'single quotes': within double quotes a shell eats the $ of system$generate….
    """
    from rolecall.console.printing import Format

    if command is not None and file is not None:
        fail("give -c or -f, not both.", 2)
    text = _script_text(command, file)
    first = f"use role {_identifier(role)};" if role is not None else None
    with ExitStack() as stack:
        if url is not None:
            run = _remote_run(stack, url, user, password_file, account)
        else:
            rolecall = stack.enter_context(opened(data))
            run = local_run(rolecall, account)
        raise SystemExit(worksheet(run, first, text, Format(format_)))


def worksheet(run: "Run", first: str | None, text: str | None, style: "Format") -> int:
    """Run a script, or what is typed: the exit status."""
    from io import StringIO

    from rolecall.console.worksheet import interact, run_script

    if first is not None:
        status = run_script(run, first, style, StringIO(), sys.stderr)
        if status:
            return status
    if text is not None:
        return run_script(run, text, style, sys.stdout, sys.stderr)
    if not sys.stdin.isatty():
        return run_script(run, sys.stdin.read(), style, sys.stdout, sys.stderr)
    typer.echo("Statements end with a semicolon; exit or Ctrl-D leaves.")
    return interact(run, style, settings.history_file())


def _script_text(command: str | None, file: Path | None) -> str | None:
    if file is None:
        return command
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fail(unreadable(file, error), 2)


def _remote_run(
    stack: ExitStack, url: str, user: str | None, password_file: Path | None, account: str | None
) -> "Run":
    from rolecall.console.remote import RemoteAnswer, RemoteRefusal, RemoteWorksheet
    from rolecall.sql.cursor import split_script
    from rolecall.sql.errors import SqlCompilationError

    if user is None:
        fail("--url needs --user: who logs in?", 2)
    if not url.startswith(("http://", "https://")):
        fail(f"--url is an address such as http://127.0.0.1:8480, not '{url}'.", 2)
    try:
        worksheet = RemoteWorksheet(url, user, _password(password_file), account, _new_password)
    except RemoteRefusal as refusal:
        fail(f"{refusal.message} ({refusal.code})" if refusal.code else refusal.message)
    stack.callback(worksheet.close)

    def run(text: str) -> Iterator[RemoteAnswer]:
        try:
            pieces = split_script(text)
        except SqlCompilationError as error:
            place = (error.line, error.column)
            raise RemoteRefusal(error.text, error.code, error.sqlstate, place) from None
        for piece in pieces:
            try:
                yield worksheet.run(piece.text)
            except RemoteRefusal as refusal:
                if refusal.line:
                    if refusal.line == 1:
                        refusal.column += piece.column - 1
                    refusal.line += piece.line - 1
                raise

    return run


def _password(file: Path | None) -> str:
    """From a file, the environment or a prompt: never an argument, which others could read."""
    if file is not None:
        return secret_in(file)
    given = settings.password()
    if given is not None:
        return given
    if not sys.stdin.isatty():
        fail(f"no password: set ${settings.PASSWORD_VARIABLE} or give --password-file.", 2)
    return str(typer.prompt("Password", hide_input=True, err=True))


def _new_password(why: str) -> str:
    """Another password, from the environment or a prompt that asks twice."""
    given = settings.new_password()
    if given is not None:
        return given
    if not sys.stdin.isatty():
        fail(f"{why} In a script, set ${settings.NEW_PASSWORD_VARIABLE}.")
    typer.echo("Your password must be changed before you can log in.", err=True)
    return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))


def _identifier(role: str) -> str:
    """The role as SQL needs it: as typed when quoted or plain, else in quotes."""
    from rolecall.domain.access import quoted

    return role if role.startswith('"') else quoted(role.upper())
