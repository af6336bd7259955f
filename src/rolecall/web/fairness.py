"""Whose turn it is: accounts in turn, and within an account its tokens in turn.

While nobody waits a turn costs a counter. When many requests come at once, each account gets the
same share of the loop and of the writer, however many connections another one opens.
"""

import asyncio
from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")

Caller = int | None
"""A token that has been accepted before, by the hash of its text; None for all others together."""


class Ring(Generic[T]):
    """What waits, by account and caller; taken out in turns."""

    def __init__(self) -> None:
        self._accounts: OrderedDict[int, OrderedDict[Caller, deque[T]]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def push(self, account: int, caller: Caller, item: T) -> None:
        """Queue behind the caller's own."""
        callers = self._accounts.get(account)
        if callers is None:
            callers = self._accounts[account] = OrderedDict()
        waiting = callers.get(caller)
        if waiting is None:
            waiting = callers[caller] = deque()
        waiting.append(item)
        self._size += 1

    def pop(self) -> T:
        """The first of the next caller of the next account. Raises KeyError when nothing waits."""
        account, callers = self._accounts.popitem(last=False)
        caller, waiting = callers.popitem(last=False)
        item = waiting.popleft()
        if waiting:
            callers[caller] = waiting
        if callers:
            self._accounts[account] = callers
        self._size -= 1
        return item


class LoopTurns:
    """Turns at the loop itself: so many requests are begun in one turn of it."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._left = at_once
        self._ring: Ring[asyncio.Future[None]] = Ring()
        self._renewing = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._ring)

    def take(self, account: int, caller: Caller) -> asyncio.Future[None] | None:
        """None when it is this caller's turn already, else what to await until it is."""
        if not self._renewing:
            self._renewing = True
            asyncio.get_running_loop().call_soon(self._renew)
        if self._left and not self._ring:
            self._left -= 1
            return None
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ring.push(account, caller, future)
        return future

    def _renew(self) -> None:
        left = self._at_once
        while left and self._ring:
            future = self._ring.pop()
            if not future.done():  # the client has gone
                future.set_result(None)
                left -= 1
        self._left = left
        self._renewing = left < self._at_once or bool(self._ring)
        if self._renewing:
            asyncio.get_running_loop().call_soon(self._renew)


class Slots:
    """Places at work that takes longer than a turn of the loop."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._ring: Ring[asyncio.Future[None]] = Ring()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._ring)

    async def enter(self, account: int, caller: Caller) -> None:
        """Come back with a place; give it back by `leave`."""
        if self._free and not self._ring:
            self._free -= 1
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ring.push(account, caller, future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Hand the place to whoever is next."""
        while self._ring:
            future = self._ring.pop()
            if not future.done():
                future.set_result(None)
                return
        self._free += 1
