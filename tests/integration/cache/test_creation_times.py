"""Tests that a task stands where its creation time says, whatever a create with the same id has left."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from cache.errors import CreatedInFuture
from cache.maintenance.audit import audit
from cache.maintenance.scrub import scrub_all
from cache.redis.index import PageRange
from cache.store import Store
from db.task import NewTask, Task
from tests.support.protocol_steps import LATER_TOKEN, make_marks_overdue, mark_task
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task

EARLY, MIDDLE, LATE = (datetime(year, 1, 1, tzinfo=UTC) for year in (2001, 2010, 2020))
# Between the others.
NEIGHBOURS = [datetime(year, 1, 1, tzinfo=UTC) for year in (2005, 2015)]


async def create(store: Store, created_at: datetime, *, bulk: bool = False) -> Task:
    new = new_task(created_at=created_at)
    return await _created(store, new, bulk=bulk)


async def assert_order(store: Store, *tasks: Task) -> None:
    """Assert that pages from both ends, and the pages around each task, hold the tasks in this order, oldest first."""
    ids = [task.id for task in tasks]
    for order, expected in (("OLDEST", ids), ("NEWEST", ids[::-1])):
        page = await StoreClient(store).page(PageRange(10, order=order))  # type: ignore[arg-type]
        assert [task.id for task in page.tasks] == expected
    for at in range(len(ids)):
        page = await StoreClient(store).page(PageRange(1, order="OLDEST", offset=at))
        assert [task.id for task in page.tasks] == ids[at : at + 1]


@pytest.mark.parametrize("bulk", [False, True])
async def test_creation_time_decides_the_place(store: Store, bulk: bool) -> None:
    now = await StoreClient(store).create_task(new_task())
    late, early, middle = [await create(store, at, bulk=bulk) for at in (LATE, EARLY, MIDDLE)]
    assert (early.created_at, early.version) == (EARLY, 1)
    assert early.updated_at > now.updated_at  # the time of the import
    assert await StoreClient(store).tasks_by_id([early.id]) == [early]
    await assert_order(store, early, middle, late, now)


@pytest.mark.parametrize("bulk", [False, True])
async def test_a_task_of_the_future_is_refused(store: Store, bulk: bool) -> None:
    new = new_task(created_at=datetime(2199, 1, 1, tzinfo=UTC))
    if bulk:
        [outcome] = await StoreClient(store).create_tasks([new])
        assert isinstance(outcome, CreatedInFuture)
    else:
        with pytest.raises(CreatedInFuture):
            await StoreClient(store).create_task(new)
    await assert_order(store)


@pytest.mark.parametrize("of_lost_mark", [EARLY, LATE])
@pytest.mark.parametrize("bulk", [False, True])
async def test_late_mark_of_a_create_that_was_rolled_back(store: Store, of_lost_mark: datetime, bulk: bool) -> None:
    """The mark of an earlier create with the same id arrives after the task was created with another time."""
    first, last = [await create(store, at) for at in NEIGHBOURS]
    task = await create(store, MIDDLE, bulk=bulk)
    await mark_task(store, LATER_TOKEN, replace(task, created_at=of_lost_mark))
    await assert_order(store, first, task, last)
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    await assert_order(store, first, task, last)
    differences: list[str] = []
    await audit(store, lambda _, difference: differences.append(difference))
    assert differences == []
    assert await store.redis.client.smembers(protocol(store).keys.moving) == {b""}


@pytest.mark.parametrize("of_lost_mark", [EARLY, LATE])
@pytest.mark.parametrize("bulk", [False, True])
async def test_create_is_repeated_with_another_time(store: Store, of_lost_mark: datetime, bulk: bool) -> None:
    """A create was rolled back and has left its mark."""
    first, last = [await create(store, at) for at in NEIGHBOURS]
    new = new_task(created_at=MIDDLE)
    lost = Task(new.id, new.title, "", new.status, "NONE", of_lost_mark, of_lost_mark, None, 1)
    await mark_task(store, 0, lost)
    task = await _created(store, new, bulk=bulk)
    await assert_order(store, first, task, last)
    assert await store.redis.client.smembers(protocol(store).keys.moving) == {b""}


async def _created(store: Store, new: NewTask, *, bulk: bool) -> Task:
    if not bulk:
        return await StoreClient(store).create_task(new)
    [created] = await StoreClient(store).create_tasks([new])
    assert isinstance(created, Task)
    return created
