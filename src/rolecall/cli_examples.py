"""A command's help teaches: what it does, its options, and what one types.

The reference has the same examples.
"""

import inspect
from collections.abc import Callable
from typing import TypeAlias

import typer

Command: TypeAlias = Callable[..., None]

EXAMPLES: dict[str, tuple[str, ...]] = {
    "serve": (
        "rolecall serve",
        "rolecall serve --ephemeral --port 0 --ready-file ready.json",
        "rolecall serve --public-url https://scim.example.com --trusted-proxy 127.0.0.1",
        "rolecall serve --data /var/lib/rolecall --metrics-port 9480 --log-format json",
    ),
    "sql": (
        "rolecall sql",
        "rolecall sql -c 'show users; show roles'",
        "rolecall sql -f script.sql --format json",
        "rolecall sql --url http://127.0.0.1:8480 --user admin --role useradmin",
    ),
    "watch": (
        "rolecall watch",
        "rolecall watch --once --last 100 --format json",
    ),
    "events": (
        "rolecall events --after 1204 --follow",
        "rolecall events | tail -n 5",
    ),
    "push": (
        "rolecall push export.ldif --url https://scim.example.com/scim/v2 --dry-run",
        (
            "rolecall push people.csv groups.ldif --url http://127.0.0.1:8480/scim/v2 "
            "--token-file token --allow-removals 20"
        ),
    ),
    "simulate": (
        "rolecall simulate okta --url http://127.0.0.1:8480/scim/v2 --token-file token",
        (
            "rolecall simulate entra --url 'http://127.0.0.1:8480/scim/v2?aadOptscim062020' "
            "--users 1000 --groups 50 --changes 100 --format json"
        ),
    ),
    "demo": ("rolecall demo", "rolecall demo --users 10000 --groups 200 --format json"),
    "backup": (
        "rolecall backup /backups/2026-07-01 --data /var/lib/rolecall",
        "rolecall backup /backups/before-the-move --format json",
    ),
    "restore": ("rolecall restore /backups/2026-07-01 --data /var/lib/rolecall-new",),
    "doctor": (
        "rolecall doctor --data /var/lib/rolecall",
        (
            "rolecall doctor --public-url https://scim.example.com --tls-certificate scim.pem "
            "--format json"
        ),
    ),
    "account create": ("rolecall account create SALES --admin sam",),
    "account reset-password": ("rolecall account reset-password ADMIN",),
    "token issue": (
        "rolecall token issue GENERIC_SCIM_PROVISIONING",
        "rolecall token issue ENTRA --purpose 'entra production' --out token",
    ),
    "token list": ("rolecall token list", "rolecall token list --format json"),
    "token revoke": (
        "rolecall token revoke 01a200c0-8f5d-7d92-8310-15dbbba6b50b",
        "rolecall token revoke --issued-before '2026-01-31 12:00:00' --integration ENTRA",
    ),
    "network import": (
        (
            "rolecall network import ServiceTags_Public.json --tag AzureActiveDirectory "
            "--rule entra --ipv6-rule entra6"
        ),
        "rolecall network import ranges.txt --rule okta --dry-run",
    ),
}


def teaching(
    app: typer.Typer, words: str, panel: str | None = None
) -> Callable[[Command], Command]:
    """Register a command under the last of the words that lead to it, with its examples."""

    def register(command: Command) -> Command:
        paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
        app.command(
            words.rsplit(maxsplit=1)[-1],
            help="\n\n".join(" ".join(each.splitlines()) for each in paragraphs),
            epilog="\n".join(
                ("[bold]Examples[/bold]", *(f"  $ {line}" for line in EXAMPLES[words]))
            ),
            rich_help_panel=panel,
        )(command)
        return command

    return register
