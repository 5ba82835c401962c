"""Tasks in PostgreSQL: how they are read and written, a statement for each function."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import args_row, scalar_row, tuple_row

from db.pool import Connection
from db.task import LockedTask, NewTask, Task

# All constants here are composed of literals alone; what comes from outside is always a parameter.
COLUMNS: LiteralString = (
    "id, title, description, status::text, priority::text, created_at, updated_at, expires_at, version"
)
# What a row must be for a reader to see it. The clock is the database's.
VISIBLE: LiteralString = "deleted_at IS NULL AND (expires_at IS NULL OR expires_at > statement_timestamp())"

TASKS_BY_ID: LiteralString = f"""
    SELECT {COLUMNS} FROM task
    WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
      AND (expires_at IS NULL OR expires_at > coalesce(%(now)s, statement_timestamp()))
"""


async def tasks_by_id(
    connection: Connection, workspace: str, ids: Sequence[UUID], now: datetime | None = None
) -> dict[UUID, Task]:
    """Those of the tasks that a reader may see, by id: neither deleted nor, by `now` or our clock, expired."""
    params = {"workspace": workspace, "ids": list(ids), "now": now}
    rows = await connection.query(TASKS_BY_ID, params, args_row(Task))
    return {task.id: task for task in rows}


TAKEN_IDS: LiteralString = """
    SELECT id FROM task WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s)
"""


async def taken_ids(connection: Connection, workspace: str, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that a row stands for, be it deleted or expired."""
    params = {"workspace": workspace, "ids": list(ids)}
    return set(await connection.query(TAKEN_IDS, params, scalar_row))


# The token of the write's mark. Taken by the statement that writes the row, so that whoever writes a row later has a
# higher one: it had to wait for the row.
_TOKEN: LiteralString = "nextval('mark_token')"  # noqa: S105


class WrittenRow(NamedTuple):
    """A row as a write left it, and the token that the write drew for its mark."""

    task: Task
    token: int


def _written(*columns: Any) -> WrittenRow:
    return WrittenRow(Task(*columns[:-1]), columns[-1])


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
    RETURNING {COLUMNS}, {_TOKEN}
"""


async def create_tasks(connection: Connection, workspace: str, new: Sequence[NewTask]) -> tuple[dict[UUID, Task], int]:
    """Creates up to 1,000 tasks in one statement; returns those that it made, by id, and a token for all of them.

    Left out are those whose id is taken, and those that would have expired already.
    """
    params = {"workspace": workspace, **_columns(new)}
    written = await connection.query(CREATE_TASKS, params, args_row(_written))
    return {row.task.id: row.task for row in written}, max((row.token for row in written), default=0)


LOCK_TASKS: LiteralString = f"""
    SELECT {COLUMNS}, deleted_at IS NOT NULL, clock_timestamp() FROM task
    WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) ORDER BY id FOR UPDATE
"""


async def lock_tasks(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, LockedTask]:
    """The rows by id, deleted or not, locked until the transaction ends; without those that never were.

    Locked in the order of their ids, so that two writers cannot wait for each other in a circle.
    """
    rows = await connection.query(LOCK_TASKS, {"workspace": workspace, "ids": list(ids)}, tuple_row)
    locked = (LockedTask(Task(*columns), deleted, now) for *columns, deleted, now in rows)
    return {row.task.id: row for row in locked}


# `updated_at` never goes back, whatever the clock does.
_CHANGED: LiteralString = "updated_at = greatest(updated_at, clock_timestamp()), version = version + 1"
UPDATE_TASKS: LiteralString = f"""
    UPDATE task SET
        title = new_title, description = new_description, status = new_status, priority = new_priority,
        expires_at = new_expires_at, {_CHANGED}
    FROM unnest(%(ids)s::uuid[], %(titles)s::text[], %(descriptions)s::text[],
                %(statuses)s::task_status[], %(priorities)s::task_priority[],
                %(expiries)s::timestamptz[])
         AS new (task_id, new_title, new_description, new_status, new_priority, new_expires_at)
    WHERE workspace_id = %(workspace)s AND id = task_id
    RETURNING {COLUMNS}, {_TOKEN}
"""


async def update_tasks(connection: Connection, workspace: str, tasks: Sequence[Task]) -> dict[UUID, WrittenRow]:
    """Writes what a client may change of locked tasks; returns the rows by id."""
    params = {"workspace": workspace, **_columns(tasks)}
    return _by_id(await connection.query(UPDATE_TASKS, params, args_row(_written)))


DELETE_TASKS: LiteralString = f"""
    UPDATE task SET deleted_at = clock_timestamp(), {_CHANGED}
    WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s)
    RETURNING {COLUMNS}, {_TOKEN}
"""


async def delete_tasks(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, WrittenRow]:
    """Marks locked tasks as deleted; the rows stay, and are returned by id."""
    params = {"workspace": workspace, "ids": list(ids)}
    return _by_id(await connection.query(DELETE_TASKS, params, args_row(_written)))


RESTORE_TASKS: LiteralString = DELETE_TASKS.replace("= clock_timestamp(),", "= NULL,", 1)


async def restore_tasks(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, WrittenRow]:
    """Takes the mark of deleted, locked tasks away; their versions go on. Returns the rows by id."""
    params = {"workspace": workspace, "ids": list(ids)}
    return _by_id(await connection.query(RESTORE_TASKS, params, args_row(_written)))


def _columns(tasks: Sequence[NewTask | Task]) -> dict[str, list[Any]]:
    """What a client says of tasks, a list for each field, as `unnest` takes them."""
    return {
        "ids": [task.id for task in tasks],
        "titles": [task.title for task in tasks],
        "descriptions": [task.description for task in tasks],
        "statuses": [task.status for task in tasks],
        "priorities": [task.priority for task in tasks],
        "expiries": [task.expires_at for task in tasks],
    }


def _by_id(written: Sequence[WrittenRow]) -> dict[UUID, WrittenRow]:
    return {row.task.id: row for row in written}
