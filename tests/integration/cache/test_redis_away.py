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
from tests.support.factories import create, look, new_task, protocol, snapshot
from tests.support.gate_states import (
    build,
    check_entries,
    check_indexes,
    gate_of,
    switch_off,
    tire,
    until_gate_is,
    watched,
)
from tests.support.protocol_steps import LATER, TRANSACTION
from tests.support.store_client import StoreClient

NOBODY = "redis://127.0.0.1:1/0"


async def test_without_redis_everything_is_answered_and_nothing_is_lost(store: Store, database: Database) -> None:
    task, gone = await create(store, 2)
    async with Redis(NOBODY) as redis:
        away = Store(database, redis, StoreMetrics())
        await look(away)
        request = StoreClient(away)
        assert await request.tasks_by_id([task.id]) == [task]
        assert (await request.page(PageRange(5))).tasks == [task, gone]
        assert request.degraded
        assert away.metrics.degraded_reads == 2
        assert away.metrics.redis_round_trips == 0  # nobody was there to be asked
        with pytest.raises(CacheUnavailable):
            await rebuild(away)
        assert (await gate_of(store)).state == "on"  # others may well be able to use it

        async with watched(store):
            updated = await StoreClient(away).update_task(task.id, {"title": "Newer"})
            await StoreClient(away).delete_task(gone.id)
            created = await StoreClient(away).create_task(new_task())
            (many,) = await StoreClient(away).create_tasks([new_task()])
        assert away.metrics.closings == 1
        assert (await gate_of(store)).state == "off"
    for each in (store, away):
        page = await StoreClient(each).page(PageRange(5))
        assert (page.tasks, page.total) == ([many, created, updated], 3)
    await build(store)
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
    made = await create(store, 3)
    async with Silent(redis_url, verb) as redis:
        silent = Store(store.database, redis, StoreMetrics())
        await look(silent)
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
            await until_gate_is(store, "closing")
            await switch_off(store)
            await writing
            await build(store)
        with pytest.raises(CacheUnavailable, match="Nothing was changed"):
            await StoreClient(away).create_task(new_task())
    assert (await gate_of(store)).state == "on"
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
    await look(store)
    before = await snapshot(store)
    steps = protocol(store)
    for step in (
        steps.read([task.id]),
        steps.page(PageRange(5)),
        steps.lease("a", [task.id]),
        steps.fill("a", {task.id: task}),
        steps.mark([MarkedWrite(LATER, task)], transaction=TRANSACTION),
        steps.publish([MarkedWrite(LATER, task)]),
        steps.abort([MarkedWrite(LATER, task, visible=False)]),
        steps.add(LATER, [task], transaction=TRANSACTION),
        steps.scrub("a", task.id, None),
        steps.overdue_marks(10),
        steps.sweep(),
        steps.check(),
    ):
        with pytest.raises(OtherRedis):
            await step
    assert await snapshot(store) == before

    request = StoreClient(store)
    assert await request.tasks_by_id([task.id]) == [task]
    assert request.degraded
    assert store.gate_lease.protocol is None  # nobody asks it in vain again
    assert store.gate_lease.lost_index is not None
    assert isinstance(store.gate_lease.lost_index[1], OtherRedis)
    async with watched(store):
        updated = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    assert (await gate_of(store)).state == "off"
    assert await build(store) == 1
    assert protocol(store).gate.epoch > on.epoch
    assert protocol(store).gate.redis_run_id == on.redis_run_id
    assert await StoreClient(store).tasks_by_id([task.id]) == [updated]


async def test_who_sees_another_redis_may_be_the_one_who_is_wrong(store: Store, redis_url: str) -> None:
    """So it is not lost for all, and such closings are limited; but whoever has used it knows that it was restarted."""
    await tire(store)
    on = protocol(store).gate
    async with Redis(redis_url) as redis:
        stranger = Store(store.database, redis, StoreMetrics())
        await look(stranger)
        assert not await stranger.gate_lease.close(on.epoch, OtherRedis())
        assert await stranger.redis.run_id() == on.redis_run_id  # nobody asked for the index yet
        assert not await stranger.gate_lease.close(on.epoch, OtherRedis())
        await StoreClient(stranger).page(PageRange(5))
        assert await stranger.gate_lease.close(on.epoch, OtherRedis())
        # The next index is in the Redis that all others go on asking: one more restart it was not.
        await switch_off(store)
        await build(store)
        await look(stranger)
        assert protocol(stranger).gate.redis_run_id == on.redis_run_id
        assert not await stranger.gate_lease.close(protocol(stranger).gate.epoch, OtherRedis())


async def test_an_index_that_is_lost_is_closed_by_anybody(store: Store) -> None:
    await tire(store)
    assert await store.gate_lease.close(protocol(store).gate.epoch, IndexLost())
