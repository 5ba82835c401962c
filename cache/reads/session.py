"""The state of one request: its DataLoader and its access to Redis."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from cache.reads.access import CacheAccess
from cache.reads.loader import TaskLoader
from cache.reads.task_lists import TaskListLoader
from cache.store import Store
from db.shares import Share

# The pages that a request reads at once, before their bytes are counted. Pages of the largest tasks then have 16 MB.
_PAGES_AT_ONCE = 4

Result = TypeVar("Result")


class Session:
    """One request's DataLoader, its access to Redis, and whether it has begun to write.

    All ids that a request reads, through whatever field, go out in one batch. The functions of `cache.reads` and
    `cache.writes` take a session.
    """

    def __init__(self, store: Store, author: str | None = None) -> None:
        self.store = store
        # Who writes, as tasks store it.
        self.author = author
        self.cache = CacheAccess(store)
        self._loader: TaskLoader | None = None
        self._list_loader: TaskListLoader | None = None
        # A write runs to its end even if the request times out.
        self.wrote = False
        self._permit_lock: asyncio.Lock | None = None
        self._page_slots: asyncio.Semaphore | None = None

    @asynccontextmanager
    async def permit(self, share: Share) -> AsyncIterator[None]:
        """Hold a permit of a share for the duration of the block. Raises `ShareBusy`.

        A request holds one permit at a time, so that many aliases take no more than a single field.
        """
        if self._permit_lock is None:  # most requests need none
            self._permit_lock = asyncio.Lock()
        async with self._permit_lock, share.permit(self.store.workspace):
            yield

    @property
    def page_slots(self) -> asyncio.Semaphore:
        """Limits the pages that a request reads at once, so that the request stops soon after its limit of bytes."""
        if self._page_slots is None:
            self._page_slots = asyncio.Semaphore(_PAGES_AT_ONCE)
        return self._page_slots

    @property
    def loader(self) -> TaskLoader:
        """The DataLoader, made when the request first reads a task."""
        if self._loader is None:
            self._loader = TaskLoader(self.store, self.cache)
        return self._loader

    @property
    def list_loader(self) -> TaskListLoader:
        """The DataLoader of task lists, made when the request first reads one."""
        if self._list_loader is None:
            self._list_loader = TaskListLoader(self.store, self.cache)
        return self._list_loader

    def abandon(self) -> None:
        """Cancel the loads in flight, when the request has timed out."""
        for loader in (self._loader, self._list_loader):
            if loader is not None:
                loader.abandon()

    async def finish_list_write(self, write: Coroutine[Any, Any, Result], id_: UUID) -> Result:
        """Run a write of a task list to its end, then forget what this request has read of the list."""
        result = await self.finish_write(write, ())
        self.list_loader.clear([id_])
        return result

    async def finish_write(self, write: Coroutine[Any, Any, Result], ids: Sequence[UUID]) -> Result:
        """Run a write to its end, then forget what this request has read of its tasks."""
        self.wrote = True
        self.cache.forbid_caching()
        result = await self.store.pending_writes.finish(write)
        self.loader.clear(ids)
        return result
