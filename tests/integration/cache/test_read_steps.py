"""Tests the steps of a read (R2 to R5), with steps of writers and other readers between them."""

import pytest

from cache.redis.encoded_task import decode, encode
from cache.redis.index import PageRange
from cache.store import Store
from tests.support.protocol_steps import EARLIER_TOKEN, mark_task
from tests.support.redis_state import entry_bytes, evict_entries, protocol, read_entry
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks, with_status
from tests.support.task_factories import new_id


async def test_reader_fills_the_entry_it_leased(store: Store) -> None:
    task = await create_uncached_task(store)
    grant = await protocol(store).lease("a", [task.id.bytes])
    assert (list(grant.leases), grant.others) == ([task.id.bytes], [])
    assert await entry_bytes(store, task) == b"L a"
    await protocol(store).fill("a", {task.id.bytes: encode("default", task)})
    assert decode(store.workspace, task.id.bytes, await read_entry(store, task.id)) == task


async def test_second_reader_gets_no_lease(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    await protocol(store).lease("a", [task.id.bytes])
    grant = await protocol(store).lease("b", [task.id.bytes, other.id.bytes])
    assert (list(grant.leases), grant.others) == ([other.id.bytes], [task.id.bytes])
    await protocol(store).fill("b", {task.id.bytes: encode("default", task)})
    assert await entry_bytes(store, task) == b"L a"
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    assert await entry_bytes(store, task) == b"L a"


async def test_lease_has_a_ttl(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id.bytes])
    assert 0 < await store.redis.client.pttl(protocol(store).keys.entry(task.id)) <= 10_000


async def test_read_of_an_unknown_id_leaves_no_entry(store: Store) -> None:
    id_ = new_id()
    assert await StoreClient(store).tasks_by_id([id_]) == [None]
    await store.fills.drain()
    assert await read_entry(store, id_) is None


@pytest.mark.parametrize("overdue", [False, True])
async def test_reader_does_not_replace_a_mark(store: Store, overdue: bool) -> None:
    task = await create_uncached_task(store)
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"), overdue=overdue)
    marked = await entry_bytes(store, task)
    grant = await protocol(store).lease("a", [task.id.bytes])
    assert (grant.leases, grant.others) == ({}, [])
    await protocol(store).fill("a", {task.id.bytes: encode("default", task)})
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]
    assert await entry_bytes(store, task) == marked
    assert marked.startswith(b"M %d " % EARLIER_TOKEN)


async def test_mark_replaces_a_lease(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id.bytes])
    await mark_task(store, EARLIER_TOKEN, with_status(task, "DONE"))
    await protocol(store).fill("a", {task.id.bytes: encode("default", task)})
    assert (await entry_bytes(store, task)).startswith(b"M ")


async def test_fill_without_its_lease_changes_nothing(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).lease("a", [task.id.bytes])
    await StoreClient(store).update_task(task.id, {"title": "Newer"})
    value = await entry_bytes(store, task)
    await protocol(store).fill("a", {task.id.bytes: encode("default", task)})
    assert await entry_bytes(store, task) == value
    await evict_entries(store, task.id)
    await protocol(store).fill("a", {task.id.bytes: encode("default", task)})
    assert await read_entry(store, task.id) is None
    await protocol(store).lease("b", [task.id.bytes])
    await protocol(store).fill("a", {task.id.bytes: encode("default", task)})
    assert await entry_bytes(store, task) == b"L b"


async def test_entry_of_another_task_is_not_used(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    await protocol(store).lease("a", [task.id.bytes])
    await protocol(store).fill("a", {task.id.bytes: encode("default", other)})
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]


@pytest.mark.parametrize("value", [b"", b"V", b"V ", b"V 1", b"V 1 ", b"V 1 \x92\xa1", b"nonsense", b"\xff\x00"])
async def test_unreadable_entry_is_not_used(store: Store, value: bytes) -> None:
    task = await create_uncached_task(store)
    await store.redis.client.set(protocol(store).keys.entry(task.id), value)
    assert await StoreClient(store).tasks_by_id([task.id]) == [task]


async def test_request_shows_one_version_of_a_task(store: Store) -> None:
    """A page comes with its entries, but a task that the request has read before keeps its version."""
    task, other = await create_uncached_tasks(store, 2)
    request = StoreClient(store)
    assert await request.tasks_by_id([task.id]) == [task]
    newer = await StoreClient(store).update_task(task.id, {"title": "Newer"})
    assert (await request.page(PageRange(2))).tasks == [task, other]
    assert await request.tasks_by_id([other.id, task.id]) == [other, task]
    assert (await StoreClient(store).page(PageRange(2))).tasks == [newer, other]


async def test_page_reads_an_entry_again_after_a_write_of_its_request(store: Store) -> None:
    task, other = await create_uncached_tasks(store, 2)
    request = StoreClient(store)
    assert (await request.page(PageRange(2))).tasks == [task, other]
    newer = await request.update_task(task.id, {"title": "Newer"})
    assert (await request.page(PageRange(2))).tasks == [newer, other]
    assert await request.tasks_by_id([task.id]) == [newer]
