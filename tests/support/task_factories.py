"""Factories for tests that use the database: ids, new tasks, and rows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from db import task_table
from db.connection import Connection
from db.statements import Statement
from db.task import LockedTask, NewTask, Task
from schema.ids import new_id as new_id

WORKSPACE = "default"
PAST = datetime(2001, 1, 1, tzinfo=UTC)


def new_task(title: str = "A task", **fields: Any) -> NewTask:
    return NewTask(new_id(), title, **fields)


def in_an_hour() -> datetime:
    """Return a time in whole milliseconds, the precision of every expiry."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000) + timedelta(hours=1)


async def create_rows(connection: Connection, count: int = 1, **fields: Any) -> list[Task]:
    """Create tasks in one statement and return them, newest first."""
    created, _ = await task_table.insert_tasks(connection, WORKSPACE, [new_task(**fields) for _ in range(count)])
    return sorted(created.values(), key=lambda task: (task.created_at, task.id), reverse=True)


async def expire_row(connection: Connection, id_: UUID) -> None:
    await connection.raw.execute("UPDATE task SET expires_at = %s WHERE id = %s", (PAST, id_))


async def lock_row(connection: Connection, workspace: str, id_: UUID) -> LockedTask | None:
    return (await task_table.lock_tasks(connection, workspace, [id_])).get(id_)


async def update_row(connection: Connection, workspace: str, task: Task) -> Task:
    vectors = await task_table.words_of([task])
    return await written_row(connection, task_table.update_tasks(connection, workspace, [task], vectors))


async def delete_row(connection: Connection, workspace: str, task: Task) -> Task:
    return await written_row(connection, task_table.delete_tasks(connection, workspace, [task]))


async def restore_row(connection: Connection, workspace: str, task: Task) -> Task:
    return await written_row(connection, task_table.restore_tasks(connection, workspace, [task]))


async def written_row(connection: Connection, queued: Statement[Task]) -> Task:
    """Execute a queued statement that writes one task, and return the row."""
    await connection.flush()
    [row] = queued.rows
    return row
