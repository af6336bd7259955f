"""What is written to a client arrives whole, in order, and in as few calls as may be."""

import asyncio
from collections.abc import Callable

from rolecall.web.corked import CorkedTransport


class Recording(asyncio.Transport):
    """A transport that keeps each call's bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def after(act: Callable[[CorkedTransport], None]) -> Recording:
    """The transport below after an act and the turn of the loop that it fell in."""
    below = Recording()

    async def turn() -> None:
        act(CorkedTransport(below, asyncio.get_running_loop()))
        await asyncio.sleep(0)

    asyncio.run(turn())
    return below


def headers_and_body(corked: CorkedTransport) -> None:
    corked.write(b"headers ")
    corked.write(b"body")


def test_headers_and_body_leave_in_one_call() -> None:
    assert after(headers_and_body).calls == [b"headers body"]


def test_headers_alone_leave_at_the_end_of_the_turn() -> None:
    assert after(lambda corked: corked.write(b"204")).calls == [b"204"]


def test_two_answers_in_a_turn_leave_in_order() -> None:
    def act(corked: CorkedTransport) -> None:
        headers_and_body(corked)
        headers_and_body(corked)

    assert after(act).calls == [b"headers body", b"headers body"]


def test_a_close_sends_first_what_waits() -> None:
    def act(corked: CorkedTransport) -> None:
        corked.write(b"last words")
        corked.close()

    below = after(act)
    assert (below.calls, below.closed) == ([b"last words"], True)


def test_nothing_is_sent_to_a_client_that_has_gone() -> None:
    def act(corked: CorkedTransport) -> None:
        corked.write(b"to nobody")
        corked.abort_like()

    class Gone(Recording):
        def abort_like(self) -> None:
            self.closed = True

    below = Gone()

    async def turn() -> None:
        act(CorkedTransport(below, asyncio.get_running_loop()))
        await asyncio.sleep(0)

    asyncio.run(turn())
    assert below.calls == []
