"""The command line: `rolecall serve`, `sql`, `token`, `push`, `demo` and the other commands.

What a command needs is imported when it runs, so that `--help` and completion stay quick.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from rolecall import __version__, cli_backup, cli_doctor, cli_simulate, settings
from rolecall.cli_local import local_run
from rolecall.cli_network import network_app
from rolecall.cli_options import (
    AccountOption,
    ConformanceOption,
    DataOption,
    EventFormat,
    FormatOption,
    IssuerOption,
    LogFormatOption,
    MetricsHostOption,
    MetricsPortOption,
    Output,
    PublicUrlOption,
    Summary,
    TlsCertificateOption,
    TlsKeyOption,
    conformance_meant,
    fail,
    issuers_meant,
    opened,
    refused_in_words,
    tls_meant,
)
from rolecall.cli_tokens import token_app

if TYPE_CHECKING:
    from rolecall.console.printing import Answered, Format
    from rolecall.serving import Order

    Run: TypeAlias = Callable[[str], Iterable[Answered]]

PANEL_RUN, PANEL_GOVERN, PANEL_FEED = "Run", "Govern", "Feed"

app = typer.Typer(
    name="rolecall",
    help="A self-hosted SCIM 2.0 service provider: identity providers push users and groups, "
    "groups are roles, and the account is governed in SQL.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
account_app = typer.Typer(help="Create accounts, reset a password.", no_args_is_help=True)
app.add_typer(account_app, name="account", rich_help_panel=PANEL_GOVERN)
app.add_typer(token_app, name="token", rich_help_panel=PANEL_GOVERN)
app.add_typer(network_app, name="network", rich_help_panel=PANEL_GOVERN)


def main() -> None:
    """Run the command line; a refusal is one sentence on stderr and exit status 1."""
    from rolecall.domain.errors import Refusal
    from rolecall.store.failures import FolderHeld, StoreFailure, StoreTooNew

    try:
        app()
    except Refusal as refusal:
        fail(refused_in_words(refusal))
    except (StoreTooNew, StoreFailure, FolderHeld) as why:
        fail(str(why))
    except BrokenPipeError:
        # Whoever read us has seen enough, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def version_wanted(value: bool) -> None:
    """Print the version and end."""
    if value:
        typer.echo(f"rolecall {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=version_wanted, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options before a command."""


# ---- serve -------------------------------------------------------------------------------------


@app.command(rich_help_panel=PANEL_RUN)
def serve(
    data: DataOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = settings.HOST_DEFAULT,
    port: Annotated[
        int, typer.Option(help="The port to listen on; 0 picks a free one.", min=0, max=65535)
    ] = settings.PORT_DEFAULT,
    public_url: PublicUrlOption = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(help="A file to write when the server answers: JSON with url, account, pid."),
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Forget everything at the end: for tests and CI.")
    ] = False,
    account: Annotated[
        str | None, typer.Option("--account", help="The first account's name, at the first start.")
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="A proxy's address or network whose X-Forwarded headers are believed; repeatable."
        ),
    ] = None,
    proxy_protocol: Annotated[
        bool,
        typer.Option(
            "--proxy-protocol", help="Trusted proxies begin connections with the PROXY protocol."
        ),
    ] = False,
    tls_certificate: TlsCertificateOption = None,
    tls_key: TlsKeyOption = None,
    internal_issuer: IssuerOption = None,
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = settings.HOST_DEFAULT,
    log_format: LogFormatOption = Summary.TEXT,
    conformance: ConformanceOption = None,
) -> None:
    """Start the server. The first start makes an account and prints its password, once."""
    from rolecall.serving import Order

    order = Order(
        data=None if ephemeral else settings.data_folder(data),
        host=host,
        port=port,
        public_url=public_url,
        ready_file=ready_file,
        account=account,
        proxies=_proxies(trusted_proxy or (), prefaces=proxy_protocol),
        prefaces=proxy_protocol,
        conformance=conformance_meant(conformance),
        tls=tls_meant(tls_certificate, tls_key, prefaces=proxy_protocol),
        issuers=issuers_meant(internal_issuer or ()),
        log_json=log_format is Summary.JSON,
        metrics=None if metrics_port is None else (metrics_host, metrics_port),
    )
    _served(order)


def _served(order: "Order") -> None:
    from rolecall.serving import MetricsRefused, run

    try:
        run(order)
    except MetricsRefused as refused:
        fail(str(refused), 2)
    except OSError as error:
        fail(
            f"can't listen on {order.host} port {order.port}: {error.strerror}. "
            "Choose another with --port, or --port 0 for any free one.",
            2,
        )


# ---- accounts ----------------------------------------------------------------------------------


def _proxies(given: Iterable[str], *, prefaces: bool) -> tuple[str, ...]:
    """Trusted proxies as they were named. Ends the command when one is no address or network."""
    from ipaddress import ip_network

    proxies = tuple(given)
    if prefaces and not proxies:
        fail("--proxy-protocol needs --trusted-proxy: whose prefaces are to be believed?", 2)
    for proxy in proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            fail(f"--trusted-proxy: {error}.", 2)
    return proxies


@account_app.command("create")
def account_create(
    name: Annotated[str, typer.Argument(help="The new account's name.")],
    admin: Annotated[str, typer.Option("--admin", help="Its administrator's user name.")],
    data: DataOption = None,
    conformance: ConformanceOption = None,
) -> None:
    """Make another account in the data folder; its administrator's password is shown once."""
    from rolecall.domain.names import fold

    with opened(data, conformance) as rolecall:
        founded = rolecall.found(fold(name), fold(admin), integration=False)
    typer.echo(f"Account {founded.name} is new. Its administrator, shown this once:", err=True)
    typer.echo(f"user {founded.administrator}  password {founded.password}")


@account_app.command("reset-password")
def account_reset_password(
    user: Annotated[str, typer.Argument(help="The user's name.")],
    data: DataOption = None,
    account: AccountOption = None,
) -> None:
    """Give a user a new password, shown once, and end the user's sessions."""
    with opened(data) as rolecall:
        typer.echo(rolecall.reset_password(rolecall.account_named(account), user))


# ---- sql ---------------------------------------------------------------------------------------


@app.command(rich_help_panel=PANEL_GOVERN)
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
        raise SystemExit(_worksheet(run, first, text, Format(format_)))


def _worksheet(run: "Run", first: str | None, text: str | None, style: "Format") -> int:
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
        fail(f"can't read {file}: {error}", 2)


def _remote_run(
    stack: ExitStack, url: str, user: str | None, password_file: Path | None, account: str | None
) -> "Run":
    from rolecall.console.remote import RemoteAnswer, RemoteRefusal, RemoteWorksheet
    from rolecall.sql.cursor import split_script
    from rolecall.sql.errors import SqlCompilationError

    if user is None:
        fail("--url needs --user: who logs in?", 2)
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
        return file.read_text().rstrip("\r\n")
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


# ---- watch -------------------------------------------------------------------------------------


@app.command(rich_help_panel=PANEL_RUN)
def watch(
    data: DataOption = None,
    account: AccountOption = None,
    last: Annotated[int, typer.Option(help="Begin with so many earlier attempts.", min=0)] = 10,
    once: Annotated[bool, typer.Option("--once", help="Print them and end.")] = False,
    seconds: Annotated[float, typer.Option(help="How often to look.", min=0.1)] = 0.5,
) -> None:
    """Follow the attempts, one line each, while a server runs on the folder. Ctrl-C ends it."""
    from time import sleep

    from rolecall.console.lines import Lines
    from rolecall.domain.queries import AttemptsAfter

    lines = Lines()
    with opened(data) as rolecall:
        found = rolecall.account_named(account)
        after = -last if last else -1
        first = True
        while True:
            seen = found.ask(rolecall.local(found), AttemptsAfter(after=after))
            if seen:
                after = seen[-1].seq
            elif first:
                after = max(after, 0)
            if not first or last:
                lines.show(noted.attempt for noted in seen)
            first = False
            if once:
                return
            try:
                sleep(seconds)
            except KeyboardInterrupt:
                return


# ---- events ------------------------------------------------------------------------------------


@app.command(rich_help_panel=PANEL_FEED)
def events(
    data: DataOption = None,
    account: AccountOption = None,
    after: Annotated[int, typer.Option(help="Begin after this number.", min=0)] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what happens next.")] = False,
    format_: Annotated[
        EventFormat, typer.Option("--format", help="How changes are printed: a line of JSON each.")
    ] = EventFormat.JSON,
    seconds: Annotated[float, typer.Option(help="How often to look.", min=0.05)] = 0.25,
) -> None:
    """Print the account's changes in order, oldest first, names as of then. Ctrl-C ends it.

    Remember the last `seq` that was dealt with and go on with --after: each change is told at
    least once. With --follow a heartbeat is printed every 15 seconds in which nothing happens.
    """
    from rolecall.console.events import follow_events
    from rolecall.domain.past import Change, Changes
    from rolecall.fronts.following import PAGE

    assert format_ is EventFormat.JSON, "there is one format"
    with opened(data) as rolecall:
        found = rolecall.account_named(account)

        def page_after(number: int) -> "tuple[Change, ...]":
            return found.ask(rolecall.local(found), Changes(after=number, count=PAGE))

        now = rolecall.world.clock.now
        follow_events(page_after, now, after, follow=follow, seconds=seconds)


# ---- push --------------------------------------------------------------------------------------


@app.command(rich_help_panel=PANEL_FEED)
def push(
    files: Annotated[list[Path], typer.Argument(help="LDIF or CSV exports of the directory.")],
    url: Annotated[str, typer.Option("--url", help="The SCIM server, such as http://…/scim/v2.")],
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the token. Default: $ROLECALL_TOKEN.")
    ] = None,
    format_: Annotated[
        Summary, typer.Option("--format", help="How the summary is printed.")
    ] = Summary.TEXT,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, send nothing.")
    ] = False,
    allow_removals: Annotated[
        int, typer.Option(help="How many removals to allow above 10 % and 5.", min=0)
    ] = 0,
    source: Annotated[
        str, typer.Option(help="The name by which this source knows what it created.")
    ] = "directory",
) -> None:
    """Sync a directory export to any SCIM server: people and groups, one way, repeatable.

    People missing from the file are deactivated, never deleted, and only those that this source
    created. Exit status 3: too many removals, nothing was sent.
    """
    from rolecall.push.command import push_command

    token = token_file.read_text().strip() if token_file is not None else settings.token()
    if not token:
        fail(f"no token: set ${settings.TOKEN_VARIABLE} or give --token-file.", 2)
    status = push_command(
        files,
        url,
        token,
        format=format_.value,
        dry_run=dry_run,
        allow_removals=allow_removals,
        source=source,
    )
    raise SystemExit(status)


# ---- backup and restore ------------------------------------------------------------------------


app.command(rich_help_panel=PANEL_RUN)(cli_backup.backup)
app.command(rich_help_panel=PANEL_RUN)(cli_backup.restore)
app.command(rich_help_panel=PANEL_RUN)(cli_doctor.doctor)


# ---- simulate and demo -------------------------------------------------------------------------


app.command(rich_help_panel=PANEL_FEED)(cli_simulate.simulate)


@app.command(rich_help_panel=PANEL_RUN)
def demo(
    users: Annotated[int, typer.Option(help="How many people join.", min=10, max=100_000)] = 1_000,
    groups: Annotated[int, typer.Option(help="How many groups there are.", min=2, max=5_000)] = 50,
    format_: FormatOption = Output.TABLE,
) -> None:
    """Play an identity provider against a scratch server, then look at the account in SQL."""
    import msgspec

    from rolecall.console.printing import Format
    from rolecall.demonstration import STATEMENTS, Scratch, play, show
    from rolecall.simulate.printing import progress

    scratch = Scratch()
    try:
        with progress() as on_progress:
            outcome = play(scratch, users, groups, on_progress)
        if format_ is Output.JSON:
            typer.echo(msgspec.json.encode(outcome).decode())
        else:
            show(outcome)
            run = local_run(scratch.rolecall, None)
            for text in STATEMENTS:
                typer.echo(f"\n{text}")
                _worksheet(run, None, text, Format(format_))
    finally:
        scratch.close()
    raise SystemExit(0 if outcome.succeeded else 1)


if __name__ == "__main__":
    main()
