"""What writers do, against what others may have done in between."""

from datetime import timedelta
from typing import Any

import pytest

from cache.errors import CacheUnavailable
from cache.redis.entry import decode
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.errors import DatabaseError
from db.task import Task
from tests.support.factories import entry, evict, in_an_hour, marks, protocol, rev, views
from tests.support.protocol_steps import EARLIER, LATER, TRANSACTION, held, mark, moved, one, unborn
from tests.support.store_client import StoreClient


async def test_a_mark_holds_both_states_and_publish_leaves_the_new_one(store: Store) -> None:
    task = await one(store)
    done = moved(task, "DONE")
    await mark(store, EARLIER, done)
    assert await views(store, task.id) == {None, "TODO", "DONE"}
    assert await marks(store) == [task.id.bytes]
    assert await store.redis.client.pttl(protocol(store).keys.entry(task.id)) == -1
    await protocol(store).publish([MarkedWrite(EARLIER, done)])
    assert await views(store, task.id) == {None, "DONE"}
    assert await marks(store) == []
    assert decode(store.workspace, task.id, await entry(store, task.id)) == done


async def test_a_deleted_task_stays_in_the_indexes_until_it_is_published(store: Store) -> None:
    task = await one(store)
    await mark(store, EARLIER, task, visible=False)
    assert await views(store, task.id) == {None, "TODO"}
    await protocol(store).publish([MarkedWrite(EARLIER, task, visible=False)])
    assert await views(store, task.id) == set()
    assert await entry(store, task.id) is None


async def test_a_late_mark_is_refused(store: Store) -> None:
    task = await one(store)
    await mark(store, LATER, task)
    marked, before = await held(store, task), await rev(store)
    with pytest.raises(CacheUnavailable):
        await mark(store, EARLIER, moved(task, "DONE"))
    assert await held(store, task) == marked
    assert await views(store, task.id) == {None, "TODO"}
    assert await rev(store) == before


async def test_a_publish_over_the_mark_of_another_touches_nothing(store: Store) -> None:
    task = await one(store)
    await mark(store, EARLIER, moved(task, "DONE"))
    await mark(store, LATER, moved(task, "IN_PROGRESS"))
    marked, before = await held(store, task), await rev(store)
    await protocol(store).publish([MarkedWrite(EARLIER, moved(task, "DONE"))])
    assert await held(store, task) == marked
    assert await views(store, task.id) == {None, "TODO", "IN_PROGRESS", "DONE"}
    assert await marks(store) == [task.id.bytes]
    assert await rev(store) > before


@pytest.mark.parametrize("there", [b"", b"L a", b"V 1 old"])
async def test_a_publish_without_its_mark_deletes_the_entry_and_takes_no_id_out(store: Store, there: bytes) -> None:
    task = await one(store)
    await mark(store, EARLIER, moved(task, "DONE"))
    await evict(store, task.id)
    if there:
        await store.redis.client.set(protocol(store).keys.entry(task.id), there)
    await protocol(store).publish([MarkedWrite(EARLIER, moved(task, "DONE"))])
    assert await entry(store, task.id) is None
    assert await views(store, task.id) == {None, "TODO", "DONE"}


async def test_an_abort_puts_everything_back(store: Store) -> None:
    task = await one(store, expires_at=in_an_hour())
    await mark(store, EARLIER, moved(task, "DONE"))
    before = await rev(store)
    await protocol(store).abort([MarkedWrite(EARLIER, task)])
    assert await views(store, task.id) == {None, "TODO"}
    assert await entry(store, task.id) is None
    assert await marks(store) == []
    assert await rev(store) > before


async def test_an_abort_of_a_create_takes_the_id_out(store: Store) -> None:
    task = unborn()
    await mark(store, EARLIER, task)
    assert await views(store, task.id) == {None, "TODO"}
    await protocol(store).abort([MarkedWrite(EARLIER, task, visible=False)])
    assert await views(store, task.id) == set()


async def test_an_abort_is_only_over_its_own_mark(store: Store) -> None:
    task = unborn()
    await mark(store, EARLIER, task)
    await mark(store, LATER, task)
    marked = await held(store, task)
    await protocol(store).abort([MarkedWrite(EARLIER, task, visible=False)])
    assert await held(store, task) == marked
    assert await views(store, task.id) == {None, "TODO"}
    await protocol(store).publish([MarkedWrite(LATER, task)])
    value = await held(store, task)
    await protocol(store).abort([MarkedWrite(LATER, task, visible=False)])
    assert await held(store, task) == value
    assert await views(store, task.id) == {None, "TODO"}


async def test_the_later_expiry_counts_until_the_publish(store: Store) -> None:
    early, late = in_an_hour(), in_an_hour() + timedelta(hours=1)
    for first, second in ((early, late), (late, early)):
        task = await one(store, expires_at=first)
        values = {name: getattr(task, name) for name in task.__struct_fields__}
        changed = Task(**values | {"expires_at": second})
        await mark(store, EARLIER, changed)
        assert await _expiry(store, task) == int(late.timestamp() * 1000)
        await protocol(store).publish([MarkedWrite(EARLIER, changed)])
        assert await _expiry(store, task) == int(second.timestamp() * 1000)


@pytest.mark.parametrize("first", [True, False])
async def test_no_expiry_is_later_than_any_until_the_publish(store: Store, first: bool) -> None:
    """Else a sweep takes out the id of a task whose row, if the writer rolls back, never expires."""
    task = await one(store, expires_at=None if first else in_an_hour())
    values = {name: getattr(task, name) for name in task.__struct_fields__}
    await mark(store, EARLIER, Task(**values | {"expires_at": in_an_hour() if first else None}))
    assert await _expiry(store, task) is None


async def _expiry(store: Store, task: Task) -> float | None:
    score: Any = await store.redis.client.zscore(protocol(store).keys.expiring[0], task.id.bytes)
    return score if score is None else float(score)


async def test_a_bulk_create_breaks_the_lease_of_a_scrub(store: Store) -> None:
    task = unborn()
    await protocol(store).lease("a", [task.id], scrub=True)
    await protocol(store).add(LATER, [task], transaction=TRANSACTION)
    await protocol(store).scrub("a", task.id, None)
    assert await views(store, task.id) == {None, "TODO"}
    assert await entry(store, task.id) is None


async def test_a_write_whose_row_is_refused_leaves_nothing(store: Store) -> None:
    task = await one(store)
    with pytest.raises(DatabaseError):
        await StoreClient(store).update_task(task.id, {"title": "x" * 501})
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    assert await marks(store) == []


async def test_an_add_ends_the_mark_of_an_earlier_create(store: Store) -> None:
    """Else the late abort of a create that was rolled back takes out the id that was created since."""
    task = await one(store)
    await mark(store, EARLIER, task)
    await protocol(store).add(LATER, [task], transaction=TRANSACTION)
    await protocol(store).abort([MarkedWrite(EARLIER, task, visible=False)])
    assert await views(store, task.id) == {None, "TODO"}


async def test_an_add_that_comes_late_leaves_the_mark_of_a_later_create(store: Store) -> None:
    task = await one(store)
    await mark(store, LATER, task)
    marked = await held(store, task)
    await protocol(store).add(EARLIER, [task], transaction=TRANSACTION)
    assert await held(store, task) == marked
