"""Outcomes posted from another thread reach their futures on the loop, in order."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from rolecall.web.mailbox import Mailbox


def test_what_is_posted_from_another_thread_arrives_in_order() -> None:
    arrived: list[int] = []

    def note(number: int, _: object) -> None:
        arrived.append(number)

    async def wait() -> list[object]:
        loop = asyncio.get_running_loop()
        mailbox = Mailbox(loop)
        futures = [loop.create_future() for _ in range(100)]
        for number, future in enumerate(futures):
            future.add_done_callback(partial(note, number))

        def post_all() -> None:
            for number, future in enumerate(futures):
                mailbox.post(future, number)

        with ThreadPoolExecutor(1) as pool:
            await loop.run_in_executor(pool, post_all)
            return list(await asyncio.gather(*futures))

    assert asyncio.run(wait()) == list(range(100))
    assert arrived == list(range(100))


def test_whoever_has_gone_away_gets_nothing_and_the_next_is_served() -> None:
    async def wait() -> object:
        loop = asyncio.get_running_loop()
        mailbox = Mailbox(loop)
        gone, waiting = loop.create_future(), loop.create_future()
        gone.cancel()
        mailbox.post(gone, "late")
        mailbox.post(waiting, "in time")
        return await waiting

    assert asyncio.run(wait()) == "in time"


def test_a_loop_that_is_closed_is_no_error() -> None:
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    mailbox = Mailbox(loop)
    loop.close()
    mailbox.post(future, "late")
    assert not future.done()
