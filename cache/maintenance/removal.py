"""The removal of a deleted workspace: its tasks, index and entries, in batches that can be interrupted."""

import asyncio
from collections.abc import Callable

from cache.redis.client import Redis
from cache.redis.removal import remove_keys
from db.pool import Database
from db.task_lists import remove_lists
from db.usage_retention import remove_usage
from db.workspace_removal import finish_removal, has_tasks, remove_gate, remove_tasks

REMOVAL_BATCH_ROWS = 1000
USAGE_BATCH_ROWS = 10_000
BUSY_PAUSE_SECONDS = 0.2


async def remove_batch(database: Database, redis: Redis, workspace: str) -> int | None:
    """Remove one batch of tasks of a workspace in the state `deleting`, and return their number.

    Return None once no task is left: then its keys, usage and tokens are gone too. 0 means that another process is at
    work. Raises `StoreUnavailable` or `DatabaseError`; the next call continues.
    """
    async with database.connection() as connection:
        await remove_gate(connection, workspace)
        if removed := await remove_tasks(connection, workspace, REMOVAL_BATCH_ROWS):
            return removed
        if await has_tasks(connection, workspace):
            return 0
    await remove_keys(redis.bound_to(workspace), workspace)
    async with database.connection() as connection:
        await remove_lists(connection, workspace)
        await remove_usage(connection, workspace, USAGE_BATCH_ROWS)
        await finish_removal(connection, workspace)
    return None


async def remove_workspace(database: Database, redis: Redis, workspace: str, progress: Callable[[int], None]) -> int:
    """Remove a workspace in the state `deleting`, and return how many tasks this call has removed.

    progress: called with that number after each batch. Raises as `remove_batch` does.
    """
    removed = 0
    while (batch := await remove_batch(database, redis, workspace)) is not None:
        removed += batch
        progress(removed)
        if not batch:
            await asyncio.sleep(BUSY_PAUSE_SECONDS)
    return removed
