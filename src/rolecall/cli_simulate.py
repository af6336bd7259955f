"""`rolecall simulate`: an identity provider played against any SCIM server, and its report.

Registered by `cli`; what it needs is imported when it runs.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall.cli_options import fail, token_meant

if TYPE_CHECKING:
    from rolecall.simulate.playing import Report


class Provider(StrEnum):
    """Whose sequences are played."""

    OKTA = "okta"
    OKTA_AIW = "okta-aiw"
    ENTRA = "entra"
    ONELOGIN = "onelogin"
    JUMPCLOUD = "jumpcloud"
    RIPPLING = "rippling"
    GENERIC = "generic"


class Reported(StrEnum):
    """How the report is printed."""

    TABLE = "table"
    JSON = "json"


UsersOption = Annotated[int, typer.Option(help="How many people there are.", min=10, max=1_000_000)]


def simulate(
    provider: Annotated[
        Provider,
        typer.Argument(
            help="Whose sequences to play. okta is an app of Okta's catalogue, okta-aiw one of its "
            "wizard, which sends everything by PUT; generic is the standard's own forms."
        ),
    ],
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
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Play this chapter and what it builds upon; may be repeated. "
            "`--only ?` lists the chapters."
        ),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="Leave this chapter out; may be repeated.")
    ] = None,
    format_: Annotated[
        Reported, typer.Option("--format", help="How the report is printed.")
    ] = Reported.TABLE,
    junit: Annotated[
        Path | None, typer.Option(help="Also write the report there as JUnit XML, for a CI.")
    ] = None,
) -> None:
    """Play an identity provider against a SCIM server, and report what it would stumble over.

    It creates users and groups there, changes and disables them: use a server for tests. At the end
    everything is read back and compared with what the server had said yes to.
    Exit status 1: the provider would stumble. 2: it could not be played, or not to its end.
    """
    import msgspec

    from rolecall.simulate.junit import junit_of
    from rolecall.simulate.playing import Choice, CouldNotRun
    from rolecall.simulate.printing import progress, show
    from rolecall.simulate.simulation import Plan, chapters_of
    from rolecall.simulate.simulation import simulate as played

    choice = Choice(only=tuple(map(spaced, only or ())), skip=tuple(map(spaced, skip or ())))
    chapters = chapters_of(provider.value)
    unknown = [name for name in (*choice.only, *choice.skip) if name not in chapters]
    if unknown:
        fail(f"there is no chapter “{unknown[0]}”: {', '.join(chapters)}.", 2)
    given = token or token_meant(token_file)
    if not url.startswith(("http://", "https://")):
        fail("--url is an address such as http://127.0.0.1:8480/scim/v2.", 2)
    plan = Plan(
        provider=provider.value,
        users=users,
        groups=groups,
        changes=changes,
        seed=seed,
        choice=choice,
    )
    try:
        with progress() as on_progress:
            report: Report = played(plan, url, given, None, on_progress)
    except CouldNotRun as reason:
        fail(str(reason), 2)
    if junit is not None:
        junit.write_bytes(junit_of(report))
    if format_ is Reported.JSON:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        show(report)
    raise SystemExit(1 if report.surprises else 0)


def spaced(name: str) -> str:
    """A chapter's name may be written with hyphens, which need no quotes."""
    return name.replace("-", " ")
