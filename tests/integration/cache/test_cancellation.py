"""Tests requests that are cancelled at any moment: no reply reaches another caller, and every write completes."""

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
from tests.support.redis_server import PATIENT_SECONDS
from tests.support.redis_state import evict_entries, index_position, marked_ids
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task

CONNECTIONS = 4  # few connections, so that each connection is soon reused


@pytest.fixture
async def redis(redis_url: str, metrics: StoreMetrics) -> AsyncIterator[Redis]:
    """Yield a Redis client with few connections, in place of the default fixture."""
    async with Redis(
        redis_url, connections=CONNECTIONS, read_timeout=PATIENT_SECONDS, count=metrics.count_round_trip
    ) as redis:
        yield redis


async def cancel_later(call: Coroutine[Any, Any, Any], rng: random.Random) -> bool:
    """Cancel a call after a random time of up to 4 ms. Return whether the call was still running."""
    task = asyncio.create_task(call)
    if rng.random() < 0.3:
        for _ in range(rng.randrange(30)):
            await asyncio.sleep(0)
    else:
        await asyncio.sleep(rng.random() * 0.004)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def check_replies(store: Store, task: Task, page_tasks: list[Task]) -> None:
    """Assert that a read by id and a page return the requested tasks."""
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    page = await StoreClient(store).page(PageRange(3, after=index_position(page_tasks[0])))
    assert page.tasks == page_tasks[1:4]


@pytest.mark.parametrize("seed", range(3))
async def test_no_reply_reaches_another_caller(store: Store, seed: int) -> None:
    created = await create_uncached_tasks(store, 60)
    rng = random.Random(seed)
    cancelled = 0

    async def reader() -> None:
        nonlocal cancelled
        for _ in range(60):
            at = rng.randrange(50)
            if rng.random() < 0.3:
                await evict_entries(store, *(task.id for task in rng.sample(created, 5)))
            reads = (
                StoreClient(store).tasks_by_id([task.id for task in created[at : at + 5]]),
                StoreClient(store).page(PageRange(7)),
            )
            reading, unused = rng.sample(reads, 2)
            unused.close()
            cancelled += await cancel_later(reading, rng)
            await check_replies(store, created[at], created[at : at + 4])

    await asyncio.gather(*(reader() for _ in range(8)))
    assert cancelled > 20  # the exact number of cancelled calls depends on the machine
    # A cancellation does not count as a failure of Redis.
    assert store.metrics.degraded_reads == 0
    assert store.gate_lease.protocol is not None
    await check_entries(store)


async def test_connection_with_a_reply_in_flight_is_not_reused(store: Store) -> None:
    """The test cancels each reader after the reader sent its command and before it read the reply."""
    for number in range(2 * CONNECTIONS):
        name = f"list {number}"
        reading = asyncio.create_task(store.redis.send([("BLPOP", name, 0)]))
        while not await waits_for_a_list(store):
            pass
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await store.redis.send([("RPUSH", name, "late reply")])
        assert await store.redis.send([("ECHO", "mine")]) == [b"mine"]


async def waits_for_a_list(store: Store) -> bool:
    """Return whether a connection to the Redis database of the test waits for the element of a list."""
    found = await store.redis.client.client_list()
    number = (await store.redis.client.client_info())["db"]
    return any(client["db"] == str(number) and "b" in client["flags"] for client in found)


async def test_cancelled_wait_for_a_connection_takes_no_connection(store: Store) -> None:
    slow = [("EVAL", "local t = redis.call('TIME')[1]; for i = 1, 300000 do t = t + 1 end return 'slow'", 0)]
    holders = [asyncio.create_task(store.redis.send(slow)) for _ in range(CONNECTIONS)]
    waiters = [asyncio.create_task(store.redis.send([("ECHO", str(n))])) for n in range(50)]
    await asyncio.sleep(0.001)
    for waiter in waiters[::2]:
        waiter.cancel()
    assert await asyncio.gather(*holders) == [[b"slow"]] * CONNECTIONS
    assert await asyncio.gather(*waiters[1::2]) == [[str(n).encode()] for n in range(1, 50, 2)]
    # All connections are available again.
    echoes = (store.redis.send([("ECHO", str(n))]) for n in range(2 * CONNECTIONS))
    assert await asyncio.gather(*echoes) == [[str(n).encode()] for n in range(2 * CONNECTIONS)]


@pytest.mark.parametrize("seed", range(3))
async def test_cancelled_writes_run_to_their_end(store: Store, seed: int) -> None:
    store.database.shares.writes._slots.limit = 1000  # more cancelled writes are in flight than a worker has requests
    created = await create_uncached_tasks(store, 10)
    rng = random.Random(seed)
    cancelled = 0

    async def writer() -> None:
        nonlocal cancelled
        for number in range(25):
            task = rng.choice(created)
            status: Status = rng.choice(get_args(Status))
            changes = {"title": f"Title {number}", "status": status}
            writes: list[Coroutine[Any, Any, Any]] = [
                StoreClient(store).update_task(task.id, changes),
                StoreClient(store).create_task(new_task()),
                StoreClient(store).create_tasks([new_task(), new_task()]),
            ]
            write = rng.choice(writes)
            for unused in writes:
                if unused is not write:
                    unused.close()
            cancelled += await cancel_later(write, rng)

    await asyncio.gather(*(writer() for _ in range(6)))
    assert cancelled > 20
    await store.pending_writes.drain()
    assert await marked_ids(store) == []
    await check_indexes(store)
    await check_entries(store)
    async with store.database.connection() as connection:
        rows = await task_page(connection, store.workspace, count=1000)
        count = await task_count(connection, store.workspace)
    page = await StoreClient(store).page(PageRange(1000))
    assert (page.tasks, page.total) == (rows.tasks, count)
