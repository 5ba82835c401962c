"""Every task that belongs in the index, in its order, a batch at a time and in the form that Redis takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from db.pool import Connection
from db.task import Status

# A place in that order: microseconds since 1970, and an id.
IndexPosition = tuple[int, UUID]
INDEX_START: IndexPosition = (-1, UUID(int=0))


@dataclass(frozen=True)
class StatusBatch:
    """Those of a batch that have one status: ids as 16 bytes, with their scores: `created_at` in microseconds,
    `expires_at` in milliseconds. As text, for it goes on to Redis as it is; a million numbers are a second of work.
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
    """B2: up to `limit` tasks behind a place, by status; nothing if there are no more. A snapshot of its own."""
    created_at, id_ = after
    params = {"workspace": workspace, "created_at": created_at, "id": id_, "limit": limit}
    return await connection.query(INDEX_BATCH, params, class_row(StatusBatch))


def last_position(batch: Sequence[StatusBatch]) -> IndexPosition:
    """The place of the last task of a batch."""
    return max((int(members.created_at[-1]), UUID(bytes=members.ids[-1])) for members in batch)
