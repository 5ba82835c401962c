"""The background work of each process, for all open workspaces."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from cache.errors import IndexLost
from cache.gate.idle import used_seconds
from cache.gate.watcher import GateWatcher
from cache.maintenance.audit import audit_sample
from cache.maintenance.housekeeping import Housekeeping
from cache.maintenance.idle_indexes import IdleIndexes
from cache.maintenance.rebuild import rebuild
from cache.maintenance.scrub import scrub_if_due
from cache.maintenance.shapes import LOOK_SECONDS, LOOKS_PER_SECOND, ShapeBuilds
from cache.maintenance.visits import MIN_BACKOFF_SECONDS, OpenStores, Visits
from cache.maintenance.warm_lists import WarmLists
from cache.maintenance.warm_plan import WarmBudget
from cache.maintenance.warm_start import RETRY_SECONDS, WarmStarts
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.index_source import has_more_tasks
from db.pool import Database

SCRUB_INTERVAL_SECONDS = 1.0
# The budgets of a process. A scrub without work is one short script of Redis. A sample compares a hundred tasks.
SCRUBS_PER_SECOND = 20.0
# So many scrubs begin together: their commands are sent at once.
SCRUBS_AT_ONCE = 20
AUDITS_PER_SECOND = 1.0
# Each look asks Redis whether the index is warm, and if not, PostgreSQL for the lock of the warm start.
WARM_LOOKS_PER_SECOND = 20.0
NO_WARM_START = WarmBudget()
# Larger workspaces are rebuilt one at a time, beside the smaller ones, which are rebuilt within seconds.
SMALL_TASKS = 100_000
LARGE_RETRY_SECONDS = 1.0
SHUTDOWN_INTERVAL_SECONDS = 1.0


class Rebuilds:
    """Builds missing indexes: one of a small workspace and one of a large workspace at a time.

    index_idle_seconds: how long no process may use a workspace before its index is dropped; 0 means never.
    """

    def __init__(self, index_idle_seconds: float) -> None:
        self._used_seconds = used_seconds(index_idle_seconds)
        self._small, self._large = asyncio.Lock(), asyncio.Lock()
        self._is_large: WeakKeyDictionary[Store, bool] = WeakKeyDictionary()

    def wanted(self, store: Store) -> bool:
        """Return whether a workspace in use has no index."""
        lease = store.gate_lease
        if lease.gate is None or lease.gate.state not in ("off", "building"):
            return False
        return lease.used_within(self._used_seconds)

    async def rebuild(self, store: Store) -> float:
        """Build the index, unless another process does. Return the pause before the next look."""
        if store not in self._is_large:
            async with store.database.connection() as connection:
                self._is_large[store] = await has_more_tasks(connection, store.workspace, SMALL_TASKS)
        lock = self._large if self._is_large[store] else self._small
        if lock is self._large and lock.locked():
            return LARGE_RETRY_SECONDS
        async with lock:
            if self.wanted(store):  # another process may have built it
                await rebuild(store)
        self._is_large.pop(store, None)
        return MIN_BACKOFF_SECONDS


def _is_in_use(store: Store) -> bool:
    return store.gate_lease.protocol is not None


async def _scrub(store: Store) -> float:
    protocol = store.gate_lease.protocol
    if protocol is not None:
        try:
            await scrub_if_due(store, protocol)
        except IndexLost as error:
            store.gate_lease.report_lost_index(protocol.gate.epoch, error)
            raise
    return 0.0


async def _audit(store: Store) -> float:
    protocol = store.gate_lease.protocol
    if protocol is not None:
        try:
            await audit_sample(store, protocol)
        except IndexLost as error:
            store.gate_lease.report_lost_index(protocol.gate.epoch, error)
            raise
    return 0.0


@asynccontextmanager
async def background(
    open_stores: OpenStores,
    watcher: GateWatcher,
    database: Database,
    redis: Redis,
    metrics: StoreMetrics,
    *,
    retention: timedelta,
    index_idle_seconds: float,
    warm_budget: WarmBudget = NO_WARM_START,
) -> AsyncIterator[None]:
    """Run the background work of all open workspaces while the block runs."""
    rebuilds = Rebuilds(index_idle_seconds)
    warm_starts, shape_builds = WarmStarts(warm_budget), ShapeBuilds()
    # A rebuild logs and paces itself, so it has no budget of visits.
    jobs: list[Visits | Housekeeping | WarmLists] = [
        Visits(rebuilds.rebuild, rebuilds.wanted, interval=MIN_BACKOFF_SECONDS),
        Visits(
            _scrub, _is_in_use, interval=SCRUB_INTERVAL_SECONDS, per_second=SCRUBS_PER_SECOND, at_once=SCRUBS_AT_ONCE
        ),
        Visits(_audit, _is_in_use, interval=SCRUB_INTERVAL_SECONDS, per_second=AUDITS_PER_SECOND),
        Visits(shape_builds.build, shape_builds.wanted, interval=LOOK_SECONDS, per_second=LOOKS_PER_SECOND),
        Visits(warm_starts.warm, warm_starts.wanted, interval=RETRY_SECONDS, per_second=WARM_LOOKS_PER_SECOND),
        Housekeeping(database, metrics, retention),
    ]
    if warm_budget.commands_per_second:
        jobs.append(WarmLists(database))
    idle_indexes = IdleIndexes(database, redis, index_idle_seconds, metrics.count_drops)
    async with _running(watcher.run(), idle_indexes.run(), *(job.run(open_stores) for job in jobs)):
        yield


@asynccontextmanager
async def maintenance(store: Store, warm_budget: WarmBudget = NO_WARM_START) -> AsyncIterator[None]:
    """Run the background work of one workspace while the block runs."""
    database = store.database.for_every_workspace()
    watcher = GateWatcher(database, metrics=store.metrics)
    watcher.add(store.gate_lease)
    async with background(
        lambda: (store,),
        watcher,
        database,
        store.redis,
        store.metrics,
        retention=store.retention,
        index_idle_seconds=0,
        warm_budget=warm_budget,
    ):
        yield


@asynccontextmanager
async def _running(*jobs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run the jobs in tasks while the block runs."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        yield
    finally:
        # Cancelled repeatedly: a library that swallows one cancellation must not block the shutdown.
        while running := [task for task in tasks if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=SHUTDOWN_INTERVAL_SECONDS)
