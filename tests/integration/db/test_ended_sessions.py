"""Connections that PostgreSQL has ended, or that lead to a server that refuses writes, are not used again."""

import asyncio
from contextlib import AsyncExitStack, suppress

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import scalar_row

from db.connection import Connection
from db.errors import UnfitDatabase
from db.limits import DatabaseLimits
from db.pool import Database

END_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
PID = "SELECT pg_backend_pid()"


async def pid(connection: Connection) -> int:
    [found] = await connection.query(PID, {}, scalar_row)
    return int(found)


async def draw(database: Database) -> int:
    """Write, and return the session that has written."""
    async with database.transaction() as connection:
        await connection.query("SELECT nextval('mark_token')", {}, scalar_row)
        return await pid(connection)


async def pids(database: Database) -> set[int]:
    """Return the sessions of the connections. All are checked out at once."""
    async with AsyncExitStack() as checked_out:
        connections = [await checked_out.enter_async_context(database.connection()) for _ in range(3)]
        return set(await asyncio.gather(*map(pid, connections)))


async def test_idle_connections_that_were_ended_fail_no_request(database_url: str, admin: psycopg.Connection) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=3)) as database:
        before = await pids(database)
        admin.execute(END_OTHERS)
        assert not before & await pids(database)


async def test_connections_whose_server_became_read_only_are_replaced(
    database_url: str, admin: psycopg.Connection
) -> None:
    set_default = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}")
    name = sql.Identifier(admin.info.dbname)
    admin.execute(set_default.format(name, sql.SQL("on")))
    async with Database(database_url, DatabaseLimits(pool_size=1)) as database:
        async with database.connection() as connection:
            before = await pid(connection)
        with pytest.raises(UnfitDatabase, match="read-only"):
            await draw(database)
        admin.execute("SET default_transaction_read_only = off")
        admin.execute(set_default.format(name, sql.SQL("off")))
        with suppress(UnfitDatabase):  # the connection in its place may be from before
            await draw(database)
        assert await draw(database) != before


async def test_replicas_are_refused_unless_the_url_is_for_primaries(database_url: str) -> None:
    with pytest.raises(UnfitDatabase, match="whose old rows would be cached"):
        Database(database_url + "&target_session_attrs=any")
    Database(database_url + "&target_session_attrs=read-write&connect_timeout=3")
