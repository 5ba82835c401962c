"""The scrub: what it mends, and what it leaves alone."""

from contextlib import nullcontext
from typing import Any

import pytest

from cache.maintenance.scrub import scrub, scrub_all
from cache.redis import keys
from cache.redis.entry import decode
from cache.redis.index import PageRange
from cache.store import Store
from db import gate
from db import task_table as sql
from db.errors import DatabaseTimeout
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, TRANSACTION_LIMIT, mark_task
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


async def test_a_live_mark_is_not_scrubbed(store: Store) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    marked = await entry_bytes(store, task)
    assert await protocol(store).overdue_marks(100) == []
    assert await scrub(store, protocol(store), [task.id]) == 0
    await scrub_all(store, protocol(store))
    assert await entry_bytes(store, task) == marked


async def test_the_mark_of_a_writer_that_died_is_scrubbed_after_its_deadline(store: Store) -> None:
    task, ghost = await create_uncached_task(store), uncommitted_task()
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"), overdue=True)
    await mark_task(store, EARLIER_TOKEN + 1, ghost, overdue=True)
    before = await read_rev(store)
    assert set(await protocol(store).overdue_marks(100)) == {task.id, ghost.id}
    await scrub_all(store, protocol(store))
    assert await marked_ids(store) == []
    assert await indexed_views(store, task.id) == {None, "TODO"}
    assert await indexed_views(store, ghost.id) == set()
    assert await read_entry(store, ghost.id) is None
    assert decode(store.workspace, task.id, await read_entry(store, task.id)) == task
    assert await read_rev(store) > before


@pytest.mark.parametrize("many", [False, True])
async def test_a_mark_past_its_deadline_stays_as_long_as_its_writer_does(store: Store, *, many: bool) -> None:
    """A commit can hang for as long as a replica does; what is read meanwhile must not be filled over its mark."""
    [task, left], dead = await create_uncached_tasks(store, 2), []
    for number, marked in enumerate((task, left)):
        await mark_task(store, EARLIER_TOKEN + number, with_status(marked, "DONE"), overdue=True)
        dead.append(await entry_bytes(store, marked))
    async with store.database.transaction() as connection:
        await gate.enter_gate(connection, store.workspace, None if many else task.id)
        with pytest.raises(DatabaseTimeout) if many else nullcontext():
            await scrub_all(store, protocol(store))
        assert await entry_bytes(store, task) == dead[0]
        assert (await entry_bytes(store, left) == dead[1]) is many  # of one who writes many it may be any
        assert await StoreClient(store).tasks_by_id([task.id]) == [task]
        assert await entry_bytes(store, task) == dead[0]
    await scrub_all(store, protocol(store))
    assert await marked_ids(store) == []
    assert decode(store.workspace, task.id, await read_entry(store, task.id)) == task


async def test_the_scrub_follows_a_commit_that_nobody_published(store: Store) -> None:
    task = await create_uncached_task(store)
    async with store.database.transaction() as connection:
        await gate.enter_gate(connection, store.workspace, task.id)
        written = await sql.update_tasks(connection, store.workspace, [with_status(task, "DONE")])
        done, _ = written[task.id]
        await mark_task(store, EARLIER_TOKEN, done, overdue=True)
    assert await StoreClient(store).tasks_by_id([task.id]) == [done]
    await scrub_all(store, protocol(store))
    assert await indexed_views(store, task.id) == {None, "DONE"}
    assert decode(store.workspace, task.id, await read_entry(store, task.id)) == done


async def test_a_scrub_without_its_lease_does_nothing(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id], scrub=True)
    updated = await StoreClient(store).update_task(task.id, {"status": "DONE"})
    await protocol(store).scrub("a", task.id, None)
    assert await indexed_views(store, task.id) == {None, "DONE"}
    assert decode(store.workspace, task.id, await read_entry(store, task.id)) == updated


async def test_the_scrub_puts_a_wrong_index_right(store: Store) -> None:
    task = await create_uncached_task(store)
    index, client = protocol(store).keys.indexes, store.redis.client
    await client.zadd(index[keys.VIEWS.index("DONE")], {task.id.bytes: 5})
    await client.zrem(index[keys.VIEWS.index("TODO")], task.id.bytes)
    await scrub(store, protocol(store), [task.id])
    assert await indexed_views(store, task.id) == {None, "TODO"}


@pytest.mark.parametrize("direction", ["first", "last"])
async def test_ghosts_are_dropped_from_full_pages_and_then_scrubbed(store: Store, direction: Any) -> None:
    real = await create_uncached_tasks(store, 4)
    ghosts = []
    for _ in range(7):
        ghosts.append(uncommitted_task())
        await protocol(store).add(LATER_TOKEN, [ghosts[-1]], transaction=TRANSACTION_LIMIT)
    real = await create_uncached_tasks(store, 4) + real
    request = StoreClient(store)
    page = await request.page(PageRange(6, direction))
    assert page.tasks == (real[:6] if direction == "first" else real[-6:])
    assert (page.has_before, page.has_after) == (direction == "last", direction == "first")
    assert store.repair_queue.ids == {ghost.id for ghost in ghosts}
    # Not taken out by the page: each may be a create that is about to be committed.
    assert len(await indexed_ids(store)) == 15
    await scrub_all(store, protocol(store))
    assert store.repair_queue.ids == set()
    assert await indexed_ids(store) == [task.id for task in real]
    assert (await StoreClient(store).page(PageRange(6))).total == 8


async def test_a_task_in_the_index_of_a_status_it_has_left_is_dropped(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    assert (await StoreClient(store).page(PageRange(5, status="DONE"))).tasks == []
    assert (await StoreClient(store).page(PageRange(5, status="TODO"))).tasks == [task, other]
    assert store.repair_queue.ids == {task.id}
