"""Permanent removal of rows whose retention period has ended, in batches."""

from datetime import timedelta
from typing import LiteralString

from psycopg.rows import scalar_row

from db.connection import Connection

DEFAULT_RETENTION = timedelta(days=30)

# SKIP LOCKED leaves a row that a writer has locked for the next batch, so neither waits for the other. PostgreSQL
# checks the condition again when it locks a row, so a task that was restored after the snapshot is not in `gone`.
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
    """Delete up to `batch` rows of tasks that were deleted or expired more than `retention` ago. Return the number."""
    params = {"workspace": workspace, "retention": retention, "batch": batch}
    return int((await connection.query(PURGE_TASKS, params, scalar_row))[0])
