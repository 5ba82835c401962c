"""Tests queued statements: one round trip, in order, each in a snapshot of its own, and what happens after an error."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import LiteralString

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.rows import scalar_row, tuple_row

from db import statements
from db.connection import Connection
from db.errors import CommitUnknown, DatabaseError, DatabaseTimeout, DatabaseUnavailable
from db.limits import DatabaseLimits
from db.pool import Database
from db.task_table import insert_tasks, taken_ids, tasks_by_id, update_tasks, words_of
from tests.support.task_factories import WORKSPACE, create_rows, new_task

NUMBER = "SELECT %(number)s::int + %(other)s::int, '%%', %(number)s::int"
PREPARED = "SELECT count(*)::int FROM pg_prepared_statements"


async def test_queued_statements_are_sent_with_the_next_one(connection: Connection) -> None:
    first = connection.queue(NUMBER, {"number": 1, "other": 2}, tuple_row)
    second = connection.queue("SELECT NULL::uuid", {}, scalar_row)
    assert await connection.query(NUMBER, {"other": 3, "number": 2}, tuple_row) == [(5, "%", 2)]
    assert first.rows == [(3, "%", 1)]
    assert second.rows == [None]
    await connection.flush()
    assert connection.queue("SELECT 1", {}, scalar_row)
    await connection.flush()


async def test_each_statement_has_a_snapshot_of_its_own(database: Database) -> None:
    """A writer that waits for the lock of the gate must see the gate as of the end of its wait."""
    async with database.connection() as connection:
        (task,) = await create_rows(connection)
    async with database.transaction() as waiting:
        async with database.transaction() as holder:
            await holder.query("SELECT pg_advisory_xact_lock(9, 9)", {}, scalar_row)
            waiting.queue("SELECT pg_advisory_xact_lock(9, 9)", {}, scalar_row)
            reading = asyncio.create_task(tasks_by_id(waiting, WORKSPACE, [task.id]))
            await asyncio.sleep(0.05)
            update_tasks(holder, WORKSPACE, [task], await words_of([task]))
        assert (await reading)[task.id].version == 2


async def test_statement_is_prepared_once_for_each_connection_and_type(connection: Connection) -> None:
    before = (await connection.query(PREPARED, {}, scalar_row))[0]
    for _ in range(3):
        for number in (1, 2):
            connection.queue(NUMBER, {"number": number, "other": 1}, tuple_row)
        await connection.query(NUMBER, {"number": 70_000, "other": 1}, tuple_row)
        assert await connection.query("SELECT 1", {}, scalar_row) == [1]
    assert (await connection.query(PREPARED, {}, scalar_row))[0] == before + 3


async def test_number_of_prepared_statements_is_bounded(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "MAX_PREPARED", 2)
    for _ in range(2):
        for number in range(4):
            assert await connection.query(f"SELECT {number}", {}, scalar_row) == [number]
    assert await connection.query(PREPARED, {}, scalar_row) == [2]


async def test_error_skips_the_statements_behind_it(database: Database) -> None:
    new = new_task()
    async with database.connection() as connection:
        first = connection.queue("SELECT 1", {}, scalar_row)
        failing = connection.queue("SELECT 1 / %(zero)s::int", {"zero": 0}, scalar_row)
        with pytest.raises(psycopg.errors.DivisionByZero):
            await insert_tasks(connection, WORKSPACE, [new])
        assert first.rows == [1]
        assert failing.error is not None
        assert await taken_ids(connection, WORKSPACE, [new.id]) == set()
        # The statement behind the error was not prepared, and is not taken for prepared.
        assert list((await insert_tasks(connection, WORKSPACE, [new]))[0]) == [new.id]
        for zero in (0, 1):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await connection.query("SELECT 1 / (%(zero)s::int * 0)", {"zero": zero}, scalar_row)
        assert await connection.query("SELECT 2", {}, scalar_row) == [2]


async def test_rollback_keeps_prepared_statements(database_url: str) -> None:
    async def fail(database: Database) -> None:
        async with database.transaction() as connection:
            assert await connection.query("SELECT 1", {}, scalar_row) == [1]
            raise KeyError

    async with Database(database_url, DatabaseLimits(pool_size=1)) as database:
        for _ in range(2):
            with pytest.raises(KeyError):
                await fail(database)


async def test_invalid_parameter_sends_nothing(connection: Connection) -> None:
    connection.queue("SELECT pg_sleep(600)", {}, scalar_row)
    with pytest.raises(psycopg.ProgrammingError):
        await connection.query("SELECT %(a)s", {"a": object()}, scalar_row)
    assert await connection.query("SELECT 2", {}, scalar_row) == [2]


async def test_cancelled_statements_end_and_leave_the_connection_usable(connection: Connection) -> None:
    connection.queue("SELECT 1", {}, scalar_row)
    connection.queue("SELECT pg_sleep(600)", {}, scalar_row)
    sleeping = asyncio.create_task(connection.query("SELECT 2", {}, scalar_row))
    await asyncio.sleep(0.05)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert await connection.query("SELECT 3", {}, scalar_row) == [3]


async def test_transaction_begins_and_ends_with_its_statements(database: Database) -> None:
    task = new_task()
    async with database.transaction() as connection:
        statuses = [connection.raw.info.transaction_status]
        created, _ = await insert_tasks(connection, WORKSPACE, [task])
        statuses += [connection.raw.info.transaction_status]
        assert statuses == [TransactionStatus.IDLE, TransactionStatus.INTRANS]
        update_tasks(connection, WORKSPACE, list(created.values()), await words_of(list(created.values())))
    async with database.connection() as connection:
        assert (await tasks_by_id(connection, WORKSPACE, [task.id]))[task.id].version == 2
    async with database.transaction():
        pass  # without a statement


REFUSALS: dict[str, tuple[LiteralString, type[DatabaseError]]] = {
    "error": ("SELECT 1 / 0", DatabaseError),
    "timeout": ("SELECT pg_sleep(600)", DatabaseTimeout),
    "end of the session": ("SELECT pg_terminate_backend(pg_backend_pid(), 5000)", DatabaseUnavailable),
}


@pytest.mark.parametrize("sent", [False, True])
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_commit_behind_a_refused_statement_is_known_to_have_failed(
    database_url: str, refusal: str, sent: bool
) -> None:
    statement, error = REFUSALS[refusal]
    new = new_task()

    async def write() -> None:
        async with database.transaction() as connection:
            await insert_tasks(connection, WORKSPACE, [new])
            connection.queue(statement, {}, scalar_row)
            if sent:
                connection.send()

    async with Database(database_url, DatabaseLimits(pool_size=1, transaction_timeout_ms=300)) as database:
        with pytest.raises(error) as raised:
            await write()
        assert not isinstance(raised.value, CommitUnknown)
        async with database.connection() as connection:
            assert await taken_ids(connection, WORKSPACE, [new.id]) == set()


async def test_commit_whose_reply_is_lost_has_an_unknown_outcome(database: Database) -> None:
    """The socket is closed after the commit was sent, so the server may or may not have seen it."""

    async def write(lose: Callable[[Connection], None]) -> None:
        async with database.transaction() as connection:
            await connection.query("SELECT 1", {}, scalar_row)
            connection.queue("SELECT pg_sleep(0.2)", {}, scalar_row)
            asyncio.get_running_loop().call_later(0.1, lose, connection)

    def shut_down(connection: Connection) -> None:
        with socket.socket(fileno=os.dup(connection.raw.pgconn.socket)) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)

    with pytest.raises(CommitUnknown):
        await write(shut_down)


async def test_rows_can_be_read_after_the_connection_was_closed(database: Database) -> None:
    """The pool closes an old connection when it is returned, before the writer looks at the rows of its commit."""
    async with database.dedicated_connection() as connection:
        (task,) = await create_rows(connection)
        queued = connection.queue(NUMBER, {"number": 1, "other": 2}, tuple_row)
        updated = update_tasks(connection, WORKSPACE, [task], await words_of([task]))
        await connection.flush()
    assert connection.raw.closed
    assert queued.rows == [(3, "%", 1)]
    assert [row.version for row in updated.rows] == [2]


@pytest.mark.parametrize("checkout", [Database.connection, Database.dedicated_connection])
async def test_statements_of_psycopg_do_not_drop_prepared_statements(
    database: Database, checkout: Callable[[Database], AbstractAsyncContextManager[Connection]]
) -> None:
    """After a command such as DROP, psycopg drops all prepared statements if one is its own."""
    async with checkout(database) as connection:
        for number in range(10):
            assert await connection.query("SELECT 1", {}, scalar_row) == [1]
            await connection.raw.execute("SELECT 2")
            await connection.raw.execute(f"CREATE TEMPORARY TABLE number_{number} ()")
            await connection.raw.execute(f"DROP TABLE number_{number}")
