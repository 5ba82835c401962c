"""Tests reads and writes of tasks through a store that uses Redis."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from cache.errors import ExpiryPassed, IdTaken, TaskNotFound, VersionConflict
from cache.metrics import StoreMetrics
from cache.redis.index import PageRange
from cache.store import Store
from db.task import NewTask, Task
from db.views import View
from tests.support.redis_state import evict_entries, indexed_ids, indexed_views, marked_ids, protocol, read_entry
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import in_an_hour, new_id, new_task


async def test_created_task_can_be_read(store: Store, tasks: StoreClient) -> None:
    new = new_task("Water the plants", description="Twice", status="DONE", priority="HIGH", expires_at=in_an_hour())
    created = await tasks.create_task(new)
    assert (created.id, created.title, created.description) == (new.id, "Water the plants", "Twice")
    assert (created.status, created.priority, created.version) == ("DONE", "HIGH", 1)
    assert created.expires_at == new.expires_at
    assert created.updated_at == created.created_at
    assert await StoreClient(store).tasks_by_id([new.id]) == [created]


async def test_written_task_is_read_from_its_entry(store: Store, tasks: StoreClient, metrics: StoreMetrics) -> None:
    created = await tasks.create_task(new_task())
    before = metrics.sql_queries
    assert await StoreClient(store).tasks_by_id([created.id]) == [created]
    assert metrics.sql_queries == before
    assert await marked_ids(store) == []


async def test_entries_that_were_found_and_missed_are_counted(store: Store, metrics: StoreMetrics) -> None:
    tasks = await create_uncached_tasks(store, 3)
    ids = [task.id for task in tasks]
    await StoreClient(store).tasks_by_id(ids[:1])
    await store.fills.drain()
    before = metrics.hits, metrics.misses, metrics.row_queries
    await StoreClient(store).tasks_by_id(ids)
    await StoreClient(store).tasks_by_id(ids[:1])
    assert (metrics.hits - before[0], metrics.misses - before[1], metrics.row_queries - before[2]) == (2, 2, 1)


async def test_tasks_by_id_keep_the_order_and_have_none_for_unknown_ids(store: Store, tasks: StoreClient) -> None:
    first, second = [await tasks.create_task(new_task()) for _ in range(2)]
    assert await StoreClient(store).tasks_by_id([second.id, new_id(), first.id]) == [second, None, first]


async def test_create_with_an_existing_id_returns_the_existing_task(store: Store, tasks: StoreClient) -> None:
    new = new_task("First")
    created = await tasks.create_task(new)
    again = await StoreClient(store).create_task(NewTask(new.id, "Second", status="DONE"))
    assert again == created
    assert await indexed_views(store, new.id) == {None, "TODO"}
    assert await marked_ids(store) == []


async def test_bulk_create_returns_an_outcome_for_each_task_in_order(store: Store, tasks: StoreClient) -> None:
    existing = await tasks.create_task(new_task("Existing"))
    deleted = await tasks.create_task(new_task("Deleted"))
    await tasks.delete_task(deleted.id)
    expired = new_task("Expired", expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    fresh = new_task("Fresh", status="IN_PROGRESS")
    new = [NewTask(existing.id, "Other"), expired, fresh, NewTask(deleted.id, "Other")]
    first, second, third, fourth = await StoreClient(store).create_tasks(new)
    assert first == existing
    assert isinstance(second, ExpiryPassed)
    assert isinstance(third, Task)
    assert third.title == "Fresh"
    assert isinstance(fourth, IdTaken)
    assert await indexed_views(store, fresh.id) == {None, "IN_PROGRESS"}
    assert await indexed_views(store, expired.id) == set()


async def test_bulk_create_of_a_thousand_tasks(store: Store, tasks: StoreClient) -> None:
    created = await tasks.create_tasks([new_task(expires_at=in_an_hour()) for _ in range(1000)])
    page = await StoreClient(store).page(PageRange(100))
    assert len({task.id for task in created if isinstance(task, Task)}) == 1000
    assert (page.total, len(page.tasks)) == (1000, 100)


async def test_update_is_visible_to_the_same_request_and_to_later_ones(store: Store, tasks: StoreClient) -> None:
    created = await tasks.create_task(new_task("Before"))
    assert await tasks.tasks_by_id([created.id]) == [created]
    updated = await tasks.update_task(created.id, {"title": "After", "status": "DONE"}, expected_version=1)
    assert (updated.title, updated.status, updated.version) == ("After", "DONE", 2)
    assert updated.updated_at >= created.updated_at
    assert await tasks.tasks_by_id([created.id]) == [updated]
    assert await StoreClient(store).tasks_by_id([created.id]) == [updated]
    assert await indexed_views(store, created.id) == {None, "DONE"}


async def test_update_that_changes_nothing_keeps_the_version(store: Store, tasks: StoreClient) -> None:
    created = await tasks.create_task(new_task("Same"))
    before = await read_entry(store, created.id)
    assert await tasks.update_task(created.id, {"title": "Same"}) == created
    assert await tasks.update_task(created.id, {}) == created
    assert await read_entry(store, created.id) == before


async def test_update_of_another_version_is_refused(store: Store, tasks: StoreClient) -> None:
    created = await tasks.create_task(new_task())
    updated = await tasks.update_task(created.id, {"title": "Other"})
    with pytest.raises(VersionConflict) as refused:
        await tasks.update_task(created.id, {"title": "Mine"}, expected_version=1)
    assert refused.value.current == updated
    with pytest.raises(VersionConflict):
        await tasks.delete_task(created.id, expected_version=3)
    assert await StoreClient(store).tasks_by_id([created.id]) == [updated]
    assert await marked_ids(store) == []


async def test_deleted_task_is_not_found_until_it_is_restored(store: Store, tasks: StoreClient) -> None:
    created = await tasks.create_task(new_task())
    deleted = await tasks.delete_task(created.id)
    assert deleted.version == 2
    assert await tasks.tasks_by_id([created.id]) == [None]
    assert await indexed_views(store, created.id) == set()
    for write in (tasks.update_task(created.id, {"title": "No"}), tasks.delete_task(created.id)):
        with pytest.raises(TaskNotFound):
            await write
    with pytest.raises(IdTaken):
        await tasks.create_task(NewTask(created.id, "Again"))
    restored = await tasks.restore_task(created.id)
    assert (restored.version, restored.title, restored.created_at) == (3, created.title, created.created_at)
    assert await tasks.restore_task(created.id) == restored
    assert await StoreClient(store).tasks_by_id([created.id]) == [restored]
    assert [task.id for task in (await StoreClient(store).page(PageRange(5))).tasks] == [created.id]


async def test_write_of_an_unknown_id_is_not_found(tasks: StoreClient) -> None:
    for write in (tasks.update_task(new_id(), {}), tasks.delete_task(new_id()), tasks.restore_task(new_id())):
        with pytest.raises(TaskNotFound):
            await write


async def test_expiry_in_the_past_is_refused(store: Store, tasks: StoreClient) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    new = new_task(expires_at=past)
    with pytest.raises(ExpiryPassed):
        await tasks.create_task(new)
    created = await tasks.create_task(new_task())
    with pytest.raises(ExpiryPassed):
        await tasks.update_task(created.id, {"expires_at": past})
    assert await indexed_ids(store) == [created.id]
    assert await tasks.create_task(NewTask(new.id, "The id is still free"))


async def test_expiry_is_stored_in_whole_milliseconds(store: Store, tasks: StoreClient) -> None:
    expires_at = in_an_hour()
    created = await tasks.create_task(new_task(expires_at=expires_at + timedelta(microseconds=999)))
    assert created.expires_at == expires_at
    assert await StoreClient(store).tasks_by_id([created.id]) == [created]
    await evict_entries(store, created.id)
    assert await StoreClient(store).tasks_by_id([created.id]) == [created]


async def test_expired_task_is_not_found_and_its_id_stays_taken(store: Store, tasks: StoreClient) -> None:
    kept = await tasks.create_task(new_task("Kept"))
    created = await tasks.create_task(new_task("Soon", expires_at=datetime.now(UTC) + timedelta(seconds=1)))
    assert created.expires_at is not None
    await asyncio.sleep(max(0.0, (created.expires_at - datetime.now(UTC)).total_seconds()) + 0.01)
    request = StoreClient(store)
    assert await request.tasks_by_id([created.id]) == [None]
    page = await request.page(PageRange(10))
    assert (page.tasks, page.total, page.has_after) == ([kept], 1, False)
    for write in (
        request.update_task(created.id, {"title": "No"}),
        request.delete_task(created.id),
        request.restore_task(created.id),
    ):
        with pytest.raises(TaskNotFound):
            await write
    with pytest.raises(IdTaken):
        await request.create_task(NewTask(created.id, "Again"))


async def test_expiry_can_be_changed_and_removed(store: Store, tasks: StoreClient) -> None:
    created = await tasks.create_task(new_task(expires_at=in_an_hour()))
    later = in_an_hour() + timedelta(days=1)
    assert (await tasks.update_task(created.id, {"expires_at": later})).expires_at == later
    assert (await tasks.update_task(created.id, {"expires_at": None})).expires_at is None
    keys = protocol(store).keys
    assert [await store.redis.client.zscore(key, created.id.bytes) for key in keys.expiring] == [None] * 4


async def test_page_of_a_status(store: Store, tasks: StoreClient) -> None:
    todo, done = await create_uncached_tasks(store, 3), await create_uncached_tasks(store, 2, status="DONE")
    page = await tasks.page(PageRange(10, view=View(status="DONE")))
    assert (page.tasks, page.total) == (done, 2)
    assert (await tasks.page(PageRange(10))).tasks == done + todo
    assert (await tasks.page(PageRange(10, view=View(status="IN_PROGRESS")))).tasks == []


async def test_page_past_the_end_is_empty_and_has_the_total(store: Store, tasks: StoreClient) -> None:
    await create_uncached_tasks(store, 3)
    page = await tasks.page(PageRange(10, offset=10_000_000))
    assert (page.tasks, page.total, page.has_before, page.has_after) == ([], 3, True, False)


async def test_concurrent_updates_of_a_task_are_serialized(store: Store) -> None:
    created = await StoreClient(store).create_task(new_task())
    writers = [StoreClient(store).update_task(created.id, {"title": f"Title {n}"}) for n in range(20)]
    versions = {task.version: task for task in await asyncio.gather(*writers)}
    assert sorted(versions) == list(range(2, 22))
    assert await StoreClient(store).tasks_by_id([created.id]) == [versions[21]]
    assert await marked_ids(store) == []


async def test_write_of_a_cancelled_request_runs_to_its_end(store: Store) -> None:
    new = new_task()
    request = asyncio.create_task(StoreClient(store).create_task(new))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await store.pending_writes.drain()
    assert await marked_ids(store) == []
    (task,) = await StoreClient(store).tasks_by_id([new.id])
    assert (task is not None) == (await indexed_views(store, new.id) == {None, "TODO"})
