"""SQL on a data folder: a session of whoever holds it, and scripts that commands run by it."""

import sys
from typing import TYPE_CHECKING

from rolecall import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from rolecall.console.printing import Answered
    from rolecall.wiring import Rolecall

    Run: TypeAlias = Callable[[str], Iterable[Answered]]


def local_run(rolecall: "Rolecall", account: str | None) -> "Run":
    """What carries out a script as ACCOUNTADMIN, by the operating-system user's name."""
    from rolecall.fronts.sql import local_worksheet

    found = rolecall.account_named(account)
    return local_worksheet(found, rolecall.world, settings.operating_system_user()).run


def local_script(rolecall: "Rolecall", account: str | None, text: str, style: str) -> int:
    """Run a script and print its results: the exit status."""
    from rolecall.console.printing import Format
    from rolecall.console.worksheet import run_script

    run = local_run(rolecall, account)
    return run_script(run, text, Format(style), sys.stdout, sys.stderr)
