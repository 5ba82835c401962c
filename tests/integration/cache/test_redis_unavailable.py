"""Tests an unreachable, unresponsive or wrong Redis server: reads and writes use PostgreSQL alone."""

import asyncio
from typing import Any

import pytest

from cache.errors import CacheUnavailable, IndexLost, OtherRedis
from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.client import Argument, Redis
from cache.redis.encoded_task import encode
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.redis.script_texts import ScriptName
from cache.store import Store
from db.pool import Database
from tests.support.consistency import check_entries, check_indexes
from tests.support.gate_states import (
    build_index,
    committed_gate,
    exhaust_closings,
    finish_closing,
    gate_watchers,
    grant_gate_lease,
    wait_for_gate_state,
)
from tests.support.protocol_steps import LATER_TOKEN, TRANSACTION_LIMIT
from tests.support.redis_state import protocol, redis_snapshot
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_task

UNREACHABLE_URL = "redis://127.0.0.1:1/0"


async def test_without_redis_every_read_is_answered_and_no_write_is_lost(store: Store, database: Database) -> None:
    task, deleted = await create_uncached_tasks(store, 2)
    async with Redis(UNREACHABLE_URL) as redis:
        isolated = Store(database, redis, StoreMetrics())
        await grant_gate_lease(isolated)
        request = StoreClient(isolated)
        assert await request.tasks_by_id([task.id]) == [task]
        assert (await request.page(PageRange(5))).tasks == [task, deleted]
        assert request.degraded
        assert isolated.metrics.degraded_reads == 2
        assert isolated.metrics.redis_round_trips == 0  # the store could not open a connection
        with pytest.raises(CacheUnavailable):
            await rebuild(isolated)
        assert (await committed_gate(store)).state == "on"  # the gate stays on, because other processes may reach Redis

        async with gate_watchers(store):
            updated = await StoreClient(isolated).update_task(task.id, {"title": "Newer"})
            await StoreClient(isolated).delete_task(deleted.id)
            created = await StoreClient(isolated).create_task(new_task())
            (many,) = await StoreClient(isolated).create_tasks([new_task()])
        assert isolated.metrics.closings == 1
        assert (await committed_gate(store)).state == "off"
    for process in (store, isolated):
        page = await StoreClient(process).page(PageRange(5))
        assert (page.tasks, page.total) == ([many, created, updated], 3)
    await build_index(store)
    await check_indexes(store)
    await check_entries(store)


class UnresponsiveRedis(Redis):
    """A Redis that never answers one script, like a suspended server."""

    def __init__(self, url: str, silent_at: ScriptName) -> None:
        super().__init__(url)
        self._silent_at = silent_at

    async def script(self, name: ScriptName, keys: Any, *arguments: Argument, run_id: str = "") -> Any:
        if name == self._silent_at:
            await asyncio.Event().wait()
        return await super().script(name, keys, *arguments, run_id=run_id)

    async def read_script(self, name: ScriptName, keys: Any, *arguments: Argument, **options: Any) -> Any:
        if name == self._silent_at:  # Redis answers this command once the list has an element
            return await self.read([("BLPOP", "an empty list", 0)], run_id=options["run_id"])
        return await super().read_script(name, keys, *arguments, **options)


@pytest.mark.parametrize("script", ["page", "lease", "fill"])
async def test_reader_does_not_wait_for_an_unresponsive_redis(store: Store, redis_url: str, script: ScriptName) -> None:
    """PostgreSQL answers instead. An unanswered fill does not delay the reader, which has its rows already."""
    created = await create_uncached_tasks(store, 3)
    async with UnresponsiveRedis(redis_url, script) as redis:
        unresponsive = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(unresponsive)
        request = StoreClient(unresponsive)
        async with asyncio.timeout(20):  # fails if the reader waits for the reply
            if script == "lease":  # the page script takes the leases of a page
                assert await request.tasks_by_id([task.id for task in created]) == created
            else:
                page = await request.page(PageRange(2))
                assert (page.tasks, page.total) == (created[:2], 3)
            assert request.degraded is (script != "fill")
            await unresponsive.fills.drain()


async def test_process_that_cannot_reach_redis_does_not_keep_the_gate_closed(store: Store, database: Database) -> None:
    """After several closings the gate stays open. Only the writes of that process fail."""
    async with Redis(UNREACHABLE_URL) as redis:
        isolated = Store(database, redis, StoreMetrics())
        for _ in range(3):
            writing = asyncio.create_task(StoreClient(isolated).create_task(new_task()))
            await wait_for_gate_state(store, "closing")
            await finish_closing(store)
            await writing
            await build_index(store)
        with pytest.raises(CacheUnavailable, match="Nothing was changed"):
            await StoreClient(isolated).create_task(new_task())
    assert (await committed_gate(store)).state == "on"
    request = StoreClient(store)
    await request.create_task(new_task())
    assert (await request.page(PageRange(5))).total == 4
    assert not request.degraded
    await check_indexes(store)


async def test_redis_with_another_run_id_than_the_gate_is_not_used(store: Store) -> None:
    """The other server may have the same keys and still miss writes: a replica that was promoted too early."""
    task = await StoreClient(store).create_task(new_task())
    on = protocol(store).gate
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET redis_run_id = %s", ("f" * 40,))
    await grant_gate_lease(store)
    before = await redis_snapshot(store)
    steps = protocol(store)
    for step in (
        steps.read([task.id.bytes]),
        steps.page(PageRange(5)),
        steps.lease("a", [task.id.bytes]),
        steps.fill("a", {task.id.bytes: encode("default", task)}),
        steps.mark([MarkedWrite(LATER_TOKEN, task)], transaction=TRANSACTION_LIMIT),
        steps.publish([MarkedWrite(LATER_TOKEN, task)]),
        steps.abort([MarkedWrite(LATER_TOKEN, task, visible=False)]),
        steps.record(b"7", LATER_TOKEN, [task]),
        steps.settle(b"7"),
        steps.discard(b"7"),
        steps.recorded_ids(b"7"),
        steps.recorded_creates(0.0),
        steps.counts(),
        steps.scrub("a", task.id, None),
        steps.overdue_marks(10),
        steps.sweep(),
        steps.check(),
    ):
        with pytest.raises(OtherRedis):
            await step
    assert await redis_snapshot(store) == before

    request = StoreClient(store)
    assert await request.tasks_by_id([task.id]) == [task]
    assert request.degraded
    assert store.gate_lease.protocol is None  # later reads do not try Redis again
    assert store.gate_lease.lost_index is not None
    assert isinstance(store.gate_lease.lost_index[1], OtherRedis)
    async with gate_watchers(store):
        updated = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    assert (await committed_gate(store)).state == "off"
    assert await build_index(store) == 1
    assert protocol(store).gate.epoch > on.epoch
    assert protocol(store).gate.redis_run_id == on.redis_run_id
    assert await StoreClient(store).tasks_by_id([task.id]) == [updated]


async def test_closings_by_a_process_that_never_used_the_redis_of_the_gate_are_limited(
    store: Store, redis_url: str
) -> None:
    """The process may have a wrong address. Only a process that has used the gate's Redis can detect a restart."""
    await exhaust_closings(store)
    on = protocol(store).gate
    async with Redis(redis_url) as redis:
        newcomer = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(newcomer)
        assert not await newcomer.gate_lease.close(on.epoch, OtherRedis())
        assert await newcomer.redis.run_id() == on.redis_run_id  # INFO does not count as a use of the index
        assert not await newcomer.gate_lease.close(on.epoch, OtherRedis())
        await StoreClient(newcomer).page(PageRange(5))
        assert await newcomer.gate_lease.close(on.epoch, OtherRedis())
        # The next index is on the same server, so a report of another server cannot mean another restart.
        await finish_closing(store)
        await build_index(store)
        await grant_gate_lease(newcomer)
        assert protocol(newcomer).gate.redis_run_id == on.redis_run_id
        assert not await newcomer.gate_lease.close(protocol(newcomer).gate.epoch, OtherRedis())


async def test_any_process_closes_the_gate_of_a_lost_index(store: Store) -> None:
    await exhaust_closings(store)
    assert await store.gate_lease.close(protocol(store).gate.epoch, IndexLost())
