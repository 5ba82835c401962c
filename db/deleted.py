"""Keyset pages of deleted tasks from PostgreSQL's index, and one deleted task by id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.rows import RowMaker, TupleRow, tuple_row

from db.connection import Connection
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.row_factories import result_columns, task_builder, task_row_with
from db.task import Task
from db.task_table import COLUMNS


@dataclass(frozen=True)
class DeletedTask:
    """A deleted task, when it was deleted, and from when on its row is purged."""

    task: Task
    deleted_at: datetime
    purge_at: datetime


@dataclass(frozen=True)
class DeletedPage:
    """The deleted tasks of a page, newest deletion first, and whether there are more before and after them."""

    tasks: list[DeletedTask]
    has_before: bool
    has_after: bool


# The condition for a row that can be restored until its purge. An expired task cannot. Of a task that has not expired,
# `deleted_at` alone decides when its row is purged (see PURGE_TASKS).
_RESTORABLE: LiteralString = """
    workspace_id = %(workspace)s AND deleted_at IS NOT NULL
    AND (expires_at IS NULL OR expires_at > statement_timestamp())
"""
# Rows that were deleted earlier are purged.
_CUTOFF: LiteralString = "statement_timestamp() - %(retention)s::interval"
_PURGE_AT: LiteralString = "deleted_at + %(retention)s::interval AS purge_at"
_NEWEST_FIRST: LiteralString = "ORDER BY deleted_at DESC, id DESC"
_OLDEST_FIRST: LiteralString = "ORDER BY deleted_at, id"


def deleted_page_sql(direction: Direction) -> LiteralString:
    """Return the statement of `deleted_page`."""
    order = _NEWEST_FIRST if direction == "first" else _OLDEST_FIRST
    # PostgreSQL finds the page and its neighbours in the index alone, also behind tasks that have expired, and then
    # reads the rows of the page. Each scan that begins at the oldest row has a single lower bound. With two, PostgreSQL
    # may begin at the wrong one and read the whole index. The tests for more tasks use ORDER BY and LIMIT because
    # PostgreSQL plans EXISTS as a scan of the whole table.
    return f"""
    WITH found AS (
        SELECT deleted_at, id FROM task
        WHERE {_RESTORABLE} AND (deleted_at, id) < (%(after_at)s, %(after_id)s)
          AND (deleted_at, id) > (greatest(%(before_at)s, {_CUTOFF}), %(before_id)s)
        {order} LIMIT %(count)s
    ), page AS (
        SELECT {COLUMNS}, found.deleted_at FROM found
        JOIN task ON task.workspace_id = %(workspace)s AND task.id = found.id
    )
    SELECT page.*, {_PURGE_AT},
           (SELECT true FROM task
            WHERE {_RESTORABLE} AND (deleted_at, id) >= (greatest(%(after_at)s, {_CUTOFF}), %(after_id)s)
            {_OLDEST_FIRST} LIMIT 1) AS any_before,
           (SELECT true FROM task
            WHERE {_RESTORABLE} AND (deleted_at, id) <= (%(before_at)s, %(before_id)s) AND deleted_at > {_CUTOFF}
            {_NEWEST_FIRST} LIMIT 1) AS any_after
    FROM (VALUES (true)) AS always LEFT JOIN page ON true
    {order}
"""


_PAGE_SQL: dict[Direction, LiteralString] = {"first": deleted_page_sql("first"), "last": deleted_page_sql("last")}


class _PageRows:
    """A row factory that keeps the rows of a page as tuples, and reads deleted tasks from them by column name."""

    def __call__(self, cursor: AsyncCursor[Any]) -> RowMaker[TupleRow]:
        self._columns = result_columns(cursor)
        return tuple_row(cursor)

    def column(self, name: bytes) -> int:
        """Return the place of a column."""
        return self._columns.index(name)

    def tasks(self, rows: Sequence[TupleRow]) -> list[DeletedTask]:
        """Return the deleted tasks. An empty page has one row, without a task."""
        if rows[0][self.column(b"id")] is None:
            return []
        task_of = task_builder(self._columns)
        deleted_at, purge_at = self.column(b"deleted_at"), self.column(b"purge_at")
        return [DeletedTask(task_of(row), row[deleted_at], row[purge_at]) for row in rows]


async def deleted_page(
    connection: Connection,
    workspace: str,
    retention: timedelta,
    *,
    count: int,
    direction: Direction = "first",
    after: Position | None = None,
    before: Position | None = None,
) -> DeletedPage:
    """Return the first or the last `count` deleted tasks between two positions by deletion, in one snapshot."""
    after_at, after_id = after or NEWEST_POSITION
    before_at, before_id = before or OLDEST_POSITION
    params = {
        "workspace": workspace,
        "retention": retention,
        "after_at": after_at,
        "after_id": after_id,
        "before_at": before_at,
        "before_id": before_id,
        "count": count + 1,
    }
    factory = _PageRows()
    rows = await connection.query(_PAGE_SQL[direction], params, factory)
    any_before, any_after = (bool(rows[0][factory.column(name)]) for name in (b"any_before", b"any_after"))
    tasks = factory.tasks(rows)
    more = len(tasks) > count
    if direction == "first":
        return DeletedPage(tasks[:count], any_before, more or any_after)
    return DeletedPage(tasks[:count][::-1], more or any_before, any_after)


DELETED_TASK: LiteralString = f"""
    SELECT {COLUMNS}, deleted_at, {_PURGE_AT} FROM task
    WHERE {_RESTORABLE} AND deleted_at > {_CUTOFF} AND id = %(id)s
"""
_deleted_row = task_row_with(DeletedTask)


async def deleted_task(connection: Connection, workspace: str, retention: timedelta, id_: UUID) -> DeletedTask | None:
    """Return a deleted task that can be restored, or None."""
    params = {"workspace": workspace, "retention": retention, "id": id_}
    return next(iter(await connection.query(DELETED_TASK, params, _deleted_row)), None)
