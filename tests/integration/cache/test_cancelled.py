"""Requests that go away at any moment: no reply reaches another caller, and every write ends."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from typing import Any, get_args

import pytest

from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.pages import task_count, task_page
from db.task import Status, Task
from tests.support.consistency import check_entries, check_indexes
from tests.support.redis_state import evict_entries, index_position, marked_ids
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task

CONNECTIONS = 4  # few, so that each is lent again at once


@pytest.fixture
async def redis(redis_url: str, metrics: StoreMetrics) -> AsyncIterator[Redis]:
    """In place of the usual one."""
    async with Redis(redis_url, connections=CONNECTIONS, count=metrics.count_round_trip) as redis:
        yield redis


async def cancelled(reading: Coroutine[Any, Any, Any], chance: random.Random) -> bool:
    """Runs something for a random while; whether it was cancelled then."""
    task = asyncio.create_task(reading)
    if chance.random() < 0.3:
        for _ in range(chance.randrange(30)):
            await asyncio.sleep(0)
    else:
        await asyncio.sleep(chance.random() * 0.004)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def check(store: Store, task: Task, others: list[Task]) -> None:
    """A look-up of one, and a page: what comes back is what was asked for."""
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    page = await StoreClient(store).page(PageRange(3, after=index_position(others[0])))
    assert page.tasks == others[1:4]


@pytest.mark.parametrize("seed", range(3))
async def test_no_reply_reaches_another_caller(store: Store, seed: int) -> None:
    made = await create_uncached_tasks(store, 60)
    chance = random.Random(seed)
    gone = 0

    async def reader() -> None:
        nonlocal gone
        for _ in range(60):
            at = chance.randrange(50)
            if chance.random() < 0.3:
                await evict_entries(store, *(task.id for task in chance.sample(made, 5)))
            reads = (
                StoreClient(store).tasks_by_id([task.id for task in made[at : at + 5]]),
                StoreClient(store).page(PageRange(7)),
            )
            reading, other = chance.sample(reads, 2)
            other.close()
            gone += await cancelled(reading, chance)
            await check(store, made[at], made[at : at + 4])

    await asyncio.gather(*(reader() for _ in range(8)))
    assert gone > 20  # how many depends on the machine
    # Not one of them was taken for a failure of Redis.
    assert store.metrics.degraded_reads == 0
    assert store.gate_lease.protocol is not None
    await check_entries(store)


async def test_a_reply_that_is_still_under_way_ends_its_connection(store: Store) -> None:
    """Each lent connection has its command sent and no answer read, when its reader goes away."""
    await create_uncached_tasks(store, 3)
    slow = [("EVAL", "local t = redis.call('TIME')[1]; for i = 1, 3000000 do t = t + 1 end return 'astray'", 0)]
    for _ in range(2 * CONNECTIONS):
        reading = asyncio.create_task(store.redis.send(slow))
        await asyncio.sleep(0.005)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await store.redis.send([("ECHO", "mine")]) == [b"mine"]


async def test_one_who_waits_for_a_connection_and_goes_away_takes_none(store: Store) -> None:
    slow = [("EVAL", "local t = redis.call('TIME')[1]; for i = 1, 300000 do t = t + 1 end return 'slow'", 0)]
    holders = [asyncio.create_task(store.redis.send(slow)) for _ in range(CONNECTIONS)]
    waiters = [asyncio.create_task(store.redis.send([("ECHO", str(n))])) for n in range(50)]
    await asyncio.sleep(0.001)
    for waiter in waiters[::2]:
        waiter.cancel()
    assert await asyncio.gather(*holders) == [[b"slow"]] * CONNECTIONS
    assert await asyncio.gather(*waiters[1::2]) == [[str(n).encode()] for n in range(1, 50, 2)]
    # All connections are there again.
    echoes = (store.redis.send([("ECHO", str(n))]) for n in range(2 * CONNECTIONS))
    assert await asyncio.gather(*echoes) == [[str(n).encode()] for n in range(2 * CONNECTIONS)]


@pytest.mark.parametrize("seed", range(3))
async def test_every_write_ends_whoever_waits_for_it(store: Store, seed: int) -> None:
    made = await create_uncached_tasks(store, 10)
    chance = random.Random(seed)
    gone = 0

    async def writer() -> None:
        nonlocal gone
        for number in range(25):
            task = chance.choice(made)
            status: Status = chance.choice(get_args(Status))
            wanted = {"title": f"Title {number}", "status": status}
            writes: list[Coroutine[Any, Any, Any]] = [
                StoreClient(store).update_task(task.id, wanted),
                StoreClient(store).create_task(new_task()),
                StoreClient(store).create_tasks([new_task(), new_task()]),
            ]
            write = chance.choice(writes)
            for other in writes:
                if other is not write:
                    other.close()
            gone += await cancelled(write, chance)

    await asyncio.gather(*(writer() for _ in range(6)))
    assert gone > 20
    await store.pending_writes.drain()
    assert await marked_ids(store) == []
    await check_indexes(store)
    await check_entries(store)
    async with store.database.connection() as connection:
        rows = await task_page(connection, store.workspace, count=1000)
        count = await task_count(connection, store.workspace)
    page = await StoreClient(store).page(PageRange(1000))
    assert (page.tasks, page.total) == (rows.tasks, count)
