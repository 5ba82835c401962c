"""What readers do, against what writers and other readers may have done in between."""

import pytest

from cache.redis.entry import decode
from cache.store import Store
from tests.support.protocol_steps import EARLIER_TOKEN, mark_task
from tests.support.redis_state import entry_bytes, evict_entries, protocol, read_entry
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks, with_status
from tests.support.task_factories import new_id


async def test_a_reader_fills_what_it_leased(store: Store) -> None:
    task = await create_uncached_task(store)
    leased = await protocol(store).lease("a", [task.id])
    assert (leased.mine, leased.others) == ([task.id], [])
    assert await entry_bytes(store, task) == b"L a"
    await protocol(store).fill("a", {task.id: task})
    assert decode(store.workspace, task.id, await read_entry(store, task.id)) == task


async def test_a_second_reader_gets_no_lease(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    await protocol(store).lease("a", [task.id])
    leased = await protocol(store).lease("b", [task.id, other.id])
    assert (leased.mine, leased.others) == ([other.id], [task.id])
    await protocol(store).fill("b", {task.id: task})
    assert await entry_bytes(store, task) == b"L a"
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    assert await entry_bytes(store, task) == b"L a"


async def test_a_lease_ends_by_itself(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id])
    assert 0 < await store.redis.client.pttl(protocol(store).keys.entry(task.id)) <= 10_000


async def test_what_is_not_there_leaves_no_entry(store: Store) -> None:
    id_ = new_id()
    assert await StoreClient(store).tasks_by_id([id_]) == [None]
    assert await read_entry(store, id_) is None


@pytest.mark.parametrize("dead", [False, True])
async def test_nobody_fills_over_a_mark(store: Store, dead: bool) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"), overdue=dead)
    marked = await entry_bytes(store, task)
    leased = await protocol(store).lease("a", [task.id])
    assert (leased.mine, leased.others) == ([], [])
    await protocol(store).fill("a", {task.id: task})
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    assert await entry_bytes(store, task) == marked
    assert marked.startswith(b"M %d " % EARLIER_TOKEN)


async def test_a_mark_ends_a_lease(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id])
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    await protocol(store).fill("a", {task.id: task})
    assert (await entry_bytes(store, task)).startswith(b"M ")


async def test_a_fill_after_an_overtaken_lease_does_nothing(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id])
    await StoreClient(store).update_task(task.id, {"title": "Newer"})
    value = await entry_bytes(store, task)
    await protocol(store).fill("a", {task.id: task})
    assert await entry_bytes(store, task) == value
    await evict_entries(store, task.id)
    await protocol(store).fill("a", {task.id: task})
    assert await read_entry(store, task.id) is None
    await protocol(store).lease("b", [task.id])
    await protocol(store).fill("a", {task.id: task})
    assert await entry_bytes(store, task) == b"L b"


async def test_an_entry_of_another_task_or_workspace_is_not_believed(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    await protocol(store).lease("a", [task.id])
    await protocol(store).fill("a", {task.id: other})
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    value = await read_entry(store, task.id)
    assert decode("another", other.id, value) is None
    assert decode(store.workspace, other.id, value) == other


@pytest.mark.parametrize("value", [b"", b"V", b"V ", b"V 1", b"V 1 ", b"V 1 \x92\xa1", b"nonsense", b"\xff\x00"])
async def test_an_entry_that_makes_no_sense_is_not_believed(store: Store, value: bytes) -> None:
    task = await create_uncached_task(store)
    await store.redis.client.set(protocol(store).keys.entry(task.id), value)
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
