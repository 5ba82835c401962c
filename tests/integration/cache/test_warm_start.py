"""The warm start loads what clients requested most into a new index, once, and stops when it should."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from cache.maintenance import warm_start
from cache.maintenance.rebuild import rebuild
from cache.maintenance.runner import maintenance
from cache.maintenance.warm_plan import BATCH_TASKS, WarmBudget
from cache.maintenance.warm_start import WarmStart, WarmStarts
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from cache.usage.usage import Usage
from db.connection import Connection
from db.errors import DatabaseError
from db.pool import Database
from db.task import Task
from db.usage import RequestedPage
from db.warm_lock import try_to_warm
from tests.support.gate_states import build_index, close_gate, grant_gate_lease, switch_gate_off, wait_until
from tests.support.redis_state import entry_bytes, protocol
from tests.support.requests_recorded import record_requested
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks
from tests.support.task_factories import new_task

BUDGET = WarmBudget(1_000_000, 1.0)


@asynccontextmanager
async def warm_lock(store: Store) -> AsyncIterator[Connection]:
    """Hold the lock of the warm start, as a worker of another host does."""
    async with store.database.transaction() as connection:
        assert await try_to_warm(connection)
        yield connection


async def run_without_lock(store: Store) -> None:
    """Run a warm start after PostgreSQL has ended the session that holds its lock."""
    async with store.database.connection() as admin, warm_lock(store) as lock_connection:
        pid = lock_connection.raw.pgconn.backend_pid
        await admin.raw.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        await WarmStart(store, protocol(store), BUDGET, lock_connection).run()


async def cached(store: Store, tasks: list[Task]) -> list[Task]:
    """Return the tasks whose entries hold a value."""
    await store.fills.drain()
    return [task for task in tasks if (await entry_bytes(store, task)).startswith(b"V")]


async def recorded(store: Store, tasks: list[Task], *pages: RequestedPage) -> None:
    """Record that the first of the tasks was requested most often."""
    await record_requested(store.database, {task.id: 1000 - at for at, task in enumerate(tasks)}, *pages)


async def test_requested_tasks_and_pages_are_loaded_once(store: Store) -> None:
    tasks = await create_uncached_tasks(store, 6)
    done = await create_uncached_tasks(store, 3, status="DONE")
    # By position, after the other tasks: the last two of the view.
    await recorded(store, tasks[:2], RequestedPage("DONE", "NEWEST", 2, 1, 5))
    starts = WarmStarts(BUDGET)
    assert starts.wanted(store)
    await starts.warm(store)
    assert await cached(store, tasks) == tasks[:2]
    assert await cached(store, done) == done[1:]
    assert not starts.wanted(store)
    metrics = store.metrics
    assert (metrics.warm_starts, metrics.warmed, metrics.warm_done, metrics.warm_wanted) == (1, 4, 4, 4)
    # Hits and misses are those of clients.
    assert (metrics.hits, metrics.misses, metrics.row_queries) == (0, 0, 0)
    # A worker that starts now finds that the index is warm.
    other = WarmStarts(BUDGET)
    assert other.wanted(store)
    await other.warm(store)
    assert not other.wanted(store)
    assert metrics.warm_starts == 1


async def test_clients_read_what_was_loaded_without_sql(store: Store) -> None:
    task = await create_uncached_task(store)
    await recorded(store, [task])
    await WarmStarts(BUDGET).warm(store)
    await store.fills.drain()
    queries = store.metrics.sql_queries
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    assert (store.metrics.hits, store.metrics.misses, store.metrics.sql_queries) == (1, 0, queries)


async def test_tasks_of_a_warm_start_count_as_not_requested(
    database: Database, redis: Redis, metrics: StoreMetrics
) -> None:
    usage = Usage()
    store = Store(database, redis, metrics, usage=usage)
    await build_index(store)
    tasks = await create_uncached_tasks(store, 2)
    await recorded(store, tasks[:1], RequestedPage(None, "NEWEST", 1, 0, 5))
    await WarmStarts(BUDGET).warm(store)
    assert metrics.warm_done == 2
    kinds = {cell.kind for cell, _ in usage.take(datetime.now(UTC), 0.0, everything=True)}
    assert not kinds & {"task", "page", "view", "cause"}


async def test_lock_is_kept_in_long_pauses(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_start, "HOLD_SECONDS", 0.05)
    tasks = await create_uncached_tasks(store, 2)
    await recorded(store, tasks)
    async with warm_lock(store) as lock_connection:
        await lock_connection.raw.execute("SET LOCAL idle_in_transaction_session_timeout = '1s'")
        # Ten commands, at five a second.
        await WarmStart(store, protocol(store), WarmBudget(5, 1.0), lock_connection).run()
        await lock_connection.keep_session()
    assert await cached(store, tasks) == tasks


async def test_new_index_is_warmed_again(store: Store) -> None:
    task = await create_uncached_task(store)
    await recorded(store, [task])
    starts = WarmStarts(BUDGET)
    await starts.warm(store)
    await switch_gate_off(store)
    await rebuild(store)
    await grant_gate_lease(store)
    assert await cached(store, [task]) == []
    assert starts.wanted(store)
    await starts.warm(store)
    assert await cached(store, [task]) == [task]


async def test_warm_index_leaves_no_key_when_it_is_replaced(store: Store) -> None:
    await recorded(store, [await create_uncached_task(store)])
    await WarmStarts(BUDGET).warm(store)
    key = protocol(store).keys.warm
    assert await store.redis.client.exists(key)
    await switch_gate_off(store)
    await rebuild(store)
    assert not await store.redis.client.exists(key)


async def test_one_worker_loads_at_a_time(store: Store) -> None:
    task = await create_uncached_task(store)
    await recorded(store, [task])
    starts = WarmStarts(BUDGET)
    async with warm_lock(store):
        await starts.warm(store)
        assert starts.wanted(store)
        assert await cached(store, [task]) == []
    await starts.warm(store)
    assert await cached(store, [task]) == [task]


async def test_worker_whose_lock_is_lost_stops_and_another_one_loads(store: Store) -> None:
    tasks = await create_uncached_tasks(store, 2)
    await recorded(store, tasks, RequestedPage(None, "NEWEST", 1, 0, 10_000))
    with pytest.raises(DatabaseError):
        await run_without_lock(store)
    assert await cached(store, tasks) == []
    await WarmStarts(BUDGET).warm(store)
    assert await cached(store, tasks) == tasks


async def test_two_warm_starts_at_once_load_every_task(store: Store) -> None:
    tasks = await create_uncached_tasks(store, 2 * BATCH_TASKS)
    await recorded(store, tasks)
    async with store.database.connection() as one, store.database.connection() as two:
        starts = [WarmStart(store, protocol(store), BUDGET, connection) for connection in (one, two)]
        assert await asyncio.gather(*(start.run() for start in starts)) == [None, None]
    assert await cached(store, tasks) == tasks


async def test_warm_start_ends_at_its_share_of_memory(store: Store) -> None:
    task = await create_uncached_task(store)
    await recorded(store, [task])
    starts = WarmStarts(WarmBudget(1_000_000, 0.0))
    await starts.warm(store)
    assert await cached(store, [task]) == []
    assert not starts.wanted(store)  # there is no more room later, either
    assert (store.metrics.warm_starts, store.metrics.warm_done, store.metrics.warm_wanted) == (1, 0, 1)


async def test_warm_start_ends_with_its_index(store: Store) -> None:
    await recorded(store, [await create_uncached_task(store)])
    before = protocol(store)
    await close_gate(store)
    async with store.database.connection() as connection:
        assert await WarmStart(store, before, BUDGET, connection).run() == "index closed"


async def test_marked_task_is_left_to_its_writer(store: Store) -> None:
    task = await create_uncached_task(store)
    await recorded(store, [task])
    mark = b"M 1000005 9999999999999"
    await store.redis.client.set(protocol(store).keys.entry(task.id), mark)
    await WarmStarts(BUDGET).warm(store)
    assert await entry_bytes(store, task) == mark


async def test_unknown_tasks_and_a_budget_of_zero(store: Store) -> None:
    await record_requested(store.database, {new_task().id: 1})
    await WarmStarts(BUDGET).warm(store)
    assert (store.metrics.warm_starts, store.metrics.warm_done) == (1, 1)
    assert not WarmStarts(WarmBudget()).wanted(store)


async def test_emptied_redis_is_warmed_by_the_background_work(database_url: str, redis_url: str) -> None:
    async with Database(database_url) as database, Redis(redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        async with asyncio.timeout(60), maintenance(store, BUDGET):
            await wait_until(lambda: store.gate_lease.protocol is not None)
            tasks = await create_uncached_tasks(store, 3)
            await recorded(store, tasks)
            await redis.client.flushdb()
            assert len((await StoreClient(store).page(PageRange(5))).tasks) == 3  # finds the index lost
            await wait_until(lambda: store.metrics.warm_starts > 0 and store.gate_lease.protocol is not None)
            assert await cached(store, tasks) == tasks
