"""A statement that runs is watched: it ends with its user, and at the time that its client set."""

import asyncio
from collections.abc import Callable
from time import monotonic

from rolecall.domain.access import why_ended
from rolecall.domain.account import Account
from rolecall.fronts.sql_api import timed_out
from rolecall.fronts.sql_refusals import SqlRefusal
from rolecall.fronts.world import World
from rolecall.web.driver_queries import Query

LOOK_SECONDS = 0.5
"""A leaver's running statement is over within a second of the deactivation."""
OUT = SqlRefusal("390112", "08001", "Your session has expired. Please login again.")


async def guarded(
    query: Query,
    account: Account,
    world: World,
    end: Callable[[SqlRefusal], None],
    *,
    seconds_max: int | None = None,
) -> None:
    """Look after a statement until it has ended; `end` is told why it has to."""
    began = monotonic()
    while not query.done.is_set():
        left = LOOK_SECONDS
        if seconds_max is not None:
            left = min(left, began + seconds_max - monotonic())
            if left <= 0:
                end(timed_out(seconds_max))
                return
        try:
            await asyncio.wait_for(query.done.wait(), left)
        except TimeoutError:
            if account.moment(lambda r: why_ended(r.user(query.owner.user), world.clock.now())):
                end(OUT)
                return
