"""Tasks in PostgreSQL: how they are read and written, a statement for each function."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import args_row, scalar_row, tuple_row

from db.pool import Connection
from db.rows import LockedTask, NewTask, Status, Task

# All constants here are composed of literals alone; what comes from outside is always a parameter.
COLUMNS: LiteralString = (
    "id, title, description, status::text, priority::text, created_at, updated_at, expires_at, version"
)
# What a row must be for a reader to see it. The clock is the database's.
VISIBLE: LiteralString = "deleted_at IS NULL AND (expires_at IS NULL OR expires_at > statement_timestamp())"

TASKS_BY_ID: LiteralString = f"""
    SELECT {COLUMNS} FROM task
    WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND {VISIBLE}
"""


async def tasks_by_id(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, Task]:
    """Those of the tasks that a reader may see, by id; deleted and expired ones are left out."""
    params = {"workspace": workspace, "ids": list(ids)}
    rows = await connection.query(TASKS_BY_ID, params, args_row(Task))
    return {task.id: task for task in rows}


TAKEN_IDS: LiteralString = """
    SELECT id FROM task WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s)
"""


async def taken_ids(connection: Connection, workspace: str, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that a row stands for, be it deleted or expired."""
    params = {"workspace": workspace, "ids": list(ids)}
    return set(await connection.query(TAKEN_IDS, params, scalar_row))


# A page is one index scan that starts in the middle, for which the row comparison is there; OFFSET
# would read all that stands before the page.
_NEWEST_FIRST: LiteralString = """
      AND (created_at, id) < (%(created_at)s, %(id)s)
    ORDER BY created_at DESC, id DESC LIMIT %(limit)s
"""
_OLDEST_FIRST: LiteralString = """
      AND (created_at, id) > (%(created_at)s, %(id)s)
    ORDER BY created_at, id LIMIT %(limit)s
"""
_ALL: LiteralString = f"SELECT {COLUMNS} FROM task WHERE workspace_id = %(workspace)s AND {VISIBLE}"
_OF_STATUS: LiteralString = _ALL + " AND status = %(status)s::task_status"

TASK_PAGE_AFTER = _ALL + _NEWEST_FIRST
TASK_PAGE_BEFORE = _ALL + _OLDEST_FIRST
TASK_PAGE_OF_STATUS_AFTER = _OF_STATUS + _NEWEST_FIRST
TASK_PAGE_OF_STATUS_BEFORE = _OF_STATUS + _OLDEST_FIRST

Position = tuple[datetime, UUID]
# Beyond every row, by the constraints on `created_at`.
NEWEST: Position = (datetime(2200, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST: Position = (datetime(1969, 12, 31, tzinfo=UTC), UUID(int=0))


async def task_page(
    connection: Connection,
    workspace: str,
    *,
    limit: int,
    after: Position | None = None,
    before: Position | None = None,
    status: Status | None = None,
) -> list[Task]:
    """Up to `limit` tasks, newest first: the first ones after a position, or the last ones before one.

    A position is (`created_at`, `id`), and need not be that of a row. With `before` given, `after`
    is not looked at; with neither, the page is the first.
    """
    backward = before is not None
    created_at, id_ = before or after or NEWEST
    if status is None:
        sql = TASK_PAGE_BEFORE if backward else TASK_PAGE_AFTER
    else:
        sql = TASK_PAGE_OF_STATUS_BEFORE if backward else TASK_PAGE_OF_STATUS_AFTER
    rows = await connection.query(
        sql,
        {
            "workspace": workspace,
            "created_at": created_at,
            "id": id_,
            "limit": limit,
            "status": status,
        },
        args_row(Task),
    )
    return rows[::-1] if backward else rows


# Sorted, so that two statements with the same ids cannot wait for each other in a circle. An expiry
# that has passed already is left out here, by the database's clock, and told apart by `taken_ids`.
CREATE_TASKS: LiteralString = f"""
    INSERT INTO task (workspace_id, id, title, description, status, priority, expires_at)
    SELECT %(workspace)s, new.id, title, description, status, priority, expires_at
    FROM unnest(%(ids)s::uuid[], %(titles)s::text[], %(descriptions)s::text[],
                %(statuses)s::task_status[], %(priorities)s::task_priority[],
                %(expiries)s::timestamptz[])
         AS new (id, title, description, status, priority, expires_at)
    WHERE expires_at IS NULL OR expires_at > statement_timestamp()
    ORDER BY new.id
    ON CONFLICT (workspace_id, id) DO NOTHING
    RETURNING {COLUMNS}
"""


async def create_tasks(connection: Connection, workspace: str, new: Sequence[NewTask]) -> dict[UUID, Task]:
    """Creates up to 1,000 tasks in one statement; returns those that it made, by id.

    Left out are those whose id is taken, and those that would have expired already.
    """
    params = {
        "workspace": workspace,
        "ids": [task.id for task in new],
        "titles": [task.title for task in new],
        "descriptions": [task.description for task in new],
        "statuses": [task.status for task in new],
        "priorities": [task.priority for task in new],
        "expiries": [task.expires_at for task in new],
    }
    rows = await connection.query(CREATE_TASKS, params, args_row(Task))
    return {task.id: task for task in rows}


LOCK_TASK: LiteralString = f"""
    SELECT {COLUMNS}, deleted_at IS NOT NULL, clock_timestamp() FROM task
    WHERE workspace_id = %(workspace)s AND id = %(id)s FOR UPDATE
"""


async def lock_task(connection: Connection, workspace: str, id_: UUID) -> LockedTask | None:
    """The row, deleted or not, locked until the transaction ends; none if there never was one."""
    rows = await connection.query(LOCK_TASK, {"workspace": workspace, "id": id_}, tuple_row)
    for *columns, deleted, now in rows:
        return LockedTask(Task(*columns), deleted, now)
    return None


# `updated_at` never goes back, whatever the clock does.
UPDATE_TASK: LiteralString = f"""
    UPDATE task SET
        title = %(title)s, description = %(description)s, status = %(status)s::task_status,
        priority = %(priority)s::task_priority, expires_at = %(expires_at)s,
        updated_at = greatest(updated_at, clock_timestamp()), version = version + 1
    WHERE workspace_id = %(workspace)s AND id = %(id)s
    RETURNING {COLUMNS}
"""


async def update_task(connection: Connection, workspace: str, task: Task) -> Task:
    """Writes what a client may change of a locked task; returns the new row."""
    params = {
        "workspace": workspace,
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "priority": task.priority,
        "expires_at": task.expires_at,
    }
    return (await connection.query(UPDATE_TASK, params, args_row(Task)))[0]


DELETE_TASK: LiteralString = f"""
    UPDATE task SET deleted_at = clock_timestamp(),
        updated_at = greatest(updated_at, clock_timestamp()), version = version + 1
    WHERE workspace_id = %(workspace)s AND id = %(id)s
    RETURNING {COLUMNS}
"""


async def delete_task(connection: Connection, workspace: str, id_: UUID) -> Task:
    """Marks a locked task as deleted; the row stays."""
    params = {"workspace": workspace, "id": id_}
    return (await connection.query(DELETE_TASK, params, args_row(Task)))[0]


RESTORE_TASK: LiteralString = DELETE_TASK.replace("= clock_timestamp(),", "= NULL,", 1)


async def restore_task(connection: Connection, workspace: str, id_: UUID) -> Task:
    """Takes the mark of a deleted, locked task away; its version goes on."""
    params = {"workspace": workspace, "id": id_}
    return (await connection.query(RESTORE_TASK, params, args_row(Task)))[0]
