"""`rolecall simulate`: an identity provider played against any SCIM server, and its report.

Registered by `cli`; what it needs is imported when it runs.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall.cli_options import fail, token_meant

if TYPE_CHECKING:
    from rolecall.simulate.playing import Choice, Report


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


ProviderArgument = Annotated[
    Provider,
    typer.Argument(
        help="Whose sequences to play. okta is an app of Okta's catalogue, okta-aiw one of its "
        "wizard, which sends everything by PUT; generic is the standard's own forms."
    ),
]
UrlOption = Annotated[
    str,
    typer.Option(
        "--url",
        help="The SCIM server, such as http://…/scim/v2. What follows a ? goes with every "
        "request: for entra, ?aadOptscim062020 plays the flag of the tenant URL.",
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", help="The bearer token. Others on this machine can see it there."),
]
TokenFileOption = Annotated[
    Path | None, typer.Option(help="A file with the token. Default: $ROLECALL_TOKEN.")
]
UsersOption = Annotated[int, typer.Option(help="How many people there are.", min=10, max=1_000_000)]
GroupsOption = Annotated[int, typer.Option(help="How many groups there are.", min=1, max=10_000)]
ChangesOption = Annotated[
    int, typer.Option(help="How many join late, move or leave, in equal parts.", min=3)
]
SeedOption = Annotated[
    int, typer.Option(help="The story's number: the same one is the same story.")
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Play this chapter and what it builds upon; may be repeated. `?` lists the chapters."
    ),
]
SkipOption = Annotated[
    list[str] | None, typer.Option(help="Leave this chapter out; may be repeated.")
]
CleanUpOption = Annotated[
    bool, typer.Option("--clean-up", help="Delete the story's users and groups in the end.")
]
FormatOption = Annotated[Reported, typer.Option("--format", help="How the report is printed.")]
JunitOption = Annotated[
    Path | None, typer.Option(help="Also write the report there as JUnit XML, for a CI.")
]


def simulate(
    provider: ProviderArgument,
    url: UrlOption,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    users: UsersOption = 100,
    groups: GroupsOption = 10,
    changes: ChangesOption = 15,
    seed: SeedOption = 7644,
    only: OnlyOption = None,
    skip: SkipOption = None,
    clean_up: CleanUpOption = False,
    format_: FormatOption = Reported.TABLE,
    junit: JunitOption = None,
) -> None:
    """Play an identity provider against a SCIM server, and report what it would stumble over.

    It creates users and groups there, changes and disables them: use a server for tests. At the end
    everything is read back and compared with what the server had said yes to.
    Exit status 1: the provider would stumble. 2: it could not be played, or not to its end.
    """
    import msgspec

    from rolecall.simulate.junit import junit_of
    from rolecall.simulate.playing import CouldNotRun
    from rolecall.simulate.printing import progress, show
    from rolecall.simulate.simulation import Plan
    from rolecall.simulate.simulation import simulate as played

    given = token or token_meant(token_file)
    if not url.startswith(("http://", "https://")):
        fail("--url is an address such as http://127.0.0.1:8480/scim/v2.", 2)
    plan = Plan(
        provider=provider.value,
        users=users,
        groups=groups,
        changes=changes,
        seed=seed,
        choice=choice_of(provider, only or [], skip or []),
        cleans_up=clean_up,
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


def choice_of(provider: Provider, only: list[str], skip: list[str]) -> "Choice":
    """The chapters that were meant; a name may have hyphens for spaces, which need no quotes."""
    from rolecall.simulate.playing import Choice
    from rolecall.simulate.simulation import chapters_of

    chosen, left_out = ([name.replace("-", " ") for name in names] for names in (only, skip))
    chapters = chapters_of(provider.value)
    for name in (*chosen, *left_out):
        if name not in chapters:
            fail(f"there is no chapter “{name}”. There are: {', '.join(chapters)}.", 2)
    return Choice(only=tuple(chosen), skip=tuple(left_out))
