"""Tests failed rebuilds: the gate goes off, Redis keeps nothing of the index, and the next rebuild succeeds."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cache.errors import IndexLost
from cache.maintenance import rebuild as rebuilding
from cache.maintenance.rebuild import rebuild
from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.keys import epochs_key
from cache.redis.protocol import Protocol
from cache.store import Store
from db import gate
from db.connection import Connection
from db.errors import DatabaseError
from db.gate import Gate
from db.index_source import INDEX_START, IndexPosition, StatusBatch, index_batch
from db.pool import Database
from tests.support.consistency import check_indexes
from tests.support.gate_states import (
    build_index,
    committed_gate,
    grant_gate_lease,
    switch_gate_off,
    wait_for_gate_state,
)
from tests.support.redis_state import protocol, redis_snapshot
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task

Failure = Callable[[Store, Protocol], Awaitable[None]]


class RebuildPause:
    """Makes rebuilds use batches of two rows, and pauses them before the second batch until `resume` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.resume = asyncio.Event(), asyncio.Event()
        self.connections: list[Connection] = []
        monkeypatch.setattr(rebuilding, "REBUILD_BATCH_ROWS", 2)
        monkeypatch.setattr(rebuilding, "index_batch", self._index_batch)

    async def _index_batch(
        self, connection: Connection, workspace: str, after: IndexPosition, limit: int
    ) -> list[StatusBatch]:
        if after != INDEX_START and not self.resume.is_set():
            self.connections.append(connection)
            self.reached.set()
            await self.resume.wait()
        return await index_batch(connection, workspace, after, limit)


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> RebuildPause:
    return RebuildPause(monkeypatch)


async def empty_redis(store: Store, _building: Protocol) -> None:
    await store.redis.client.flushdb()


async def lose_rev(store: Store, building: Protocol) -> None:
    await store.redis.client.delete(building.keys.rev)


async def close_the_gate(store: Store, building: Protocol) -> None:
    """Close the gate like a writer whose mark failed."""
    async with store.database.connection() as connection:
        assert await gate.close_gate(connection, store.workspace, building.gate.epoch, lost=True)


@pytest.mark.parametrize("fail", [empty_redis, lose_rev, close_the_gate])
async def test_failed_rebuild_is_given_up(store: Store, pause: RebuildPause, fail: Failure) -> None:
    created = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pause.reached.wait()
    found = await wait_for_gate_state(store, "building")
    await fail(store, store.gate_lease.protocol_for(found))
    pause.resume.set()
    with pytest.raises(IndexLost):
        await building
    assert await committed_gate(store) == Gate("off", found.epoch, found.redis_run_id)
    assert not [key for key in await redis_snapshot(store) if f":{found.epoch}:".encode() in key]
    assert str(found.epoch).encode() not in await store.redis.client.smembers(epochs_key(store.workspace))
    assert await build_index(store) == 7
    assert (await StoreClient(store).page(PageRange(10))).tasks == created
    await check_indexes(store)


async def test_beacon_lost_during_a_rebuild_is_detected_by_readers(store: Store, pause: RebuildPause) -> None:
    """The rebuild checks only `rev`. A page checks the beacon of its index, and falls back to PostgreSQL."""
    created = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pause.reached.wait()
    names = store.gate_lease.protocol_for(await committed_gate(store)).keys
    await store.redis.client.delete(names.indexes[0])
    pause.resume.set()
    await building
    await grant_gate_lease(store)
    request = StoreClient(store)
    assert (await request.page(PageRange(10))).tasks == created
    assert request.degraded


async def test_writes_continue_while_a_rebuild_fails(store: Store, pause: RebuildPause) -> None:
    created = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pause.reached.wait()
    moved = await StoreClient(store).update_task(created[0].id, {"status": "DONE"})
    await store.redis.client.flushdb()
    # The failed mark closes the gate. No reader uses the unfinished index, so the write does not wait for leases, whose
    # end no process of this test would notice.
    new = await StoreClient(store).create_task(new_task())
    assert (await committed_gate(store)).state == "off"
    pause.resume.set()
    with pytest.raises(IndexLost):
        await building
    assert (await StoreClient(store).page(PageRange(10))).tasks == [new, moved, *created[1:]]
    assert await build_index(store) == 8
    await check_indexes(store)


async def test_cancelled_rebuild_is_given_up(store: Store, pause: RebuildPause) -> None:
    await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pause.reached.wait()
    found = await wait_for_gate_state(store, "building")
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert (await committed_gate(store)).state == "off"
    assert not [key for key in await redis_snapshot(store) if f":{found.epoch}:".encode() in key]
    pause.resume.set()
    assert await build_index(store) == 7
    await check_indexes(store)


async def test_rebuild_of_a_dead_process_is_taken_over(
    store: Store, database_url: str, redis_url: str, pause: RebuildPause
) -> None:
    """The first process continues after the takeover. Its batches must not reach the new index."""
    created = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    async with Database(database_url) as database, Redis(redis_url) as redis:
        dying = Store(database, redis, StoreMetrics())
        building = asyncio.create_task(rebuild(dying))
        await pause.reached.wait()
        assert await rebuild(store) is None  # the rebuild does nothing, because another process is building
        abandoned = await wait_for_gate_state(store, "building")
        created[0] = await StoreClient(store).update_task(created[0].id, {"status": "DONE"})
        (rebuild_connection,) = pause.connections
        async with store.database.connection() as connection:
            await connection.raw.execute(
                "SELECT pg_terminate_backend(%s, 5000)", (rebuild_connection.raw.info.backend_pid,)
            )
        pause.reached.clear()
        taking_over = asyncio.create_task(rebuild(store))
        await pause.reached.wait()
        taken_over = await committed_gate(store)
        assert taken_over.state == "building"
        assert taken_over.epoch > abandoned.epoch
        created[1] = await StoreClient(store).update_task(created[1].id, {"status": "DONE"})
        pause.resume.set()
        with pytest.raises(DatabaseError):
            await building
        assert await taking_over == 7
    assert await committed_gate(store) == Gate("on", taken_over.epoch, taken_over.redis_run_id)
    await grant_gate_lease(store)
    assert (await StoreClient(store).page(PageRange(10))).tasks == created
    await scrub_all(store, protocol(store))
    await check_indexes(store)
    assert not [key for key in await redis_snapshot(store) if f":{abandoned.epoch}:rev".encode() in key]


async def test_rebuild_that_fails_before_the_gate_is_building_is_cleaned_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next rebuild must remove the failed rebuild's keys: they have no TTL, and their epoch is never reused."""
    await create_uncached_tasks(store, 3)
    await switch_gate_off(store)
    before = await committed_gate(store)

    async def fail(*_: object) -> None:
        raise DatabaseError("connection lost")

    with monkeypatch.context() as patched:
        patched.setattr(gate, "write_building", fail)
        with pytest.raises(DatabaseError, match="connection lost"):
            await rebuild(store)
    assert await committed_gate(store) == before
    assert await build_index(store) == 3
    (epoch,) = await store.redis.client.smembers(epochs_key(store.workspace))
    assert int(epoch) == protocol(store).gate.epoch
    assert {key.split(b":")[1] for key in await redis_snapshot(store)} == {epoch, b"epochs"}
