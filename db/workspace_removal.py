"""The removal of a workspace's rows, in batches. Its row in `workspace` stays, so that its id is not used again."""

from typing import LiteralString

from msgspec import Struct
from psycopg.rows import scalar_row

from db.connection import Connection
from db.row_factories import record_row

# A write that had begun before the deletion may add rows until this time after it.
STRAGGLERS = "1 hour"

# A process that has the lock of a removal keeps others from the same work until its statement ends. Rows that a late
# writer has locked are left for the next batch.
REMOVE_TASKS: LiteralString = """
    WITH may AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(5, hashtext(id)) AS remove FROM workspace
        WHERE id = %(workspace)s AND state = 'deleting'
    ), gone AS (
        SELECT id FROM task WHERE workspace_id = %(workspace)s AND (SELECT remove FROM may)
        LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ), removed AS (
        DELETE FROM task WHERE workspace_id = %(workspace)s AND id = ANY(ARRAY(SELECT id FROM gone)) RETURNING id
    )
    SELECT count(*) FROM removed
"""


async def remove_tasks(connection: Connection, workspace: str, batch: int) -> int:
    """Delete up to `batch` tasks of a workspace that is being deleted. Return the number."""
    return int((await connection.query(REMOVE_TASKS, {"workspace": workspace, "batch": batch}, scalar_row))[0])


# The small tables. The audit log stays until its entries are purged.
REMOVE_GATE: LiteralString = """
    DELETE FROM gate WHERE workspace_id = %(workspace)s
      AND EXISTS (SELECT FROM workspace WHERE id = %(workspace)s AND state = 'deleting')
    RETURNING true
"""
REMOVE_TOKENS: LiteralString = """
    DELETE FROM api_token WHERE workspace_id = %(workspace)s
      AND EXISTS (SELECT FROM workspace WHERE workspace.id = %(workspace)s AND state = 'deleting')
    RETURNING true
"""
HAS_TASKS: LiteralString = "SELECT EXISTS (SELECT FROM task WHERE workspace_id = %(workspace)s)"
FINISH_REMOVAL: LiteralString = """
    UPDATE workspace SET name = id, deleted_at = statement_timestamp(), changed_at = statement_timestamp()
    WHERE id = %(workspace)s AND state = 'deleting' AND deleted_at IS NULL
    RETURNING true
"""


async def remove_gate(connection: Connection, workspace: str) -> None:
    """Delete the gate of a workspace that is being deleted, so that no process uses its index."""
    await connection.query(REMOVE_GATE, {"workspace": workspace}, scalar_row)


async def has_tasks(connection: Connection, workspace: str) -> bool:
    """Return whether a workspace has rows of tasks, deleted and expired ones included."""
    [found] = await connection.query(HAS_TASKS, {"workspace": workspace}, scalar_row)
    return bool(found)


async def finish_removal(connection: Connection, workspace: str) -> None:
    """Delete the tokens of a workspace without tasks, and record that it is deleted."""
    params = {"workspace": workspace}
    await connection.query(REMOVE_TOKENS, params, scalar_row)
    await connection.query(FINISH_REMOVAL, params, scalar_row)


class Removal(Struct, frozen=True):
    """A workspace that is being deleted. finished: there was no task left, but a late write may have added some."""

    workspace: str
    finished: bool


_removal_row = record_row(Removal)

REMOVALS: LiteralString = """
    SELECT id, deleted_at IS NOT NULL AS finished FROM workspace
    WHERE state = 'deleting' AND (deleted_at IS NULL OR deleted_at > statement_timestamp() - %(stragglers)s::interval)
    ORDER BY id
"""


async def removals(connection: Connection) -> list[Removal]:
    """Return the workspaces that are being deleted, or were so within the last hour."""
    return await connection.query(REMOVALS, {"stragglers": STRAGGLERS}, _removal_row)
