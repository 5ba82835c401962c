"""All tasks of a workspace, or those of a view, from one snapshot, in bounded memory."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import LiteralString
from uuid import UUID

from db.connection import Connection
from db.errors import DatabaseUnavailable
from db.pool import Database
from db.row_factories import task_row_with
from db.task import Task
from db.task_table import COLUMNS
from db.view_rows import view_condition, view_params, view_rows
from db.views import EVERY_TASK, Shape, View

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


@cache
def export_sql(shape: Shape) -> LiteralString:
    """Return the statement of `exported_tasks` for views of this shape."""
    # The index of labels has no order: each batch would read and sort all tasks with the label. Without that index, all
    # batches together read the tasks of the remaining dimensions once.
    indexed = tuple(dimension for dimension in shape if dimension != "label")
    labelled: LiteralString = " AND labels @> ARRAY[%(label)s::text]" if "label" in shape else ""
    # `now()` is the time at which the snapshot began, so a task does not expire in the middle of an export.
    condition: LiteralString = (
        f"{view_condition(indexed)}{labelled} AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > now()) "
        "AND (created_at, id) > (%(created_at)s, %(id)s)"
    )
    order: LiteralString = "ORDER BY created_at, id"
    return f"""
    SELECT {COLUMNS}, (
        SELECT task_list.name FROM task_list
        WHERE task_list.workspace_id = %(workspace)s AND task_list.id = task.list_id
    ) AS list_name
    FROM {view_rows(condition, indexed, order)} {order} LIMIT %(count)s
    """


_exported_row = task_row_with(ExportedTask)


async def exported_tasks(
    connection: Connection, workspace: str, view: View = EVERY_TASK, count: int = EXPORT_ROWS
) -> AsyncIterator[list[ExportedTask]]:
    """Yield the visible tasks of a view, declared or not, oldest first, up to `count` at a time."""
    created_at, id_ = _BEFORE_ALL
    while True:
        position = {"created_at": created_at, "id": id_, "count": count}
        params = {"workspace": workspace, **view_params(view), **position}
        rows = await connection.query(export_sql(view.shape), params, _exported_row)
        if rows:
            yield rows
        if len(rows) < count:
            return
        created_at, id_ = rows[-1].task.created_at, rows[-1].task.id
