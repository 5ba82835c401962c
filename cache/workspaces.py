"""The workspaces that a process has open: each has a store, a feed and background work of its own."""

from contextlib import AsyncExitStack
from datetime import timedelta
from types import TracebackType
from typing import NamedTuple, Self

from cache.feed.feed import Feed
from cache.feed.turns import Turns
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.page_cache import PageMemory
from cache.redis.client import Redis
from cache.store import Store
from db.caller import DEFAULT_WORKSPACE
from db.pool import Database
from db.purge import DEFAULT_RETENTION


class Workspace(NamedTuple):
    """An open workspace: the store and the feed of its tasks."""

    store: Store
    feed: Feed


class Workspaces:
    """Opens workspaces when they are first used. All of them share the connections to the stores.

    page_cache_bytes: the memory for cached pages of the process. max_read_bytes: the limit of one read.
    retention: how long the rows of deleted and expired tasks are kept.
    """

    def __init__(
        self,
        database: Database,
        redis: Redis,
        metrics: StoreMetrics,
        *,
        page_cache_bytes: int = 0,
        max_read_bytes: int = 8 * 2**20,
        retention: timedelta = DEFAULT_RETENTION,
    ) -> None:
        self.database = database
        self.redis = redis
        self.metrics = metrics
        # Subscribers of all workspaces take turns. So does other work that thousands of clients can cause at once.
        self.turns = Turns()
        self.page_memory = PageMemory(page_cache_bytes)
        self._max_read_bytes = max_read_bytes
        self._retention = retention
        self._running = AsyncExitStack()
        self._open: dict[str, Workspace] = {}
        self.default = self._create(DEFAULT_WORKSPACE)

    async def __aenter__(self) -> Self:
        await self._running.enter_async_context(self.database)
        await self._running.enter_async_context(self.redis)
        await self._running.enter_async_context(maintenance(*self.default))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for store, _feed in self._open.values():
            await store.pending_writes.drain()
            await store.fills.drain()
        await self._running.__aexit__(kind, error, trace)

    async def open(self, id_: str) -> Workspace:
        """Return the workspace with this id, with its background work running. The id must be that of a caller."""
        if (found := self._open.get(id_)) is not None:
            return found
        created = self._create(id_)
        await self._running.enter_async_context(maintenance(*created))
        return created

    def _create(self, id_: str) -> Workspace:
        store = Store(
            self.database,
            self.redis,
            self.metrics,
            id_,
            page_memory=self.page_memory,
            max_read_bytes=self._max_read_bytes,
            retention=self._retention,
        )
        self._open[id_] = created = Workspace(store, Feed(store, self.turns))
        return created
