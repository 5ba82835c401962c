"""Tests single flight: readers of the same uncached tasks share a fill. No reader gets a row read before its call."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from cache.gate.lease import clock
from cache.metrics import StoreMetrics
from cache.reads import loader
from cache.reads.loader import FILL_WAIT_SECONDS
from cache.redis.client import Redis
from cache.redis.encoded_task import encode
from cache.redis.index import PageRange
from cache.store import Store
from db.pool import Database
from db.task import Task
from db.task_table import tasks_by_id
from tests.support.consistency import check_entries
from tests.support.gate_states import grant_gate_lease, wait_until
from tests.support.protocol_steps import EARLIER_TOKEN, mark_task
from tests.support.redis_state import evict_entries, protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks

READERS = 25


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let readers wait long for other readers, so that a slow fill on a busy machine does not exceed the limit."""
    monkeypatch.setattr(loader, "FILL_WAIT_SECONDS", (*FILL_WAIT_SECONDS, *([0.1] * 200)))


@pytest.mark.usefixtures("long_waits")
async def test_many_readers_of_uncached_tasks_query_postgresql_once_or_twice(
    store: Store, database_url: str, redis_url: str, read_timeout: float
) -> None:
    created = await create_uncached_tasks(store, 40)
    ids = [task.id for task in created]
    metrics = [StoreMetrics(), StoreMetrics()]
    async with AsyncExitStack() as stack:
        stores = []
        for store_metrics in metrics:
            database = await stack.enter_async_context(Database(database_url, count=store_metrics.count_query))
            redis = await stack.enter_async_context(Redis(redis_url, read_timeout=read_timeout))
            stores.append(Store(database, redis, store_metrics))
        for process in stores:
            await grant_gate_lease(process)
            await process.redis.run_id()
        for _ in range(5):
            await evict_entries(store, *ids)
            before = [store_metrics.sql_queries for store_metrics in metrics]
            requests = [StoreClient(process) for process in stores for _ in range(READERS)]
            answers = await asyncio.gather(*(request.tasks_by_id(ids) for request in requests))
            assert all(answer == created for answer in answers)
            queries = [after.sql_queries - first for after, first in zip(metrics, before, strict=True)]
            assert all(number <= 2 for number in queries)
            assert 1 <= sum(queries) <= 3
            assert not any(request.degraded for request in requests)
    await check_entries(store)


@pytest.mark.usefixtures("long_waits")
async def test_many_readers_of_an_uncached_page_query_postgresql_once_or_twice(store: Store) -> None:
    created = await create_uncached_tasks(store, 40)
    before = store.metrics.sql_queries
    pages = await asyncio.gather(*(StoreClient(store).page(PageRange(30)) for _ in range(2 * READERS)))
    assert all(page.tasks == created[:30] for page in pages)
    assert store.metrics.sql_queries - before <= 2


async def test_readers_with_overlapping_ids_share_fills(store: Store) -> None:
    created = await create_uncached_tasks(store, 30)
    parts = [created[at : at + 10] for at in range(20)]
    before = store.metrics.sql_queries
    answers = await asyncio.gather(*(StoreClient(store).tasks_by_id([task.id for task in part]) for part in parts))
    assert answers == parts
    assert store.metrics.sql_queries - before <= len(parts)
    assert await check_entries(store) == 29


async def take_lease(store: Store, task: Task) -> Task:
    """Take the lease "first" as another reader, and return the row as that reader reads it."""
    grant = await protocol(store).lease("first", [task.id.bytes])
    assert list(grant.leases) == [task.id.bytes]
    async with store.database.connection() as connection:
        return (await tasks_by_id(connection, store.workspace, [task.id]))[task.id]


@pytest.mark.usefixtures("long_waits")
async def test_waiting_reader_takes_the_filled_entry(store: Store) -> None:
    task = await create_uncached_task(store)
    row = await take_lease(store, task)
    before = store.metrics.sql_queries
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id]))
    await asyncio.sleep(0.03)
    assert not reading.done()
    await protocol(store).fill("first", {task.id.bytes: encode("default", row)})
    assert await reading == [task]
    assert store.metrics.sql_queries == before


async def test_reader_queries_postgresql_when_no_fill_comes(store: Store) -> None:
    task = await create_uncached_task(store)
    await take_lease(store, task)
    began = clock()
    request = StoreClient(store)
    assert await request.tasks_by_id([task.id]) == [task]
    assert clock() - began >= sum(FILL_WAIT_SECONDS)
    assert not request.degraded


@pytest.mark.usefixtures("long_waits")
async def test_tasks_that_need_no_wait_are_read_first(store: Store) -> None:
    """One query reads the unleased task and the marked task, while another reader fills the leased task."""
    leased, marked, free, cached = created = await create_uncached_tasks(store, 4)
    row = await take_lease(store, leased)
    await mark_task(store, EARLIER_TOKEN, marked)
    await StoreClient(store).tasks_by_id([cached.id])
    before = store.metrics.sql_queries
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id for task in created]))
    await wait_until(lambda: store.metrics.sql_queries > before)
    while (await protocol(store).read([free.id.bytes]))[0] != encode(store.workspace, free).value:
        assert not reading.done()
    assert not reading.done()
    assert store.metrics.sql_queries - before == 1
    await protocol(store).fill("first", {leased.id.bytes: encode("default", row)})
    assert await reading == created
    assert store.metrics.sql_queries - before == 1


@pytest.mark.parametrize("filled", ["before the read", "during the read", "never"])
async def test_waiting_reader_gets_no_row_from_before_its_call(store: Store, filled: str) -> None:
    """Before the reader begins, the lease holder reads the old row, and a writer's update is acknowledged."""
    task = await create_uncached_task(store)
    old = await take_lease(store, task)
    updated = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    await evict_entries(store, task.id)
    assert old != updated
    if filled == "before the read":
        await protocol(store).fill("first", {task.id.bytes: encode("default", old)})
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id]))
    if filled == "during the read":
        await asyncio.sleep(0)
        await protocol(store).fill("first", {task.id.bytes: encode("default", old)})
    assert await reading == [updated]
    assert await StoreClient(store).tasks_by_id([task.id]) == [updated]


@pytest.mark.usefixtures("long_waits")
async def test_fill_of_an_earlier_lease_holder_is_not_used(store: Store) -> None:
    task = await create_uncached_task(store)
    old = await take_lease(store, task)
    updated = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    await evict_entries(store, task.id)
    assert list((await protocol(store).lease("second", [task.id.bytes])).leases) == [task.id.bytes]
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id]))
    await asyncio.sleep(0.02)
    await protocol(store).fill("first", {task.id.bytes: encode("default", old)})
    await asyncio.sleep(0.02)
    assert not reading.done()
    await protocol(store).fill("second", {task.id.bytes: encode("default", updated)})
    assert await reading == [updated]


@pytest.mark.parametrize("seed", range(3))
async def test_reader_never_gets_an_older_version_than_was_acknowledged(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    created = await create_uncached_tasks(store, 5)
    acknowledged = {task.id: 1 for task in created}
    stop = asyncio.Event()

    async def writer() -> None:
        for number in range(60):
            task = rng.choice(created)
            written = await StoreClient(store).update_task(task.id, {"title": f"Title {number}"})
            acknowledged[task.id] = max(acknowledged[task.id], written.version)

    async def reader() -> None:
        while not stop.is_set():
            floor = dict(acknowledged)
            for task in await StoreClient(store).tasks_by_id(list(floor)):
                assert task is not None
                assert task.version >= floor[task.id]
                acknowledged[task.id] = max(acknowledged[task.id], task.version)

    async def evict_repeatedly() -> None:
        while not stop.is_set():
            await evict_entries(store, *(task.id for task in rng.sample(created, 2)))
            await asyncio.sleep(0)

    readers = [asyncio.create_task(work()) for work in (*[reader] * 12, evict_repeatedly)]
    await asyncio.gather(writer(), writer())
    stop.set()
    await asyncio.gather(*readers)
    await check_entries(store)
