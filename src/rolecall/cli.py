"""The command line: `rolecall serve`, `sql`, `account`, `token`, `watch`, `push`, `demo`.

What a command needs is imported when it runs, so that `--help` and completion stay quick.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall import __version__, settings

if TYPE_CHECKING:
    from rolecall.wiring import Rolecall

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
token_app = typer.Typer(help="Issue, list and revoke SCIM access tokens.", no_args_is_help=True)
app.add_typer(account_app, name="account", rich_help_panel=PANEL_GOVERN)
app.add_typer(token_app, name="token", rich_help_panel=PANEL_GOVERN)

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


def main() -> None:
    """Run the command line; a refusal is one sentence on stderr and exit status 1."""
    from rolecall.domain.errors import Refusal
    from rolecall.store.failures import StoreTooNew

    try:
        app()
    except Refusal as refusal:
        fail(refused_in_words(refusal))
    except StoreTooNew as too_new:
        fail(str(too_new))
    except BrokenPipeError:
        # Whoever read us has seen enough, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def fail(sentence: str, status: int = 1) -> None:
    """Say what went wrong and end."""
    typer.echo(f"rolecall: {sentence}", err=True)
    raise SystemExit(status)


def refused_in_words(refusal: Exception) -> str:
    """A refusal for the person at this machine, who may know the remedy."""
    from rolecall.fronts.sql_refusals import refused

    told = refused(refusal).message.replace("\n", " ")
    remedy = getattr(refusal, "remedy", None)
    return f"{told} {remedy}" if remedy else told


def opened(data: Path | None, **options: object) -> "Rolecall":
    """The data folder, opened; it must have been made by `rolecall serve`."""
    from rolecall.wiring import Rolecall

    folder = settings.data_folder(data)
    if not (folder / settings.DATABASE_FILE).exists():
        fail(f"{folder} holds no Rolecall data. Run `rolecall serve --data {folder}` first.", 2)
    return Rolecall(folder, on_backup=said_backup, **options)  # type: ignore[arg-type]  passed on


def said_backup(copy: Path) -> None:
    """Name the copy that was made before the data's layout was changed."""
    typer.echo(f"Kept a copy of the data before upgrading it: {copy}", err=True)


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
    public_url: Annotated[
        str | None,
        typer.Option(
            help="The URL that clients reach this server by, when a reverse proxy is in front.",
            metavar="URL",
        ),
    ] = None,
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
) -> None:
    """Start the server. The first start makes an account and prints its password, once."""
    from rolecall.serving import Order, run

    order = Order(
        data=None if ephemeral else settings.data_folder(data),
        host=host,
        port=port,
        public_url=public_url,
        ready_file=ready_file,
        account=account,
        proxies=tuple(trusted_proxy or ()),
    )
    try:
        run(order)
    except OSError as error:
        fail(
            f"can't listen on {host} port {port}: {error.strerror}. "
            "Choose another with --port, or --port 0 for any free one.",
            2,
        )


# ---- tokens ------------------------------------------------------------------------------------


@token_app.command("issue")
def token_issue(
    integration: Annotated[str, typer.Argument(help="The security integration's name.")],
    purpose: Annotated[
        str | None, typer.Option(help="What the token is for; shown in `token list`.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file to write the token to, readable by you alone.")
    ] = None,
    data: DataOption = None,
    account: AccountOption = None,
) -> None:
    """Issue a token that lives six months. It is shown once, or written to --out."""
    from rolecall.domain.names import fold

    with opened(data) as rolecall:
        text = rolecall.issue_token(
            rolecall.account_named(account), fold(integration), purpose=purpose
        )
    if out is None:
        typer.echo(text)
        return
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_text(text + "\n")
    typer.echo(f"The token is in {out}.", err=True)


if __name__ == "__main__":
    main()
