"""An index that cannot be built is given up: the gate goes off, nothing is left behind, and another is built."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cache.errors import IndexLost
from cache.gate.lease import GATE_LEASE_SECONDS, clock
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
from db.errors import DatabaseError
from db.gate import Gate
from db.index_source import INDEX_START, IndexPosition, StatusBatch, index_batch
from db.pool import Connection, Database
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

Break = Callable[[Store, Protocol], Awaitable[None]]


class Pause:
    """A rebuild of batches of two, and a moment between the first and the second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self.turns: list[Connection] = []
        monkeypatch.setattr(rebuilding, "REBUILD_BATCH_ROWS", 2)
        monkeypatch.setattr(rebuilding, "index_batch", self._index_batch)

    async def _index_batch(
        self, connection: Connection, workspace: str, after: IndexPosition, limit: int
    ) -> list[StatusBatch]:
        if after != INDEX_START and not self.go_on.is_set():
            self.turns.append(connection)
            self.reached.set()
            await self.go_on.wait()
        return await index_batch(connection, workspace, after, limit)


@pytest.fixture
def pausing(monkeypatch: pytest.MonkeyPatch) -> Pause:
    """Stops every rebuild after its first batch was read, until it is told to go on."""
    return Pause(monkeypatch)


async def emptied(store: Store, _building: Protocol) -> None:
    await store.redis.client.flushdb()


async def lost(store: Store, building: Protocol) -> None:
    await store.redis.client.delete(building.keys.rev)


async def closed(store: Store, building: Protocol) -> None:
    """By a writer that could not mark."""
    async with store.database.connection() as connection:
        assert await gate.close_gate(connection, store.workspace, building.gate.epoch, lost=True)


@pytest.mark.parametrize("breaks", [emptied, lost, closed])
async def test_it_is_given_up(store: Store, pausing: Pause, breaks: Break) -> None:
    made = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pausing.reached.wait()
    found = await wait_for_gate_state(store, "building")
    await breaks(store, store.gate_lease.protocol_for(found))
    pausing.go_on.set()
    with pytest.raises(IndexLost):
        await building
    assert await committed_gate(store) == Gate("off", found.epoch, found.redis_run_id)
    assert not [key for key in await redis_snapshot(store) if f":{found.epoch}:".encode() in key]
    assert str(found.epoch).encode() not in await store.redis.client.smembers(epochs_key(store.workspace))
    assert await build_index(store) == 7
    assert (await StoreClient(store).page(PageRange(10))).tasks == made
    await check_indexes(store)


async def test_a_beacon_that_is_lost_while_it_is_built_is_seen_by_readers(store: Store, pausing: Pause) -> None:
    """The builder looks at `rev` alone; a page looks at the beacon of its index, and the gate closes then."""
    made = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pausing.reached.wait()
    names = store.gate_lease.protocol_for(await committed_gate(store)).keys
    await store.redis.client.delete(names.indexes[0])
    pausing.go_on.set()
    await building
    await grant_gate_lease(store)
    request = StoreClient(store)
    assert (await request.page(PageRange(10))).tasks == made
    assert request.degraded


async def test_writes_go_on_when_it_is_given_up(store: Store, pausing: Pause) -> None:
    made = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pausing.reached.wait()
    moved = await StoreClient(store).update_task(made[0].id, {"status": "DONE"})
    await store.redis.client.flushdb()
    # Refused by the index, it closes the gate, and need not wait for readers: none trusts it yet.
    began = clock()
    created = await StoreClient(store).create_task(new_task())
    assert clock() - began < GATE_LEASE_SECONDS
    assert (await committed_gate(store)).state == "off"
    pausing.go_on.set()
    with pytest.raises(IndexLost):
        await building
    assert (await StoreClient(store).page(PageRange(10))).tasks == [created, moved, *made[1:]]
    assert await build_index(store) == 8
    await check_indexes(store)


async def test_a_builder_that_is_cancelled_gives_up(store: Store, pausing: Pause) -> None:
    await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    building = asyncio.create_task(rebuild(store))
    await pausing.reached.wait()
    found = await wait_for_gate_state(store, "building")
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert (await committed_gate(store)).state == "off"
    assert not [key for key in await redis_snapshot(store) if f":{found.epoch}:".encode() in key]
    pausing.go_on.set()
    assert await build_index(store) == 7
    await check_indexes(store)


async def test_a_builder_that_died_is_taken_over(
    store: Store, database_url: str, redis_url: str, pausing: Pause
) -> None:
    """It comes back to life too late, and does no harm."""
    made = await create_uncached_tasks(store, 7)
    await switch_gate_off(store)
    async with Database(database_url) as database, Redis(redis_url) as redis:
        dying = Store(database, redis, StoreMetrics())
        building = asyncio.create_task(rebuild(dying))
        await pausing.reached.wait()
        assert await rebuild(store) is None  # it is the other's turn
        dead = await wait_for_gate_state(store, "building")
        made[0] = await StoreClient(store).update_task(made[0].id, {"status": "DONE"})
        (turn,) = pausing.turns
        async with store.database.connection() as connection:
            await connection.raw.execute("SELECT pg_terminate_backend(%s, 5000)", (turn.raw.info.backend_pid,))
        pausing.reached.clear()
        taking_over = asyncio.create_task(rebuild(store))
        await pausing.reached.wait()
        taken_over = await committed_gate(store)
        assert taken_over.state == "building"
        assert taken_over.epoch > dead.epoch
        made[1] = await StoreClient(store).update_task(made[1].id, {"status": "DONE"})
        pausing.go_on.set()
        with pytest.raises(DatabaseError):
            await building
        assert await taking_over == 7
    assert await committed_gate(store) == Gate("on", taken_over.epoch, taken_over.redis_run_id)
    await grant_gate_lease(store)
    assert (await StoreClient(store).page(PageRange(10))).tasks == made
    await scrub_all(store, protocol(store))
    await check_indexes(store)
    assert not [key for key in await redis_snapshot(store) if f":{dead.epoch}:rev".encode() in key]


async def test_one_that_never_was_building_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its keys have no end, and its epoch is never used again."""
    await create_uncached_tasks(store, 3)
    await switch_gate_off(store)
    before = await committed_gate(store)

    async def breaks_off(*_: object) -> None:
        raise DatabaseError("broken")

    with monkeypatch.context() as patched:
        patched.setattr(gate, "write_building", breaks_off)
        with pytest.raises(DatabaseError, match="broken"):
            await rebuild(store)
    assert await committed_gate(store) == before
    assert await build_index(store) == 3
    (epoch,) = await store.redis.client.smembers(epochs_key(store.workspace))
    assert int(epoch) == protocol(store).gate.epoch
    assert {key.split(b":")[1] for key in await redis_snapshot(store)} == {epoch, b"epochs"}
