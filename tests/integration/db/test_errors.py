"""No error of psycopg gets out, and each says whether anything was changed."""

import asyncio
import time
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolClosed

from db.errors import CommitUnknown, DatabaseBusy, DatabaseError, DatabaseTimeout, DatabaseUnavailable, translated
from db.pool import Connection, Database, DatabaseLimits
from db.task import NewTask
from db.task_table import create_tasks, lock_tasks, tasks_by_id

WORKSPACE = "default"


def new_task() -> NewTask:
    return NewTask(UUID(int=time.time_ns() // 1_000_000 << 80 | 0x7 << 76 | 0x2 << 62), "A task")


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (errors.QueryCanceled(), DatabaseTimeout),
        (errors.TransactionTimeout(), DatabaseTimeout),
        (errors.LockNotAvailable(), DatabaseTimeout),
        (errors.TooManyConnections(), DatabaseBusy),
        (errors.DeadlockDetected(), DatabaseBusy),
        (errors.SerializationFailure(), DatabaseBusy),
        (PoolClosed(), DatabaseUnavailable),
        (errors.AdminShutdown(), DatabaseUnavailable),
        (errors.CannotConnectNow(), DatabaseUnavailable),
        (psycopg.OperationalError(), DatabaseUnavailable),
        (psycopg.InterfaceError(), DatabaseUnavailable),
        (errors.CheckViolation(), DatabaseError),
    ],
)
def test_each_error_has_one_of_ours(error: psycopg.Error, ours: type[DatabaseError]) -> None:
    assert type(translated(error)) is ours


def test_an_error_says_what_its_class_says() -> None:
    assert str(DatabaseTimeout()) == DatabaseTimeout.__doc__
    assert str(DatabaseError("One thing")) == "One thing"


def test_only_the_first_line_of_an_error_is_passed_on() -> None:
    assert str(translated(errors.CheckViolation("refused\nDETAIL: the row"))) == "refused"


async def test_a_statement_that_takes_too_long_is_ended(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(statement_timeout_ms=50)) as database:
        with pytest.raises(DatabaseTimeout) as raised:
            async with database.connection() as connection:
                await connection.raw.execute("SELECT pg_sleep(60)")
        assert isinstance(raised.value.__cause__, psycopg.Error)
        async with database.connection() as connection:
            assert await tasks_by_id(connection, WORKSPACE, []) == {}


async def test_a_transaction_that_takes_too_long_is_ended_and_rolled_back(database_url: str) -> None:
    new = new_task()
    async with Database(database_url, DatabaseLimits(transaction_timeout_ms=300)) as database:

        async def write() -> None:
            async with database.transaction() as connection:
                await create_tasks(connection, WORKSPACE, [new])
                await connection.raw.execute("SELECT pg_sleep(60)")

        with pytest.raises(DatabaseTimeout):
            await write()
        assert await _read(database, new.id) is False


async def test_a_transaction_that_idles_too_long_is_ended_and_rolled_back(database_url: str) -> None:
    new = new_task()
    async with Database(database_url, DatabaseLimits(transaction_timeout_ms=100)) as database:

        async def write() -> None:
            async with database.transaction() as connection:
                await create_tasks(connection, WORKSPACE, [new])
                await _until_ended(database, connection)

        with pytest.raises(DatabaseUnavailable):
            await write()
        assert await _read(database, new.id) is False


async def test_one_who_waits_for_a_lock_is_told_in_time(database_url: str) -> None:
    new = new_task()
    async with Database(database_url, DatabaseLimits(statement_timeout_ms=100)) as database:
        async with database.connection() as connection:
            await create_tasks(connection, WORKSPACE, [new])
        async with database.transaction() as holder:
            await lock_tasks(holder, WORKSPACE, [new.id])
            with pytest.raises(DatabaseTimeout):
                async with database.transaction() as connection:
                    await lock_tasks(connection, WORKSPACE, [new.id])


async def test_when_all_connections_are_lent_the_next_is_told_so(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=1, wait_ms=50)) as database, database.connection():
        with pytest.raises(DatabaseBusy, match="in use"):
            async with database.connection():
                pass
        with pytest.raises(DatabaseBusy, match="in use"):
            async with database.transaction():
                pass


async def test_who_is_cancelled_while_giving_a_connection_back_gives_it_back(database_url: str) -> None:
    async with Database(database_url, DatabaseLimits(pool_size=1, wait_ms=500)) as database:
        lent = database.connection()
        await lent.__aenter__()
        async with database._pool._lock:  # as while another is at it
            giving = asyncio.create_task(lent.__aexit__(None, None, None))
            await asyncio.sleep(0)
            giving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await giving
        async with database.connection():
            pass


async def test_a_database_that_is_away_is_said_to_be_away() -> None:
    async with Database("postgresql://nobody@127.0.0.1:1/none", DatabaseLimits(wait_ms=200)) as database:
        with pytest.raises(DatabaseUnavailable) as raised:
            async with database.connection():
                pass
    assert type(raised.value) is DatabaseUnavailable


async def test_a_closed_pool_is_said_to_be_away(database_url: str) -> None:
    async with Database(database_url) as database:
        pass
    with pytest.raises(DatabaseUnavailable):
        async with database.transaction():
            pass


async def test_deadlocked_writers_are_told_to_try_again(database: Database) -> None:
    meet = asyncio.Barrier(2)

    async def lock(*order: int) -> None:
        async with database.transaction() as connection:
            await connection.raw.execute("SELECT pg_advisory_xact_lock(9, %s)", (order[0],))
            await meet.wait()
            await connection.raw.execute("SELECT pg_advisory_xact_lock(9, %s)", (order[1],))

    outcomes = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert sorted(map(type, outcomes), key=str) == sorted([type(None), DatabaseBusy], key=str)


async def test_a_connection_that_breaks_before_the_commit_changed_nothing(database: Database) -> None:
    new = new_task()

    async def write() -> None:
        async with database.transaction() as connection:
            await create_tasks(connection, WORKSPACE, [new])
            await _terminate(database, connection)
            await connection.raw.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailable) as raised:
        await write()
    assert not isinstance(raised.value, CommitUnknown)
    assert await _read(database, new.id) is False


async def test_a_connection_that_breaks_at_the_commit_leaves_it_unknown(database: Database) -> None:
    new = new_task()

    async def write() -> None:
        async with database.transaction() as connection:
            await create_tasks(connection, WORKSPACE, [new])
            await _terminate(database, connection)

    with pytest.raises(CommitUnknown):
        await write()
    assert await _read(database, new.id) is False


async def test_a_commit_that_is_refused_is_not_unknown(database: Database) -> None:

    async def write() -> None:
        async with database.transaction() as connection:
            await connection.raw.execute("CREATE TABLE once (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            await connection.raw.execute("INSERT INTO once VALUES (1), (1)")

    with pytest.raises(DatabaseError) as raised:
        await write()
    assert not isinstance(raised.value, CommitUnknown)


async def test_an_error_of_the_caller_rolls_back_and_stays_as_it_is(database: Database) -> None:
    new = new_task()

    async def write() -> None:
        async with database.transaction() as connection:
            await create_tasks(connection, WORKSPACE, [new])
            raise KeyError

    with pytest.raises(KeyError):
        await write()
    assert await _read(database, new.id) is False


async def _read(database: Database, id_: UUID) -> bool:
    async with database.connection() as connection:
        return bool(await tasks_by_id(connection, WORKSPACE, [id_]))


async def _terminate(database: Database, connection: Connection) -> None:
    async with database.connection() as other:
        await other.raw.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.raw.info.backend_pid,))


async def _until_ended(database: Database, connection: Connection) -> None:
    pid = connection.raw.info.backend_pid
    async with database.connection() as other:
        for _ in range(2000):
            found = await other.raw.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,))
            if not await found.fetchone():
                return
            await asyncio.sleep(0.005)
    raise AssertionError("The transaction goes on.")
