"""The workspaces that a process has open: each has a store and a feed. They share connections and background work."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from types import TracebackType
from typing import NamedTuple, Self

from cache.errors import StoreUnavailable
from cache.feed.feed import Feed
from cache.feed.turns import Turns
from cache.gate.idle import used_seconds
from cache.gate.lease import clock
from cache.gate.watcher import GateWatcher
from cache.maintenance.runner import NO_WARM_START, background
from cache.maintenance.warm_plan import WarmBudget
from cache.metrics import StoreMetrics
from cache.page_cache import PageMemory
from cache.redis.client import Redis
from cache.redis.index import index_sizes
from cache.store import Store
from cache.usage.usage import Usage
from db.caller import DEFAULT_WORKSPACE
from db.pool import Database
from db.purge import DEFAULT_RETENTION
from db.replica import Replica
from db.views import DEFAULT_SHAPES, Shapes

# A process forgets a workspace that it has not used for this long.
FORGET_SECONDS = 60.0
FORGET_INTERVAL_SECONDS = 1.0
# How long the first request of a workspace waits for the gate. Without it PostgreSQL answers.
FIRST_LOOK_SECONDS = 0.1
# The workspaces whose indexes are measured for one scrape of the metrics.
MEASURED_WORKSPACES = 10


class Workspace(NamedTuple):
    """An open workspace: the store and the feed of its tasks."""

    store: Store
    feed: Feed


class Workspaces:
    """Opens workspaces when they are first used, and forgets unused ones.

    The default workspace stays open. page_cache_bytes: the memory for cached pages of the process. max_read_bytes: the
    limit of one read. retention: how long the rows of deleted and expired tasks are kept. index_idle_seconds: how long
    no process may use a workspace before its index is dropped; 0 means never. warm_budget: what warm starts may use.
    shapes: those of the declared views.
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
        index_idle_seconds: float = 0.0,
        warm_budget: WarmBudget = NO_WARM_START,
        replica: Replica | None = None,
        usage: Usage | None = None,
        shapes: Shapes = DEFAULT_SHAPES,
    ) -> None:
        self._replica = replica
        self.usage = usage or Usage(is_on=False)
        self.database = database
        self.redis = redis
        self.metrics = metrics
        # Subscribers of all workspaces take turns. So does other work that thousands of clients can cause at once.
        self.turns = Turns()
        self.page_memory = PageMemory(page_cache_bytes)
        self._max_read_bytes = max_read_bytes
        self._retention = retention
        self._index_idle_seconds = index_idle_seconds
        self._warm_budget = warm_budget
        self._shapes = shapes
        self._watcher = GateWatcher(database, index_idle_seconds, metrics)
        self._running = AsyncExitStack()
        self._open: dict[str, Workspace] = {}
        self._index_bytes: dict[str, dict[str, int]] = {}
        self.default = self._create(DEFAULT_WORKSPACE)

    async def __aenter__(self) -> Self:
        await self._running.enter_async_context(self.database)
        await self._running.enter_async_context(self.redis)
        if self._replica is not None:
            await self._running.enter_async_context(self._replica)
        work = background(
            self.stores,
            self._watcher,
            self.database,
            self.redis,
            self.metrics,
            retention=self._retention,
            index_idle_seconds=self._index_idle_seconds,
            warm_budget=self._warm_budget,
        )
        await self._running.enter_async_context(work)
        forgetting = asyncio.create_task(self._forget_unused())
        self._running.callback(forgetting.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for store, feed in list(self._open.values()):
            await store.pending_writes.drain()
            await store.fills.drain()
            await feed.aclose()
        await self._running.__aexit__(kind, error, trace)

    def __len__(self) -> int:
        return len(self._open)

    def stores(self) -> list[Store]:
        """Return the stores of the open workspaces."""
        return [store for store, _ in self._open.values()]

    async def open(self, id_: str) -> Workspace:
        """Return the workspace with this id, and record that it is used. The id must be that of a caller."""
        found = self._open.get(id_)
        if found is not None:
            found.store.gate_lease.touched = True
            return found
        created = self._create(id_)
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_SECONDS):
                await created.store.gate_lease.observed.wait()
        return created

    @property
    def ready(self) -> bool:
        """Whether this process can answer requests, with Redis or from PostgreSQL alone."""
        return self._watcher.ready

    @property
    def degraded(self) -> int:
        """The number of workspaces in use that PostgreSQL answers."""
        seconds = used_seconds(self._index_idle_seconds)
        leases = (store.gate_lease for store, _ in self._open.values())
        return sum(lease.protocol is None and lease.used_within(seconds) for lease in leases)

    def degraded_by_primary(self) -> dict[str, int]:
        """Return for each primary of Redis how many of its workspaces in use PostgreSQL answers."""
        seconds, found = used_seconds(self._index_idle_seconds), dict[str, int]()
        for store in self.stores():
            name, lease = store.redis.primary_name, store.gate_lease
            if name and lease.used_within(seconds):
                found[name] = found.get(name, 0) + (lease.protocol is None)
        return found

    @property
    def too_large(self) -> int:
        """The number of open workspaces whose index does not fit into Redis."""
        return sum(store.gate_lease.index_too_large for store, _ in self._open.values())

    async def index_bytes(self) -> dict[str, int]:
        """Return the memory of the indexes of the open workspaces by name of the index."""
        totals: dict[str, int] = {}
        for sizes in (await self.measure_indexes()).values():
            for name, size in sizes.items():
                totals[name] = totals.get(name, 0) + size
        return totals

    async def measure_indexes(self) -> Mapping[str, Mapping[str, int]]:
        """Return the memory of the indexes of each open workspace, by name of the index.

        Measures a few workspaces, and keeps the last sizes of the rest: Redis estimates a size in time.
        """
        in_use = {store.workspace: store for store in self.stores() if store.gate_lease.protocol is not None}
        known = {workspace: sizes for workspace, sizes in self._index_bytes.items() if workspace in in_use}
        # First the never measured ones, then the longest unmeasured ones.
        for workspace in [*(in_use.keys() - known.keys()), *known][:MEASURED_WORKSPACES]:
            store = in_use[workspace]
            protocol = store.gate_lease.protocol
            known.pop(workspace, None)
            if protocol is not None:
                with suppress(StoreUnavailable):
                    known[workspace] = await index_sizes(store.redis, protocol.keys)
        self._index_bytes = known
        return known

    def _create(self, id_: str) -> Workspace:
        store = Store(
            self.database,
            self.redis,
            self.metrics,
            id_,
            page_memory=self.page_memory,
            max_read_bytes=self._max_read_bytes,
            retention=self._retention,
            replica=self._replica,
            usage=self.usage,
            shapes=self._shapes,
        )
        self._open[id_] = created = Workspace(store, Feed(store, self.turns))
        self._watcher.add(store.gate_lease)
        return created

    async def _forget_unused(self) -> None:
        """Forget each workspace that was not used for a while and that no subscriber, write or fill needs."""
        while True:
            await asyncio.sleep(FORGET_INTERVAL_SECONDS)
            for id_, (store, feed) in list(self._open.items()):
                lease = store.gate_lease
                if feed.followers or store.pending_writes.in_flight or store.fills.in_flight:
                    lease.touched = True
                elif id_ != DEFAULT_WORKSPACE and not lease.touched and clock() - lease.used_at > FORGET_SECONDS:
                    del self._open[id_]
                    self._watcher.remove(lease)
                    self.usage.forget(id_)
                    await feed.aclose()
