"""Building a shape of declared views: its lock, its generation, and batches of the visible tasks by view."""

from collections.abc import Sequence
from functools import cache
from typing import LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import scalar_row, tuple_row

from db.connection import Connection
from db.gate import Gate, read_gate
from db.index_source import CREATED_SCORE, EXPIRY_SCORE, FOLLOWING, IndexPosition
from db.orders import SCORE_DIGITS, SCORE_SQL
from db.task import DeclaredOrder, Priority, Status
from db.views import Dimension, Orders, Shape

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


class Range(NamedTuple):
    """The tasks after one position of the index, up to and including another one, and their number."""

    after: IndexPosition
    last: IndexPosition
    size: int


RANGE_END: LiteralString = f"""
    WITH batch AS (SELECT created_at, id FROM task WHERE {FOLLOWING} ORDER BY created_at, id LIMIT %(limit)s)
    SELECT (extract(epoch FROM created_at) * 1000000)::bigint, id, (SELECT count(*) FROM batch) FROM batch
    ORDER BY created_at DESC, id DESC LIMIT 1
"""


async def next_range(connection: Connection, workspace: str, after: IndexPosition, limit: int) -> Range | None:
    """V2: return the range of up to `limit` visible tasks after a position. None at the end."""
    created_at, id_ = after
    params = {"workspace": workspace, "created_at": created_at, "id": id_, "limit": limit}
    rows = await connection.query(RANGE_END, params, tuple_row)
    return Range(after, rows[0][:2], rows[0][2]) if rows else None


# The key of a view, and its tasks, which either all expire or never do, as pairs of score and id in the form of ZADD:
# by creation in microseconds, by expiry in milliseconds ('' without one), and by each further order of the shape. All
# are in the same order.
ViewBatch = Sequence[bytes]


_VALUES: dict[Dimension, LiteralString] = {
    "list": "list_id",
    "assignee": "assignee",
    "label": "label",
    "priority": "priority",
    "status": "status",
}


_ORDER_COLUMNS: dict[DeclaredOrder, LiteralString] = {"DUE_FIRST": "due", "PRIORITY_FIRST": "ranked"}


def _pair(order: DeclaredOrder) -> LiteralString:
    score: LiteralString = f"lpad(({SCORE_SQL[order]})::text, {SCORE_DIGITS[order]}, '0')"
    return f"textsend({score} || E'\\r\\n$16\\r\\n') || uuid_send(id)"


def _joined(column: LiteralString, digits: LiteralString) -> LiteralString:
    return f"E'${digits}\\r\\n'::bytea || string_agg({column}, E'\\r\\n${digits}\\r\\n'::bytea) || E'\\r\\n'::bytea"


@cache
def view_batches_sql(shape: Shape, orders: Orders) -> LiteralString:
    """Return the statement of `view_batches`. The texts in it are prefixes in Redis's protocol, as in INDEX_BATCH."""
    columns = [_VALUES[dimension] for dimension in shape]
    key: LiteralString = " || '\\x00' || ".join(f"textsend({column}::text)" for column in columns) or "''::bytea"
    is_set: LiteralString = " AND ".join(f"{column} IS NOT NULL" for column in columns) or "true"
    labels: LiteralString = "CROSS JOIN unnest(labels) AS label" if "label" in shape else ""
    pairs, further = list[LiteralString](), list[LiteralString]()
    for order, column in _ORDER_COLUMNS.items():
        if order in orders:
            pairs.append(f"{_pair(order)} AS {column}, ")
            further.append(f", {_joined(column, SCORE_DIGITS[order])}")
    return f"""
    SELECT {key}, {_joined("created", "16")}, coalesce({_joined("expiring", "13")}, ''){"".join(further)}
    FROM (
        SELECT list_id, assignee, labels, priority, status, expires_at IS NULL AS is_kept, {"".join(pairs)}
               textsend({CREATED_SCORE} || E'\\r\\n$16\\r\\n') || uuid_send(id) AS created,
               textsend({EXPIRY_SCORE} || E'\\r\\n$16\\r\\n') || uuid_send(id) AS expiring
        FROM task
        WHERE {FOLLOWING}
          AND (created_at, id) <= (timestamptz 'epoch' + %(until)s * interval '1 microsecond', %(last_id)s)
        ORDER BY created_at, id OFFSET 0
    ) AS batch {labels}
    WHERE {is_set} GROUP BY {", ".join((*columns, "is_kept"))}
    """


async def view_batches(
    connection: Connection, workspace: str, part: Range, shape: Shape, orders: Orders = ()
) -> list[ViewBatch]:
    """V2: return the visible tasks of a range by the views of a shape, in one snapshot."""
    (created_at, id_), (until, last_id) = part.after, part.last
    params = {"workspace": workspace, "created_at": str(created_at), "id": str(id_)}
    params |= {"until": str(until), "last_id": str(last_id)}
    rows = await connection.query_in_thread(view_batches_sql(shape, orders), params)
    return list(rows)


class ShapeRow(NamedTuple):
    """What decides where a task belongs: id (16 bytes), scores as text ('' without an expiry), and its values."""

    id: bytes
    created_at: str
    expires_at: str
    list_id: str | None
    assignee: str | None
    labels: list[str]
    priority: Priority
    status: Status
    due_first: str = ""
    priority_first: str = ""

    def score(self, order: DeclaredOrder) -> float:
        """Return the score in a declared order."""
        return float(self.due_first if order == "DUE_FIRST" else self.priority_first)


_COLUMNS: LiteralString = f"""
    uuid_send(id) AS id, ((extract(epoch FROM created_at) * 1000000)::bigint)::text AS created_at,
    coalesce(floor(extract(epoch FROM expires_at) * 1000)::bigint::text, '') AS expires_at,
    list_id::text AS list_id, assignee, labels, priority::text AS priority, status::text AS status,
    ({SCORE_SQL["DUE_FIRST"]})::text AS due_first, ({SCORE_SQL["PRIORITY_FIRST"]})::text AS priority_first
"""
SHAPE_ROWS: LiteralString = f"""
    SELECT {_COLUMNS} FROM task WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s) AND deleted_at IS NULL
"""


SHAPE_ROWS_AFTER: LiteralString = f"""
    SELECT {_COLUMNS} FROM task WHERE {FOLLOWING} ORDER BY task.created_at, task.id LIMIT %(limit)s
"""


async def shape_rows_after(connection: Connection, workspace: str, after: IndexPosition, limit: int) -> list[ShapeRow]:
    """Return up to `limit` visible tasks after a position of the index, in its order."""
    created_at, id_ = after
    params = {"workspace": workspace, "created_at": created_at, "id": id_, "limit": limit}
    return list(map(ShapeRow._make, await connection.query(SHAPE_ROWS_AFTER, params, tuple_row)))


async def shape_rows(connection: Connection, workspace: str, ids: Sequence[bytes]) -> dict[bytes, ShapeRow]:
    """E2: return the tasks with these ids (16 bytes each) that were not deleted, also those that have expired."""
    params = {"workspace": workspace, "ids": [UUID(bytes=id_) for id_ in ids]}
    rows = map(ShapeRow._make, await connection.query(SHAPE_ROWS, params, tuple_row))
    return {row.id: row for row in rows}
