import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from cache.errors import RedisFull
from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from cache.writes import transaction
from db.pool import Database
from tests.support.gate_states import build_index, committed_gate, gate_watchers
from tests.support.protocol_steps import LATER_TOKEN, mark_task
from tests.support.redis_server import redis_server
from tests.support.redis_state import entry_bytes, indexed_views, marked_ids, protocol, redis_snapshot
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task
from tests.support.task_factories import new_task


@pytest.fixture
async def store(tmp_path: Path, database: Database, metrics: StoreMetrics) -> AsyncIterator[Store]:
    """On a Redis of its own, whose memory is limited without harm to anybody."""
    with redis_server(tmp_path) as url:
        async with Redis(url) as redis:
            store = Store(database, redis, metrics)
            await build_index(store)
            yield store


async def limit(store: Store, maxmemory: str) -> None:
    await store.redis.client.config_set("maxmemory", maxmemory)


async def refusals(store: Store) -> int:
    return int((await store.redis.client.info("errorstats")).get("errorstat_OOM", {}).get("count", 0))


async def test_a_write_goes_on_without_a_redis_that_is_full(store: Store) -> None:
    before = await StoreClient(store).create_task(new_task())
    await limit(store, "1")
    async with gate_watchers(store):
        made = await StoreClient(store).create_task(new_task())
        changed = await StoreClient(store).update_task(before.id, {"title": "Another"})
    assert (await committed_gate(store)).state == "off"
    assert store.gate_lease.index_too_large
    assert await StoreClient(store).tasks_by_id([made.id, before.id]) == [made, changed]


async def test_a_write_that_redis_has_room_for_a_moment_later_costs_no_index(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it holds what it sends to many who read at once."""
    monkeypatch.setattr(transaction, "MEMORY_RETRY_SECONDS", 1.0)
    gate = await committed_gate(store)
    for write in (
        StoreClient(store).create_task(new_task()),
        StoreClient(store).create_tasks([new_task(), new_task()]),
    ):
        refused = await refusals(store)
        await limit(store, "1")
        writing = asyncio.create_task(write)
        while await refusals(store) == refused:  # noqa: ASYNC110 (Redis, which sets no event)
            await asyncio.sleep(0.01)
        await limit(store, "64mb")
        await writing
    assert await committed_gate(store) == gate
    assert not store.gate_lease.index_too_large


async def test_what_redis_does_not_refuse_it_does_whole(store: Store) -> None:
    """It looks at its memory at the first write of a script that needs some, and no more once one has written."""
    task = await create_uncached_task(store)
    done = structs.replace(task, status="DONE")
    await mark_task(store, LATER_TOKEN, done)
    await limit(store, "1")
    with suppress(RedisFull):
        await protocol(store).publish([MarkedWrite(LATER_TOKEN, done)])
    # The value itself may be evicted at once.
    marked = (await entry_bytes(store, task)).startswith(b"M ")
    assert marked == (await marked_ids(store) != [])
    assert marked == (await indexed_views(store, task.id) == {None, "TODO", "DONE"})
    before = await redis_snapshot(store)
    with pytest.raises(RedisFull):
        await mark_task(store, LATER_TOKEN + 1, task)
    with pytest.raises(RedisFull):
        await protocol(store).add(LATER_TOKEN + 2, [task], transaction=timedelta(seconds=10))
    assert await redis_snapshot(store) == before


async def test_an_index_that_does_not_fit_is_given_up_and_said_so_until_it_does(store: Store) -> None:
    await StoreClient(store).create_tasks([new_task() for _ in range(100)])
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET state = 'off'")
    await limit(store, "1")
    with pytest.raises(RedisFull, match="maxmemory"):
        await rebuild(store)
    assert store.gate_lease.index_too_large
    assert (await committed_gate(store)).state in ("off", "building")
    await limit(store, "64mb")
    assert await build_index(store) == 100
    assert not store.gate_lease.index_too_large
