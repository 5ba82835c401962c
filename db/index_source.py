"""Batches of all visible tasks in index order, in the form that Redis stores them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from db.pool import Connection
from db.task import Status

# A keyset position in the index: its score (microseconds since 1970) and an id.
IndexPosition = tuple[int, UUID]
INDEX_START: IndexPosition = (-1, UUID(int=0))


@dataclass(frozen=True)
class StatusBatch:
    """The tasks of a batch that have one status: 16-byte ids, and the score of each id.

    `created_at` holds the scores of `ids` in microseconds. `expiring` holds the ids of the tasks that expire, and
    `expires_at` their scores in milliseconds. Scores are text because they are sent to Redis unchanged: converting a
    million numbers takes a second.
    """

    status: Status
    ids: list[bytes]
    created_at: list[str]
    expiring: list[bytes]
    expires_at: list[str]


INDEX_BATCH: LiteralString = """
    WITH batch AS MATERIALIZED (
        SELECT id, status, (extract(epoch FROM created_at) * 1000000)::bigint::text AS created_at,
               floor(extract(epoch FROM expires_at) * 1000)::bigint::text AS expires_at
        FROM task
        WHERE workspace_id = %(workspace)s AND deleted_at IS NULL
          AND (expires_at IS NULL OR expires_at > statement_timestamp())
          AND (task.created_at, id) > (timestamptz 'epoch' + %(created_at)s * interval '1 microsecond', %(id)s)
        ORDER BY task.created_at, id LIMIT %(limit)s
    )
    SELECT status::text, array_agg(uuid_send(id)) AS ids, array_agg(created_at) AS created_at,
           coalesce(array_agg(uuid_send(id)) FILTER (WHERE expires_at IS NOT NULL), '{}') AS expiring,
           coalesce(array_agg(expires_at) FILTER (WHERE expires_at IS NOT NULL), '{}') AS expires_at
    FROM batch GROUP BY status
"""


async def index_batch(connection: Connection, workspace: str, after: IndexPosition, limit: int) -> list[StatusBatch]:
    """B2: return up to `limit` tasks after a position, grouped by status, in one snapshot. Empty at the end."""
    created_at, id_ = after
    params = {"workspace": workspace, "created_at": created_at, "id": id_, "limit": limit}
    return await connection.query(INDEX_BATCH, params, class_row(StatusBatch))


def last_position(batch: Sequence[StatusBatch]) -> IndexPosition:
    """Return the position of the last task of a batch."""
    return max((int(part.created_at[-1]), UUID(bytes=part.ids[-1])) for part in batch)
