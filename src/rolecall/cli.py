"""The command line: `rolecall serve`, `sql`, `token`, `push`, `demo` and the other commands.

What a command needs is imported when it runs, so that `--help` and completion stay quick.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from rolecall import __version__, cli_backup, cli_doctor, cli_serve, cli_simulate, cli_sql
from rolecall.cli_examples import teaching
from rolecall.cli_local import local_run
from rolecall.cli_network import network_app
from rolecall.cli_options import (
    AccountOption,
    ConformanceOption,
    DataOption,
    EventFormat,
    FormatOption,
    Output,
    Summary,
    SummaryOption,
    fail,
    opened,
    refused_in_words,
    token_meant,
)
from rolecall.cli_tokens import token_app

PANEL_RUN, PANEL_GOVERN, PANEL_FEED = "Run", "Govern", "Feed"

app = typer.Typer(
    name="rolecall",
    help="A self-hosted SCIM 2.0 service provider: identity providers push users and groups, "
    "groups are roles, and the account is governed in SQL.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
account_app = typer.Typer(help="Create accounts, reset a password.", no_args_is_help=True)
app.add_typer(account_app, name="account", rich_help_panel=PANEL_GOVERN)
app.add_typer(token_app, name="token", rich_help_panel=PANEL_GOVERN)
app.add_typer(network_app, name="network", rich_help_panel=PANEL_GOVERN)


for command, panel in (
    (cli_serve.serve, PANEL_RUN),
    (cli_backup.backup, PANEL_RUN),
    (cli_backup.restore, PANEL_RUN),
    (cli_doctor.doctor, PANEL_RUN),
    (cli_sql.sql, PANEL_GOVERN),
    (cli_simulate.simulate, PANEL_FEED),
):
    teaching(app, command.__name__, panel)(command)


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


# ---- accounts ----------------------------------------------------------------------------------


@teaching(account_app, "account create")
def account_create(
    name: Annotated[str, typer.Argument(help="The new account's name.")],
    admin: Annotated[str, typer.Option("--admin", help="Its administrator's user name.")],
    data: DataOption = None,
    conformance: ConformanceOption = None,
    format_: SummaryOption = Summary.TEXT,
) -> None:
    """Make another account in the data folder; its administrator's password is shown once."""
    from rolecall.domain.names import fold

    with opened(data, conformance) as rolecall:
        founded = rolecall.found(fold(name), fold(admin), integration=False)
    if format_ is Summary.JSON:
        made = {"account": founded.name, "user": founded.administrator}
        typer.echo(json.dumps({**made, "password": founded.password}))
        return
    typer.echo(f"Account {founded.name} is new. Its administrator, shown this once:", err=True)
    typer.echo(f"user {founded.administrator}  password {founded.password}")


@teaching(account_app, "account reset-password")
def account_reset_password(
    user: Annotated[str, typer.Argument(help="The user's name.")],
    data: DataOption = None,
    account: AccountOption = None,
) -> None:
    """Give a user a new password, shown once, and end the user's sessions."""
    with opened(data) as rolecall:
        typer.echo(rolecall.reset_password(rolecall.account_named(account), user))


# ---- watch -------------------------------------------------------------------------------------


@teaching(app, "watch", PANEL_RUN)
def watch(
    data: DataOption = None,
    account: AccountOption = None,
    last: Annotated[int, typer.Option(help="Begin with so many earlier attempts.", min=0)] = 10,
    once: Annotated[bool, typer.Option("--once", help="Print them and end.")] = False,
    seconds: Annotated[float, typer.Option(help="How often to look.", min=0.1)] = 0.5,
    format_: Annotated[
        Summary, typer.Option("--format", help="How attempts are printed; json is one object each.")
    ] = Summary.TEXT,
) -> None:
    """Follow the attempts, one line each, while a server runs on the folder. Ctrl-C ends it."""
    from rolecall.console.interrupts import interruptions
    from rolecall.console.journal import Journal
    from rolecall.console.lines import Lines
    from rolecall.domain.queries import AttemptsAfter

    lines = Lines() if format_ is Summary.TEXT else Journal()
    with opened(data) as rolecall, interruptions() as interrupted:
        found = rolecall.account_named(account)
        after = -last if last else -1
        first = True
        while not interrupted.asked:
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
            interrupted.pause(seconds)


# ---- events ------------------------------------------------------------------------------------


@teaching(app, "events", PANEL_FEED)
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


@teaching(app, "push", PANEL_FEED)
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

    token = token_meant(token_file)
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


# ---- demo --------------------------------------------------------------------------------------


@teaching(app, "demo", PANEL_RUN)
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
                cli_sql.worksheet(run, None, text, Format(format_))
    finally:
        scratch.close()
    raise SystemExit(0 if outcome.succeeded else 1)


if __name__ == "__main__":
    main()
