"""Statements that take several locks take them in one order, so that two of them cannot deadlock."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from psycopg.rows import scalar_row

from db import gate
from db.connection import Connection
from db.pool import Database
from db.task import NewTask
from db.task_table import insert_tasks, lock_tasks
from tests.support.task_factories import WORKSPACE, new_id, new_task

# The other plans of PostgreSQL find rows in the order in which they lie in the table.
PLANS = ["enable_indexscan", "enable_indexscan, enable_bitmapscan", "enable_seqscan, enable_bitmapscan"]
LOCK_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

Step = Callable[[Connection], Awaitable[Any]]


@pytest.mark.parametrize("disabled", PLANS)
async def test_rows_are_locked_in_the_order_of_their_ids(database: Database, disabled: str) -> None:
    ids = sorted(new_id() for _ in range(3))
    async with database.connection() as connection:
        for id_ in reversed(ids):  # the table has the highest id first
            await insert_tasks(connection, WORKSPACE, [NewTask(id_, "A task")])

    async def lock_all(connection: Connection) -> None:
        for setting in disabled.split(", "):
            await connection.query("SELECT set_config(%(name)s, 'off', true)", {"name": setting}, scalar_row)
        await lock_tasks(connection, WORKSPACE, ids)

    async with database.transaction() as holder, database.transaction() as observer:
        await lock_tasks(holder, WORKSPACE, ids[1:2])
        waiting = asyncio.create_task(_in_transaction(database, lock_all))
        await _until_a_lock_is_awaited(observer)
        found = await observer.raw.execute("SELECT id FROM task ORDER BY id FOR UPDATE SKIP LOCKED")
        # The one that waits for the second task has locked the first, and not yet the third.
        assert [id_ for (id_,) in await found.fetchall()] == ids[2:]
    await waiting


async def test_rows_are_inserted_in_the_order_of_their_ids(database: Database) -> None:
    first, second = sorted((new_task(), new_task()), key=lambda task: task.id)

    async def create_both(connection: Connection) -> None:
        await insert_tasks(connection, WORKSPACE, [second, first])

    async with database.transaction() as holder:
        await insert_tasks(holder, WORKSPACE, [first])
        waiting = asyncio.create_task(_in_transaction(database, create_both))
        await _until_a_lock_is_awaited(holder)
        # The one that waits for the first task has not inserted the second, so this is no deadlock.
        created, _ = await insert_tasks(holder, WORKSPACE, [second])
        assert list(created) == [second.id]
    await waiting


async def test_locks_of_writers_are_awaited_in_one_order(database: Database) -> None:
    ids = [new_id() for _ in range(8)]
    async with database.connection() as connection:
        found = await connection.raw.execute(
            "SELECT id FROM unnest(%s::uuid[]) AS id ORDER BY hashtext(%s || id::text)", (ids, WORKSPACE)
        )
        by_key = [id_ for (id_,) in await found.fetchall()]

    async def wait_for_all(connection: Connection) -> None:
        await gate.await_writers(connection, WORKSPACE, by_key[::-1])

    async with database.transaction() as writer, database.transaction() as observer:
        await gate.enter_gate(writer, WORKSPACE, by_key[4])
        waiting = asyncio.create_task(_in_transaction(database, wait_for_all))
        await _until_a_lock_is_awaited(observer)
        found = await observer.raw.execute(
            "SELECT id FROM unnest(%s::uuid[]) AS id WHERE pg_try_advisory_xact_lock(3, hashtext(%s || id::text))",
            (by_key, WORKSPACE),
        )
        # The one that waits for the fifth task has the locks of those before it.
        assert [id_ for (id_,) in await found.fetchall()] == by_key[5:]
    await waiting


async def _in_transaction(database: Database, step: Step) -> None:
    async with database.transaction() as connection:
        await step(connection)


async def _until_a_lock_is_awaited(connection: Connection) -> None:
    for _ in range(2000):
        found = await connection.raw.execute(LOCK_WAITS)
        if await found.fetchone() == (1,):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("No session waits for a lock.")
