"""Tests statements that run in a thread: their values and errors, and that a cancelled one ends at once."""

import asyncio

import pytest

from db.errors import DatabaseError, DatabaseTimeout, DatabaseUnavailable
from db.limits import DatabaseLimits
from db.pool import Database

SELECT = "SELECT %(a)s::text, uuid_send(%(b)s), repeat('x', %(a)s::int), %(b)s::uuid::text"
UUID = "019ab2c4-7d1e-7c3a-9f00-3b1f0c2d4e5f"


async def test_values_are_those_that_postgresql_sends(database: Database) -> None:
    async with database.connection() as connection:
        ((number, id_, text, spelled),) = await connection.query_in_thread(SELECT, {"a": "5000000", "b": UUID})
        assert (number, id_.hex(), len(text), spelled) == (b"5000000", UUID.replace("-", ""), 5_000_000, UUID.encode())
        assert await connection.query_in_thread("SELECT 1 WHERE false", {}) == []


async def test_errors_are_translated_and_the_connection_stays_usable(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=1, statement_timeout_ms=100)) as database:
        for sql, error in (("SELECT 1 / 0", DatabaseError), ("SELECT pg_sleep(60)", DatabaseTimeout)):
            with pytest.raises(error):
                async with database.connection() as connection:
                    await connection.query_in_thread(sql, {})
        async with database.connection() as connection:
            assert await connection.query_in_thread("SELECT 'a'", {}) == [[b"a"]]


async def test_lost_connection_is_reported(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database.connection() as connection:
            await connection.query_in_thread("SELECT pg_terminate_backend(pg_backend_pid(), 5000)", {})
    async with database.connection() as connection:
        assert await connection.query_in_thread("SELECT 'a'", {}) == [[b"a"]]


async def test_cancelled_statement_ends_at_once(database: Database) -> None:
    """The thread would otherwise keep the process from ending."""

    async def sleep() -> None:
        async with database.connection() as connection:
            await connection.query_in_thread("SELECT pg_sleep(600)", {})

    sleeping = asyncio.create_task(sleep())
    await asyncio.sleep(0.1)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    async with database.connection() as connection:
        assert await connection.query_in_thread("SELECT 'a'", {}) == [[b"a"]]


async def test_cancelled_statement_keeps_the_session_and_rolls_back(database_url: str) -> None:
    """The lock of the rebuild is free as soon as a failed rebuild has ended."""
    sessions = set()

    async def sleep(database: Database) -> None:
        async with database.transaction() as connection:
            sessions.add(connection.raw.info.backend_pid)
            await connection.query_in_thread("SELECT pg_advisory_xact_lock(9, 9), pg_sleep(600)", {})

    async with Database(database_url, DatabaseLimits(pool_size=1)) as database:
        sleeping = asyncio.create_task(sleep(database))
        await asyncio.sleep(0.1)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        async with database.transaction() as connection:
            sessions.add(connection.raw.info.backend_pid)
            assert await connection.query_in_thread("SELECT pg_try_advisory_xact_lock(9, 9)::text", {}) == [[b"true"]]
    assert len(sessions) == 1
