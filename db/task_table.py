"""The statements that read and write tasks by id, one function for each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, LiteralString
from uuid import UUID

from msgspec import structs
from psycopg.rows import scalar_row, tuple_row

from db import words
from db.arrays import ARRAYS, Array, id_array, text_array, time_array, tsvector_array, uuid_array
from db.connection import Connection
from db.row_factories import task_row, task_row_with
from db.statements import Statement
from db.task import READ_ONLY_COLUMNS, WRITABLE_FIELDS, ExternalIdHolder, LockedTask, NewTask, Task

_MICROSECOND = timedelta(microseconds=1)
# Statements are composed from literals only. Values from outside are always parameters.
_SELECTED: dict[str, LiteralString] = {name: f"task.{name}" for name in READ_ONLY_COLUMNS} | {
    field.name: field.selected for field in WRITABLE_FIELDS
}
# In the order of the record: `task_row` is fastest then.
COLUMNS: LiteralString = ", ".join(_SELECTED[name] for name in Task.__struct_fields__)
# The condition for a row that readers may see, by the database's clock.
VISIBLE: LiteralString = "deleted_at IS NULL AND (expires_at IS NULL OR expires_at > statement_timestamp())"

# With the words `deleted_at IS NULL`, PostgreSQL reads all of the partial index `task_page` for one task if it has not
# analyzed the table, as after a bulk load or a restored dump.
TASKS_BY_ID: LiteralString = f"""
    SELECT {COLUMNS} FROM task
    WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s::uuid[]) AND num_nonnulls(deleted_at) = 0
      AND (expires_at IS NULL OR expires_at > coalesce(%(now)s, statement_timestamp()))
"""


async def tasks_by_id(
    connection: Connection, workspace: str, ids: Sequence[UUID], now: datetime | None = None
) -> dict[UUID, Task]:
    """Return the visible tasks by id. `now` replaces the database's clock for the expiry."""
    rows = await visible_tasks(connection, workspace, [id_.bytes for id_ in ids], now)
    return {task.id: task for task in rows}


async def visible_tasks(
    connection: Connection, workspace: str, ids: Sequence[bytes], now: datetime | None = None
) -> list[Task]:
    """Return the visible tasks with these ids, of 16 bytes each, in any order. `now` is as in `tasks_by_id`."""
    return await connection.query(TASKS_BY_ID, {"workspace": workspace, "ids": id_array(ids), "now": now}, task_row)


TAKEN_IDS: LiteralString = """
    SELECT id FROM task WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s)
"""


async def taken_ids(connection: Connection, workspace: str, ids: Sequence[UUID]) -> set[UUID]:
    """Return the ids that have a row, including deleted and expired ones."""
    params = {"workspace": workspace, "ids": list(ids)}
    return set(await connection.query(TAKEN_IDS, params, scalar_row))


EXTERNAL_ID_HOLDERS: LiteralString = f"""
    SELECT {COLUMNS}, {VISIBLE} AS visible FROM task
    WHERE workspace_id = %(workspace)s AND external_id = ANY(%(external_ids)s::text[])
"""
_holder_row = task_row_with(ExternalIdHolder)


async def external_id_holders(
    connection: Connection, workspace: str, external_ids: Sequence[str]
) -> dict[str | None, ExternalIdHolder]:
    """Return the tasks with these external ids, including deleted and expired ones."""
    params = {"workspace": workspace, "external_ids": text_array(external_ids)}
    holders = await connection.query(EXTERNAL_ID_HOLDERS, params, _holder_row)
    return {holder.task.external_id: holder for holder in holders}


_locked_row = task_row_with(LockedTask)

# The write's fencing token. The statement that holds the row lock draws it, so tokens of one task rise in write order.
_TOKEN: LiteralString = "nextval('mark_token') AS token"  # noqa: S105
_FIELD_NAMES: LiteralString = ", ".join(field.name for field in WRITABLE_FIELDS)
_ARRAYS: LiteralString = ", ".join(f"%(new_{field.name})s::{field.sent_type}[]" for field in WRITABLE_FIELDS)
_ARRAY_OF = {field.name: ARRAYS["text" if field.is_enum else field.sql_type] for field in WRITABLE_FIELDS}
# The tasks of a bulk statement as rows in the given order: an array for each field and the words, see `row_arrays`.
_INCOMING: LiteralString = (
    f"unnest(%(new_id)s::uuid[], {_ARRAYS}, %(new_words)s::tsvector[]) WITH ORDINALITY "
    f"AS incoming (id, {_FIELD_NAMES}, words, number)"
)
# With the times at which the tasks were created, or NULL.
_INCOMING_NEW: LiteralString = (
    f"unnest(%(new_id)s::uuid[], {_ARRAYS}, %(new_words)s::tsvector[], %(new_created_at)s::timestamptz[]) "
    f"WITH ORDINALITY AS incoming (id, {_FIELD_NAMES}, words, given_at, number)"
)
_VALUES: LiteralString = ", ".join(f"incoming.{field.name}::{field.sql_type}" for field in WRITABLE_FIELDS)

# Rows are inserted in the order of their external ids, and those without one in the order of their ids, so that two
# creates with common ids cannot deadlock. Of several tasks with one external id, the first in the given order is
# created. Tasks that have already expired by the database's clock, or are created in its future, are left out.
# `taken_ids` and `external_id_holders` tell them from ids that are taken. The token is drawn after the rows were
# inserted. The ids are returned only if some tasks were left out. Without a given time, each task is created a
# microsecond after the one before it, so that pages show the tasks in the given order. All of these times have passed
# when the statement ends. `updated_at` is the time of the statement in any case.
INSERT_TASKS: LiteralString = f"""
    WITH created AS (
        INSERT INTO task (
            workspace_id, id, {_FIELD_NAMES}, words, words_version, created_at, updated_at, created_by, updated_by
        )
        SELECT %(workspace)s, id, {_VALUES}, words, {words.VERSION}, coalesce(given_at, at), at, %(author)s::text,
               %(author)s::text
        FROM {_INCOMING_NEW}
        CROSS JOIN LATERAL (SELECT statement_timestamp() + (number - 1) * interval '1 microsecond' AS at) AS created
        WHERE (expires_at IS NULL OR expires_at > statement_timestamp())
          AND (given_at IS NULL OR given_at <= statement_timestamp())
        ORDER BY external_id COLLATE "C", CASE WHEN external_id IS NULL THEN id END, number
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT statement_timestamp(), {_TOKEN}, CASE WHEN count(*) < %(count)s THEN coalesce(array_agg(id), '{{}}') END
    FROM created
"""


async def insert_tasks(
    connection: Connection, workspace: str, new: Sequence[NewTask], author: str | None = None
) -> tuple[dict[UUID, Task], int]:
    """Create up to 1,000 tasks in one statement. Return the created tasks by id, in order, and the token of the write.

    Tasks whose id or external id is taken, tasks that have already expired and tasks created in the future are left
    out. Without any created task the token is 0.
    """
    arrays = row_arrays(new, await words_of(new))
    arrays["new_created_at"] = time_array([task.created_at for task in new])
    params = {"workspace": workspace, "author": author, "count": len(new), **arrays}
    [(started_at, token, ids)] = await connection.query(INSERT_TASKS, params, tuple_row)
    created_ids = None if ids is None else set(ids)
    created: dict[UUID, Task] = {}
    for number, task in enumerate(new):
        if created_ids is None or task.id in created_ids:
            created.setdefault(task.id, _created_task(task, started_at + number * _MICROSECOND, author))
    return created, token if created else 0


def _created_task(new: NewTask, inserted_at: datetime, author: str | None) -> Task:
    """Return the row of a new task, as the table stores it."""
    fields = structs.asdict(new)
    if new.created_at is None:
        fields["created_at"] = inserted_at
    if new.expires_at is not None:
        cut = new.expires_at.microsecond // 1000 * 1000
        fields["expires_at"] = new.expires_at.astimezone(UTC).replace(microsecond=cut)
    return Task(updated_at=inserted_at, version=1, created_by=author, updated_by=author, **fields)


# The subquery locks the rows before the statement draws their tokens and reads the clock.
LOCK_TASKS: LiteralString = f"""
    SELECT {COLUMNS}, deleted_at IS NOT NULL AS deleted, clock_timestamp() AS now, {_TOKEN} FROM (
        SELECT * FROM task WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) ORDER BY id FOR UPDATE
    ) AS task
"""


async def lock_tasks(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, LockedTask]:
    """W2: lock the rows, deleted or not, until the transaction ends. Return them by id, without ids that have no row.

    Rows are locked in the order of their ids, so that two writers cannot deadlock.
    """
    rows = await connection.query(LOCK_TASKS, {"workspace": workspace, "ids": list(ids)}, _locked_row)
    return {row.task.id: row for row in rows}


# `updated_at` never decreases, even if the database's clock is set back.
_TOUCH: LiteralString = (
    "updated_at = greatest(updated_at, clock_timestamp()), version = version + 1, updated_by = %(author)s::text"
)
_SET_FIELDS: LiteralString = ", ".join(
    f"{field.name} = incoming.{field.name}::{field.sql_type}" for field in WRITABLE_FIELDS
)

UPDATE_TASKS: LiteralString = f"""
    UPDATE task SET {_SET_FIELDS}, words = incoming.words, words_version = {words.VERSION}, {_TOUCH}
    FROM {_INCOMING}
    WHERE task.workspace_id = %(workspace)s AND task.id = incoming.id
    RETURNING {COLUMNS}
"""


def update_tasks(
    connection: Connection, workspace: str, tasks: Sequence[Task], vectors: Sequence[bytes], author: str | None = None
) -> Statement[Task]:
    """Queue the statement that writes the writable fields and the words of locked tasks. It returns the written rows.

    `vectors` are the words of the tasks, see `words_of`.
    """
    params = {"workspace": workspace, "author": author, **row_arrays(tasks, vectors)}
    return connection.queue(UPDATE_TASKS, params, task_row)


def _set_deleted_at(value: LiteralString) -> LiteralString:
    return f"""
    UPDATE task SET deleted_at = {value}, {_TOUCH}
    WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s)
    RETURNING {COLUMNS}
"""


DELETE_TASKS: LiteralString = _set_deleted_at("clock_timestamp()")
RESTORE_TASKS: LiteralString = _set_deleted_at("NULL")


def delete_tasks(
    connection: Connection, workspace: str, tasks: Sequence[Task], author: str | None = None
) -> Statement[Task]:
    """Queue the statement that marks locked tasks as deleted. The rows stay, and the statement returns them."""
    return connection.queue(DELETE_TASKS, _edit_params(workspace, tasks, author), task_row)


def restore_tasks(
    connection: Connection, workspace: str, tasks: Sequence[Task], author: str | None = None
) -> Statement[Task]:
    """Queue the statement that restores locked tasks, with the next version. It returns the rows."""
    return connection.queue(RESTORE_TASKS, _edit_params(workspace, tasks, author), task_row)


def _edit_params(workspace: str, tasks: Sequence[Task], author: str | None) -> dict[str, Any]:
    return {"workspace": workspace, "ids": [task.id for task in tasks], "author": author}


async def words_of(tasks: Sequence[NewTask | Task]) -> list[bytes]:
    """Return the words of each task for the word index."""
    return await words.tsvectors((task.title, task.description) for task in tasks)


def row_arrays(tasks: Sequence[NewTask | Task], vectors: Sequence[bytes]) -> dict[str, Array]:
    """Return the parameters of a bulk statement: an array of the ids, one of each writable field, one of the words."""
    arrays = {f"new_{name}": array(list(map(attrgetter(name), tasks))) for name, array in _ARRAY_OF.items()}
    return {"new_id": uuid_array([task.id for task in tasks]), **arrays, "new_words": tsvector_array(vectors)}
