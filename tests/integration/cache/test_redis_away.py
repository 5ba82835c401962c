"""Redis is away, or silent, or is another: PostgreSQL answers, writes go past it, and no reply goes astray."""

import asyncio
from typing import Any

import pytest

from cache.errors import CacheUnavailable, IndexLost, OtherRedis
from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.client import Argument, Redis, ScriptName
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
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

NOBODY = "redis://127.0.0.1:1/0"


async def test_without_redis_everything_is_answered_and_nothing_is_lost(store: Store, database: Database) -> None:
    task, gone = await create_uncached_tasks(store, 2)
    async with Redis(NOBODY) as redis:
        away = Store(database, redis, StoreMetrics())
        await grant_gate_lease(away)
        request = StoreClient(away)
        assert await request.tasks_by_id([task.id]) == [task]
        assert (await request.page(PageRange(5))).tasks == [task, gone]
        assert request.degraded
        assert away.metrics.degraded_reads == 2
        assert away.metrics.redis_round_trips == 0  # nobody was there to be asked
        with pytest.raises(CacheUnavailable):
            await rebuild(away)
        assert (await committed_gate(store)).state == "on"  # others may well be able to use it

        async with gate_watchers(store):
            updated = await StoreClient(away).update_task(task.id, {"title": "Newer"})
            await StoreClient(away).delete_task(gone.id)
            created = await StoreClient(away).create_task(new_task())
            (many,) = await StoreClient(away).create_tasks([new_task()])
        assert away.metrics.closings == 1
        assert (await committed_gate(store)).state == "off"
    for each in (store, away):
        page = await StoreClient(each).page(PageRange(5))
        assert (page.tasks, page.total) == ([many, created, updated], 3)
    await build_index(store)
    await check_indexes(store)
    await check_entries(store)


class Silent(Redis):
    """A Redis that from one script on does not answer, as one that was stopped."""

    def __init__(self, url: str, verb: ScriptName) -> None:
        super().__init__(url)
        self._verb = verb

    async def script(self, verb: ScriptName, keys: Any, *arguments: Argument, run_id: str = "") -> Any:
        if verb == self._verb:
            await asyncio.Event().wait()
        return await super().script(verb, keys, *arguments, run_id=run_id)


@pytest.mark.parametrize("verb", ["page", "lease", "fill"])
async def test_a_reader_does_not_wait_for_a_redis_that_falls_silent(
    store: Store, redis_url: str, verb: ScriptName
) -> None:
    """At whichever step it is by then: PostgreSQL has the answer, or it has one already."""
    made = await create_uncached_tasks(store, 3)
    async with Silent(redis_url, verb) as redis:
        silent = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(silent)
        request = StoreClient(silent)
        async with asyncio.timeout(20):  # it would wait for ever
            page = await request.page(PageRange(2))
        assert (page.tasks, page.total) == (made[:2], 3)
        assert request.degraded is (verb != "fill")


async def test_one_who_cannot_reach_redis_does_not_keep_all_others_off(store: Store, database: Database) -> None:
    """After so many closings, its writes fail for a while, and those of others go on."""
    async with Redis(NOBODY) as redis:
        away = Store(database, redis, StoreMetrics())
        for _ in range(3):
            writing = asyncio.create_task(StoreClient(away).create_task(new_task()))
            await wait_for_gate_state(store, "closing")
            await finish_closing(store)
            await writing
            await build_index(store)
        with pytest.raises(CacheUnavailable, match="Nothing was changed"):
            await StoreClient(away).create_task(new_task())
    assert (await committed_gate(store)).state == "on"
    request = StoreClient(store)
    await request.create_task(new_task())
    assert (await request.page(PageRange(5))).total == 4
    assert not request.degraded
    await check_indexes(store)


async def test_a_redis_that_is_not_the_one_of_the_gate_is_not_used(store: Store) -> None:
    """Though it holds the very same keys: a failover to one that was behind, say."""
    task = await StoreClient(store).create_task(new_task())
    on = protocol(store).gate
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET redis_run_id = %s", ("f" * 40,))
    await grant_gate_lease(store)
    before = await redis_snapshot(store)
    steps = protocol(store)
    for step in (
        steps.read([task.id]),
        steps.page(PageRange(5)),
        steps.lease("a", [task.id]),
        steps.fill("a", {task.id: task}),
        steps.mark([MarkedWrite(LATER_TOKEN, task)], transaction=TRANSACTION_LIMIT),
        steps.publish([MarkedWrite(LATER_TOKEN, task)]),
        steps.abort([MarkedWrite(LATER_TOKEN, task, visible=False)]),
        steps.add(LATER_TOKEN, [task], transaction=TRANSACTION_LIMIT),
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
    assert store.gate_lease.protocol is None  # nobody asks it in vain again
    assert store.gate_lease.lost_index is not None
    assert isinstance(store.gate_lease.lost_index[1], OtherRedis)
    async with gate_watchers(store):
        updated = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    assert (await committed_gate(store)).state == "off"
    assert await build_index(store) == 1
    assert protocol(store).gate.epoch > on.epoch
    assert protocol(store).gate.redis_run_id == on.redis_run_id
    assert await StoreClient(store).tasks_by_id([task.id]) == [updated]


async def test_who_sees_another_redis_may_be_the_one_who_is_wrong(store: Store, redis_url: str) -> None:
    """So it is not lost for all, and such closings are limited; but whoever has used it knows that it was restarted."""
    await exhaust_closings(store)
    on = protocol(store).gate
    async with Redis(redis_url) as redis:
        stranger = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(stranger)
        assert not await stranger.gate_lease.close(on.epoch, OtherRedis())
        assert await stranger.redis.run_id() == on.redis_run_id  # nobody asked for the index yet
        assert not await stranger.gate_lease.close(on.epoch, OtherRedis())
        await StoreClient(stranger).page(PageRange(5))
        assert await stranger.gate_lease.close(on.epoch, OtherRedis())
        # The next index is in the Redis that all others go on asking: one more restart it was not.
        await finish_closing(store)
        await build_index(store)
        await grant_gate_lease(stranger)
        assert protocol(stranger).gate.redis_run_id == on.redis_run_id
        assert not await stranger.gate_lease.close(protocol(stranger).gate.epoch, OtherRedis())


async def test_an_index_that_is_lost_is_closed_by_anybody(store: Store) -> None:
    await exhaust_closings(store)
    assert await store.gate_lease.close(protocol(store).gate.epoch, IndexLost())
