"""Tests that an export reads one snapshot, in the order of creation, however many batches it takes."""

import asyncio
from datetime import UTC, datetime

from db.export import exported_tasks, snapshot
from db.pool import Database
from db.task_lists import insert_list
from tests.support.task_factories import (
    WORKSPACE,
    create_rows,
    delete_row,
    expire_row,
    in_an_hour,
    new_id,
    update_row,
)


async def test_all_tasks_of_one_snapshot(database: Database) -> None:
    async with database.connection() as connection:
        list_ = await insert_list(connection, WORKSPACE, new_id(), "Inbox")
        assert list_ is not None
        same_time = await create_rows(connection, 4, created_at=datetime(2001, 1, 1, tzinfo=UTC), list_id=list_.id)
        expiring, gone, *others = await create_rows(connection, 4, expires_at=in_an_hour())
        await delete_row(connection, WORKSPACE, gone)
        ids = [task.id for task in sorted((*same_time, expiring, *others), key=lambda each: (each.created_at, each.id))]
        async with snapshot(database) as exporting:
            batches = exported_tasks(exporting, WORKSPACE, count=2)
            found = await anext(batches)
            await create_rows(connection, 2)
            await delete_row(connection, WORKSPACE, others[0])
            await expire_row(connection, expiring.id)
            async for batch in batches:
                assert len(batch) <= 2
                found += batch
    assert [each.task.id for each in found] == ids
    assert [each.list_name for each in found] == ["Inbox"] * 4 + [None] * 3


async def test_tasks_of_a_status(database: Database) -> None:
    async with database.connection() as connection:
        [done] = await create_rows(connection, status="DONE")
        await create_rows(connection, 3)
        async with snapshot(database) as exporting:
            found = [each async for batch in exported_tasks(exporting, WORKSPACE, "DONE") for each in batch]
            nothing = [each async for batch in exported_tasks(exporting, WORKSPACE, "IN_PROGRESS") for each in batch]
    assert [each.task for each in found] == [done]
    assert nothing == []


async def test_snapshot_has_no_time_limit_and_takes_no_connection_of_the_pool(database: Database) -> None:
    async with asyncio.timeout(20), snapshot(database) as exporting:
        await exporting.flush()
        cursor = await exporting.raw.execute(
            "SELECT current_setting('transaction_timeout'), current_setting('transaction_isolation'), "
            "current_setting('transaction_read_only')"
        )
        assert await cursor.fetchone() == ("0", "repeatable read", "on")
        assert database.has_free_connection
    async with database.connection() as connection:
        [task] = await create_rows(connection)
        await update_row(connection, WORKSPACE, task)
