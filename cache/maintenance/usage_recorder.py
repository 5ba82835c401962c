"""Stores the counts of a process every ten seconds, and measures sizes every minute."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog

from cache.errors import StoreUnavailable
from cache.metrics import StoreMetrics
from cache.usage.rows import Rows, add_to
from cache.usage.usage import Usage
from db.caller import DEFAULT_WORKSPACE
from db.errors import CommitUnknown, DatabaseError, explain
from db.pool import Database
from db.usage import Amounts, Cell, add_usage, sizes_of_workers
from db.usage_retention import prune_usage

log = structlog.get_logger(__name__)

STORE_SECONDS = 10.0
MEASURE_SECONDS, PRUNE_SECONDS = 60.0, 300.0
# A row takes about 500 bytes. Further rows are dropped.
MAX_UNSTORED, ROWS_AT_ONCE, WORKSPACES_AT_ONCE = 20_000, 5000, 100
# The size of the page caches: of each worker for minutes, and of all workers together.
PAGE_CACHE = "page_cache_bytes"
# How long a stopping process waits for its last counts to be stored.
LAST_SECONDS = 2.0
# The sizes of each workspace by their names.
Sizes = Mapping[str, Mapping[str, int]]


class UsageRecorder:
    """Stores what `usage` has counted, and what the counters of `metrics` have counted for all workspaces.

    Counts are stored at most once: those of a transaction whose outcome is unknown are given up. While PostgreSQL does
    not answer, counts wait in bounded memory. measure: returns the sizes to store.
    """

    def __init__(
        self, usage: Usage, database: Database, metrics: StoreMetrics, measure: Callable[[], Awaitable[Sizes]]
    ) -> None:
        self._usage = usage
        self._database = database
        self._metrics = metrics
        self._measure = measure
        self._before = _counters(metrics)
        self._warm_before = (metrics.warm_wanted, metrics.warm_done)
        self._unstored: dict[Cell, Amounts] = {}
        self._storing = asyncio.Lock()
        self._written: set[str] = set()
        self._measure_at = self._prune_at = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Store the counts during the block, and the last ones at its end."""
        if not self._usage.is_on:
            yield
            return
        stopping = asyncio.Event()
        task = asyncio.create_task(self._run(stopping))
        try:
            yield
        finally:
            stopping.set()
            await asyncio.wait([task], timeout=LAST_SECONDS)
            while not task.done():  # a library may swallow a cancellation
                task.cancel()
                await asyncio.wait([task], timeout=LAST_SECONDS)

    async def _run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(STORE_SECONDS):
                    await stopping.wait()
            try:
                await self.store(everything=stopping.is_set())
            except DatabaseError as error:
                log.warning("usage not stored", reason=explain(error), rows=len(self._unstored))
            except Exception:
                log.exception("usage not stored")

    async def store(self, *, everything: bool = False) -> None:
        """Store the counts since the last call. Raises `DatabaseError`; the counts then wait for the next call.

        everything: also the rows that `Usage.take` would let wait.
        """
        async with self._storing:
            await self._store(everything=everything)

    async def _store(self, *, everything: bool) -> None:
        for _ in self._usage.parts():
            await asyncio.sleep(0)
        now = time.monotonic()
        rows = self._usage.take(datetime.now(UTC), now, everything=everything)
        self._add_counters(rows)
        self._add_warm_start(rows)
        if now >= self._measure_at and not everything:
            self._measure_at = now + MEASURE_SECONDS
            await self._add_sizes(rows)
        self._gather(rows)
        while self._unstored:
            await self._store_some()
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_SECONDS
            await self._prune()

    def _gather(self, rows: Rows) -> None:
        """Let rows wait to be stored, up to `MAX_UNSTORED`. Drop the rest."""
        for cell, amounts in rows:
            if cell in self._unstored or len(self._unstored) < MAX_UNSTORED:
                add_to(self._unstored, cell, amounts)
            else:
                self._metrics.usage_dropped += 1

    async def _store_some(self) -> None:
        some = dict(islice(self._unstored.items(), ROWS_AT_ONCE))
        # Before they are sent, so that no row can be sent twice.
        for cell in some:
            del self._unstored[cell]
        try:
            async with self._database.transaction() as connection:
                await add_usage(connection, some)
        except CommitUnknown:
            self._metrics.usage_dropped += len(some)
        except DatabaseError:  # nothing was changed
            self._unstored = some | self._unstored
            raise
        self._written.update(cell.workspace for cell in some)

    def _add_counters(self, rows: Rows) -> None:
        """Add what the counters of all workspaces have counted since the last call."""
        before, self._before = self._before, _counters(self._metrics)
        for name, number in self._before.items():
            if number > before[name]:
                rows.add(DEFAULT_WORKSPACE, "service", name, Amounts(number - before[name]))

    def _add_warm_start(self, rows: Rows) -> None:
        """Add the progress of the warm start of this process, if it has changed since the last call."""
        before, self._warm_before = self._warm_before, (self._metrics.warm_wanted, self._metrics.warm_done)
        if self._warm_before != before:
            for name, number in zip(("warm_wanted", "warm_done"), self._warm_before, strict=True):
                rows.add(DEFAULT_WORKSPACE, "gauge", name, Amounts(int(number)))

    async def _add_sizes(self, rows: Rows) -> None:
        try:
            sizes = await self._measure()
            pages = await self._page_cache_bytes(sizes)
        except (StoreUnavailable, DatabaseError) as error:
            log.warning("usage not measured", reason=explain(error))
            return
        rows.add(DEFAULT_WORKSPACE, "gauge", PAGE_CACHE, Amounts(pages))
        for workspace, of_workspace in sizes.items():
            for name, size in of_workspace.items():
                rows.add(workspace, "gauge", name, Amounts(size))

    async def _page_cache_bytes(self, sizes: Sizes) -> int:
        """Return the size of the page caches of all workers: those just measured, and what the others have stored."""
        until = datetime.now(UTC)
        since = until - timedelta(minutes=2)  # each worker stores its size at least once in this time
        async with self._database.connection() as connection:
            stored = await sizes_of_workers(connection, DEFAULT_WORKSPACE, PAGE_CACHE, since, until)
        measured = {key: size for key, size in sizes.get(DEFAULT_WORKSPACE, {}).items() if key.startswith(PAGE_CACHE)}
        return sum((stored | measured).values())

    async def _prune(self) -> None:
        """Keep the most requested rows of the workspaces to which this process has added."""
        written, self._written = sorted(self._written), set()
        for start in range(0, len(written), WORKSPACES_AT_ONCE):
            async with self._database.connection() as connection:
                within = timedelta(seconds=2 * PRUNE_SECONDS)
                await prune_usage(connection, written[start : start + WORKSPACES_AT_ONCE], within)


def _counters(metrics: StoreMetrics) -> dict[str, int]:
    # By the default: a gauge is a float, but its value can be an integer.
    return {field.name: getattr(metrics, field.name) for field in fields(metrics) if isinstance(field.default, int)}
