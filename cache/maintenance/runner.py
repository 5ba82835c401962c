"""The keeper: what each process does in the background so that the index is there, and stays tidy."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from cache.errors import IndexLost, RedisFull, StoreUnavailable
from cache.feed.feed import Feed
from cache.gate.watcher import watch
from cache.maintenance.audit import sample
from cache.maintenance.rebuild import rebuild
from cache.maintenance.scrub import tidy
from cache.store import Store
from db.errors import DatabaseError
from db.purge import purge_tasks

log = structlog.get_logger(__name__)

# Seconds between two rounds, and at most between two tries to build the index.
ROUND = 1.0
SHORTEST_BACKOFF = 0.1
LONGEST_BACKOFF = 5.0
# Seconds between two tries while the index does not fit into Redis: each takes as long as the whole of it, or nearly.
FULL_PAUSE = 15.0
# How long the rows of deleted and expired tasks stay; rows at once, and seconds between two looks for more.
RETENTION = timedelta(days=30)
PURGE = 500
PURGE_ROUND = 60.0


@asynccontextmanager
async def keeper(store: Store, retention: timedelta = RETENTION, feed: Feed | None = None) -> AsyncIterator[None]:
    """Runs the watch on the gate, the keeper and the feed while the block runs."""

    async def purge(store: Store) -> float:
        return await _purge(store, retention)

    works = [watch(store), *(_again(store, work) for work in (_build, _tidy, purge))]
    if feed is not None:
        works.append(feed.run())
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        # Again and again: a library under it that loses one cancellation must not hang the shutdown.
        while waiting := [task for task in tasks if not task.done()]:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting, timeout=ROUND)


async def _again(store: Store, work: Callable[[Store], Awaitable[float]]) -> None:
    """Does something for ever; it returns the seconds to wait, and longer and longer ones pass while it fails."""
    backoff = SHORTEST_BACKOFF
    while True:
        try:
            pause = await work(store)
            backoff = SHORTEST_BACKOFF
        except RedisFull:
            pause = FULL_PAUSE
        except (StoreUnavailable, DatabaseError) as error:
            log.warning("keeper", work=work.__name__, reason=str(error), retry_seconds=backoff)
            pause, backoff = backoff, min(backoff * 2, LONGEST_BACKOFF)
        except Exception:
            log.exception("keeper", work=work.__name__)
            pause = LONGEST_BACKOFF
        await asyncio.sleep(pause)


async def _build(store: Store) -> float:
    """Builds the index when there is none, if nobody else does."""
    if store.gate is not None and store.gate.state in ("off", "building"):
        await rebuild(store)
    return SHORTEST_BACKOFF


async def _tidy(store: Store) -> float:
    """Sweeps, scrubs, and holds a sample against its rows."""
    protocol = store.protocol
    if protocol is not None:
        try:
            await tidy(store, protocol)
            await sample(store, protocol)
        except IndexLost as error:
            store.miss(protocol.gate.epoch, error)
            raise
    return ROUND


async def _purge(store: Store, retention: timedelta) -> float:
    """Deletes rows for good, a few at a time. Redis has held nothing of them for long: an entry stays an hour."""
    async with store.database.connection() as connection:
        purged = await purge_tasks(connection, store.workspace, retention, PURGE)
    store.metrics.purged += purged
    return ROUND if purged == PURGE else PURGE_ROUND
