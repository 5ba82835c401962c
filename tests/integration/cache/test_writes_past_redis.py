"""Writes while the gate closes wait; while it is off, they change PostgreSQL alone, and every read sees them."""

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
from cache.redis.entry import decode
from cache.redis.index import PageRange
from cache.store import Store
from cache.writes import transaction
from db.pages import task_page
from db.pool import Database
from db.task import Task
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
from tests.support.store_factories import create_uncached_tasks, newest_first
from tests.support.task_factories import new_task

WRITES: dict[str, Callable[[StoreClient, UUID, UUID], Awaitable[Any]]] = {
    "create": lambda tasks, _there, _gone: tasks.create_task(new_task("New")),
    "create many": lambda tasks, _there, _gone: tasks.create_tasks([new_task("New"), new_task("New", status="DONE")]),
    "update": lambda tasks, there, _gone: tasks.update_task(there, {"title": "Newer", "status": "DONE"}),
    "delete": lambda tasks, there, _gone: tasks.delete_task(there),
    "restore": lambda tasks, _there, gone: tasks.restore_task(gone),
}


async def prepared(store: Store) -> tuple[UUID, UUID]:
    """A task that is there and one that was deleted, and their entries."""
    there, gone, _ = await create_uncached_tasks(store, 3)
    await StoreClient(store).delete_task(gone.id)
    await StoreClient(store).page(PageRange(5))
    return there.id, gone.id


async def rows(store: Store) -> list[Task]:
    """What PostgreSQL says, newest first."""
    async with store.database.connection() as connection:
        return (await task_page(connection, store.workspace, count=100)).tasks


async def check_reads(store: Store, *, degraded: bool) -> None:
    """Pages and look-ups are the rows, each in a request of its own."""
    expected = await rows(store)
    for status in (None, "TODO", "DONE"):
        request = StoreClient(store)
        page = await request.page(PageRange(10, status=status))
        assert page.tasks == [task for task in expected if status in (None, task.status)]
        assert page.total == len(page.tasks)
        assert request.degraded == degraded
    request = StoreClient(store)
    assert await request.tasks_by_id([task.id for task in expected]) == expected
    assert request.degraded == degraded


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_while_the_gate_closes_waits_and_then_goes_past_redis(store: Store, write: str) -> None:
    ids = await prepared(store)
    before = await redis_snapshot(store)
    await close_gate(store)
    unchanged = await rows(store)
    writing = asyncio.ensure_future(WRITES[write](StoreClient(store), *ids))
    await asyncio.sleep(0.2)
    assert not writing.done()
    assert await rows(store) == unchanged
    await check_reads(store, degraded=True)
    await finish_closing(store)
    await writing
    assert await rows(store) != unchanged
    await check_reads(store, degraded=True)
    assert await redis_snapshot(store) == before


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_while_the_gate_is_off_changes_postgresql_alone(store: Store, write: str) -> None:
    ids = await prepared(store)
    await switch_gate_off(store)
    before, unchanged = await redis_snapshot(store), await rows(store)
    await WRITES[write](StoreClient(store), *ids)
    assert await rows(store) != unchanged
    assert await redis_snapshot(store) == before
    await check_reads(store, degraded=True)
    await build_index(store)
    await check_reads(store, degraded=False)
    await check_indexes(store)
    await check_entries(store)


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_while_the_index_is_built_is_seen_at_once_and_after(store: Store, write: str) -> None:
    ids = await prepared(store)
    await switch_gate_off(store)
    building = await rebuilding._begin(store, await store.redis.run_id())
    assert building is not None
    await grant_gate_lease(store)
    unchanged = await rows(store)
    await WRITES[write](StoreClient(store), *ids)
    assert await rows(store) != unchanged
    await check_reads(store, degraded=True)
    assert await build_index(store) == len(await rows(store))  # takes over, with another epoch
    await check_reads(store, degraded=False)
    await check_indexes(store)


async def test_one_that_entered_before_the_gate_closed_ends_with_redis(store: Store) -> None:
    """It is the reader's lease that is waited for, and not the writer: it has its mark."""
    task = (await create_uncached_tasks(store))[0]
    async with store.database.connection() as connection, connection.raw.transaction():
        await connection.raw.execute("SELECT FROM task WHERE id = %s FOR UPDATE", (task.id,))
        writing = asyncio.create_task(StoreClient(store).update_task(task.id, {"title": "Newer"}))
        await asyncio.sleep(0.1)
        await close_gate(store)
    updated = await writing
    assert (await committed_gate(store)).state == "closing"
    assert decode(store.workspace, task.id, await entry_at(store, task.id)) == updated


async def entry_at(store: Store, id_: UUID) -> bytes | None:
    """Also when nobody may read it any more."""
    found: Any = await store.redis.client.get(
        store.gate_lease.protocol_for(await committed_gate(store)).keys.entry(id_)
    )
    return None if found is None else bytes(found)


async def test_who_builds_waits_for_one_that_goes_past_redis(store: Store) -> None:
    """Else it would be in no batch, and in no index."""
    task = (await create_uncached_tasks(store))[0]
    await switch_gate_off(store)
    async with store.database.connection() as connection, connection.raw.transaction():
        await connection.raw.execute("SELECT FROM task WHERE id = %s FOR UPDATE", (task.id,))
        writing = asyncio.create_task(StoreClient(store).update_task(task.id, {"status": "DONE"}))
        await asyncio.sleep(0.1)
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
async def test_a_gate_that_does_not_get_off_is_waited_for_so_long_and_no_longer(
    store: Store, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    ids = await prepared(store)
    unchanged = await rows(store)
    await close_gate(store)
    monkeypatch.setattr(transaction, "GATE_WAIT_SECONDS", 0.3)
    began = clock()
    with pytest.raises(GateClosing, match="Nothing was changed"):
        await WRITES[write](StoreClient(store), *ids)
    assert 0.3 <= clock() - began < 1
    assert await rows(store) == unchanged


async def test_writes_through_a_whole_closing_are_done_once_each(store: Store, database: Database) -> None:
    """Two processes write all the while; one closes the gate in the midst of it, and the keeper builds again."""
    other = Store(database, store.redis, StoreMetrics())
    await grant_gate_lease(other)
    made: list[Task] = []
    written = {store: 0, other: 0}

    async def work(store: Store) -> None:
        while not stop.is_set():
            task = await StoreClient(store).create_task(new_task())
            task = await StoreClient(store).update_task(task.id, {"status": "DONE"})
            made.append(task)
            assert await StoreClient(other).tasks_by_id([task.id]) == [task]
            written[store] += 1

    stop = asyncio.Event()
    async with maintenance(store), gate_watchers(other):
        working = [asyncio.create_task(work(each)) for each in (store, other, store, other)]
        epoch = protocol(store).gate.epoch
        assert await store.gate_lease.close(epoch, IndexLost())
        await wait_until(
            lambda: all(
                each.gate_lease.protocol is not None and each.gate_lease.protocol.gate.epoch > epoch for each in written
            )
        )
        stop.set()
        await asyncio.gather(*working)
        await wait_until_scrubbed(store)
    assert all(written.values())
    assert {task.version for task in made} == {2}
    page = await StoreClient(other).page(PageRange(100))
    assert page.tasks == newest_first(made)[:100]
    assert page.total == len(made)
    await grant_gate_lease(store)  # the keeper has ended, and its lease runs out
    await check_indexes(store)
    await check_entries(store)
