"""The locks of the gate: who is let in, and who waits for whom."""

import asyncio

import pytest

from db import gate
from db.gate import NEVER_BUILT, Gate
from db.pool import Connection, Database
from tests.support.db_factories import DEFAULT, new_id


async def test_a_writer_that_waited_for_a_builder_reads_the_gate_as_it_is_then(database: Database) -> None:
    async def enter() -> Gate:
        async with database.transaction() as connection:
            return await gate.enter_gate(connection, DEFAULT, new_id())

    async with database.transaction() as connection:
        epoch = await gate.begin_building(connection, DEFAULT)
        assert epoch is not None
        entering = asyncio.create_task(enter())
        await waiting(connection)
        await gate.write_building(connection, DEFAULT, epoch, "run")
    assert await entering == Gate("building", epoch, "run")


@pytest.mark.parametrize("bulk", [True, False])
async def test_a_builder_waits_for_every_writer(database: Database, bulk: bool) -> None:
    async def begin() -> int | None:
        async with database.transaction() as connection:
            return await gate.begin_building(connection, DEFAULT)

    async with database.transaction() as connection:
        assert await gate.enter_gate(connection, DEFAULT, None if bulk else new_id()) == NEVER_BUILT
        beginning = asyncio.create_task(begin())
        await waiting(connection)
        assert not beginning.done()
    assert await beginning


async def test_writers_and_those_who_close_the_gate_wait_for_nobody(database: Database) -> None:
    id_ = new_id()
    async with database.transaction() as one, database.transaction() as two, database.connection() as closer:
        for connection in (one, two):
            await gate.enter_gate(connection, DEFAULT, None)
            await gate.enter_gate(connection, DEFAULT, id_)
        await gate.close_gate(closer, DEFAULT, 0, lost=True)
        await gate.switch_off(closer, DEFAULT, 0)


async def test_a_workspace_builds_while_another_is_written(database: Database) -> None:
    async with database.transaction() as writer, database.transaction() as builder:
        await gate.enter_gate(writer, DEFAULT, new_id())
        assert await gate.begin_building(builder, "other")


@pytest.mark.parametrize("bulk", [True, False])
async def test_the_scrub_waits_for_the_writer_of_its_task(database: Database, bulk: bool) -> None:
    id_ = new_id()

    async def wait() -> None:
        async with database.connection() as connection:
            await gate.await_writers(connection, DEFAULT, [new_id(), id_])

    async with database.transaction() as connection:
        await gate.enter_gate(connection, DEFAULT, None if bulk else id_)
        scrubbing = asyncio.create_task(wait())
        await waiting(connection)
        assert not scrubbing.done()
    await scrubbing


async def test_the_scrub_waits_for_no_other_writer_and_holds_nobody_up(database: Database) -> None:
    async with database.transaction() as writer, database.connection() as connection:
        await gate.enter_gate(writer, DEFAULT, new_id())
        id_ = new_id()
        await gate.await_writers(connection, DEFAULT, [id_])
        assert await gate.enter_gate(writer, DEFAULT, id_) == NEVER_BUILT


async def test_one_builds_at_a_time(database: Database) -> None:
    async with database.transaction() as other:
        async with database.transaction() as connection:
            assert await gate.try_to_build(connection, DEFAULT)
            assert not await gate.try_to_build(other, DEFAULT)
            assert await gate.try_to_build(other, "other")
        assert await gate.try_to_build(other, DEFAULT)


async def test_a_builder_may_take_long_but_not_hang(database: Database) -> None:
    async def limits(connection: Connection) -> list[str]:
        names = ("statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout")
        found = [await connection.raw.execute("SELECT current_setting(%s)", (name,)) for name in names]
        return [row[0] for cursor in found if (row := await cursor.fetchone())]

    async with database.connection() as connection:
        before = await limits(connection)
        async with connection.raw.transaction():
            await gate.try_to_build(connection, DEFAULT)
            assert await limits(connection) == ["0", "0", "5s"]
        assert await limits(connection) == before == ["5s", "10s", "0"]


async def waiting(connection: Connection) -> None:
    """Until somebody waits for an advisory lock."""
    for _ in range(2000):
        found = await connection.raw.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        if await found.fetchone():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("Nobody waits.")
