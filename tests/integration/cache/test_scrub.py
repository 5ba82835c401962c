"""Tests the scrub: it repairs entries and indexes, and skips tasks with an active writer or a live mark."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any

import pytest

from cache.errors import IndexLost
from cache.maintenance.scrub import SCRUB_BATCH_IDS, scrub, scrub_all, scrub_if_due
from cache.redis import keys
from cache.redis.due_steps import SWEEP_LIMIT
from cache.redis.encoded_task import decode
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db import gate
from db.errors import DatabaseTimeout
from db.task import Task
from db.views import View
from tests.support.protocol_steps import EARLIER_TOKEN, PAST_TRANSACTION_LIMIT, index_without_row, mark_task
from tests.support.redis_state import (
    entry_bytes,
    indexed_ids,
    indexed_views,
    marked_ids,
    protocol,
    read_entry,
    read_rev,
)
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks, uncommitted_task, with_status
from tests.support.task_factories import in_an_hour, update_row


async def test_scrub_without_work_is_one_round_trip(store: Store) -> None:
    task = await create_uncached_task(store, expires_at=in_an_hour())
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    await scrub_if_due(store, protocol(store))  # the first time, Redis does not know the script
    before = store.metrics.redis_round_trips
    await scrub_if_due(store, protocol(store))
    assert store.metrics.redis_round_trips == before + 1


async def _leave_overdue_mark(store: Store, task: Task) -> None:
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"), overdue=True)


async def _let_expire_in_one_view(store: Store, task: Task) -> None:
    await store.redis.client.zadd(protocol(store).keys.expiring[3], {task.id.bytes: 1})


async def _leave_record(store: Store, task: Task) -> None:
    await protocol(store).record(b"17", EARLIER_TOKEN, [task])
    await store.redis.client.zadd(protocol(store).keys.unsettled, {b"17": 1})


async def _queue_repair(store: Store, task: Task) -> None:
    await store.redis.client.zrem(protocol(store).keys.indexes[0], task.id.bytes)
    store.repair_queue.add(task.id)


@pytest.mark.parametrize("cause", [_leave_overdue_mark, _let_expire_in_one_view, _leave_record, _queue_repair])
async def test_scrub_finds_each_kind_of_work(store: Store, cause: Callable[[Store, Task], Awaitable[None]]) -> None:
    task = await create_uncached_task(store)
    await cause(store, task)
    await scrub_if_due(store, protocol(store))
    keys = protocol(store).keys
    assert await indexed_views(store, task.id) == {None, "TODO"}
    assert await store.redis.client.zscore(keys.expiring[3], task.id.bytes) is None
    assert await store.redis.client.zcard(keys.unsettled) == 0
    assert await marked_ids(store) == []
    assert not await protocol(store).due(0)


async def test_scrub_finds_a_lost_index(store: Store) -> None:
    await store.redis.client.delete(protocol(store).keys.expiring[2])
    with pytest.raises(IndexLost):
        await scrub_if_due(store, protocol(store))


async def test_live_mark_is_not_scrubbed(store: Store) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    marked = await entry_bytes(store, task)
    assert await protocol(store).overdue_marks(100) == []
    assert await scrub(store, protocol(store), [task.id]) == 0
    await scrub_all(store, protocol(store))
    assert await entry_bytes(store, task) == marked


async def test_mark_of_a_dead_writer_is_scrubbed_after_its_deadline(store: Store) -> None:
    task, uncommitted = await create_uncached_task(store), uncommitted_task()
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"), overdue=True)
    await mark_task(store, EARLIER_TOKEN + 1, uncommitted, overdue=True)
    before = await read_rev(store)
    assert set(await protocol(store).overdue_marks(100)) == {task.id, uncommitted.id}
    await scrub_all(store, protocol(store))
    assert await marked_ids(store) == []
    assert await indexed_views(store, task.id) == {None, "TODO"}
    assert await indexed_views(store, uncommitted.id) == set()
    assert await read_entry(store, uncommitted.id) is None
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == task
    assert await read_rev(store) > before


@pytest.mark.parametrize("bulk", [False, True])
async def test_overdue_mark_of_an_active_writer_is_not_scrubbed(store: Store, *, bulk: bool) -> None:
    """A commit can hang while it waits for a replica. Until the commit ends, no reader may replace its mark."""
    [task, unlocked], overdue = await create_uncached_tasks(store, 2), []
    for number, marked in enumerate((task, unlocked)):
        await mark_task(store, EARLIER_TOKEN + number, with_status(marked, "DONE"), overdue=True)
        overdue.append(await entry_bytes(store, marked))
    async with store.database.transaction() as connection:
        await gate.enter_gate(connection, store.workspace, None if bulk else task.id)
        with pytest.raises(DatabaseTimeout) if bulk else nullcontext():
            await scrub_all(store, protocol(store))
        assert await entry_bytes(store, task) == overdue[0]
        assert (
            await entry_bytes(store, unlocked) == overdue[1]
        ) is bulk  # a bulk writer may be writing any task, so the scrub skips every task
        assert await StoreClient(store).tasks_by_id([task.id]) == [task]
        assert await entry_bytes(store, task) == overdue[0]
    await scrub_all(store, protocol(store))
    assert await marked_ids(store) == []
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == task


async def test_scrub_publishes_a_commit_without_a_publish(store: Store) -> None:
    task = await create_uncached_task(store)
    async with store.database.transaction() as connection:
        await gate.enter_gate(connection, store.workspace, task.id)
        done = await update_row(connection, store.workspace, with_status(task, "DONE"))
        await mark_task(store, EARLIER_TOKEN, done, overdue=True)
    assert await StoreClient(store).tasks_by_id([task.id]) == [done]
    await scrub_all(store, protocol(store))
    assert await indexed_views(store, task.id) == {None, "DONE"}
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == done


async def test_scrub_without_its_lease_changes_nothing(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id.bytes], scrub=True)
    updated = await StoreClient(store).update_task(task.id, {"status": "DONE"})
    await protocol(store).scrub("a", task.id, None)
    assert await indexed_views(store, task.id) == {None, "DONE"}
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == updated


async def test_scrub_repairs_a_wrong_index(store: Store) -> None:
    task = await create_uncached_task(store)
    index, client = protocol(store).keys.indexes, store.redis.client
    await client.zadd(index[keys.VIEWS.index("DONE")], {task.id.bytes: 5})
    await client.zrem(index[keys.VIEWS.index("TODO")], task.id.bytes)
    await scrub(store, protocol(store), [task.id])
    assert await indexed_views(store, task.id) == {None, "TODO"}


@pytest.mark.parametrize("direction", ["first", "last"])
async def test_ids_without_a_row_are_dropped_from_pages_and_then_scrubbed(store: Store, direction: Any) -> None:
    created = await create_uncached_tasks(store, 4)
    abandoned = []
    for _ in range(7):
        abandoned.append(uncommitted_task())
        await index_without_row(store, abandoned[-1])
    created = await create_uncached_tasks(store, 4) + created
    request = StoreClient(store)
    page = await request.page(PageRange(6, direction))
    assert page.tasks == (created[:6] if direction == "first" else created[-6:])
    assert (page.has_before, page.has_after) == (direction == "last", direction == "first")
    assert store.repair_queue.ids.keys() == {uncommitted.id for uncommitted in abandoned}
    # The page does not remove the ids, because a create may be about to commit.
    assert len(await indexed_ids(store)) == 15
    await scrub_all(store, protocol(store))
    assert store.repair_queue.ids.keys() == set()
    assert await indexed_ids(store) == [task.id for task in created]
    assert (await StoreClient(store).page(PageRange(6))).total == 8


async def test_task_is_dropped_from_the_page_of_a_status_it_does_not_have(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    assert (await StoreClient(store).page(PageRange(5, view=View(status="DONE")))).tasks == []
    assert (await StoreClient(store).page(PageRange(5, view=View(status="TODO")))).tasks == [task, other]
    assert store.repair_queue.ids.keys() == {task.id}


async def test_more_overdue_marks_than_a_batch_are_all_scrubbed(store: Store) -> None:
    writes = [MarkedWrite(EARLIER_TOKEN, uncommitted_task()) for _ in range(SCRUB_BATCH_IDS + 1)]
    await protocol(store).mark(writes, transaction=PAST_TRANSACTION_LIMIT)
    assert len(await protocol(store).overdue_marks(SCRUB_BATCH_IDS)) == SCRUB_BATCH_IDS
    await scrub_all(store, protocol(store))
    assert await marked_ids(store) == []
    assert await indexed_ids(store) == []
    assert store.metrics.scrubbed == len(writes)


async def test_more_expired_ids_than_a_sweep_takes_are_all_removed(store: Store) -> None:
    names, client = protocol(store).keys, store.redis.client
    expired = {uncommitted_task().id.bytes: 1000 for _ in range(SWEEP_LIMIT + 1)}
    for of in (0, keys.VIEWS.index("TODO")):
        await client.zadd(names.indexes[of], expired)
        await client.zadd(names.expiring[of], expired)
    await scrub_all(store, protocol(store))
    assert await indexed_ids(store) == await indexed_ids(store, "TODO") == []


async def test_scrub_checks_no_id_that_it_has_not_leased(store: Store) -> None:
    live, free = await create_uncached_tasks(store, 2)
    await mark_task(store, EARLIER_TOKEN, with_status(live, "DONE"))
    assert await scrub(store, protocol(store), [live.id, free.id]) == 1
    assert decode(store.workspace, free.id.bytes, await read_entry(store, free.id)) == free
    assert await marked_ids(store) == [live.id.bytes]
