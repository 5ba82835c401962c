"""Tests a lost index: every step of the protocol detects the loss and changes nothing, and PostgreSQL answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from cache.errors import IndexLost
from cache.redis import keys
from cache.redis.encoded_task import encode
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite, Protocol
from cache.store import Store
from db.task import Task
from db.views import View
from tests.support.consistency import check_indexes
from tests.support.gate_states import (
    build_index,
    committed_gate,
    exhaust_closings,
    finish_closing,
    gate_watchers,
    switch_gate_off,
    wait_for_gate_state,
    wait_until,
)
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, TRANSACTION_LIMIT, mark_task
from tests.support.redis_state import index_position, protocol, redis_snapshot
from tests.support.store_client import DecodedPage, StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks
from tests.support.task_factories import new_task


def _losable_parts() -> list[str]:
    """Return labels of the parts that every script checks: `rev`, and the `index` and `expiring` set of each view."""
    return ["rev", *(f"{kind} {n}" for kind in ("index", "expiring") for n in range(len(keys.VIEWS)))]


async def _lose(store: Store, part: str) -> None:
    names, client = protocol(store).keys, store.redis.client
    if part == "rev":
        await client.delete(names.rev)
        return
    kind, _, number = part.partition(" ")
    key = (names.indexes if kind == "index" else names.expiring)[int(number)]
    await client.zrem(key, keys.BEACON)


STEPS: dict[str, Callable[[Protocol, Task], Awaitable[Any]]] = {
    "mark": lambda protocol, task: protocol.mark([MarkedWrite(LATER_TOKEN, task)], transaction=TRANSACTION_LIMIT),
    "publish": lambda protocol, task: protocol.publish([MarkedWrite(EARLIER_TOKEN, task, visible=False)]),
    "abort": lambda protocol, task: protocol.abort([MarkedWrite(EARLIER_TOKEN, task, visible=False)]),
    "record": lambda protocol, task: protocol.record(b"7", LATER_TOKEN, [task]),
    "lease": lambda protocol, task: protocol.lease("b", [task.id.bytes], scrub=True),
    "fill": lambda protocol, task: protocol.fill("a", {task.id.bytes: encode("default", task)}),
    "scrub": lambda protocol, task: protocol.scrub("a", task.id, None),
    "settle": lambda protocol, _task: protocol.settle(b"7"),
    "counts": lambda protocol, _task: protocol.counts(),
    "sweep": lambda protocol, _task: protocol.sweep(),
}


async def test_every_step_detects_a_lost_part_and_changes_nothing(store: Store) -> None:
    for part in _losable_parts():
        await switch_gate_off(store)
        await build_index(store)
        task, other = await create_uncached_tasks(store, 2)
        await mark_task(store, EARLIER_TOKEN, task)
        await protocol(store).lease("a", [other.id.bytes])
        await _lose(store, part)
        before = await redis_snapshot(store)
        for step in STEPS.values():
            for target in (task, other):
                with pytest.raises(IndexLost):
                    await step(protocol(store), target)
        assert await redis_snapshot(store) == before


@pytest.mark.parametrize("view", range(len(keys.VIEWS)))
@pytest.mark.parametrize("kind", ["rev", "index", "expiring"])
async def test_page_detects_that_its_index_is_lost(store: Store, view: int, kind: str) -> None:
    await _lose(store, kind if kind == "rev" else f"{kind} {view}")
    with pytest.raises(IndexLost):
        await protocol(store).page(PageRange(5, view=View(status=keys.VIEWS[view])))


READS: dict[str, Callable[[StoreClient, Task], Awaitable[Any]]] = {
    "tasks by id": lambda tasks, task: tasks.tasks_by_id([task.id]),
    "page": lambda tasks, _task: tasks.page(PageRange(5)),
    "oldest first": lambda tasks, _task: tasks.page(PageRange(5, order="OLDEST")),
    "expiring soon": lambda tasks, _task: tasks.page(PageRange(5, order="EXPIRING_SOON")),
    "counts": lambda tasks, _task: tasks.counts(),
    "page of a status": lambda tasks, _task: tasks.page(PageRange(5, "last", view=View(status="TODO"))),
}


@pytest.mark.parametrize("read", READS)
async def test_read_falls_back_to_postgresql_after_redis_was_emptied(store: Store, read: str) -> None:
    task = await create_uncached_task(store)
    expected = await READS[read](StoreClient(store), task)
    if isinstance(expected, DecodedPage):
        expected = replace(expected, rank=None)  # PostgreSQL does not count the rank
    await store.redis.client.flushdb()
    request = StoreClient(store)
    assert await READS[read](request, task) == expected
    assert request.degraded
    assert store.metrics.degraded_reads == 1
    assert await store.redis.client.dbsize() == 0
    # The read reports the loss to the watcher.
    assert store.gate_lease.wake_up_event.is_set()
    assert store.gate_lease.lost_index is not None
    assert store.gate_lease.lost_index[0] == protocol(store).gate.epoch


async def test_page_that_loses_its_index_halfway_falls_back_completely(store: Store) -> None:
    created = await create_uncached_tasks(store, 20)
    await StoreClient(store).page(PageRange(20))
    await store.redis.client.delete(protocol(store).keys.rev)
    request = StoreClient(store)
    page = await request.page(PageRange(10, after=index_position(created[4])))
    assert (page.tasks, page.total, page.has_before, page.has_after) == (created[5:15], 20, True, True)
    assert request.degraded


async def test_watcher_closes_the_gate_of_an_index_that_a_read_found_missing(store: Store) -> None:
    task = await create_uncached_task(store)
    await exhaust_closings(store)  # the limit of closings does not apply to a lost index
    await store.redis.client.flushdb()
    async with gate_watchers(store):
        await StoreClient(store).tasks_by_id([task.id])
        await wait_for_gate_state(store, "closing")
        assert store.metrics.closings == 1
        await wait_until(lambda: store.gate_lease.protocol is None)


async def test_loss_of_an_older_index_does_not_close_the_gate(store: Store) -> None:
    store.gate_lease.report_lost_index(protocol(store).gate.epoch - 1, IndexLost())
    async with gate_watchers(store):
        await wait_until(lambda: store.gate_lease.lost_index is None)
        await asyncio.sleep(0.05)
    assert (await committed_gate(store)).state == "on"


@pytest.mark.parametrize("part", _losable_parts())
async def test_write_that_finds_the_index_lost_is_retried_without_redis(store: Store, part: str) -> None:
    """The store acknowledges a write without marks only after the gate has closed for every process."""
    await exhaust_closings(store)
    task, deleted = await create_uncached_tasks(store, 2)
    await _lose(store, part)
    before = await redis_snapshot(store)
    writing = asyncio.create_task(StoreClient(store).update_task(task.id, {"title": "Newer"}))
    await wait_for_gate_state(store, "closing")
    more = [asyncio.create_task(StoreClient(store).delete_task(deleted.id))]
    more.append(asyncio.create_task(StoreClient(store).create_task(new_task())))
    bulk = asyncio.create_task(StoreClient(store).create_tasks([new_task(), new_task()]))
    await asyncio.sleep(0.1)
    assert not any(write.done() for write in (writing, *more, bulk))
    await finish_closing(store)
    updated, created = await writing, (await asyncio.gather(*more))[1]
    assert {created, updated, *await bulk} == set((await StoreClient(store).page(PageRange(5))).tasks)
    assert await redis_snapshot(store) == before
    assert await build_index(store) == 4
    assert {created, updated, *await bulk} == set((await StoreClient(store).page(PageRange(5))).tasks)
    await check_indexes(store)
