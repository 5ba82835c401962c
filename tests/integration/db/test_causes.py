"""Tests that the errors of a real server name their cause, and that the service continues when the cause is gone."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from api.config.settings import Settings
from api.devstores import EmbeddedStores
from db.errors import (
    DatabaseBusy,
    DatabaseError,
    DatabaseTimeout,
    DatabaseUnavailable,
    StaleSession,
    UnfitDatabase,
    explain,
    translated,
)
from db.limits import DatabaseLimits
from db.pool import Database
from db.task_table import insert_tasks, tasks_by_id
from tests.support.task_factories import WORKSPACE, new_task


@pytest.fixture
def guest(admin: psycopg.Connection) -> Iterator[str]:
    """Yield the name of a user without rights."""
    name = f"guest_{admin.info.dbname}"
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'sesame'").format(sql.Identifier(name)))
    yield name
    admin.execute(sql.SQL("DROP OWNED BY {0}").format(sql.Identifier(name)))
    admin.execute(sql.SQL("DROP ROLE {0}").format(sql.Identifier(name)))


async def insert(database: Database, first: LiteralString = "SELECT") -> None:
    async with database.transaction() as connection:
        await connection.flush()
        await connection.raw.execute(first)
        await insert_tasks(connection, WORKSPACE, [new_task()])


async def test_read_only_database_is_unavailable_until_it_is_writable(
    database: Database, admin: psycopg.Connection
) -> None:
    await insert(database)
    name = sql.Identifier(admin.info.dbname)
    admin.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    async with Database(admin.info.dsn) as read_only:
        with pytest.raises(UnfitDatabase, match="read-only"):
            await insert(read_only)
        async with read_only.connection() as connection:
            assert await tasks_by_id(connection, WORKSPACE, []) == {}
    admin.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))
    async with Database(admin.info.dsn) as writable:
        await insert(writable)


async def test_lock_timeout_is_a_timeout(database: Database) -> None:
    async with database.transaction() as holder:
        await holder.flush()
        await holder.raw.execute("LOCK TABLE task")
        with pytest.raises(DatabaseTimeout):
            await insert(database, "SET LOCAL lock_timeout = '10ms'")


async def test_serialization_failure_is_a_conflict(database: Database) -> None:
    new = new_task()
    async with database.connection() as connection:
        await insert_tasks(connection, WORKSPACE, [new])
    update = "UPDATE task SET title = title || '!' WHERE id = %s"

    async def write() -> None:
        async with database.transaction() as connection:
            await connection.flush()
            await connection.raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await connection.raw.execute("SELECT count(*) FROM task")
            async with database.connection() as other:
                await other.raw.execute(update, (new.id,))
            await connection.raw.execute(update, (new.id,))

    with pytest.raises(DatabaseBusy, match="conflicted with a concurrent write"):
        await write()


async def test_limit_of_connections_is_named(admin: psycopg.Connection, guest: str) -> None:
    admin.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 1").format(sql.Identifier(guest)))
    url = admin.info.dsn.replace("user=postgres", f"user={guest}")
    async with Database(url, DatabaseLimits(pool_size=2, wait_ms=2000)) as database, database.connection():
        with pytest.raises(DatabaseBusy, match="accepts no more connections"):
            async with database.connection():
                pass
        with pytest.raises(DatabaseBusy, match="accepts no more connections") as raised:
            async with database.dedicated_connection():
                pass
    assert "too many connections for role" in explain(raised.value)


async def test_missing_right_and_missing_table_are_named(admin: psycopg.Connection, guest: str) -> None:
    url = admin.info.dsn.replace("user=postgres", f"user={guest}")
    async with Database(url) as database:
        with pytest.raises(UnfitDatabase, match="lacks a right") as raised:
            await insert(database)
        assert "permission denied for table task" in explain(raised.value)
    admin.execute("ALTER TABLE task RENAME TO other")
    async with Database(url) as database:
        with pytest.raises(UnfitDatabase, match="python -m api migrate"):
            await insert(database)


async def test_statement_prepared_before_a_migration_is_prepared_again(
    database_url: str, admin: psycopg.Connection
) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=1)) as database:

        async def read() -> None:
            async with database.connection() as connection:
                await tasks_by_id(connection, WORKSPACE, [new_task().id])

        await read()
        await read()
        admin.execute("ALTER TABLE task ALTER COLUMN version TYPE numeric")
        with pytest.raises(StaleSession) as raised:
            await read()
        assert "cached plan must not change result type" in explain(raised.value)
        await read()


async def test_lost_prepared_statement_is_prepared_again(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=1)) as database:
        async with database.connection() as connection:
            await tasks_by_id(connection, WORKSPACE, [])
            await connection.raw.execute("DEALLOCATE ALL")
        with pytest.raises(StaleSession):
            async with database.connection() as connection:
                await tasks_by_id(connection, WORKSPACE, [])
        await insert(database)


@asynccontextmanager
async def own_server(folder: Path) -> AsyncIterator[tuple[EmbeddedStores, str]]:
    settings = Settings(database_url=None, redis_url="redis://nobody", data_dir=folder)
    stores = EmbeddedStores(settings, durable=False)
    urls = stores.start()
    try:
        yield stores, urls.database_url
    finally:
        stores.stop()


def postmaster(folder: Path) -> int:
    return int((folder / "postgres" / "postmaster.pid").read_text().partition("\n")[0])


STARTED = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND query LIKE '%%pg_sleep%%'"


@pytest.mark.parametrize(
    ("mode", "established", "new"),
    [
        (signal.SIGTERM, "", "starting or stopping"),  # smart: waits until the sessions end
        (signal.SIGINT, "is stopping", "starting or stopping|cannot be reached"),  # fast
        (signal.SIGQUIT, "is stopping|has crashed|cannot be reached", "starting or stopping|cannot be reached"),
    ],
)
async def test_stopping_server_is_unavailable(tmp_path: Path, mode: signal.Signals, established: str, new: str) -> None:
    async with own_server(tmp_path) as (_, url), Database(url) as database, database.dedicated_connection() as holder:
        asking = asyncio.create_task(holder.raw.execute("SELECT pg_sleep(60)" if established else "SELECT pg_sleep(1)"))
        with psycopg.connect(url, autocommit=True) as watcher:
            while watcher.execute(STARTED, (holder.raw.info.backend_pid,)).fetchone() is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        os.kill(postmaster(tmp_path), mode)
        if established:
            with pytest.raises(psycopg.OperationalError) as ended:
                await asking
            assert re.search(established, str(translated(ended.value)))
        with pytest.raises(DatabaseUnavailable, match=new):
            await _until_it_raises(lambda: _connect(database))
        await asyncio.wait({asking})


async def _connect(database: Database) -> None:
    async with database.dedicated_connection():
        pass


async def _until_it_raises(call: Callable[[], Awaitable[None]]) -> None:
    for _ in range(1000):
        await call()
        await asyncio.sleep(0.01)


async def test_wrong_password_is_named_without_the_password(tmp_path: Path) -> None:
    async with own_server(tmp_path) as (_, url):
        with closing(psycopg.connect(url, autocommit=True)) as admin:
            admin.execute("CREATE ROLE guest LOGIN PASSWORD 'open'")
            hba = tmp_path / "postgres" / "pg_hba.conf"
            hba.write_text("local all guest scram-sha-256\n" + hba.read_text())
            admin.execute("SELECT pg_reload_conf()")
        wrong = url.replace("user=postgres", "user=guest&password=sesame")
        async with Database(wrong, DatabaseLimits(wait_ms=500)) as database:
            with pytest.raises(UnfitDatabase, match="refuses the user or the password") as raised:
                await _until_it_raises(lambda: insert(database))
    assert isinstance(raised.value, DatabaseError)
    assert "password authentication failed" in explain(raised.value)
    assert "sesame" not in explain(raised.value)
