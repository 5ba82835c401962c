"""Tests that an export reads one snapshot, in the order of creation, however many batches it takes."""

import asyncio
import random
from datetime import UTC, datetime
from itertools import product
from typing import Any

from db.export import exported_tasks, snapshot
from db.pool import Database
from db.task import Task
from db.task_lists import insert_list
from db.task_table import insert_tasks
from db.views import View
from tests.support.task_factories import (
    WORKSPACE,
    create_rows,
    delete_row,
    expire_row,
    in_an_hour,
    new_id,
    new_task,
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
            found = [
                each async for batch in exported_tasks(exporting, WORKSPACE, View(status="DONE")) for each in batch
            ]
            nothing = [
                each
                async for batch in exported_tasks(exporting, WORKSPACE, View(status="IN_PROGRESS"))
                for each in batch
            ]
    assert [each.task for each in found] == [done]
    assert nothing == []


async def test_every_combination_of_a_view(database: Database) -> None:
    """In batches of two, so that each batch continues in the order of the whole view."""
    rng = random.Random(5)
    async with database.connection() as connection:
        lists = [await insert_list(connection, WORKSPACE, new_id(), name) for name in ("A", "B")]
        list_ids = [None, *(each.id for each in lists if each is not None)]
        tasks: list[Task] = []
        for _ in range(40):
            task = new_task(
                status=rng.choice(["TODO", "IN_PROGRESS", "DONE"]),
                priority=rng.choice(["NONE", "HIGH"]),
                assignee=rng.choice([None, "ann", "bob"]),
                labels=rng.sample(["x", "y"], rng.randrange(3)),
                list_id=rng.choice(list_ids),
                created_at=datetime(2001, 1, rng.randrange(1, 5), tzinfo=UTC),
            )
            created, _ = await insert_tasks(connection, WORKSPACE, [task])
            tasks += created.values()
    tasks.sort(key=lambda task: (task.created_at, task.id))
    dimensions: dict[str, list[Any]] = {
        "list_id": list_ids, "assignee": [None, "ann"], "label": [None, "x"], "priority": [None, "HIGH"],
        "status": [None, "DONE"],
    }  # fmt: skip
    async with snapshot(database) as exporting:
        for values in product(*dimensions.values()):
            view = View(*values)
            found = [each.task async for batch in exported_tasks(exporting, WORKSPACE, view, 2) for each in batch]
            assert found == [task for task in tasks if view.holds(task)], view


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
