"""Tests the steps of a write of several tasks (W3, W5 and W6): each step applies to every task, or to none."""

from datetime import timedelta

import pytest

from cache.errors import CacheUnavailable
from cache.redis.encoded_task import decode
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, mark_task
from tests.support.redis_state import indexed_views, marked_ids, protocol, read_entry, read_rev
from tests.support.store_factories import create_uncached_task, with_status


async def test_write_of_several_tasks_settles_the_mark_of_each(store: Store) -> None:
    tasks = [await create_uncached_task(store) for _ in range(3)]
    writes = [
        MarkedWrite(EARLIER_TOKEN + number, with_status(task, "DONE"), visible=number != 1)
        for number, task in enumerate(tasks)
    ]
    await protocol(store).mark(writes, transaction=timedelta(seconds=2))
    assert [await indexed_views(store, task.id) for task in tasks] == [
        {None, "TODO", "DONE"},
        {None, "TODO"},
        {None, "TODO", "DONE"},
    ]
    await protocol(store).publish(writes)
    assert await marked_ids(store) == []
    assert [await indexed_views(store, task.id) for task in tasks] == [{None, "DONE"}, set(), {None, "DONE"}]
    entries = [await read_entry(store, task.id) for task in tasks]
    assert entries[1] is None
    assert decode(store.workspace, tasks[2].id.bytes, entries[2]) == writes[2].task


async def test_rollback_of_several_tasks_clears_the_mark_of_each(store: Store) -> None:
    tasks = [await create_uncached_task(store) for _ in range(3)]
    writes = [MarkedWrite(EARLIER_TOKEN + number, with_status(task, "DONE")) for number, task in enumerate(tasks)]
    await protocol(store).mark(writes, transaction=timedelta(seconds=2))
    await protocol(store).abort([MarkedWrite(write.token, task) for write, task in zip(writes, tasks, strict=True)])
    assert await marked_ids(store) == []
    assert [await indexed_views(store, task.id) for task in tasks] == [{None, "TODO"}] * 3
    assert [await read_entry(store, task.id) for task in tasks] == [None] * 3


async def test_older_token_of_any_task_refuses_the_marks_of_all(store: Store) -> None:
    tasks = [await create_uncached_task(store) for _ in range(3)]
    await mark_task(store, LATER_TOKEN, tasks[2])
    before = await read_rev(store)
    writes = [MarkedWrite(EARLIER_TOKEN, with_status(task, "DONE")) for task in tasks]
    with pytest.raises(CacheUnavailable):
        await protocol(store).mark(writes, transaction=timedelta(seconds=2))
    assert await marked_ids(store) == [tasks[2].id.bytes]
    assert await read_rev(store) == before
    later = [MarkedWrite(LATER_TOKEN + 1, with_status(task, "DONE")) for task in tasks]
    for _ in range(2):  # also over marks of its own
        await protocol(store).mark(later, transaction=timedelta(seconds=2))
    assert len(await marked_ids(store)) == 3
