"""How a simulation looks in a terminal: its progress, and what the provider stumbled over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rich.progress
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from rolecall.simulate.manners import MANNERS
from rolecall.simulate.playing import Progress, Report


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
    postponed = sum(each.postponed for each in report.chapters)
    if postponed:
        console.print(f"Taken again in a later cycle, after an outage: {postponed:,} steps.")
    if not report.surprises:
        console.print(f"{who} would stumble over nothing.")
        return
    console.print(f"What {title} would stumble over:", style="bold")
    for number, each in enumerate(report.surprises, start=1):
        times = "once" if each.count == 1 else f"{each.count:,} times"
        heading = Text(f"{number}. {each.rule}", style="bold")
        heading.append(f", {times}, first while {each.chapter}", style="not bold")
        console.print(heading)
        console.print(Padding(Text(" ".join(each.said.split())), (0, 0, 0, 3)))
        if each.sent:
            console.print(Padding(Text(f"had sent {each.sent}"), (0, 0, 0, 3)))
        console.print(Padding(Text(each.why, style="dim"), (0, 0, 0, 3)))


def refusals_told(report: Report) -> str:
    """The refusals by status, the planned ones too."""
    told = (f"{count:,} of {status}" for status, count in report.refusals.items())
    return ", ".join(told) or "none"
