"""The background work of each process: watch the gate, rebuild, scrub, audit, purge, write words, follow the feed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from cache.errors import IndexLost, RedisFull, StoreUnavailable
from cache.feed.feed import Feed
from cache.gate.watcher import GateWatcher
from cache.maintenance.audit import audit_sample
from cache.maintenance.rebuild import rebuild
from cache.maintenance.scrub import scrub_all
from cache.store import Store
from db.errors import DatabaseError, explain
from db.purge import purge_tasks
from db.word_index import BATCH_ROWS, write_due_words

log = structlog.get_logger(__name__)

SCRUB_INTERVAL_SECONDS = 1.0
MIN_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 5.0
# The pause between rebuilds while the index does not fit into Redis. Each attempt reads nearly all rows.
TOO_LARGE_PAUSE_SECONDS = 15.0
PURGE_BATCH_ROWS = 500
PURGE_INTERVAL_SECONDS = 60.0
WORDS_INTERVAL_SECONDS = 1.0
SHUTDOWN_INTERVAL_SECONDS = 1.0


@asynccontextmanager
async def maintenance(store: Store, feed: Feed | None = None) -> AsyncIterator[None]:
    """Run the background work while the block runs."""
    watcher = GateWatcher(store.database)
    watcher.add(store.gate_lease)
    jobs = [
        watcher.run(),
        *(_repeat(store, job) for job in (_rebuild, _scrub_and_audit, _purge, _write_words)),
    ]
    if feed is not None:
        jobs.append(feed.run())
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        yield
    finally:
        # Cancelled repeatedly: a library that swallows one cancellation must not block the shutdown.
        while running := [task for task in tasks if not task.done()]:
            for task in running:
                task.cancel()
            await asyncio.wait(running, timeout=SHUTDOWN_INTERVAL_SECONDS)


async def _repeat(store: Store, job: Callable[[Store], Awaitable[float]]) -> None:
    """Run a job forever. It returns the pause in seconds; after a failure the pause backs off."""
    backoff = MIN_BACKOFF_SECONDS
    while True:
        try:
            pause = await job(store)
            backoff = MIN_BACKOFF_SECONDS
        except RedisFull:
            pause = TOO_LARGE_PAUSE_SECONDS
        except (StoreUnavailable, DatabaseError) as error:
            log.warning("maintenance failed", job=job.__name__.strip("_"), reason=explain(error), retry_seconds=backoff)
            pause, backoff = backoff, min(backoff * 2, MAX_BACKOFF_SECONDS)
        except Exception:
            log.exception("maintenance failed", job=job.__name__.strip("_"))
            pause = MAX_BACKOFF_SECONDS
        await asyncio.sleep(pause)


async def _rebuild(store: Store) -> float:
    """Build the index if there is none, unless another process does."""
    gate = store.gate_lease.gate
    if gate is not None and gate.state in ("off", "building"):
        await rebuild(store)
    return MIN_BACKOFF_SECONDS


async def _scrub_and_audit(store: Store) -> float:
    protocol = store.gate_lease.protocol
    if protocol is not None:
        try:
            await scrub_all(store, protocol)
            await audit_sample(store, protocol)
        except IndexLost as error:
            store.gate_lease.report_lost_index(protocol.gate.epoch, error)
            raise
    return SCRUB_INTERVAL_SECONDS


async def _purge(store: Store) -> float:
    """Delete a batch of old rows for good. Redis holds nothing of them: an entry lasts an hour at most."""
    async with store.database.connection() as connection:
        purged = await purge_tasks(connection, store.workspace, store.retention, PURGE_BATCH_ROWS)
    store.metrics.purged += purged
    return SCRUB_INTERVAL_SECONDS if purged == PURGE_BATCH_ROWS else PURGE_INTERVAL_SECONDS


async def _write_words(store: Store) -> float:
    """Write the words of a batch of rows that have none, at half of the possible speed."""
    started = time.monotonic()
    written = await write_due_words(store.database, store.workspace)
    return time.monotonic() - started if written == BATCH_ROWS else WORDS_INTERVAL_SECONDS
