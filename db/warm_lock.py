"""The lock of the warm start: of all workers of all hosts, one loads tasks into Redis at a time."""

from typing import LiteralString

from psycopg.rows import scalar_row

from db.connection import Connection

# One lock for all workspaces, so that the budget holds for the whole service. The transaction has no time limit, but
# PostgreSQL ends the session of a worker that stalls.
TRY_TO_WARM: LiteralString = """
    SELECT pg_try_advisory_xact_lock(7, 0), set_config('transaction_timeout', '0', true),
           set_config('idle_in_transaction_session_timeout', '5s', true)
"""


async def try_to_warm(connection: Connection) -> bool:
    """Take the lock until the transaction ends. Return whether the lock was free.

    The lock only saves work: two concurrent warm starts are safe.
    """
    return bool((await connection.query(TRY_TO_WARM, {}, scalar_row))[0])
