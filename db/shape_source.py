"""Building a shape of declared views: its lock, its generation, and batches of the visible tasks."""

from collections.abc import Sequence
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import scalar_row, tuple_row

from db.connection import Connection
from db.gate import Gate, read_gate
from db.index_source import IndexPosition
from db.task import Priority, Status
from db.task_table import VISIBLE

# As for the builder of an index, the transaction has no time limit, but PostgreSQL ends the session of one that stalls.
TRY_TO_BUILD_SHAPES: LiteralString = """
    SELECT pg_try_advisory_xact_lock(8, hashtext(%(workspace)s)),
           set_config('statement_timeout', '0', true), set_config('transaction_timeout', '0', true),
           set_config('idle_in_transaction_session_timeout', '5s', true)
"""


async def try_to_build_shapes(connection: Connection, workspace: str) -> bool:
    """Take the lock of the builder of shapes until the transaction ends. Return whether the lock was free."""
    return bool((await connection.query(TRY_TO_BUILD_SHAPES, {"workspace": workspace}, scalar_row))[0])


AWAIT_ALL_WRITERS: LiteralString = "SELECT pg_advisory_xact_lock(1, hashtext(%(workspace)s))::text"
NEXT_GENERATION: LiteralString = "SELECT nextval('gate_epoch')  -- every workspace: a number for one of them"


async def block_writers(connection: Connection, workspace: str) -> Gate:
    """V1: wait until no writer is in flight, block all writers until the transaction ends, and return the gate."""
    await connection.query(AWAIT_ALL_WRITERS, {"workspace": workspace}, scalar_row)
    return await read_gate(connection, workspace)


async def next_generation(connection: Connection) -> int:
    """Return a number for the sets of a shape that no earlier ones have."""
    return int((await connection.query(NEXT_GENERATION, {}, scalar_row))[0])


class ShapeRow(NamedTuple):
    """What decides where a task belongs: id (16 bytes), both scores as text ('' without an expiry), and its values."""

    id: bytes
    created_at: str
    expires_at: str
    list_id: str | None
    assignee: str | None
    labels: list[str]
    priority: Priority
    status: Status


_COLUMNS: LiteralString = """
    uuid_send(id) AS id, ((extract(epoch FROM created_at) * 1000000)::bigint)::text AS created_at,
    coalesce(floor(extract(epoch FROM expires_at) * 1000)::bigint::text, '') AS expires_at,
    list_id::text AS list_id, assignee, labels, priority::text AS priority, status::text AS status
"""
SHAPE_BATCH: LiteralString = f"""
    SELECT {_COLUMNS} FROM task
    WHERE workspace_id = %(workspace)s AND {VISIBLE}
      AND (created_at, id) > (timestamptz 'epoch' + %(created_at)s * interval '1 microsecond', %(id)s)
    ORDER BY task.created_at, task.id LIMIT %(limit)s
"""


async def shape_batch(connection: Connection, workspace: str, after: IndexPosition, limit: int) -> list[ShapeRow]:
    """V2: return up to `limit` tasks after a position, in one snapshot. Empty at the end."""
    created_at, id_ = after
    params = {"workspace": workspace, "created_at": created_at, "id": id_, "limit": limit}
    return list(map(ShapeRow._make, await connection.query(SHAPE_BATCH, params, tuple_row)))


SHAPE_ROWS: LiteralString = f"""
    SELECT {_COLUMNS} FROM task WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
"""


async def shape_rows(connection: Connection, workspace: str, ids: Sequence[bytes]) -> dict[bytes, ShapeRow]:
    """E2: return the tasks with these ids (16 bytes each) that were not deleted, also those that have expired."""
    params = {"workspace": workspace, "ids": [UUID(bytes=id_) for id_ in ids]}
    rows = map(ShapeRow._make, await connection.query(SHAPE_ROWS, params, tuple_row))
    return {row.id: row for row in rows}
