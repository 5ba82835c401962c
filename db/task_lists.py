"""The rows of task lists."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import scalar_row, tuple_row

from db.arrays import uuid_array
from db.connection import Connection
from db.row_factories import record_row


class TaskList(Struct, frozen=True):
    """A list of tasks. `archived_at` is None unless the list is archived. The other fields are as those of a task."""

    id: UUID
    name: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    version: int
    created_by: str | None
    updated_by: str | None


_COLUMNS: LiteralString = "id, name, created_at, updated_at, archived_at, version, created_by, updated_by"
_list_row = record_row(TaskList)

INSERT_LIST: LiteralString = f"""
    INSERT INTO task_list (workspace_id, id, name, created_by, updated_by)
    VALUES (%(workspace)s, %(id)s, %(name)s, %(author)s, %(author)s)
    ON CONFLICT DO NOTHING RETURNING {_COLUMNS}
"""


async def insert_list(
    connection: Connection, workspace: str, id_: UUID, name: str, author: str | None = None
) -> TaskList | None:
    """Create a list. Return None if the id is taken."""
    params = {"workspace": workspace, "id": id_, "name": name, "author": author}
    return next(iter(await connection.query(INSERT_LIST, params, _list_row)), None)


LISTS_BY_ID: LiteralString = f"""
    SELECT {_COLUMNS} FROM task_list WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s::uuid[])
"""


async def lists_by_id(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, TaskList]:
    """Return the lists by id, archived ones included."""
    rows = await connection.query(LISTS_BY_ID, {"workspace": workspace, "ids": uuid_array(ids)}, _list_row)
    return {row.id: row for row in rows}


UNUSABLE_LISTS: LiteralString = """
    SELECT wanted.id, found.archived_at IS NOT NULL
    FROM unnest(%(ids)s::uuid[]) AS wanted (id)
    LEFT JOIN (SELECT id, archived_at FROM task_list WHERE workspace_id = %(workspace)s) AS found
        ON found.id = wanted.id
    WHERE found.id IS NULL OR found.archived_at IS NOT NULL
"""


async def unusable_lists(connection: Connection, workspace: str, ids: Collection[UUID]) -> dict[UUID, bool]:
    """Return which lists tasks cannot enter, and whether each is archived or does not exist."""
    params = {"workspace": workspace, "ids": uuid_array(list(ids))}
    return dict(await connection.query(UNUSABLE_LISTS, params, tuple_row))


LISTS_PAGE: LiteralString = f"""
    SELECT {_COLUMNS} FROM task_list
    WHERE workspace_id = %(workspace)s AND (%(after)s::uuid IS NULL OR id > %(after)s::uuid)
      AND (%(archived)s OR archived_at IS NULL)
    ORDER BY id LIMIT %(count)s
"""


async def lists_page(
    connection: Connection, workspace: str, *, after: UUID | None = None, count: int, archived: bool
) -> list[TaskList]:
    """Return up to `count` lists behind an id, in the order of their ids. archived: also archived ones."""
    params = {"workspace": workspace, "after": after, "count": count, "archived": archived}
    return await connection.query(LISTS_PAGE, params, _list_row)


LOCK_LIST: LiteralString = f"""
    SELECT {_COLUMNS} FROM task_list WHERE workspace_id = %(workspace)s AND id = %(id)s FOR NO KEY UPDATE
"""


async def lock_list(connection: Connection, workspace: str, id_: UUID) -> TaskList | None:
    """Return a list, and lock its row until the transaction ends. None for an unknown id."""
    return next(iter(await connection.query(LOCK_LIST, {"workspace": workspace, "id": id_}, _list_row)), None)


UPDATE_LIST: LiteralString = f"""
    UPDATE task_list SET
        name = %(name)s, archived_at = CASE WHEN %(archived)s THEN coalesce(archived_at, clock_timestamp()) END,
        updated_at = greatest(updated_at, clock_timestamp()), version = version + 1, updated_by = %(author)s::text
    WHERE workspace_id = %(workspace)s AND id = %(id)s
    RETURNING {_COLUMNS}
"""


async def update_list(
    connection: Connection, workspace: str, id_: UUID, name: str, author: str | None = None, *, archived: bool
) -> TaskList:
    """Write a locked list, with the next version, and return it."""
    params = {"workspace": workspace, "id": id_, "name": name, "archived": archived, "author": author}
    [row] = await connection.query(UPDATE_LIST, params, _list_row)
    return row


REMOVE_LISTS: LiteralString = """
    DELETE FROM task_list WHERE workspace_id = %(workspace)s
      AND EXISTS (SELECT FROM workspace WHERE workspace.id = %(workspace)s AND state = 'deleting')
    RETURNING true
"""


async def remove_lists(connection: Connection, workspace: str) -> None:
    """Delete the lists of a workspace that is being deleted."""
    await connection.query(REMOVE_LISTS, {"workspace": workspace}, scalar_row)
