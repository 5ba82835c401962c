"""Turns: many who wait continue in their order, over many iterations of the event loop."""

import asyncio
from itertools import pairwise

from cache.feed.turns import Turns, Waiters

MANY = 1000


async def test_all_continue_in_order_and_others_run_in_between() -> None:
    turns, continued = Turns(), list[int]()

    async def wait(number: int) -> None:
        await turns.turn()
        continued.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(MANY):
            group.create_task(wait(number))
        steps = [0]
        while len(continued) < MANY:
            await asyncio.sleep(0)
            steps.append(len(continued))
    assert continued == list(range(MANY))
    assert max(after - before for before, after in pairwise(steps)) <= 32


async def test_cancelled_waiters_take_no_turn() -> None:
    turns = Turns()
    waiting = [asyncio.create_task(turns.turn()) for _ in range(MANY)]
    await asyncio.sleep(0)
    for task in waiting[:-1]:
        task.cancel()
    await asyncio.wait_for(waiting[-1], 60)
    await asyncio.wait_for(turns.turn(), 60)  # the queue is empty and starts again


async def test_wake_reaches_those_who_wait_and_nobody_later() -> None:
    waiters = Waiters(Turns())
    early = asyncio.create_task(waiters.wait())
    await asyncio.sleep(0)
    waiters.wake()
    late = asyncio.create_task(waiters.wait())
    await asyncio.wait_for(early, 60)
    assert not late.done()
    waiters.wake()
    await asyncio.wait_for(late, 60)
