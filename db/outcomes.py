"""The outcomes of transactions, by their number."""

from collections.abc import Collection
from typing import Literal, LiteralString

from psycopg.rows import scalar_row, tuple_row

from db.connection import Connection
from db.statements import Statement

Outcome = Literal["committed", "aborted", "in progress"]

TRANSACTION: LiteralString = "SELECT pg_current_xact_id()::text"


def queue_transaction(connection: Connection) -> Statement[str]:
    """Queue the statement that returns the number of the current transaction."""
    return connection.queue(TRANSACTION, {}, scalar_row)


# A transaction whose changes no snapshot shows is in progress, also while its commit waits for a replica. A number that
# was not assigned yet counts as in progress: `pg_xact_status` would raise an error. It returns NULL for transactions so
# old that PostgreSQL has forgotten their outcome.
OUTCOMES: LiteralString = """
    SELECT xid::text, CASE WHEN xid < pg_snapshot_xmax(pg_current_snapshot()) THEN pg_xact_status(xid)
                      ELSE 'in progress' END
    FROM unnest(%(transactions)s::text[]::xid8[]) AS xid
"""


async def outcomes_of(connection: Connection, transactions: Collection[str]) -> dict[str, Outcome | None]:
    """Return the outcome of each transaction. None means that PostgreSQL has forgotten it."""
    return dict(await connection.query(OUTCOMES, {"transactions": list(transactions)}, tuple_row))
