"""Tests the steps of a write (W3 to W8), with steps of other writers and readers between them."""

from datetime import timedelta
from typing import Any

import pytest

from cache.errors import CacheUnavailable
from cache.redis.encoded_task import decode
from cache.redis.protocol import MarkedWrite, Protocol
from cache.store import Store
from db.errors import DatabaseError
from db.gate import Gate, GateState
from db.task import Task
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, mark_task
from tests.support.redis_state import (
    entry_bytes,
    evict_entries,
    expiry_score,
    indexed_views,
    marked_ids,
    protocol,
    read_entry,
    read_rev,
)
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, uncommitted_task, with_status
from tests.support.task_factories import in_an_hour


async def test_mark_indexes_both_states_and_publish_leaves_the_new_one(store: Store) -> None:
    task = await create_uncached_task(store)
    done = with_status(task, "DONE")
    await mark_task(store, EARLIER_TOKEN, done)
    assert await indexed_views(store, task.id) == {None, "TODO", "DONE"}
    assert await marked_ids(store) == [task.id.bytes]
    assert await store.redis.client.pttl(protocol(store).keys.entry(task.id)) == -1
    await protocol(store).publish([MarkedWrite(EARLIER_TOKEN, done)])
    assert await indexed_views(store, task.id) == {None, "DONE"}
    assert await marked_ids(store) == []
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == done


async def test_deleted_task_stays_in_the_indexes_until_the_publish(store: Store) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, EARLIER_TOKEN, task, visible=False)
    assert await indexed_views(store, task.id) == {None, "TODO"}
    await protocol(store).publish([MarkedWrite(EARLIER_TOKEN, task, visible=False)])
    assert await indexed_views(store, task.id) == set()
    assert await read_entry(store, task.id) is None


async def test_mark_with_an_older_token_is_refused(store: Store) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, LATER_TOKEN, task)
    marked, before = await entry_bytes(store, task), await read_rev(store)
    with pytest.raises(CacheUnavailable):
        await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    assert await entry_bytes(store, task) == marked
    assert await indexed_views(store, task.id) == {None, "TODO"}
    assert await read_rev(store) == before


async def test_publish_does_not_replace_a_newer_mark(store: Store) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    await mark_task(store, LATER_TOKEN, with_status(task, "IN_PROGRESS"))
    marked, before = await entry_bytes(store, task), await read_rev(store)
    await protocol(store).publish([MarkedWrite(EARLIER_TOKEN, with_status(task, "DONE"))])
    assert await entry_bytes(store, task) == marked
    assert await indexed_views(store, task.id) == {None, "TODO", "IN_PROGRESS", "DONE"}
    assert await marked_ids(store) == [task.id.bytes]
    assert await read_rev(store) > before


@pytest.mark.parametrize("value", [b"", b"L a", b"V 1 old"])
async def test_publish_without_its_mark_deletes_the_entry_and_removes_no_id(store: Store, value: bytes) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    await evict_entries(store, task.id)
    if value:
        await store.redis.client.set(protocol(store).keys.entry(task.id), value)
    await protocol(store).publish([MarkedWrite(EARLIER_TOKEN, with_status(task, "DONE"))])
    assert await read_entry(store, task.id) is None
    assert await indexed_views(store, task.id) == {None, "TODO", "DONE"}


async def test_abort_restores_the_state_before(store: Store) -> None:
    task = await create_uncached_task(store, expires_at=in_an_hour())
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    before = await read_rev(store)
    await protocol(store).abort([MarkedWrite(EARLIER_TOKEN, task)])
    assert await indexed_views(store, task.id) == {None, "TODO"}
    assert await read_entry(store, task.id) is None
    assert await marked_ids(store) == []
    assert await read_rev(store) > before


async def test_abort_of_a_create_removes_the_id(store: Store) -> None:
    task = uncommitted_task()
    await mark_task(store, EARLIER_TOKEN, task)
    assert await indexed_views(store, task.id) == {None, "TODO"}
    await protocol(store).abort([MarkedWrite(EARLIER_TOKEN, task, visible=False)])
    assert await indexed_views(store, task.id) == set()


async def test_abort_replaces_only_its_own_mark(store: Store) -> None:
    task = uncommitted_task()
    await mark_task(store, EARLIER_TOKEN, task)
    await mark_task(store, LATER_TOKEN, task)
    marked = await entry_bytes(store, task)
    await protocol(store).abort([MarkedWrite(EARLIER_TOKEN, task, visible=False)])
    assert await entry_bytes(store, task) == marked
    assert await indexed_views(store, task.id) == {None, "TODO"}
    await protocol(store).publish([MarkedWrite(LATER_TOKEN, task)])
    value = await entry_bytes(store, task)
    await protocol(store).abort([MarkedWrite(LATER_TOKEN, task, visible=False)])
    assert await entry_bytes(store, task) == value
    assert await indexed_views(store, task.id) == {None, "TODO"}


async def test_later_expiry_applies_until_the_publish(store: Store) -> None:
    early, late = in_an_hour(), in_an_hour() + timedelta(hours=1)
    for first, second in ((early, late), (late, early)):
        task = await create_uncached_task(store, expires_at=first)
        values = {name: getattr(task, name) for name in task.__struct_fields__}
        changed = Task(**values | {"expires_at": second})
        await mark_task(store, EARLIER_TOKEN, changed)
        assert await _indexed_expiry(store, task) == int(late.timestamp() * 1000)
        await protocol(store).publish([MarkedWrite(EARLIER_TOKEN, changed)])
        assert await _indexed_expiry(store, task) == int(second.timestamp() * 1000)


@pytest.mark.parametrize("first", [True, False])
async def test_missing_expiry_counts_as_the_latest_until_the_publish(store: Store, first: bool) -> None:
    """With an earlier expiry, a sweep could remove the id although the writer rolls back and the row never expires."""
    task = await create_uncached_task(store, expires_at=None if first else in_an_hour())
    values = {name: getattr(task, name) for name in task.__struct_fields__}
    await mark_task(store, EARLIER_TOKEN, Task(**values | {"expires_at": in_an_hour() if first else None}))
    assert await _indexed_expiry(store, task) is None


async def _indexed_expiry(store: Store, task: Task) -> float | None:
    score: Any = await store.redis.client.zscore(protocol(store).keys.expiring[0], task.id.bytes)
    return score if score is None else float(score)


async def test_write_whose_row_is_rejected_leaves_no_mark(store: Store) -> None:
    task = await create_uncached_task(store)
    with pytest.raises(DatabaseError):
        await StoreClient(store).update_task(task.id, {"title": "x" * 501})
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    assert await marked_ids(store) == []


async def test_mark_of_a_long_transaction_has_an_early_deadline(store: Store) -> None:
    """The scrub asks PostgreSQL before it clears the mark, so a dead writer need not be waited for any longer."""
    task = await create_uncached_task(store)
    await protocol(store).mark([MarkedWrite(EARLIER_TOKEN, task)], transaction=timedelta(minutes=5))
    (seconds, _), [(_, deadline)] = await store.redis.send(
        [("TIME",), ("ZRANGE", protocol(store).keys.marks, 0, -1, "WITHSCORES")]
    )
    assert 0 < deadline - int(seconds) * 1000 <= 11_000


@pytest.mark.parametrize("step", ["publish", "abort"])
async def test_mark_that_is_settled_during_a_rebuild_is_left_to_the_scrub(store: Store, step: str) -> None:
    """A batch of the rebuild may still put the task back to its old state."""
    names, gate = protocol(store).keys, protocol(store).gate
    building = Protocol(
        store.redis, Gate("building", gate.epoch, gate.redis_run_id), store.workspace, store.gate_lease.views
    )
    task = await create_uncached_task(store)
    writes = [MarkedWrite(EARLIER_TOKEN, task)]
    await building.mark(writes, transaction=timedelta(seconds=2))
    await (building.publish(writes) if step == "publish" else building.abort(writes))
    assert await store.redis.client.zscore(names.marks, task.id.bytes) == 0
    assert task.id.bytes in await store.redis.client.smembers(names.moving)
    assert await protocol(store).overdue_marks(5) == [task.id]


@pytest.mark.parametrize("state", ["on", "building"])
async def test_mark_of_a_new_task_indexes_its_expiry(store: Store, state: GateState) -> None:
    """During a rebuild the row may have had no expiry, so none is stored until the scrub has read the row."""
    names, gate = protocol(store).keys, protocol(store).gate
    steps = Protocol(store.redis, Gate(state, gate.epoch, gate.redis_run_id), store.workspace, store.gate_lease.views)
    task = uncommitted_task(expires_at=in_an_hour())
    await steps.mark([MarkedWrite(EARLIER_TOKEN, task)], transaction=timedelta(seconds=2))
    scores = [await store.redis.client.zscore(key, task.id.bytes) for key in names.expiring]
    expected = expiry_score(task.expires_at) if state == "on" else float("inf")
    assert scores == [expected, expected, None, None]
    assert (task.id.bytes in await store.redis.client.smembers(names.moving)) == (state == "building")


async def test_mark_lasts_five_seconds_longer_than_its_transaction(store: Store) -> None:
    """A writer that commits at the last moment still publishes before the scrub asks PostgreSQL about it."""
    task = await create_uncached_task(store)
    began = await redis_time_ms(store)
    await protocol(store).mark([MarkedWrite(EARLIER_TOKEN, task)], transaction=timedelta(seconds=2))
    ended = await redis_time_ms(store)
    ([(_, deadline)],) = await store.redis.send([("ZRANGE", protocol(store).keys.marks, 0, -1, "WITHSCORES")])
    assert began + 7000 <= deadline <= ended + 7000
    assert await entry_bytes(store, task) == b"M %d %d" % (EARLIER_TOKEN, int(deadline))


async def redis_time_ms(store: Store) -> int:
    seconds, microseconds = await store.redis.client.time()
    return int(seconds) * 1000 + int(microseconds) // 1000
