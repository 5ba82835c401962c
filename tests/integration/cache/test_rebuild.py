"""Tests rebuilds: one process builds the index from the rows alone, and clears older indexes."""

import asyncio

import pytest

from cache.gate.lease import GATE_LEASE_SECONDS, clock
from cache.maintenance import rebuild as rebuilding
from cache.maintenance.clear import clear_epochs
from cache.maintenance.rebuild import rebuild, reindex
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.keys import Keys, epochs_key
from cache.store import Store
from db.pool import Database
from db.views import View
from tests.support.consistency import check_entries, check_indexes
from tests.support.gate_states import (
    build_index,
    committed_gate,
    gate_watchers,
    grant_gate_lease,
    switch_gate_off,
    wait_until,
    wait_until_scrubbed,
)
from tests.support.protocol_steps import EARLIER_TOKEN, mark_task
from tests.support.redis_state import protocol, redis_snapshot
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import in_an_hour, new_task


async def epochs_in_redis(store: Store) -> set[int]:
    """Return the epochs that have keys in Redis."""
    found = await redis_snapshot(store)
    return {int(key.split(b":")[1]) for key in found if key.split(b":")[1].isdigit()}


async def test_postgresql_answers_before_the_first_rebuild(bare_store: Store) -> None:
    await grant_gate_lease(bare_store)
    assert bare_store.gate_lease.ready
    task = await StoreClient(bare_store).create_task(new_task())
    request = StoreClient(bare_store)
    assert (await request.page(PageRange(5))).tasks == [task]
    assert request.degraded
    assert await redis_snapshot(bare_store) == {}


async def test_index_is_built_once(bare_store: Store, metrics: StoreMetrics) -> None:
    created = await create_uncached_tasks(bare_store, 3)
    assert await rebuild(bare_store) == 3
    assert metrics.rebuilds == 1
    assert await rebuild(bare_store) is None  # no rebuild is needed while the gate is on
    assert metrics.rebuilds == 1
    await grant_gate_lease(bare_store)
    request = StoreClient(bare_store)
    assert (await request.page(PageRange(5))).tasks == created
    assert not request.degraded
    assert (await committed_gate(bare_store)).redis_run_id == await bare_store.redis.run_id()


@pytest.mark.parametrize("batch_rows", [1, 3, 7, 41, 10_000])
async def test_rebuilt_index_agrees_with_the_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    monkeypatch.setattr(rebuilding, "REBUILD_BATCH_ROWS", batch_rows)
    created = await create_uncached_tasks(store, 20, expires_at=in_an_hour())
    created = await create_uncached_tasks(store, 21, status="DONE") + created
    await StoreClient(store).delete_task(created.pop(7).id)
    expired = created.pop()
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE task SET expires_at = '2001-01-01' WHERE id = %s", (expired.id,))
    before = protocol(store).gate.epoch
    await store.redis.client.flushdb()
    await switch_gate_off(store)
    assert await build_index(store) == 39
    assert protocol(store).gate.epoch > before
    await check_indexes(store)
    page = await StoreClient(store).page(PageRange(100))
    assert (page.tasks, page.total) == (created, 39)


@pytest.mark.parametrize("epochs_restart", [True, False])
async def test_entries_from_before_a_restored_backup_are_not_used(store: Store, epochs_restart: bool) -> None:
    """After an operator restores a backup, the rows are older than the entries, and epochs may repeat."""
    task, removed = await create_uncached_tasks(store, 2)
    await StoreClient(store).update_task(task.id, {"title": "Lost with the database"})
    async with store.database.connection() as connection:
        await connection.raw.execute("DELETE FROM gate")
        await connection.raw.execute("DELETE FROM task WHERE id = %s", (removed.id,))
        await connection.raw.execute("UPDATE task SET title = %s, version = 1", (task.title,))
        if epochs_restart:
            await connection.raw.execute("ALTER SEQUENCE gate_epoch RESTART")
    assert await build_index(store) == 1
    (found,) = await StoreClient(store).tasks_by_id([task.id])
    assert found is not None
    assert (found.title, found.version) == (task.title, 1)
    await check_indexes(store)


async def test_one_of_several_concurrent_rebuilds_builds(database: Database, redis_url: str) -> None:
    async with Redis(redis_url) as redis:
        stores = [Store(database, redis, StoreMetrics()) for _ in range(5)]
        created = await create_uncached_tasks(stores[0], 3)
        counts = await asyncio.gather(*map(rebuild, stores))
        assert sorted(counts, key=str) == [3, None, None, None, None]
        assert sum(store.metrics.rebuilds for store in stores) == 1
        for store in stores:
            await grant_gate_lease(store)
            assert (await StoreClient(store).page(PageRange(5))).tasks == created
        assert await epochs_in_redis(stores[0]) == {protocol(stores[0]).gate.epoch}


async def test_keys_without_a_ttl_of_older_indexes_are_cleared(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    await mark_task(store, EARLIER_TOKEN, task)
    await mark_task(store, EARLIER_TOKEN, other, overdue=True)
    await switch_gate_off(store)
    await store.redis.send([("SADD", epochs_key(store.workspace), 7)])  # an epoch that has no other keys
    await build_index(store)
    assert await epochs_in_redis(store) == {protocol(store).gate.epoch}
    assert await store.redis.client.smembers(epochs_key(store.workspace)) == {b"%d" % protocol(store).gate.epoch}


async def test_entries_of_an_older_index_have_a_ttl(store: Store) -> None:
    await StoreClient(store).create_task(new_task())
    old = protocol(store).keys
    await switch_gate_off(store)
    await build_index(store)
    remaining = [key for key in await redis_snapshot(store) if f":{old.epoch}:".encode() in key]
    assert len(remaining) == 1
    assert await store.redis.client.pttl(remaining[0]) > 0


async def test_slow_rebuild_does_not_clear_a_newer_index(store: Store) -> None:
    """A process may finish its rebuild after another process has built a newer index."""
    older = protocol(store)
    await switch_gate_off(store)
    await build_index(store)
    created = await create_uncached_tasks(store, 2)
    await clear_epochs(store.redis, store.workspace, older.gate.epoch - 1)
    assert (await StoreClient(store).page(PageRange(5))).tasks == created
    await check_indexes(store)


async def test_workspaces_and_epochs_do_not_share_keys(store: Store, database: Database) -> None:
    other = Store(database, store.redis, StoreMetrics(), "other")
    await build_index(other)
    mine, theirs = await create_uncached_tasks(store), await create_uncached_tasks(other)
    assert (await StoreClient(store).page(PageRange(5))).tasks == mine
    assert (await StoreClient(other).page(PageRange(5))).tasks == theirs
    assert await StoreClient(store).tasks_by_id([theirs[0].id]) == [None]
    assert not set(Keys("a", 1).prelude) & (set(Keys("a", 2).prelude) | set(Keys("b", 1).prelude))
    await switch_gate_off(store)
    await build_index(store)
    await check_indexes(other)


# Rebuilds on request (`reindex`)


async def test_running_processes_use_the_index_of_a_reindex(store: Store, database: Database, redis_url: str) -> None:
    created = await create_uncached_tasks(store, 3)
    before = protocol(store).gate.epoch
    async with Redis(redis_url) as redis, gate_watchers(store):
        assert await reindex(Store(database, redis, StoreMetrics())) == 3
        await wait_until(
            lambda: store.gate_lease.protocol is not None and store.gate_lease.protocol.gate.epoch > before
        )
        request = StoreClient(store)
        assert (await request.page(PageRange(5))).tasks == created
        assert not request.degraded
        assert await epochs_in_redis(store) == {protocol(store).gate.epoch}


async def test_reindex_while_a_service_writes_loses_no_task(store: Store, database: Database, redis_url: str) -> None:
    """Either the command or the service builds the index, and writers continue."""
    before = protocol(store).gate.epoch
    created = await create_uncached_tasks(store, 3, status="DONE")
    created.reverse()
    async with Redis(redis_url) as redis, maintenance(store):
        reindexing = asyncio.create_task(reindex(Store(database, redis, StoreMetrics())))
        while not reindexing.done() or len(created) < 20:
            task = await StoreClient(store).create_task(new_task())
            created.append(await StoreClient(store).update_task(task.id, {"status": "DONE"}))
            page = await StoreClient(store).page(PageRange(100, view=View(status="DONE")))
            assert (page.tasks, page.total) == (created[::-1][:100], len(created))
        assert 3 <= await reindexing <= len(created)
        assert (await committed_gate(store)).epoch > before
        await wait_until(lambda: store.gate_lease.protocol is not None)
        await wait_until_scrubbed(store)
    await grant_gate_lease(store)  # the lease would end, because the watcher has stopped
    await check_indexes(store)
    await check_entries(store)


async def test_reindex_without_a_service_or_an_index(bare_store: Store) -> None:
    await create_uncached_tasks(bare_store, 3)
    assert await reindex(bare_store) == 3
    await grant_gate_lease(bare_store)
    await check_indexes(bare_store)


async def test_reindex_without_a_service_waits_for_leases(store: Store, database: Database, redis_url: str) -> None:
    """A stopped service leaves the gate on, and other processes may still hold leases."""
    await create_uncached_tasks(store, 3)
    before = protocol(store).gate.epoch
    async with Redis(redis_url) as redis, asyncio.timeout(60):
        began = clock()
        assert await reindex(Store(database, redis, StoreMetrics())) == 3
        assert clock() - began > GATE_LEASE_SECONDS
    await grant_gate_lease(store)
    assert protocol(store).gate.epoch > before
    await check_indexes(store)
