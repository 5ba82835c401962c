"""The gates of idle workspaces: records which workspaces are in use, and drops the index of unused ones."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg.rows import scalar_row, tuple_row

from db.connection import Connection
from db.gate import Gate

# SKIP LOCKED: a builder may hold the row for long, and the next round records the use.
RECORD_USE: LiteralString = """
    -- every workspace: a process records all workspaces that it uses
    UPDATE gate SET used_at = clock_timestamp() WHERE workspace_id IN (
        SELECT workspace_id FROM gate WHERE workspace_id = ANY(%(workspaces)s) FOR NO KEY UPDATE SKIP LOCKED
    )
"""


async def record_use(connection: Connection, workspaces: Sequence[str]) -> None:
    """Record that this process uses these workspaces."""
    await connection.query(RECORD_USE, {"workspaces": list(workspaces)}, tuple_row)


# PostgreSQL checks the condition again when it locks a row, so a use that was recorded after the snapshot keeps the
# index. An abandoned build is dropped later than an index, because a large build takes long.
BEGIN_DROP: LiteralString = """
    -- every workspace: looks for indexes that no process uses
    UPDATE gate SET state = CASE state WHEN 'on' THEN 'closing' ELSE 'off' END::gate_state, since = clock_timestamp()
    WHERE workspace_id IN (
        SELECT workspace_id FROM gate
        WHERE redis_run_id <> '' AND used_at < statement_timestamp() - make_interval(secs => %(idle_seconds)s)
          AND (state = 'on' OR state = 'building' AND since < statement_timestamp() - interval '1 hour')
        ORDER BY used_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING workspace_id
"""


async def begin_drop(connection: Connection, idle_seconds: float, limit: int) -> list[str]:
    """D1: close the gates of up to `limit` workspaces that no process uses. Return the workspaces."""
    return await connection.query(BEGIN_DROP, {"idle_seconds": idle_seconds, "limit": limit}, scalar_row)


DROPPING: LiteralString = """
    -- every workspace: looks for indexes that are being dropped
    SELECT workspace_id, state::text, epoch, redis_run_id FROM gate
    WHERE redis_run_id <> '' AND used_at < statement_timestamp() - make_interval(secs => %(idle_seconds)s)
      AND state IN ('closing', 'off')
    ORDER BY used_at LIMIT %(limit)s
"""


async def dropping(connection: Connection, idle_seconds: float, limit: int) -> dict[str, Gate]:
    """Return up to `limit` idle gates that are `closing`, or `off` with keys in Redis."""
    rows = await connection.query(DROPPING, {"idle_seconds": idle_seconds, "limit": limit}, tuple_row)
    return {workspace: Gate(*gate) for workspace, *gate in rows}


FINISH_DROP: LiteralString = """
    UPDATE gate SET redis_run_id = ''
    WHERE workspace_id = %(workspace)s AND epoch = %(epoch)s AND state = 'off' RETURNING true
"""


async def finish_drop(connection: Connection, workspace: str, epoch: int) -> bool:
    """Record that Redis holds no keys of this gate. Return False if a rebuild has begun."""
    return bool(await connection.query(FINISH_DROP, {"workspace": workspace, "epoch": epoch}, scalar_row))
