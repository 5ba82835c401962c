"""Tests writes without Redis: they wait while the gate is closing, and change only PostgreSQL while it is off."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from cache.errors import GateClosing, IndexLost
from cache.gate.lease import clock
from cache.maintenance import rebuild as rebuilding
from cache.maintenance.rebuild import rebuild
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.encoded_task import decode
from cache.redis.index import PageRange
from cache.store import Store
from cache.writes import transaction
from db.pages import task_page
from db.pool import Database
from db.task import Task
from db.views import View
from tests.support.consistency import check_entries, check_indexes
from tests.support.gate_states import (
    build_index,
    close_gate,
    committed_gate,
    finish_closing,
    gate_watchers,
    grant_gate_lease,
    switch_gate_off,
    wait_until,
    wait_until_scrubbed,
)
from tests.support.redis_state import protocol, redis_snapshot
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks, newest_first
from tests.support.table_lock import wait_for_lock_waiters
from tests.support.task_factories import new_task

WRITES: dict[str, Callable[[StoreClient, UUID, UUID], Awaitable[Any]]] = {
    "create": lambda tasks, _visible, _deleted: tasks.create_task(new_task("New")),
    "create many": lambda tasks, _visible, _deleted: tasks.create_tasks(
        [new_task("New"), new_task("New", status="DONE")]
    ),
    "update": lambda tasks, visible, _deleted: tasks.update_task(visible, {"title": "Newer", "status": "DONE"}),
    "delete": lambda tasks, visible, _deleted: tasks.delete_task(visible),
    "restore": lambda tasks, _visible, deleted: tasks.restore_task(deleted),
}


async def create_targets(store: Store) -> tuple[UUID, UUID]:
    """Return the ids of a visible and a deleted task, on which WRITES act. Each visible task has an entry."""
    visible, deleted, _ = await create_uncached_tasks(store, 3)
    await StoreClient(store).delete_task(deleted.id)
    await StoreClient(store).page(PageRange(5))
    return visible.id, deleted.id


async def visible_rows(store: Store) -> list[Task]:
    """Return the visible tasks of PostgreSQL, newest first."""
    async with store.database.connection() as connection:
        return (await task_page(connection, store.workspace, count=100)).tasks


async def check_reads(store: Store, *, degraded: bool) -> None:
    """Assert that pages and reads by id agree with the rows. Each read is a new request."""
    expected = await visible_rows(store)
    for status in (None, "TODO", "DONE"):
        request = StoreClient(store)
        page = await request.page(PageRange(10, view=View(status=status)))
        assert page.tasks == [task for task in expected if status in (None, task.status)]
        assert page.total == len(page.tasks)
        assert request.degraded == degraded
    request = StoreClient(store)
    assert await request.tasks_by_id([task.id for task in expected]) == expected
    assert request.degraded == degraded


@pytest.mark.parametrize("write", WRITES)
async def test_write_waits_while_the_gate_closes_and_then_continues_without_redis(store: Store, write: str) -> None:
    ids = await create_targets(store)
    before = await redis_snapshot(store)
    await close_gate(store)
    unchanged = await visible_rows(store)
    writing = asyncio.ensure_future(WRITES[write](StoreClient(store), *ids))
    await asyncio.sleep(0.2)
    assert not writing.done()
    assert await visible_rows(store) == unchanged
    await check_reads(store, degraded=True)
    await finish_closing(store)
    await writing
    assert await visible_rows(store) != unchanged
    await check_reads(store, degraded=True)
    assert await redis_snapshot(store) == before


@pytest.mark.parametrize("write", WRITES)
async def test_write_while_the_gate_is_off_changes_postgresql_only(store: Store, write: str) -> None:
    ids = await create_targets(store)
    await switch_gate_off(store)
    before, unchanged = await redis_snapshot(store), await visible_rows(store)
    await WRITES[write](StoreClient(store), *ids)
    assert await visible_rows(store) != unchanged
    assert await redis_snapshot(store) == before
    await check_reads(store, degraded=True)
    await build_index(store)
    await check_reads(store, degraded=False)
    await check_indexes(store)
    await check_entries(store)


@pytest.mark.parametrize("write", WRITES)
async def test_write_during_a_rebuild_is_visible_during_and_after_the_rebuild(store: Store, write: str) -> None:
    ids = await create_targets(store)
    await switch_gate_off(store)
    building = await rebuilding._begin(store, await store.redis.run_id())
    assert building is not None
    await grant_gate_lease(store)
    unchanged = await visible_rows(store)
    await WRITES[write](StoreClient(store), *ids)
    assert await visible_rows(store) != unchanged
    await check_reads(store, degraded=True)
    assert await build_index(store) == len(
        await visible_rows(store)
    )  # the new index has another epoch and replaces the unfinished index
    await check_reads(store, degraded=False)
    await check_indexes(store)


async def test_write_that_entered_before_the_gate_closed_ends_with_redis(store: Store, database_url: str) -> None:
    """Closing waits only for the leases of readers. Marks protect the tasks of writers."""
    task = await create_uncached_task(store)
    async with store.database.connection() as connection, connection.raw.transaction():
        await connection.raw.execute("SELECT FROM task WHERE id = %s FOR UPDATE", (task.id,))
        writing = asyncio.create_task(StoreClient(store).update_task(task.id, {"title": "Newer"}))
        await wait_for_lock_waiters(database_url, 1)
        await close_gate(store)
    updated = await writing
    assert (await committed_gate(store)).state == "closing"
    assert decode(store.workspace, task.id.bytes, await entry_of_current_gate(store, task.id)) == updated


async def entry_of_current_gate(store: Store, id_: UUID) -> bytes | None:
    """Return the entry of a task, even while the gate forbids reads from Redis."""
    found: Any = await store.redis.client.get(
        store.gate_lease.protocol_for(await committed_gate(store)).keys.entry(id_)
    )
    return None if found is None else bytes(found)


async def test_rebuild_waits_for_a_write_without_redis(store: Store, database_url: str) -> None:
    """If the rebuild did not wait, its batches could miss the write, and the writer would not add it to the index."""
    task = await create_uncached_task(store)
    await switch_gate_off(store)
    async with store.database.connection() as connection, connection.raw.transaction():
        await connection.raw.execute("SELECT FROM task WHERE id = %s FOR UPDATE", (task.id,))
        writing = asyncio.create_task(StoreClient(store).update_task(task.id, {"status": "DONE"}))
        await wait_for_lock_waiters(database_url, 1)
        building = asyncio.create_task(rebuild(store))
        await asyncio.sleep(0.1)
        assert not building.done()
        assert (await committed_gate(store)).state == "off"
    await writing
    assert await building == 1
    await grant_gate_lease(store)
    await check_indexes(store)
    await check_reads(store, degraded=False)


@pytest.mark.parametrize("write", WRITES)
async def test_write_gives_up_when_the_gate_stays_closing(
    store: Store, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    ids = await create_targets(store)
    unchanged = await visible_rows(store)
    await close_gate(store)
    monkeypatch.setattr(transaction, "GATE_WAIT_SECONDS", 0.3)
    began = clock()
    with pytest.raises(GateClosing, match="Nothing was changed"):
        await WRITES[write](StoreClient(store), *ids)
    assert clock() - began >= 0.3
    assert await visible_rows(store) == unchanged


async def test_each_write_during_a_closing_is_applied_once(store: Store, database: Database) -> None:
    """Two processes write continuously. One closes the gate, and the background work rebuilds the index."""
    other = Store(database, store.redis, StoreMetrics())
    await grant_gate_lease(other)
    created: list[Task] = []
    written = {store: 0, other: 0}

    async def write_repeatedly(store: Store) -> None:
        while not stop.is_set():
            task = await StoreClient(store).create_task(new_task())
            task = await StoreClient(store).update_task(task.id, {"status": "DONE"})
            created.append(task)
            assert await StoreClient(other).tasks_by_id([task.id]) == [task]
            written[store] += 1

    stop = asyncio.Event()
    async with maintenance(store), gate_watchers(other):
        writing_tasks = [asyncio.create_task(write_repeatedly(process)) for process in (store, other, store, other)]
        epoch = protocol(store).gate.epoch
        assert await store.gate_lease.close(epoch, IndexLost())
        await wait_until(
            lambda: all(
                process.gate_lease.protocol is not None and process.gate_lease.protocol.gate.epoch > epoch
                for process in written
            )
        )
        stop.set()
        await asyncio.gather(*writing_tasks)
        await wait_until_scrubbed(store)
    assert all(written.values())
    assert {task.version for task in created} == {2}
    page = await StoreClient(other).page(PageRange(100))
    assert page.tasks == newest_first(created)[:100]
    assert page.total == len(created)
    await grant_gate_lease(store)  # the lease would end, because the watcher has stopped
    await check_indexes(store)
    await check_entries(store)
