"""`rolecall token`: what identity providers authenticate with, issued, listed and ended."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall.cli_examples import teaching
from rolecall.cli_local import local_script
from rolecall.cli_options import AccountOption, DataOption, FormatOption, Output, fail, opened

if TYPE_CHECKING:
    from rolecall.domain.names import Name

token_app = typer.Typer(help="Issue, list and revoke SCIM access tokens.", no_args_is_help=True)


@teaching(token_app, "token issue")
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

    with opened(data) as rolecall, _written(out) as write:
        found = rolecall.account_named(account)
        write(rolecall.issue_token(found, fold(integration), purpose=purpose))
    if out is not None:
        typer.echo(f"The token is in {out}.", err=True)


@contextmanager
def _written(out: Path | None) -> Iterator[Callable[[str], None]]:
    """Where a token goes. A file is opened before there is one, that none is issued for nothing."""
    if out is None:
        yield typer.echo
        return
    is_new, is_file = not out.exists(), out.is_file() or not out.exists()
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        fail(f"--out: {out} can't be written: {error.strerror}. No token was issued.", 2)

    def write(token: str) -> None:
        if is_file:  # a pipe has neither a mode nor a length
            out.chmod(0o600)
            file.truncate()
        file.write(f"{token}\n")

    with os.fdopen(descriptor, "w") as file:
        try:
            yield write
        except BaseException:
            if is_new:
                out.unlink(missing_ok=True)
            raise


@teaching(token_app, "token list")
def token_list(
    format_: FormatOption = Output.TABLE, data: DataOption = None, account: AccountOption = None
) -> None:
    """List the tokens with their state: live, expired or ended, and when each was last used."""
    with opened(data) as rolecall:
        raise SystemExit(local_script(rolecall, account, "show scim tokens", format_))


@teaching(token_app, "token revoke")
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
