"""Turns: accounts share alike, within them their tokens; alone nobody waits."""

import asyncio
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rolecall.web.fairness import LoopTurns, Ring, Slots

ITEMS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from([None, 7, 8])), max_size=40)


@given(ITEMS)
def test_a_ring_loses_nothing_and_keeps_each_callers_order(
    items: list[tuple[int, int | None]],
) -> None:
    ring: Ring[tuple[int, int | None, int]] = Ring()
    for number, (account, caller) in enumerate(items):
        ring.push(account, caller, (account, caller, number))
    out = [ring.pop() for _ in range(len(ring))]
    assert sorted(entry[2] for entry in out) == list(range(len(items)))
    for key in set(items):
        numbers = [number for account, caller, number in out if (account, caller) == key]
        assert numbers == sorted(numbers)


@given(ITEMS.filter(bool))
def test_no_account_is_served_twice_while_another_waits(
    items: list[tuple[int, int | None]],
) -> None:
    ring: Ring[int] = Ring()
    for account, caller in items:
        ring.push(account, caller, account)
    waiting = Counter(account for account, _ in items)
    served: Counter[int] = Counter()
    while len(ring):
        account = ring.pop()
        served[account] += 1
        waiting[account] -= 1
        assert all(served[account] - served[other] <= 1 for other in waiting if waiting[other] > 0)


def test_within_an_account_its_tokens_take_turns() -> None:
    ring: Ring[str] = Ring()
    for text in ("a1", "a2", "a3", "b1"):
        ring.push(1, ord(text[0]), text)
    assert [ring.pop() for _ in range(4)] == ["a1", "b1", "a2", "a3"]


async def turn(turns: LoopTurns, account: int) -> None:
    """Come back when it is the account's turn."""
    future = turns.take(account, account)
    if future is not None:
        await future


def test_while_there_is_room_nobody_waits_for_a_turn() -> None:
    async def body() -> int:
        turns = LoopTurns(4)
        order: list[int] = []
        for number in range(4):
            assert turns.take(1, None) is None
            order.append(number)
        return len(order)

    assert asyncio.run(body()) == 4


def test_a_quiet_account_is_not_behind_a_flood() -> None:
    async def body() -> list[int]:
        turns, order = LoopTurns(2), list[int]()

        async def ask(account: int) -> None:
            await turn(turns, account)
            order.append(account)

        await asyncio.gather(*(ask(1) for _ in range(20)), ask(2))
        return order

    order = asyncio.run(body())
    assert order.index(2) <= 4
    assert len(order) == 21


def test_who_gave_up_takes_no_turn() -> None:
    async def body() -> list[int]:
        turns, order = LoopTurns(1), list[int]()

        async def ask(number: int) -> None:
            await turn(turns, 1)
            order.append(number)

        tasks = [asyncio.create_task(ask(number)) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return order

    assert asyncio.run(body()) == [0, 2]


def test_slots_are_handed_on_by_turns_and_come_back() -> None:
    async def body() -> tuple[list[int], int]:
        slots, order = Slots(1), list[int]()
        most = inside = 0

        async def ask(account: int) -> None:
            nonlocal most, inside
            await slots.enter(account, None)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            order.append(account)
            inside -= 1
            slots.leave()

        await asyncio.gather(*(ask(1) for _ in range(5)), ask(2))
        await asyncio.wait_for(ask(3), 1)
        return order, most

    order, most = asyncio.run(body())
    assert order == [1, 1, 2, 1, 1, 1, 3]
    assert most == 1


def test_a_place_that_is_given_up_is_not_lost() -> None:
    async def body() -> None:
        slots = Slots(1)
        await slots.enter(1, None)
        waiting = [asyncio.create_task(slots.enter(1, None)) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        slots.leave()
        await waiting[1]
        late = asyncio.create_task(slots.enter(1, None))
        await asyncio.sleep(0)
        slots.leave()
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        await asyncio.wait_for(slots.enter(2, None), 1)

    asyncio.run(body())
