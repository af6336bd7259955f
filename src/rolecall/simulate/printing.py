"""How a simulation looks in a terminal: its progress, and what the provider stumbled over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rich.progress
from rich.console import Console
from rich.table import Table

from rolecall.simulate.manners import MANNERS
from rolecall.simulate.player import Progress, Report
from rolecall.simulate.rules import explained


@contextmanager
def progress() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr, drawn only on a terminal."""
    console = Console(stderr=True)
    with rich.progress.Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting")

        def on_progress(step: Progress) -> None:
            bar.update(task, description=step.stage, completed=step.done, total=step.total)

        yield on_progress


def show(report: Report, console: Console | None = None) -> None:
    """What was played, and a table of what was stumbled over with the reasons."""
    console = console or Console()
    title = MANNERS[report.provider].title
    who = f"{title[:1].upper()}{title[1:]}"
    console.print(
        f"{who} has {report.users_active:,} active and {report.users_inactive:,} inactive users, "
        f"{report.groups:,} groups and {report.memberships:,} memberships there.\n"
        f"{report.requests:,} requests in {report.seconds:.1f} s: {report.rate:,.0f} a second. "
        f"Refusals: {refusals_told(report)}."
    )
    if not report.surprises:
        console.print(f"{who} would stumble over nothing.")
        return
    table = Table("rule", "times", "first seen", title=f"What {title} would stumble over")
    for each in report.surprises:
        table.add_row(each.rule, f"{each.count:,}", each.said)
    console.print(table, markup=False)
    for each in report.surprises:
        if each.sent:
            console.print(f"{each.said.partition(':')[0]} had sent {each.sent}", markup=False)
    for rule, why in explained(report.surprises).items():
        console.print(f"{rule}: {why}", markup=False)


def refusals_told(report: Report) -> str:
    """The refusals by status, the planned ones too."""
    told = (f"{count:,} of {status}" for status, count in report.refusals.items())
    return ", ".join(told) or "none"
