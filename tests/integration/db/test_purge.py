"""Purging: what goes, what stays, and that it gets along with writers and with others that purge."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from db.pool import Connection, Database, DatabaseLimits
from db.purge import purge_tasks
from db.task import Task
from db.task_table import taken_ids
from tests.support.db_factories import DEFAULT, create, delete_task, lock_task, restore_task

MONTH = timedelta(days=30)


async def age(connection: Connection, tasks: list[Task], **moments: timedelta | None) -> None:
    """Makes them as though they were deleted, or had expired, that long ago."""
    now = datetime.now(UTC)
    deleted, expired = (moments.get(name) for name in ("deleted", "expired"))
    await connection.raw.execute(
        "UPDATE task SET deleted_at = %s, expires_at = %s WHERE id = ANY(%s)",
        (deleted and now - deleted, expired and now - expired, [task.id for task in tasks]),
    )


async def left(connection: Connection, tasks: list[Task]) -> set[UUID]:
    return await taken_ids(connection, DEFAULT, [task.id for task in tasks])


async def test_what_went_longer_ago_than_that_is_purged(connection: Connection) -> None:
    long, short, future = MONTH + timedelta(minutes=1), MONTH - timedelta(minutes=1), -MONTH
    cases: list[tuple[timedelta | None, timedelta | None, bool]] = [
        (None, None, False), (None, future, False), (None, short, False), (None, long, True),
        (short, None, False), (short, future, False), (short, short, False), (short, long, True),
        (long, None, True), (long, future, True), (long, short, True), (long, long, True),
    ]  # fmt: skip
    tasks = await create(connection, len(cases))
    for task, (deleted, expired, _) in zip(tasks, cases, strict=True):
        await age(connection, [task], deleted=deleted, expired=expired)
    assert await purge_tasks(connection, DEFAULT, MONTH) == 6
    kept = {task.id for task, (_, _, gone) in zip(tasks, cases, strict=True) if not gone}
    assert await left(connection, tasks) == kept
    assert await purge_tasks(connection, DEFAULT, MONTH) == 0


async def test_a_batch_is_no_more_than_that_and_the_oldest_go_first(connection: Connection) -> None:
    tasks = await create(connection, 7)
    for days, task in enumerate(tasks):
        await age(connection, [task], deleted=MONTH + timedelta(days=1 + days))
    assert await purge_tasks(connection, DEFAULT, MONTH, batch=3) == 3
    assert await left(connection, tasks) == {task.id for task in tasks[:4]}
    assert [await purge_tasks(connection, DEFAULT, MONTH, batch=3) for _ in range(3)] == [3, 1, 0]


async def test_a_workspace_purges_its_own_alone(connection: Connection) -> None:
    tasks = await create(connection, 2)
    await age(connection, tasks, deleted=2 * MONTH)
    assert await purge_tasks(connection, "other", MONTH) == 0
    assert await purge_tasks(connection, DEFAULT, MONTH) == 2


async def test_a_row_that_is_being_restored_is_passed_over_at_once(database: Database) -> None:
    async with database.connection() as connection:
        restored, other = tasks = await create(connection, 2)
        await age(connection, tasks, deleted=2 * MONTH)
    async with database.transaction() as writer, database.connection() as connection:
        await lock_task(writer, DEFAULT, restored.id)
        assert await asyncio.wait_for(purge_tasks(connection, DEFAULT, MONTH), 2) == 1
        await restore_task(writer, DEFAULT, restored.id)
        assert await asyncio.wait_for(purge_tasks(connection, DEFAULT, MONTH), 2) == 0
    async with database.connection() as connection:
        assert await purge_tasks(connection, DEFAULT, MONTH) == 0
        assert await left(connection, tasks) == {restored.id}
        assert other.id not in await left(connection, tasks)


async def test_a_restore_that_waited_for_the_purge_finds_nothing(database: Database) -> None:
    async def restore(id_: UUID) -> bool:
        async with database.transaction() as connection:
            return await lock_task(connection, DEFAULT, id_) is not None

    async with database.transaction() as connection:
        (task,) = await create(connection)
        await age(connection, [task], deleted=2 * MONTH)
    async with database.transaction() as connection:
        assert await purge_tasks(connection, DEFAULT, MONTH) == 1
        restoring = asyncio.create_task(restore(task.id))
        await asyncio.sleep(0.1)
        assert not restoring.done()
    assert not await restoring


async def test_restores_and_purges_in_a_race_leave_each_task_to_one_of_them(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=8)) as database:
        async with database.connection() as connection:
            tasks = await create(connection, 400)
            await age(connection, tasks, deleted=2 * MONTH)

        async def restore(mine: list[Task]) -> set[UUID]:
            restored = set()
            for task in mine:
                async with database.transaction() as connection:
                    if await lock_task(connection, DEFAULT, task.id) is not None:
                        await restore_task(connection, DEFAULT, task.id)
                        restored.add(task.id)
            return restored

        async def purge() -> int:
            total = 0
            for _ in range(60):
                async with database.connection() as connection:
                    total += await purge_tasks(connection, DEFAULT, MONTH, batch=2)
            return total

        # From both ends, so that the two kinds meet in the middle.
        restored, *counts = await asyncio.gather(restore(tasks), purge(), purge(), purge())
        async with database.connection() as connection:
            assert await left(connection, tasks) == restored
    assert sum(counts) + len(restored) == len(tasks)
    assert 0 < len(restored) < len(tasks)


async def test_two_that_purge_at_once_share_the_rows(database: Database) -> None:
    async with database.connection() as connection:
        tasks = await create(connection, 10)
        await age(connection, tasks, deleted=2 * MONTH)
    async with database.transaction() as one, database.transaction() as two:
        assert await purge_tasks(one, DEFAULT, MONTH, batch=6) == 6
        assert await asyncio.wait_for(purge_tasks(two, DEFAULT, MONTH, batch=6), 2) == 4
    async with database.connection() as connection:
        assert await left(connection, tasks) == set()


async def test_a_deleted_task_that_was_restored_is_kept(connection: Connection) -> None:
    (task,) = await create(connection)
    await delete_task(connection, DEFAULT, task.id)
    await age(connection, [task], deleted=2 * MONTH)
    await restore_task(connection, DEFAULT, task.id)
    assert await purge_tasks(connection, DEFAULT, MONTH) == 0
    assert await left(connection, [task]) == {task.id}
