"""`rolecall simulate`: an identity provider played against any SCIM server, and its report.

Registered by `cli`; what it needs is imported when it runs.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall.cli_options import fail, token_meant

if TYPE_CHECKING:
    from rolecall.simulate.player import Report


class Provider(StrEnum):
    """Whose sequences are played."""

    OKTA = "okta"
    ENTRA = "entra"
    GENERIC = "generic"


class Reported(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"


UsersOption = Annotated[int, typer.Option(help="How many people there are.", min=10, max=1_000_000)]


def simulate(
    provider: Annotated[Provider, typer.Argument(help="Whose sequences to play.")],
    url: Annotated[
        str,
        typer.Option(
            "--url",
            help="The SCIM server, such as http://…/scim/v2. What follows a ? goes with every "
            "request: for entra, ?aadOptscim062020 plays the flag of the tenant URL.",
        ),
    ],
    token: Annotated[
        str | None,
        typer.Option("--token", help="The bearer token. Others on this machine can see it there."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the token. Default: $ROLECALL_TOKEN.")
    ] = None,
    users: UsersOption = 100,
    groups: Annotated[int, typer.Option(help="How many groups there are.", min=1, max=10_000)] = 10,
    changes: Annotated[
        int, typer.Option(help="How many join late, move or leave, in equal parts.", min=3)
    ] = 15,
    seed: Annotated[
        int, typer.Option(help="The story's number: the same one is the same story.")
    ] = (7644),
    format_: Annotated[
        Reported, typer.Option("--format", help="How the report is printed.")
    ] = Reported.TABLE,
) -> None:
    """Play an identity provider against a SCIM server, and report what it would stumble over.

    It creates users and groups there, changes and disables them: use a server for tests. At the end
    everything is read back and compared with what the server had said yes to.
    Exit status 1: the provider would stumble. 2: it was called wrongly, nobody
    answers at the URL, or the token is refused there.
    """
    import msgspec

    from rolecall.simulate.printing import progress, show
    from rolecall.simulate.rules import explained
    from rolecall.simulate.simulation import Plan, Unreachable, knock
    from rolecall.simulate.simulation import simulate as played

    given = token or token_meant(token_file)
    if not url.startswith(("http://", "https://")):
        fail("--url is an address such as http://127.0.0.1:8480/scim/v2.", 2)
    try:
        knock(url, given)
    except Unreachable as why:
        fail(str(why), 2)
    plan = Plan(provider=provider.value, users=users, groups=groups, changes=changes, seed=seed)
    with progress() as on_progress:
        report: Report = played(plan, url, given, None, on_progress)
    if format_ is Reported.JSON:
        told = {**msgspec.to_builtins(report), "reasons": explained(report.surprises)}
        typer.echo(msgspec.json.encode(told).decode())
    else:
        show(report)
    raise SystemExit(1 if report.surprises else 0)
