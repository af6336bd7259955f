"""A statement that runs is watched: it ends with its user, and at the time that its client set.

Whoever ends it, its engine ends too: the query's process is killed, and no statement begins after.
"""

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
AGAIN_SECONDS = 0.1
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
    """Look after a statement until its worker has left it; `end` is told why it has to end."""
    began = monotonic()
    while not query.done.is_set():
        left = LOOK_SECONDS
        if seconds_max is not None:
            left = min(left, began + seconds_max - monotonic())
            if left <= 0:
                end(timed_out(seconds_max))
                break
        try:
            await asyncio.wait_for(query.done.wait(), left)
        except TimeoutError:
            if account.moment(lambda r: why_ended(r.user(query.owner.user), world.clock.now())):
                end(OUT)
    while not query.left:
        # The statement may not have reached the engine yet, so it is told until it is over.
        world.selecting.cancel(query.begun)
        await asyncio.sleep(AGAIN_SECONDS)
