"""Tasks for the tests of the database: made, aged and taken away."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from db import task_table
from db.pool import Connection
from db.task import LockedTask, NewTask, Task
from db.task_table import create_tasks

DEFAULT = "default"
PAST = datetime(2001, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    value = uuid4().int & ~(0xF << 76) | (0x7 << 76)
    return UUID(int=value & (1 << 80) - 1 | (time.time_ns() // 1_000_000 << 80))


def new_task(title: str = "A task", **fields: Any) -> NewTask:
    return NewTask(new_id(), title, **fields)


def in_an_hour() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000) + timedelta(hours=1)


async def create(connection: Connection, count: int = 1, **fields: Any) -> list[Task]:
    """That many tasks, newest first."""
    made, _ = await create_tasks(connection, DEFAULT, [new_task(**fields) for _ in range(count)])
    return sorted(made.values(), key=lambda task: (task.created_at, task.id), reverse=True)


async def expire(connection: Connection, id_: UUID) -> None:
    await connection.raw.execute("UPDATE task SET expires_at = %s WHERE id = %s", (PAST, id_))


async def lock_task(connection: Connection, workspace: str, id_: UUID) -> LockedTask | None:
    return (await task_table.lock_tasks(connection, workspace, [id_])).get(id_)


async def update_task(connection: Connection, workspace: str, task: Task) -> tuple[Task, int]:
    return (await task_table.update_tasks(connection, workspace, [task]))[task.id]


async def delete_task(connection: Connection, workspace: str, id_: UUID) -> tuple[Task, int]:
    return (await task_table.delete_tasks(connection, workspace, [id_]))[id_]


async def restore_task(connection: Connection, workspace: str, id_: UUID) -> tuple[Task, int]:
    return (await task_table.restore_tasks(connection, workspace, [id_]))[id_]
