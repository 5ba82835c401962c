"""Tests the background work of a process: it rebuilds a lost index, purges old rows, and can stop at any moment."""

import asyncio
from datetime import timedelta

import pytest

from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.pool import Database
from tests.support.gate_states import wait_until
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import in_an_hour, new_task


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 5, 8, 13, 21, 34])
async def test_maintenance_stops_at_any_moment(database_url: str, redis_url: str, milliseconds: int) -> None:
    async with asyncio.timeout(30), Database(database_url) as database, Redis(redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        running = maintenance(store)
        await running.__aenter__()
        await asyncio.sleep(milliseconds / 1000)
        await running.__aexit__(None, None, None)


async def test_index_that_a_read_finds_missing_is_rebuilt(database_url: str, redis_url: str) -> None:
    async with Database(database_url) as database, Redis(redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        async with asyncio.timeout(30), maintenance(store):
            await wait_until(lambda: store.gate_lease.protocol is not None)
            task = await StoreClient(store).create_task(new_task())
            before = protocol(store).gate
            await redis.client.flushdb()
            request = StoreClient(store)
            assert await request.tasks_by_id([task.id]) == [task]
            assert request.degraded
            await wait_until(lambda: store.metrics.rebuilds == 2 and store.gate_lease.protocol is not None)
            assert protocol(store).gate.epoch > before.epoch
            request = StoreClient(store)
            assert (await request.page(PageRange(5))).tasks == [task]
            assert not request.degraded


async def test_index_that_the_scrub_finds_missing_is_rebuilt(database_url: str, redis_url: str) -> None:
    async with Database(database_url) as database, Redis(redis_url) as redis:
        store = Store(database, redis, StoreMetrics())
        async with asyncio.timeout(30), maintenance(store):
            await wait_until(lambda: store.gate_lease.protocol is not None)
            await redis.client.flushdb()
            await wait_until(lambda: store.metrics.rebuilds == 2 and store.gate_lease.protocol is not None)


async def test_rows_past_the_retention_are_purged(store: Store) -> None:
    kept, deleted, expired = await create_uncached_tasks(store, 3, expires_at=in_an_hour())
    await StoreClient(store).delete_task(deleted.id)
    async with store.database.connection() as connection:
        await connection.raw.execute(
            "UPDATE task SET deleted_at = now() - interval '8 days' WHERE id = %s", (deleted.id,)
        )
        await connection.raw.execute(
            "UPDATE task SET expires_at = now() - interval '8 days' WHERE id = %s", (expired.id,)
        )
    store.retention = timedelta(days=7)
    async with asyncio.timeout(30), maintenance(store):
        await wait_until(lambda: store.metrics.purged == 2)
    async with store.database.connection() as connection:
        remaining = await (await connection.raw.execute("SELECT id FROM task")).fetchall()
    assert remaining == [(kept.id,)]
