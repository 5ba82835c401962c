"""Rows that nobody can bring back any more are deleted for good, a batch at a time."""

from datetime import timedelta
from typing import LiteralString

from psycopg.rows import scalar_row

from db.pool import Connection

# A row that somebody holds is left for the next batch: its writer does not wait for us, nor we for it. One that was
# restored after our snapshot is looked at again when it is locked, and is not in `gone` then.
PURGE_TASKS: LiteralString = """
    WITH gone AS (
        SELECT id FROM task
        WHERE workspace_id = %(workspace)s
          AND least(deleted_at, expires_at) <= statement_timestamp() - %(retention)s::interval
        ORDER BY least(deleted_at, expires_at) LIMIT %(batch)s
        FOR UPDATE SKIP LOCKED
    ), purged AS (
        DELETE FROM task WHERE workspace_id = %(workspace)s AND id = ANY(ARRAY(SELECT id FROM gone)) RETURNING id
    )
    SELECT count(*) FROM purged
"""


async def purge_tasks(connection: Connection, workspace: str, retention: timedelta, batch: int = 500) -> int:
    """Deletes up to `batch` rows of tasks that were deleted, or expired, longer ago than that; returns how many."""
    params = {"workspace": workspace, "retention": retention, "batch": batch}
    return int((await connection.query(PURGE_TASKS, params, scalar_row))[0])
