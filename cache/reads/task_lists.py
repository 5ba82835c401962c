"""Reads of task lists, always from PostgreSQL: their names can change without a change of any task."""

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

from cache.reads.access import CacheAccess
from cache.reads.batching import DataLoader
from cache.store import Store
from db import task_lists as rows
from db.task_lists import TaskList


class TaskListLoader:
    """Loads lists by id for one request, all that the request asks for at the same time by one query."""

    def __init__(self, store: Store, access: CacheAccess) -> None:
        self._access = access
        # The loader has no reference to this object: a cycle would keep the lists in memory after the request.
        self._loader: DataLoader[UUID, TaskList | None] = DataLoader(partial(_read, store))

    async def load_many(self, ids: Sequence[UUID]) -> list[TaskList | None]:
        """Return the lists in the order of the ids, with None for each that does not exist."""
        self._access.forbid_caching()
        return await self._loader.load_many(ids)

    def clear(self, ids: Iterable[UUID]) -> None:
        """Forget what this request has read of lists."""
        self._loader.clear_many(ids)

    def abandon(self) -> None:
        """Cancel the loads in flight, when the request has timed out."""
        self._loader.abandon()


async def _read(store: Store, ids: Sequence[UUID]) -> list[TaskList | None]:
    async with store.database.connection() as connection:
        found = await rows.lists_by_id(connection, store.workspace, ids)
    return [found.get(id_) for id_ in ids]
