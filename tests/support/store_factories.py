"""Creates tasks of a store: without an entry, with a status changed in memory, or not committed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from cache.store import Store
from db.task import Status, Task
from tests.support.redis_state import index_position
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task


async def create_uncached_tasks(store: Store, count: int = 1, **fields: Any) -> list[Task]:
    """Create tasks in one bulk create, which fills no entry, and return them newest first."""
    new = [new_task(f"Task {number}", **fields) for number in range(count)]
    created = await StoreClient(store).create_tasks(new)
    return newest_first(task for task in created if isinstance(task, Task))


async def create_uncached_task(store: Store, **fields: Any) -> Task:
    """Create a task without an entry."""
    return (await create_uncached_tasks(store, **fields))[0]


def newest_first(tasks: Iterable[Task]) -> list[Task]:
    return sorted(tasks, key=index_position, reverse=True)


def with_status(task: Task, status: Status, version: int = 2) -> Task:
    """Return the row that a change to this status would write."""
    return structs.replace(task, status=status, version=version)


def uncommitted_task(**fields: Any) -> Task:
    """Return a task whose writer has not committed yet, and possibly never will."""
    now, new = datetime.now(UTC), new_task(**fields)
    return Task(new.id, new.title, "", new.status, "NONE", now, now, new.expires_at, 1)
