"""The keeper: a task in the background of each process that has the index built and keeps it tidy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from cache.errors import StoreUnavailable
from cache.rebuild import ensure_index
from cache.scrub import tidy
from cache.store import Store
from db.errors import DatabaseError

log = structlog.get_logger(__name__)

# Seconds between two rounds, and at most between two tries to build the index.
ROUND = 1.0
LONGEST_BACKOFF = 5.0


@asynccontextmanager
async def keeper(store: Store) -> AsyncIterator[None]:
    """Runs the keeper while the block runs."""
    task = asyncio.create_task(_keep(store))
    try:
        yield
    finally:
        # Again and again: a library under it that loses one cancellation must not hang the shutdown.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=ROUND)


async def _keep(store: Store) -> None:
    backoff = ROUND / 10
    while True:
        try:
            if store.ready:
                await tidy(store)
                await _sleep(store, ROUND)
            else:
                await ensure_index(store)
            backoff = ROUND / 10
        except (StoreUnavailable, DatabaseError) as error:
            log.warning("keeper", reason=str(error), retry_seconds=backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF)
        except Exception:
            log.exception("keeper")
            await asyncio.sleep(LONGEST_BACKOFF)


async def _sleep(store: Store, seconds: float) -> None:
    """Until the next round, or until somebody misses the index."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await store.index_missing.wait()
