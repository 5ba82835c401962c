"""Tests a Redis that is out of memory: writes continue without Redis, and a rebuild that does not fit is abandoned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import structs

from cache.errors import RedisFull
from cache.maintenance.rebuild import rebuild
from cache.maintenance.shapes import shape_steps
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from cache.writes import transaction
from db.pool import Database
from db.views import View
from tests.support.gate_states import build_index, committed_gate, gate_watchers
from tests.support.protocol_steps import LATER_TOKEN, mark_task
from tests.support.redis_server import redis_server
from tests.support.redis_state import entry_bytes, indexed_views, marked_ids, protocol, redis_snapshot
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes


@pytest.fixture
async def store(tmp_path: Path, database: Database, metrics: StoreMetrics) -> AsyncIterator[Store]:
    """Yield a store on a Redis server of its own, because a memory limit applies to a whole server."""
    with redis_server(tmp_path) as url:
        async with Redis(url) as redis:
            store = Store(database, redis, metrics)
            await build_index(store)
            yield store


async def set_maxmemory(store: Store, maxmemory: str) -> None:
    await store.redis.client.config_set("maxmemory", maxmemory)


async def out_of_memory_errors(store: Store) -> int:
    """Return how many commands Redis has refused for lack of memory."""
    return int((await store.redis.client.info("errorstats")).get("errorstat_OOM", {}).get("count", 0))


async def test_write_continues_without_a_redis_that_is_out_of_memory(store: Store) -> None:
    before = await StoreClient(store).create_task(new_task())
    await set_maxmemory(store, "1")
    async with gate_watchers(store):
        created = await StoreClient(store).create_task(new_task())
        changed = await StoreClient(store).update_task(before.id, {"title": "Another"})
    assert (await committed_gate(store)).state == "off"
    assert store.gate_lease.index_too_large
    assert await StoreClient(store).tasks_by_id([created.id, before.id]) == [created, changed]


async def test_mark_is_retried_once_memory_is_free_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies in flight use memory too, so Redis may be out of memory only for a moment."""
    monkeypatch.setattr(transaction, "MEMORY_RETRY_SECONDS", 1.0)
    gate = await committed_gate(store)
    for write in (
        StoreClient(store).create_task(new_task()),
        StoreClient(store).create_tasks([new_task(), new_task()]),
    ):
        refused_before = await out_of_memory_errors(store)
        await set_maxmemory(store, "1")
        writing = asyncio.create_task(write)
        while await out_of_memory_errors(store) == refused_before:  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.01)
        await set_maxmemory(store, "64mb")
        await writing
    assert await committed_gate(store) == gate
    assert not store.gate_lease.index_too_large


async def test_script_is_refused_before_its_first_write_or_runs_completely(store: Store) -> None:
    """Redis checks its memory only at a script's first command that needs memory."""
    task = await create_uncached_task(store)
    done = structs.replace(task, status="DONE")
    await mark_task(store, LATER_TOKEN, done)
    await set_maxmemory(store, "1")
    with suppress(RedisFull):
        await protocol(store).publish([MarkedWrite(LATER_TOKEN, done)])
    # Redis may evict the published entry at once.
    marked = (await entry_bytes(store, task)).startswith(b"M ")
    assert marked == (await marked_ids(store) != [])
    assert marked == (await indexed_views(store, task.id) == {None, "TODO", "DONE"})
    before = await redis_snapshot(store)
    with pytest.raises(RedisFull):
        await mark_task(store, LATER_TOKEN + 1, task)
    with pytest.raises(RedisFull):
        await protocol(store).record(b"7", LATER_TOKEN + 2, [task])
    assert await redis_snapshot(store) == before


async def test_index_that_does_not_fit_is_given_up_and_reported_until_it_fits(store: Store) -> None:
    await StoreClient(store).create_tasks([new_task() for _ in range(100)])
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET state = 'off'")
    await set_maxmemory(store, "1")
    with pytest.raises(RedisFull, match="maxmemory"):
        await rebuild(store)
    assert store.gate_lease.index_too_large
    assert (await committed_gate(store)).state in ("off", "building")
    await set_maxmemory(store, "64mb")
    assert await build_index(store) == 100
    assert not store.gate_lease.index_too_large


async def test_largest_shape_is_given_up_before_the_index(store: Store) -> None:
    await built_shapes(store)
    labels = [f"label {number}" for number in range(20)]
    await StoreClient(store).create_tasks([new_task(assignee="ann", labels=labels) for _ in range(300)])
    used = int((await store.redis.client.info("memory"))["used_memory"])
    await set_maxmemory(store, str(used - 50_000))
    task = await StoreClient(store).create_task(new_task(assignee="ann", labels=["a"]))
    steps = shape_steps(store, protocol(store))
    in_use = set(await steps.shapes())
    assert "label" not in in_use
    assert "assignee" in in_use
    assert (await committed_gate(store)).state == "on"
    assert (await steps.look())[0] == []  # it is not built again at once
    page = await StoreClient(store).page(PageRange(5, view=View(label="a")))
    assert (page.tasks, page.total) == ([task], 1)
    page = await StoreClient(store).page(PageRange(1, view=View(assignee="ann")))
    assert (page.tasks, page.total, page.rank) == ([task], 301, 0)
