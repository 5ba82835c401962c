"""The background work for all workspaces: finish deletions of workspaces, purge the audit log and old usage."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from cache.errors import StoreUnavailable
from cache.maintenance.removal import REMOVAL_BATCH_ROWS, USAGE_BATCH_ROWS, remove_batch
from cache.redis.client import Redis
from db.audit_log import purge_audit_log
from db.connection import Connection
from db.errors import DatabaseError, explain
from db.pool import Database
from db.task_lists import remove_lists
from db.usage_retention import purge_gate_events, purge_usage, remove_usage
from db.workspace_removal import Removal, removals, remove_tasks

log = structlog.get_logger(__name__)

CLEANUP_INTERVAL_SECONDS = 30.0
PURGE_BATCH_ROWS = 500
STOP_SECONDS = 1.0


@asynccontextmanager
async def cleanup(
    database: Database, redis: Redis, audit_retention: timedelta, usage_retention: timedelta
) -> AsyncIterator[None]:
    """Run the background work while the block runs."""
    task = asyncio.create_task(_run(database, redis, audit_retention, usage_retention))
    try:
        yield
    finally:
        while not task.done():  # a library may swallow a cancellation
            task.cancel()
            await asyncio.wait([task], timeout=STOP_SECONDS)


async def _run(database: Database, redis: Redis, audit_retention: timedelta, usage_retention: timedelta) -> None:
    while True:
        await asyncio.sleep(CLEANUP_INTERVAL_SECONDS)
        try:
            await clean_up(database, redis, audit_retention, usage_retention)
        except (StoreUnavailable, DatabaseError) as error:
            log.warning("cleanup failed", reason=explain(error))
        except Exception:
            log.exception("cleanup failed")


async def clean_up(database: Database, redis: Redis, audit_retention: timedelta, usage_retention: timedelta) -> None:
    """Finish the deletions that were begun, at half of the possible speed, and purge the audit log and old usage."""
    async with database.connection() as connection:
        unfinished = await removals(connection)
    for removal in unfinished:
        await _continue_removal(database, redis, removal)
    await _purge(database, purge_audit_log, audit_retention)
    await _purge(database, purge_usage, usage_retention)
    await _purge(database, purge_gate_events, usage_retention)


async def _purge(
    database: Database, purge: Callable[[Connection, timedelta, int], Awaitable[int]], retention: timedelta
) -> None:
    """Call a function that deletes a batch of rows beyond the retention until it has deleted all of them."""
    purged = PURGE_BATCH_ROWS
    while purged == PURGE_BATCH_ROWS:
        async with database.connection() as connection:
            purged = await purge(connection, retention, PURGE_BATCH_ROWS)


async def _continue_removal(database: Database, redis: Redis, removal: Removal) -> None:
    """Remove the rest of a workspace, unless another process is at work."""
    removed: int | None = 1
    while removed:
        started = time.monotonic()
        if removal.finished:
            async with database.connection() as connection:
                removed = await remove_tasks(connection, removal.workspace, REMOVAL_BATCH_ROWS)
                await remove_lists(connection, removal.workspace)
                await remove_usage(connection, removal.workspace, USAGE_BATCH_ROWS)
        else:
            removed = await remove_batch(database, redis, removal.workspace)
        await asyncio.sleep(time.monotonic() - started)
    if removed is None:
        log.info("workspace deleted", workspace=removal.workspace)
