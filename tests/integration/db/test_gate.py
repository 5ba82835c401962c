"""Tests the locks of the gate: which calls wait for which transactions."""

import asyncio

import pytest

from db import gate
from db.connection import Connection
from db.gate import NEVER_BUILT, Gate
from db.pool import Database
from tests.support.task_factories import WORKSPACE, new_id


async def test_writer_that_waited_for_a_builder_reads_the_new_gate(database: Database) -> None:
    async def enter() -> Gate:
        async with database.transaction() as connection:
            return await gate.enter_gate(connection, WORKSPACE, new_id())

    async with database.transaction() as connection:
        epoch = await gate.begin_building(connection, WORKSPACE)
        assert epoch is not None
        entering = asyncio.create_task(enter())
        await until_lock_wait(connection)
        await gate.write_building(connection, WORKSPACE, epoch, "run")
    assert await entering == Gate("building", epoch, "run")


@pytest.mark.parametrize("bulk", [True, False])
async def test_builder_waits_for_every_writer(database: Database, bulk: bool) -> None:
    async def begin() -> int | None:
        async with database.transaction() as connection:
            return await gate.begin_building(connection, WORKSPACE)

    async with database.transaction() as connection:
        assert await gate.enter_gate(connection, WORKSPACE, None if bulk else new_id()) == NEVER_BUILT
        beginning = asyncio.create_task(begin())
        await until_lock_wait(connection)
        assert not beginning.done()
    assert await beginning


async def test_writers_and_close_gate_do_not_wait(database: Database) -> None:
    id_ = new_id()
    async with database.transaction() as one, database.transaction() as two, database.connection() as closer:
        for connection in (one, two):
            await gate.enter_gate(connection, WORKSPACE, None)
            await gate.enter_gate(connection, WORKSPACE, id_)
        await gate.close_gate(closer, WORKSPACE, 0, lost=True)
        await gate.switch_off(closer, WORKSPACE, 0)


async def test_build_does_not_wait_for_writers_of_another_workspace(database: Database) -> None:
    async with database.transaction() as writer, database.transaction() as builder:
        await gate.enter_gate(writer, WORKSPACE, new_id())
        assert await gate.begin_building(builder, "other")


@pytest.mark.parametrize("bulk", [True, False])
async def test_await_writers_waits_for_the_writer_of_a_task(database: Database, bulk: bool) -> None:
    id_ = new_id()

    async def wait() -> None:
        async with database.connection() as connection:
            await gate.await_writers(connection, WORKSPACE, [new_id(), id_])

    async with database.transaction() as connection:
        await gate.enter_gate(connection, WORKSPACE, None if bulk else id_)
        scrubbing = asyncio.create_task(wait())
        await until_lock_wait(connection)
        assert not scrubbing.done()
    await scrubbing


async def test_await_writers_waits_for_no_other_writer_and_keeps_no_lock(database: Database) -> None:
    async with database.transaction() as writer, database.connection() as connection:
        await gate.enter_gate(writer, WORKSPACE, new_id())
        id_ = new_id()
        await gate.await_writers(connection, WORKSPACE, [id_])
        assert await gate.enter_gate(writer, WORKSPACE, id_) == NEVER_BUILT


async def test_only_one_builder_gets_the_lock(database: Database) -> None:
    async with database.transaction() as other:
        async with database.transaction() as connection:
            assert await gate.try_to_build(connection, WORKSPACE)
            assert not await gate.try_to_build(other, WORKSPACE)
            assert await gate.try_to_build(other, "other")
        assert await gate.try_to_build(other, WORKSPACE)


async def test_builder_has_no_time_limit_except_for_idling(database: Database) -> None:
    async def limits(connection: Connection) -> list[str]:
        names = ("statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout")
        found = [await connection.raw.execute("SELECT current_setting(%s)", (name,)) for name in names]
        return [row[0] for cursor in found if (row := await cursor.fetchone())]

    async with database.connection() as connection:
        before = await limits(connection)
        async with connection.raw.transaction():
            await gate.try_to_build(connection, WORKSPACE)
            assert await limits(connection) == ["0", "0", "5s"]
        assert await limits(connection) == before == ["5s", "10s", "0"]


async def until_lock_wait(connection: Connection) -> None:
    """Wait until a session of this database waits for an advisory lock."""
    for _ in range(2000):
        found = await connection.raw.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        if await found.fetchone():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("No session waits for an advisory lock.")
