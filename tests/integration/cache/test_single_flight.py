"""Single flight: readers of the same cold tasks wait for one of them, and none gets a row from before it asked."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from cache.gate.lease import clock
from cache.metrics import StoreMetrics
from cache.reads import loader
from cache.reads.loader import FILL_WAIT_SECONDS
from cache.redis.client import Redis
from cache.redis.entry import encode
from cache.redis.index import PageRange
from cache.store import Store
from db.pool import Database
from db.task import Task
from db.task_table import tasks_by_id
from tests.support.consistency import check_entries
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import EARLIER_TOKEN, mark_task
from tests.support.redis_state import evict_entries, protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks

READERS = 25


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the one who fills takes longer than the others wait; here they wait for it."""
    monkeypatch.setattr(loader, "FILL_WAIT_SECONDS", (*FILL_WAIT_SECONDS, *([0.1] * 200)))


@pytest.mark.usefixtures("patient")
async def test_many_cold_readers_ask_postgresql_once_or_twice(store: Store, database_url: str, redis_url: str) -> None:
    made = await create_uncached_tasks(store, 40)
    ids = [task.id for task in made]
    counts = [StoreMetrics(), StoreMetrics()]
    async with AsyncExitStack() as stack:
        stores = []
        for count in counts:
            database = await stack.enter_async_context(Database(database_url, count=count.count_query))
            redis = await stack.enter_async_context(Redis(redis_url))
            stores.append(Store(database, redis, count))
        for each in stores:
            await grant_gate_lease(each)
            await each.redis.run_id()
        for _ in range(5):
            await evict_entries(store, *ids)
            before = [count.sql_queries for count in counts]
            views = [StoreClient(each) for each in stores for _ in range(READERS)]
            answers = await asyncio.gather(*(view.tasks_by_id(ids) for view in views))
            assert all(answer == made for answer in answers)
            asked = [count.sql_queries - first for count, first in zip(counts, before, strict=True)]
            assert all(number <= 2 for number in asked)
            assert 1 <= sum(asked) <= 3
            assert not any(view.degraded for view in views)
    await check_entries(store)


@pytest.mark.usefixtures("patient")
async def test_pages_of_many_cold_readers_ask_once_or_twice(store: Store) -> None:
    made = await create_uncached_tasks(store, 40)
    before = store.metrics.sql_queries
    pages = await asyncio.gather(*(StoreClient(store).page(PageRange(30)) for _ in range(2 * READERS)))
    assert all(page.tasks == made[:30] for page in pages)
    assert store.metrics.sql_queries - before <= 2


async def test_readers_whose_ids_overlap_share_what_they_can(store: Store) -> None:
    made = await create_uncached_tasks(store, 30)
    parts = [made[at : at + 10] for at in range(20)]
    before = store.metrics.sql_queries
    answers = await asyncio.gather(*(StoreClient(store).tasks_by_id([task.id for task in part]) for part in parts))
    assert answers == parts
    assert store.metrics.sql_queries - before <= len(parts)
    assert await check_entries(store) == 29


async def held_lease(store: Store, task: Task) -> Task:
    """Another reader has the lease, and has read its row."""
    leased = await protocol(store).lease("held", [task.id])
    assert leased.mine == [task.id]
    async with store.database.connection() as connection:
        return (await tasks_by_id(connection, store.workspace, [task.id]))[task.id]


async def test_one_who_waits_takes_what_the_other_fills(store: Store) -> None:
    task = (await create_uncached_tasks(store))[0]
    row = await held_lease(store, task)
    before = store.metrics.sql_queries
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id]))
    await asyncio.sleep(0.03)
    assert not reading.done()
    await protocol(store).fill("held", {task.id: row})
    assert await reading == [task]
    assert store.metrics.sql_queries == before


async def test_one_who_waits_in_vain_asks_itself(store: Store) -> None:
    task = (await create_uncached_tasks(store))[0]
    await held_lease(store, task)
    began = clock()
    request = StoreClient(store)
    assert await request.tasks_by_id([task.id]) == [task]
    assert clock() - began >= sum(FILL_WAIT_SECONDS)
    assert not request.degraded


async def test_what_has_an_answer_does_not_wait_for_what_has_none(store: Store) -> None:
    """One query for what is free and what is marked, while another reader fills the rest."""
    held, marked, free, warm = made = await create_uncached_tasks(store, 4)
    row = await held_lease(store, held)
    await mark_task(store, EARLIER_TOKEN, marked)
    await StoreClient(store).tasks_by_id([warm.id])
    before = store.metrics.sql_queries
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id for task in made]))
    await asyncio.sleep(0.02)
    assert store.metrics.sql_queries - before == 1
    assert (await protocol(store).read([free.id]))[0] == encode(store.workspace, free)
    await protocol(store).fill("held", {held.id: row})
    assert await reading == made
    assert store.metrics.sql_queries - before == 1


@pytest.mark.parametrize("fills", ["before it asks", "while it waits", "never"])
async def test_nobody_who_waits_gets_a_row_from_before_it_began(store: Store, fills: str) -> None:
    """The holder has read the old row; the update is acknowledged; only then the reader begins."""
    task = (await create_uncached_tasks(store))[0]
    old = await held_lease(store, task)
    updated = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    await evict_entries(store, task.id)
    assert old != updated
    if fills == "before it asks":
        await protocol(store).fill("held", {task.id: old})
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id]))
    if fills == "while it waits":
        await asyncio.sleep(0)
        await protocol(store).fill("held", {task.id: old})
    assert await reading == [updated]
    assert await StoreClient(store).tasks_by_id([task.id]) == [updated]


async def test_nobody_gets_one_when_a_third_has_taken_the_lease_since(store: Store) -> None:
    task = (await create_uncached_tasks(store))[0]
    old = await held_lease(store, task)
    updated = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    await evict_entries(store, task.id)
    assert (await protocol(store).lease("third", [task.id])).mine == [task.id]
    reading = asyncio.create_task(StoreClient(store).tasks_by_id([task.id]))
    await asyncio.sleep(0.02)
    await protocol(store).fill("held", {task.id: old})
    await asyncio.sleep(0.02)
    assert not reading.done()
    await protocol(store).fill("third", {task.id: updated})
    assert await reading == [updated]


@pytest.mark.parametrize("seed", range(3))
async def test_readers_never_see_less_than_was_acknowledged_before(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    made = await create_uncached_tasks(store, 5)
    known = {task.id: 1 for task in made}
    stop = asyncio.Event()

    async def writer() -> None:
        for number in range(60):
            task = chance.choice(made)
            written = await StoreClient(store).update_task(task.id, {"title": f"Title {number}"})
            known[task.id] = max(known[task.id], written.version)

    async def reader() -> None:
        while not stop.is_set():
            floor = dict(known)
            for task in await StoreClient(store).tasks_by_id(list(floor)):
                assert task is not None
                assert task.version >= floor[task.id]
                known[task.id] = max(known[task.id], task.version)

    async def evictor() -> None:
        while not stop.is_set():
            await evict_entries(store, *(task.id for task in chance.sample(made, 2)))
            await asyncio.sleep(0)

    others = [asyncio.create_task(work()) for work in (*[reader] * 12, evictor)]
    await asyncio.gather(writer(), writer())
    stop.set()
    await asyncio.gather(*others)
    await check_entries(store)
