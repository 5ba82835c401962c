"""All tasks of a workspace from one snapshot, in bounded memory."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

from db.connection import Connection
from db.errors import DatabaseUnavailable
from db.pool import Database
from db.row_factories import task_row_with
from db.task import Status, Task
from db.task_table import COLUMNS

# Small, so that the event loop is not kept for long, and so that the largest tasks fit into memory.
EXPORT_ROWS = 500
_BEFORE_ALL = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True)
class ExportedTask:
    """A task and the name of its list, which is None for a task in no list."""

    task: Task
    list_name: str | None


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[Connection]:
    """Open a connection whose statements all read the same snapshot, for as long as the block takes.

    Not one of the pool, which a slow client would keep from others. Raises `DatabaseError`.
    """
    async with database.dedicated_connection() as connection:
        if not database.server.uses(connection.raw):
            raise DatabaseUnavailable("Another PostgreSQL server answers.")
        connection.raw.round_trip_seconds = math.inf
        connection.begin_snapshot()
        yield connection


def export_sql(status: Status | None) -> LiteralString:
    """Return the statement of `exported_tasks`."""
    same_status: LiteralString = "" if status is None else "AND status = %(status)s::text::task_status"
    # `now()` is the time at which the snapshot began, so a task does not expire in the middle of an export.
    return f"""
    SELECT {COLUMNS}, (
        SELECT task_list.name FROM task_list
        WHERE task_list.workspace_id = %(workspace)s AND task_list.id = task.list_id
    ) AS list_name
    FROM task
    WHERE workspace_id = %(workspace)s AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > now())
      {same_status} AND (created_at, id) > (%(created_at)s, %(id)s)
    ORDER BY created_at, id LIMIT %(count)s
    """


_exported_row = task_row_with(ExportedTask)
_OF_STATUS: dict[Status | None, LiteralString] = {
    status: export_sql(status) for status in (None, "TODO", "IN_PROGRESS", "DONE")
}


async def exported_tasks(
    connection: Connection, workspace: str, status: Status | None = None, count: int = EXPORT_ROWS
) -> AsyncIterator[list[ExportedTask]]:
    """Yield the visible tasks, or those of one status, oldest first, up to `count` at a time."""
    created_at, id_ = _BEFORE_ALL
    while True:
        params = {"workspace": workspace, "status": status, "created_at": created_at, "id": id_, "count": count}
        rows = await connection.query(_OF_STATUS[status], params, _exported_row)
        if rows:
            yield rows
        if len(rows) < count:
            return
        created_at, id_ = rows[-1].task.created_at, rows[-1].task.id
