"""Tests which rows the purge deletes, and that it is safe with concurrent writers and purges."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.connection import Connection
from db.limits import DatabaseLimits
from db.pool import Database
from db.purge import purge_tasks
from db.task import Task
from db.task_table import taken_ids
from tests.support.task_factories import WORKSPACE, create_rows, delete_row, lock_row, restore_row

MONTH = timedelta(days=30)


async def backdate(connection: Connection, tasks: list[Task], **ago: timedelta | None) -> None:
    """Move the deletion or expiry of tasks into the past."""
    now = datetime.now(UTC)
    deleted, expired = (ago.get(name) for name in ("deleted", "expired"))
    await connection.raw.execute(
        "UPDATE task SET deleted_at = %s, expires_at = %s WHERE id = ANY(%s)",
        (deleted and now - deleted, expired and now - expired, [task.id for task in tasks]),
    )


async def remaining_ids(connection: Connection, tasks: list[Task]) -> set[UUID]:
    return await taken_ids(connection, WORKSPACE, [task.id for task in tasks])


async def test_rows_older_than_the_retention_are_purged(connection: Connection) -> None:
    long, short, future = MONTH + timedelta(minutes=1), MONTH - timedelta(minutes=1), -MONTH
    cases: list[tuple[timedelta | None, timedelta | None, bool]] = [
        (None, None, False), (None, future, False), (None, short, False), (None, long, True),
        (short, None, False), (short, future, False), (short, short, False), (short, long, True),
        (long, None, True), (long, future, True), (long, short, True), (long, long, True),
    ]  # fmt: skip
    tasks = await create_rows(connection, len(cases))
    for task, (deleted, expired, _) in zip(tasks, cases, strict=True):
        await backdate(connection, [task], deleted=deleted, expired=expired)
    assert await purge_tasks(connection, WORKSPACE, MONTH) == 6
    kept = {task.id for task, (_, _, gone) in zip(tasks, cases, strict=True) if not gone}
    assert await remaining_ids(connection, tasks) == kept
    assert await purge_tasks(connection, WORKSPACE, MONTH) == 0


async def test_batch_size_is_respected_and_the_oldest_rows_go_first(connection: Connection) -> None:
    tasks = await create_rows(connection, 7)
    for days, task in enumerate(tasks):
        await backdate(connection, [task], deleted=MONTH + timedelta(days=1 + days))
    assert await purge_tasks(connection, WORKSPACE, MONTH, batch=3) == 3
    assert await remaining_ids(connection, tasks) == {task.id for task in tasks[:4]}
    assert [await purge_tasks(connection, WORKSPACE, MONTH, batch=3) for _ in range(3)] == [3, 1, 0]


async def test_purge_deletes_only_rows_of_its_workspace(connection: Connection) -> None:
    tasks = await create_rows(connection, 2)
    await backdate(connection, tasks, deleted=2 * MONTH)
    assert await purge_tasks(connection, "other", MONTH) == 0
    assert await purge_tasks(connection, WORKSPACE, MONTH) == 2


async def test_locked_row_is_skipped_without_waiting(database: Database) -> None:
    async with database.connection() as connection:
        restored, other = tasks = await create_rows(connection, 2)
        await backdate(connection, tasks, deleted=2 * MONTH)
    async with database.transaction() as writer, database.connection() as connection:
        await lock_row(writer, WORKSPACE, restored.id)
        assert await asyncio.wait_for(purge_tasks(connection, WORKSPACE, MONTH), 30) == 1
        await restore_row(writer, WORKSPACE, restored)
        assert await asyncio.wait_for(purge_tasks(connection, WORKSPACE, MONTH), 30) == 0
    async with database.connection() as connection:
        assert await purge_tasks(connection, WORKSPACE, MONTH) == 0
        assert await remaining_ids(connection, tasks) == {restored.id}
        assert other.id not in await remaining_ids(connection, tasks)


async def test_restore_that_waited_for_the_purge_finds_no_row(database: Database) -> None:
    async def restore(id_: UUID) -> bool:
        async with database.transaction() as connection:
            return await lock_row(connection, WORKSPACE, id_) is not None

    async with database.transaction() as connection:
        (task,) = await create_rows(connection)
        await backdate(connection, [task], deleted=2 * MONTH)
    async with database.transaction() as connection:
        assert await purge_tasks(connection, WORKSPACE, MONTH) == 1
        restoring = asyncio.create_task(restore(task.id))
        await asyncio.sleep(0.1)
        assert not restoring.done()
    assert not await restoring


async def test_concurrent_restores_and_purges_never_take_the_same_row(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=8)) as database:
        async with database.connection() as connection:
            tasks = await create_rows(connection, 400)
            await backdate(connection, tasks, deleted=2 * MONTH)

        async def restore(tasks: list[Task]) -> set[UUID]:
            restored = set()
            for task in tasks:
                async with database.transaction() as connection:
                    if await lock_row(connection, WORKSPACE, task.id) is not None:
                        await restore_row(connection, WORKSPACE, task)
                        restored.add(task.id)
            return restored

        async def purge() -> int:
            total = 0
            for _ in range(60):
                async with database.connection() as connection:
                    total += await purge_tasks(connection, WORKSPACE, MONTH, batch=2)
            return total

        # The two calls start at opposite ends and meet in the middle.
        restored, *counts = await asyncio.gather(restore(tasks), purge(), purge(), purge())
        async with database.connection() as connection:
            assert await remaining_ids(connection, tasks) == restored
    assert sum(counts) + len(restored) == len(tasks)
    assert 0 < len(restored) < len(tasks)


async def test_concurrent_purges_share_the_rows(database: Database) -> None:
    async with database.connection() as connection:
        tasks = await create_rows(connection, 10)
        await backdate(connection, tasks, deleted=2 * MONTH)
    async with database.transaction() as one, database.transaction() as two:
        assert await purge_tasks(one, WORKSPACE, MONTH, batch=6) == 6
        assert await asyncio.wait_for(purge_tasks(two, WORKSPACE, MONTH, batch=6), 30) == 4
    async with database.connection() as connection:
        assert await remaining_ids(connection, tasks) == set()


async def test_restored_task_is_kept(connection: Connection) -> None:
    (task,) = await create_rows(connection)
    await delete_row(connection, WORKSPACE, task)
    await backdate(connection, [task], deleted=2 * MONTH)
    await restore_row(connection, WORKSPACE, task)
    assert await purge_tasks(connection, WORKSPACE, MONTH) == 0
    assert await remaining_ids(connection, [task]) == {task.id}
