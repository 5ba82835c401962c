"""Tests statements that are sent before their answers are read: what runs when, and what happens after an error."""

import asyncio

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.rows import scalar_row, tuple_row

from db.connection import Connection
from db.limits import DatabaseLimits
from db.pool import Database
from db.task_table import insert_tasks, taken_ids, update_tasks, words_of
from tests.support.task_factories import WORKSPACE, new_task

NUMBER = "SELECT %(number)s::int + %(other)s::int, '%%', %(number)s::int"


async def test_sent_statement_is_executed_before_its_answer_is_read(database: Database) -> None:
    lock = "SELECT pg_advisory_xact_lock(9, 8)"
    async with database.transaction() as sender:
        sender.queue(lock, {}, scalar_row)
        sent = sender.queue(NUMBER, {"number": 1, "other": 2}, tuple_row)
        sender.send()
        async with database.connection() as other, asyncio.timeout(30):
            held = False
            while not held:  # until PostgreSQL has executed the statement
                held = not (await other.query("SELECT pg_try_advisory_lock(9, 8)", {}, scalar_row))[0]
                if not held:
                    await other.query("SELECT pg_advisory_unlock(9, 8)", {}, scalar_row)
        assert await sender.query(NUMBER, {"number": 2, "other": 3}, tuple_row) == [(5, "%", 2)]
        assert sent.rows == [(3, "%", 1)]
        sender.queue("SELECT 1", {}, scalar_row)
        sender.send()
        later = sender.queue("SELECT 2", {}, scalar_row)
        sender.send()
    assert later.rows == [2]


async def test_nothing_to_send_changes_nothing(database: Database) -> None:
    async with database.connection() as connection:
        connection.send()
        await connection.rollback()
        assert await connection.query("SELECT 1", {}, scalar_row) == [1]


async def test_error_of_a_sent_statement_is_that_of_the_next_round_trip(connection: Connection) -> None:
    failing = connection.queue("SELECT 1 / %(zero)s::int", {"zero": 0}, scalar_row)
    connection.send()
    with pytest.raises(psycopg.errors.DivisionByZero):
        await connection.query("SELECT 1", {}, scalar_row)
    assert failing.error is not None
    assert await connection.query("SELECT 2", {}, scalar_row) == [2]


async def test_sent_parameters_may_be_large(database_url: str) -> None:
    """Neither the request nor the answer fits into the buffers of the sockets."""
    text = "x" * 20_000_000
    limits = DatabaseLimits(statement_timeout_ms=60_000, transaction_timeout_ms=60_000)
    async with Database(database_url, limits) as database, database.connection() as connection:
        sent = connection.queue("SELECT %(text)s::text", {"text": text}, scalar_row)
        connection.send()
        assert await connection.query("SELECT 1", {}, scalar_row) == [1]
        assert sent.rows == [text]


@pytest.mark.parametrize("error", [KeyError, asyncio.CancelledError])
@pytest.mark.parametrize("zero", [0, 1])
async def test_rollback_reads_the_answers_of_sent_statements(
    database_url: str, zero: int, error: type[BaseException]
) -> None:
    new = new_task()

    async def fail(database: Database) -> None:
        async with database.transaction() as connection:
            created, _ = await insert_tasks(connection, WORKSPACE, [new])
            update_tasks(connection, WORKSPACE, list(created.values()), await words_of(list(created.values())))
            connection.queue("SELECT 1 / %(zero)s::int", {"zero": zero}, scalar_row)
            connection.send()
            raise error

    async with Database(database_url, DatabaseLimits(pool_size=1)) as database:
        for _ in range(2):
            with pytest.raises(error):
                await fail(database)
            async with database.connection() as connection:
                assert connection.raw.info.transaction_status == TransactionStatus.IDLE
                assert await taken_ids(connection, WORKSPACE, [new.id]) == set()
