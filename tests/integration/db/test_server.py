"""Tests that the connections of a process lead to one server, and wait while it changes over to another one."""

import asyncio

import pytest

from db.errors import DatabaseUnavailable
from db.history import server_start_of
from db.limits import DatabaseLimits
from db.pool import Database
from tests.integration.db.test_gate_states import build_gate
from tests.support.task_factories import WORKSPACE

QUERY = "SELECT history FROM gate"


async def start_of(database: Database) -> str | None:
    async with database.connection() as connection:
        return connection.raw.server_start


async def test_any_server_will_do_without_a_watcher(database: Database) -> None:
    assert database.server.start is None
    assert await start_of(database) is not None


async def test_history_names_the_start_of_the_server(database: Database) -> None:
    async with database.connection() as connection:
        await build_gate(connection)
        (row,) = await (await connection.raw.execute(QUERY)).fetchall()
    assert server_start_of(row[0]) == await start_of(database)


async def test_connection_to_another_server_wakes_the_watcher_and_waits(database: Database) -> None:
    woken = asyncio.Event()
    database.bound_to(WORKSPACE).server.watch(woken.set)
    database.server.adopt("another server")
    start = asyncio.create_task(start_of(database))
    await woken.wait()
    assert database.server.contested
    assert not start.done()
    database.server.adopt(None)
    assert await start is not None


async def test_wait_for_another_server_ends(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(wait_ms=200)) as database:
        database.server.adopt("another server")
        with pytest.raises(DatabaseUnavailable):
            await start_of(database)


async def test_no_connection_is_used_during_the_change(database: Database) -> None:
    start = await start_of(database)
    database.server.adopt(start)
    database.server.leave()
    using = asyncio.create_task(start_of(database))
    await asyncio.sleep(0.05)
    assert not using.done()
    database.server.adopt(start)
    assert await using == start
