"""Locks a table, such as that of the tasks, so that tests can delay requests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

# A pattern of the statements that read tasks by id.
READS_BY_ID = "%AND id = ANY($%"
# Settings of a service whose statements wait for the lock as long as a test holds it, also on a busy machine.
PATIENT: dict[str, Any] = {
    "statement_timeout_ms": 60_000,
    "transaction_timeout_ms": 60_000,
    "request_timeout_ms": 60_000,
}
_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s
"""


@contextmanager
def locked_task_table(database_url: str, table: str = "task") -> Iterator[None]:
    """Make all reads and writes of tasks, or of another table, wait until the block ends."""
    with psycopg.connect(database_url) as connection:
        connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(Identifier(table)))
        yield
        connection.rollback()


async def wait_for_lock_waiters(database_url: str, count: int, statements: str = "%") -> None:
    """Wait until at least `count` statements that match a pattern wait for a lock."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(2000):
            row = connection.execute(_WAITING, [statements]).fetchone()
            if row is not None and row[0] >= count:
                return
            await asyncio.sleep(0.005)
    raise AssertionError("No statement waits for the lock.")


async def wait_until_statement_is_cancelled(database_url: str) -> None:
    """Wait until no read of tasks by id waits for a lock, although the lock is still held.

    Statements of the maintenance may wait for as long as the lock is held.
    """
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for _ in range(2000):
            found = await connection.execute(_WAITING, [READS_BY_ID])
            if await found.fetchone() == (0,):
                return
            await asyncio.sleep(0.01)
    raise AssertionError("The statement still waits for the lock.")
