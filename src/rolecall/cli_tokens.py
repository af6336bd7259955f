"""`rolecall token`: what identity providers authenticate with, issued, listed and ended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall.cli_local import local_script
from rolecall.cli_options import AccountOption, DataOption, FormatOption, Output, fail, opened

if TYPE_CHECKING:
    from rolecall.domain.names import Name

token_app = typer.Typer(help="Issue, list and revoke SCIM access tokens.", no_args_is_help=True)


@token_app.command("issue")
def token_issue(
    integration: Annotated[str, typer.Argument(help="The security integration's name.")],
    purpose: Annotated[
        str | None,
        typer.Option(help="What the token is for. It replaces the earlier ones of its purpose."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file to write the token to, readable by you alone.")
    ] = None,
    data: DataOption = None,
    account: AccountOption = None,
) -> None:
    """Issue a token that lives six months. It is shown once, or written to --out.

    With --purpose the earlier tokens of that purpose end: the one in use after
    SCIM_TOKEN_OVERLAP_IN_HOURS, a parameter of the account (24), the others at once. So a command
    that cron repeats leaves at most two that work. Without it nothing else ends.
    """
    from rolecall.domain.names import fold

    with opened(data) as rolecall:
        found = rolecall.account_named(account)
        text = rolecall.issue_token(found, fold(integration), purpose=purpose)
    if out is None:
        typer.echo(text)
        return
    out.touch(mode=0o600)
    out.chmod(0o600)
    out.write_text(text + "\n")
    typer.echo(f"The token is in {out}.", err=True)


@token_app.command("list")
def token_list(
    format_: FormatOption = Output.TABLE, data: DataOption = None, account: AccountOption = None
) -> None:
    """List the tokens with their state: live, expired or ended, and when each was last used."""
    with opened(data) as rolecall:
        raise SystemExit(local_script(rolecall, account, "show scim tokens", format_))


@token_app.command("revoke")
def token_revoke(
    token: Annotated[
        str | None, typer.Argument(help="The token's id, as `token list` shows it.")
    ] = None,
    issued_before: Annotated[
        str | None,
        typer.Option(help="A time such as '2026-01-31 12:00:00' (UTC): end all issued before it."),
    ] = None,
    integration: Annotated[
        str | None, typer.Option(help="With --issued-before: of this integration only.")
    ] = None,
    data: DataOption = None,
    account: AccountOption = None,
) -> None:
    """End one token at once, or all that were issued before a time. They stay ended."""
    if (token is None) == (issued_before is None):
        fail("give a token's id or --issued-before TIME, one of them.", 2)
    if issued_before is None and integration is not None:
        fail("--integration goes with --issued-before.", 2)
    with opened(data) as rolecall:
        found = rolecall.account_named(account)
        if token is not None:
            name = rolecall.revoke_token(found, token)
            typer.echo(f"Token {token} of {name} is ended.", err=True)
            return
        count = rolecall.revoke_tokens(found, _moment(issued_before or ""), _folded(integration))
    typer.echo(f"{count} live token{'' if count == 1 else 's'} ended.", err=True)


def _folded(name: str | None) -> "Name | None":
    from rolecall.domain.names import fold

    return None if name is None else fold(name)


def _moment(text: str) -> int:
    from rolecall.sql.timestamps import microseconds_of

    at = microseconds_of(text)
    if at is None:
        fail(f"--issued-before takes a time such as '2026-01-31 12:00:00', not '{text}'.", 2)
    return at
