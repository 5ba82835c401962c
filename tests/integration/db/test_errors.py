"""Tests errors of real connections: each is a `DatabaseError` that says whether the statement changed anything."""

import asyncio
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import scalar_row

from db.connection import Connection
from db.errors import CommitUnknown, DatabaseBusy, DatabaseError, DatabaseTimeout, DatabaseUnavailable, explain
from db.limits import DatabaseLimits
from db.pool import Database
from db.task_table import insert_tasks, lock_tasks, tasks_by_id
from tests.support.task_factories import WORKSPACE, new_task


async def test_slow_statement_times_out(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(statement_timeout_ms=50)) as database:
        with pytest.raises(DatabaseTimeout) as raised:
            async with database.connection() as connection:
                await connection.raw.execute("SELECT pg_sleep(60)")
        assert isinstance(raised.value.__cause__, psycopg.Error)
        async with database.connection() as connection:
            assert await tasks_by_id(connection, WORKSPACE, []) == {}


async def test_slow_transaction_times_out_and_is_rolled_back(database_url: str) -> None:
    new = new_task()
    async with Database(database_url, DatabaseLimits(transaction_timeout_ms=300)) as database:

        async def write() -> None:
            async with database.transaction() as connection:
                await insert_tasks(connection, WORKSPACE, [new])
                await connection.raw.execute("SELECT pg_sleep(60)")

        with pytest.raises(DatabaseTimeout):
            await write()
        assert await _exists(database, new.id) is False


async def test_idle_transaction_times_out_and_is_rolled_back(database_url: str) -> None:
    new = new_task()
    async with Database(database_url, DatabaseLimits(transaction_timeout_ms=100)) as database:

        async def write() -> None:
            async with database.transaction() as connection:
                await insert_tasks(connection, WORKSPACE, [new])
                await _until_session_ends(database, connection)

        with pytest.raises(DatabaseUnavailable):
            await write()
        assert await _exists(database, new.id) is False


async def test_wait_for_a_row_lock_times_out(database_url: str) -> None:
    new = new_task()
    async with Database(database_url, DatabaseLimits(statement_timeout_ms=100)) as database:
        async with database.connection() as connection:
            await insert_tasks(connection, WORKSPACE, [new])
        async with database.transaction() as holder:
            await lock_tasks(holder, WORKSPACE, [new.id])
            with pytest.raises(DatabaseTimeout):
                async with database.transaction() as connection:
                    await lock_tasks(connection, WORKSPACE, [new.id])


async def test_exhausted_pool_raises_database_busy(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=1, wait_ms=50)) as database:
        await database._pool.wait()  # a busy machine may need longer than the limit to open it
        async with database.connection():
            with pytest.raises(DatabaseBusy, match="in use"):
                async with database.connection():
                    pass
            with pytest.raises(DatabaseBusy, match="in use"):
                async with database.transaction():
                    pass


async def test_connection_that_was_not_counted_yet_is_in_use(database_url: str) -> None:
    """The pool may have given a connection to a caller that has not continued yet."""
    async with Database(database_url, DatabaseLimits(pool_size=2, wait_ms=50)) as database:
        await database._pool.wait()
        async with database.connection():
            raw = await database._pool.getconn(60)
            with pytest.raises(DatabaseBusy, match="in use"):
                async with database.connection():
                    pass
            await database._pool.putconn(raw)


async def test_cancellation_does_not_leak_a_connection(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=1, wait_ms=500)) as database:
        checkout = database.connection()
        await checkout.__aenter__()
        async with database._pool._lock:  # hold the lock like another caller that uses the pool
            returning = asyncio.create_task(checkout.__aexit__(None, None, None))
            await asyncio.sleep(0)
            returning.cancel()
            with pytest.raises(asyncio.CancelledError):
                await returning
        async with database.connection():
            pass


async def test_closed_pool_raises_database_unavailable(database_url: str) -> None:
    async with Database(database_url) as database:
        pass
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction():
            pass


async def test_deadlock_raises_database_busy_for_one_writer(database: Database) -> None:
    barrier = asyncio.Barrier(2)

    async def lock(*order: int) -> None:
        async with database.transaction() as connection:
            await connection.flush()
            await connection.raw.execute("SELECT pg_advisory_xact_lock(9, %s)", (order[0],))
            await barrier.wait()
            await connection.raw.execute("SELECT pg_advisory_xact_lock(9, %s)", (order[1],))

    outcomes = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert sorted(map(type, outcomes), key=str) == sorted([type(None), DatabaseBusy], key=str)


async def test_connection_lost_before_the_commit_changes_nothing(database: Database) -> None:
    new = new_task()

    async def write() -> None:
        async with database.transaction() as connection:
            await insert_tasks(connection, WORKSPACE, [new])
            await _terminate(database, connection)
            await connection.raw.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailable) as raised:
        await write()
    assert not isinstance(raised.value, CommitUnknown)
    assert await _exists(database, new.id) is False


async def test_connection_lost_during_the_commit_raises_commit_unknown(database: Database) -> None:
    new = new_task()

    async def write() -> None:
        async with database.transaction() as connection:
            await insert_tasks(connection, WORKSPACE, [new])
            await _terminate(database, connection)

    with pytest.raises(CommitUnknown):
        await write()
    assert await _exists(database, new.id) is False


@pytest.mark.parametrize("is_lost", [False, True], ids=["statement", "connection"])
async def test_error_names_its_server_for_the_log(database: Database, database_url: str, *, is_lost: bool) -> None:
    async def fail() -> None:
        async with database.connection() as connection:
            if is_lost:
                await _terminate(database, connection)
            await connection.query("SELECT 1 / %(zero)s::int", {"zero": 0}, scalar_row)

    with pytest.raises(DatabaseError) as raised:
        await fail()
    folder = conninfo_to_dict(database_url)["host"]
    assert f"({folder}/.s.PGSQL.5432" in explain(raised.value)
    assert str(folder) not in str(raised.value)


async def test_refused_commit_does_not_raise_commit_unknown(database: Database) -> None:

    async def write() -> None:
        async with database.transaction() as connection:
            await connection.flush()
            await connection.raw.execute("CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            await connection.raw.execute("INSERT INTO once VALUES (1), (1)")

    with pytest.raises(DatabaseError) as raised:
        await write()
    assert not isinstance(raised.value, CommitUnknown)


async def test_other_exception_rolls_back_and_is_not_translated(database: Database) -> None:
    new = new_task()

    async def write() -> None:
        async with database.transaction() as connection:
            await insert_tasks(connection, WORKSPACE, [new])
            raise KeyError

    with pytest.raises(KeyError):
        await write()
    assert await _exists(database, new.id) is False


async def _exists(database: Database, id_: UUID) -> bool:
    async with database.connection() as connection:
        return bool(await tasks_by_id(connection, WORKSPACE, [id_]))


async def _terminate(database: Database, connection: Connection) -> None:
    async with database.connection() as other:
        await other.raw.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.raw.info.backend_pid,))


async def _until_session_ends(database: Database, connection: Connection) -> None:
    pid = connection.raw.info.backend_pid
    async with database.connection() as other:
        for _ in range(2000):
            found = await other.raw.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,))
            if not await found.fetchone():
                return
            await asyncio.sleep(0.005)
    raise AssertionError("The session did not end.")
