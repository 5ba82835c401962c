"""The warm list of a workspace: the tasks that Redis holds, for the next warm start. A part of the row of the gate."""

from collections.abc import Sequence
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import scalar_row

from db.arrays import text_array
from db.connection import Connection
from db.task import ID_BYTES

# A much shorter list does not replace one that is younger: Redis was emptied, and fills again.
KEPT_FOR = timedelta(hours=1)

DUE_WARM_LISTS: LiteralString = """
    -- every workspace: a worker notes the tasks of all workspaces that it has open
    SELECT workspace_id FROM gate
    WHERE workspace_id = ANY(%(workspaces)s::text[]) AND state = 'on'
      AND coalesce(warm_ids_at < statement_timestamp() - %(age)s::interval OR warm_ids = '', true)
"""


async def due_warm_lists(connection: Connection, workspaces: Sequence[str], age: timedelta) -> list[str]:
    """Return the given workspaces with an index in use that have no list, an empty one, or one older than `age`."""
    params = {"workspaces": text_array(workspaces), "age": age}
    return await connection.query(DUE_WARM_LISTS, params, scalar_row)


# SKIP LOCKED: a builder may hold the row for long.
SAVE_WARM_LIST: LiteralString = """
    UPDATE gate SET warm_ids = %(ids)s::bytea, warm_ids_at = statement_timestamp()
    WHERE workspace_id = %(workspace)s AND workspace_id IN (
        SELECT workspace_id FROM gate
        WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND state = 'on' AND (
            warm_ids IS NULL OR 2 * length(%(ids)s::bytea) >= length(warm_ids)
            OR warm_ids_at < statement_timestamp() - %(kept_for)s::interval
        )
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING true
"""


async def save_warm_list(connection: Connection, workspace: str, epoch: int, ids: bytes) -> bool:
    """Replace the list of a workspace by that of the index in use. Return whether it was replaced."""
    params = {"workspace": workspace, "epoch": epoch, "ids": ids, "kept_for": KEPT_FOR}
    return bool(await connection.query(SAVE_WARM_LIST, params, scalar_row))


WARM_LIST: LiteralString = "SELECT warm_ids FROM gate WHERE workspace_id = %(workspace)s AND warm_ids IS NOT NULL"


async def warm_list(connection: Connection, workspace: str) -> list[UUID]:
    """Return the tasks of the list, the most used ones first."""
    found = await connection.query(WARM_LIST, {"workspace": workspace}, scalar_row)
    ids = b"".join(found)
    return [UUID(bytes=ids[start : start + ID_BYTES]) for start in range(0, len(ids), ID_BYTES)]
