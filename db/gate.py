"""The gate: which sorted index in Redis belongs to this database, and the locks its users hold."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import args_row, scalar_row

from db.pool import Connection
from db.rows import Status


@dataclass(frozen=True)
class Gate:
    """The index that is in use: its `epoch`, and the run of the Redis that it was built in."""

    epoch: int
    redis_run_id: str


READ_GATE: LiteralString = "SELECT epoch, redis_run_id FROM gate WHERE workspace_id = %(workspace)s"


async def read_gate(connection: Connection, workspace: str) -> Gate | None:
    """The gate as it is committed; none if no index was built yet."""
    rows = await connection.query(READ_GATE, {"workspace": workspace}, args_row(Gate))
    return rows[0] if rows else None


ENTER_GATE: LiteralString = "SELECT enter_gate(%(workspace)s, %(id)s)"


async def enter_gate(connection: Connection, workspace: str, id_: UUID | None) -> int | None:
    """A writer of one task (or, without an id, of many new ones) enters until its transaction ends.

    Returns the epoch of the index to mark in; none if no index was built yet.
    """
    params = {"workspace": workspace, "id": id_}
    epoch: int | None = (await connection.query(ENTER_GATE, params, scalar_row))[0]
    return epoch


NO_TIMEOUTS: LiteralString = """
    SELECT set_config('statement_timeout', '0', true), set_config('transaction_timeout', '0', true)
"""
CLOSE_GATE: LiteralString = "SELECT close_gate(%(workspace)s)"


async def close_gate(connection: Connection, workspace: str) -> None:
    """Keeps all writers out until this transaction ends, which from here on may take its time."""
    await connection.query(NO_TIMEOUTS, {}, scalar_row)
    await connection.query(CLOSE_GATE, {"workspace": workspace}, scalar_row)


# Random in its low bits, so that two databases that share a Redis do not meet there.
NEW_EPOCH: LiteralString = "SELECT nextval('gate_epoch') << 20 | floor(random() * 1048576)::bigint"


async def new_epoch(connection: Connection) -> int:
    """A number that no index had before."""
    return int((await connection.query(NEW_EPOCH, {}, scalar_row))[0])


WRITE_GATE: LiteralString = """
    INSERT INTO gate (workspace_id, epoch, redis_run_id)
    VALUES (%(workspace)s, %(epoch)s, %(redis_run_id)s)
    ON CONFLICT (workspace_id) DO UPDATE SET epoch = excluded.epoch,
        redis_run_id = excluded.redis_run_id
    RETURNING epoch
"""


async def write_gate(connection: Connection, workspace: str, gate: Gate) -> None:
    """Makes another index the one in use, once the transaction is committed."""
    params = {"workspace": workspace, "epoch": gate.epoch, "redis_run_id": gate.redis_run_id}
    await connection.query(WRITE_GATE, params, scalar_row)


NEW_TOKEN: LiteralString = "SELECT nextval('mark_token')"  # noqa: S105


async def new_token(connection: Connection) -> int:
    """The token of a mark, taken while the row is locked: later writers of a row have higher ones."""
    return int((await connection.query(NEW_TOKEN, {}, scalar_row))[0])


AWAIT_WRITERS: LiteralString = "SELECT await_writers(%(workspace)s, %(ids)s)"


async def await_writers(connection: Connection, workspace: str, ids: Sequence[UUID]) -> None:
    """Waits until all who may have been writing these tasks have ended, and holds nobody up after."""
    await connection.query(AWAIT_WRITERS, {"workspace": workspace, "ids": list(ids)}, scalar_row)


# An id as Redis holds it, with its scores: created_at in microseconds, expires_at in milliseconds.
IndexRow = tuple[bytes, int, Status, int | None]

INDEX_ROWS: LiteralString = """
    SELECT uuid_send(id), (extract(epoch FROM created_at) * 1000000)::bigint, status::text,
           floor(extract(epoch FROM expires_at) * 1000)::bigint
    FROM task
    WHERE workspace_id = %(workspace)s AND deleted_at IS NULL
      AND (expires_at IS NULL OR expires_at > statement_timestamp())
    ORDER BY created_at, id
"""


async def index_rows(connection: Connection, workspace: str, batch: int = 10_000) -> AsyncIterator[list[IndexRow]]:
    """Every id that belongs in the index, in its order, in batches; one snapshot, constant memory.

    Call it within a transaction.
    """
    cursor: Any = connection.raw.cursor(name="index_rows", binary=True)
    async with cursor:
        await cursor.execute(INDEX_ROWS, {"workspace": workspace})
        while rows := await cursor.fetchmany(batch):
            yield rows
