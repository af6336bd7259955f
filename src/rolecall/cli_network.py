"""`rolecall network`: what identity providers publish about their addresses, kept in rules."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rolecall.cli_examples import teaching
from rolecall.cli_options import AccountOption, DataOption, Summary, fail, opened, unreadable

if TYPE_CHECKING:
    from rolecall.domain.model import NetworkRule
    from rolecall.domain.names import Name
    from rolecall.published_ranges import Difference, Ranges

LINES_MAX = 10
TOO_DRASTIC = 3

network_app = typer.Typer(
    help="Keep network rules in step with the ranges that identity providers publish.",
    no_args_is_help=True,
)


@teaching(network_app, "network import")
def network_import(
    file: Annotated[
        Path,
        typer.Argument(
            help="Microsoft's service tags (JSON), Okta's cells (JSON), or plain lines; - is stdin."
        ),
    ],
    rule: Annotated[str, typer.Option(help="The network rule for the IPv4 ranges.")],
    ipv6_rule: Annotated[
        str | None,
        typer.Option("--ipv6-rule", help="The network rule for the IPv6 ranges; none: left out."),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option(help="Which list of the file: a service tag, or a cell."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Apply without asking, as from cron.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference only.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Apply although more ranges go than stay.")
    ] = False,
    format_: Annotated[
        Summary, typer.Option("--format", help="How the difference is printed.")
    ] = Summary.TEXT,
    data: DataOption = None,
    account: AccountOption = None,
) -> None:
    """Put published address ranges into a network rule, in one transaction.

    The difference is shown first. Nothing is changed when there is none, so the command can be
    repeated; policies that hold the rule judge by it at once. Exit status 3: more ranges would go
    than stay, which looks like a truncated file, and nothing was changed.
    """
    ranges = _ranges(file, tag)
    if not ranges.ipv4 and ipv6_rule is None:
        fail("the file has IPv6 ranges only: name their rule with --ipv6-rule.", 2)
    with opened(data) as rolecall:
        present = rolecall.network_rules(account)
        wanted = _wanted(ranges, rule, ipv6_rule)
        found = [_difference(name, type_, values, present) for name, type_, values in wanted]
        left_out = len(ranges.ipv6) if ipv6_rule is None else 0
        _show(found, left_out, format_)
        if dry_run or all(each.is_empty for each in found):
            return
        if any(each.is_drastic for each in found) and not force:
            fail("more ranges would go than stay; nothing was changed (--force).", TOO_DRASTIC)
        if not yes and not _agreed():
            return
        rolecall.import_ranges(account, {name: (type_, values) for name, type_, values in wanted})
        if format_ is Summary.TEXT:
            typer.echo("Applied.")


def _wanted(
    ranges: "Ranges", rule: str, ipv6_rule: str | None
) -> "list[tuple[Name, str, tuple[str, ...]]]":
    """Each rule's name, type and values: an IPv6 rule only where one is named."""
    from rolecall.domain.names import fold

    wanted = [(fold(rule), "IPV4", ranges.ipv4)]
    if ipv6_rule is not None:
        wanted.append((fold(ipv6_rule), "IPV6", ranges.ipv6))
    if len({name for name, _, _ in wanted}) < len(wanted):
        fail("a rule is of one type: give the IPv6 ranges another name.", 2)
    return wanted


def _difference(
    name: "Name", type_: str, values: tuple[str, ...], present: "dict[Name, NetworkRule]"
) -> "Difference":
    from rolecall.published_ranges import difference

    rule = present.get(name)
    if rule is not None and rule.type != type_:
        fail(f"rule {name} has TYPE = {rule.type}, not {type_}.", 2)
    return difference(name, type_, None if rule is None else rule.value_list, values)


def _agreed() -> bool:
    if not sys.stdin.isatty():
        fail("nobody is there to ask: add --yes to apply, or --dry-run.", 2)
    return typer.confirm("Apply?", default=False)


def _ranges(file: Path, tag: str | None) -> "Ranges":
    from rolecall.published_ranges import FILE_BYTES_MAX, RangesUnreadable, read_ranges

    try:
        if str(file) == "-":
            text = sys.stdin.read(FILE_BYTES_MAX)
        elif file.stat().st_size > FILE_BYTES_MAX:
            fail(f"{file} is larger than {FILE_BYTES_MAX >> 20} MiB.", 2)
        else:
            text = file.read_text(encoding="utf-8")
        return read_ranges(text, tag)
    except (OSError, UnicodeDecodeError) as error:
        fail(unreadable(file, error), 2)
    except RangesUnreadable as why:
        fail(f"{file}: {why}.", 2)


def _show(found: "list[Difference]", left_out: int, style: Summary) -> None:
    import msgspec

    if style is Summary.JSON:
        body = {"rules": found, "ipv6_left_out": left_out}
        typer.echo(msgspec.json.encode(body).decode())
        return
    for each in found:
        about = f"{each.rule} ({each.type}{', new' if each.is_new else ''})"
        typer.echo(f"{about}: +{len(each.added)} -{len(each.removed)}, {each.kept} stay")
        for sign, entries in (("-", each.removed), ("+", each.added)):
            for entry in entries[:LINES_MAX]:
                typer.echo(f"  {sign} {entry}")
            if len(entries) > LINES_MAX:
                typer.echo(f"  {sign} … and {len(entries) - LINES_MAX} more")
    if left_out:
        typer.echo(f"{left_out} IPv6 ranges are left out; --ipv6-rule NAME takes them.")
