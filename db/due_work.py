"""Finds the workspaces that have rows to purge or words to write."""

from collections.abc import Sequence
from datetime import timedelta
from typing import LiteralString, NamedTuple

from psycopg.rows import scalar_row, tuple_row

from db import words
from db.arrays import text_array
from db.connection import Connection


class DueWork(NamedTuple):
    """A workspace, and whether it has rows to purge and rows without words."""

    workspace: str
    purge: bool
    words: bool


# LATERAL, ORDER BY and LIMIT: one look into each of two partial indexes for each workspace. PostgreSQL could answer
# EXISTS by a scan of the whole table.
DUE_WORK: LiteralString = f"""
    -- every workspace: housekeeping looks for work in many workspaces
    SELECT given.id, gone.found IS NOT NULL, unsearchable.found IS NOT NULL
    FROM unnest(%(workspaces)s::text[]) AS given (id)
    LEFT JOIN LATERAL (
        SELECT true AS found FROM task WHERE workspace_id = given.id
          AND least(deleted_at, expires_at) <= statement_timestamp() - %(retention)s::interval
        ORDER BY least(deleted_at, expires_at) LIMIT 1
    ) AS gone ON true
    LEFT JOIN LATERAL (
        SELECT true AS found FROM task
        WHERE workspace_id = given.id AND words_version IS DISTINCT FROM {words.VERSION}
        ORDER BY id LIMIT 1
    ) AS unsearchable ON true
    WHERE gone.found OR unsearchable.found
"""


async def due_work(connection: Connection, workspaces: Sequence[str], retention: timedelta) -> list[DueWork]:
    """Return the work that is due in these workspaces, without the workspaces that have none."""
    params = {"workspaces": text_array(workspaces), "retention": retention}
    return [DueWork(*row) for row in await connection.query(DUE_WORK, params, tuple_row)]


NEXT_WORKSPACES: LiteralString = "SELECT id FROM workspace WHERE id > %(after)s ORDER BY id LIMIT %(limit)s"


async def next_workspaces(connection: Connection, after: str, limit: int) -> list[str]:
    """Return up to `limit` workspaces that follow `after` in the order of their ids."""
    return await connection.query(NEXT_WORKSPACES, {"after": after, "limit": limit}, scalar_row)
