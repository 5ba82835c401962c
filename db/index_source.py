"""Batches of all visible tasks in index order, in the form that Redis stores them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString, cast
from uuid import UUID

from psycopg.rows import scalar_row

from db.connection import Connection
from db.task import Status
from db.task_table import VISIBLE

# A keyset position in the index: its score (microseconds since 1970) and an id.
IndexPosition = tuple[int, UUID]
INDEX_START: IndexPosition = (-1, UUID(int=0))


# Each score has a fixed number of digits, so that all pairs of a batch have the same length.
CREATED_DIGITS, EXPIRY_DIGITS = 16, 13


@dataclass(frozen=True)
class StatusBatch:
    """The tasks of a batch that have one status, as pairs of score and id in the form in which Redis's ZADD takes them.

    `created` holds all tasks, scored by creation in microseconds. `expiring` holds those that expire, scored by expiry
    in milliseconds. Both are sorted, because Redis adds sorted pairs up to three times as fast. PostgreSQL builds the
    pairs: Python would need a second for a million of them, and the event loop would stand still.
    """

    status: Status
    created: bytes
    expiring: bytes

    def __len__(self) -> int:
        return len(self.created) // pair_length(CREATED_DIGITS)

    @property
    def created_at(self) -> dict[bytes, int]:
        """The score of each task by creation, by its 16-byte id."""
        return _scores(self.created, CREATED_DIGITS)

    @property
    def expires_at(self) -> dict[bytes, int]:
        """The score of each task that expires, by its 16-byte id."""
        return _scores(self.expiring, EXPIRY_DIGITS)


def pair_length(digits: int) -> int:
    """Return the length of a pair: the score and the id, each with a prefix for its length and an end of line."""
    return len(b"$16\r\n") + digits + len(b"\r\n$16\r\n") + 16 + len(b"\r\n")


def _scores(pairs: bytes, digits: int) -> dict[bytes, int]:
    length = pair_length(digits)
    ends = range(length, len(pairs) + 1, length)
    return {pairs[end - 18 : end - 2]: int(pairs[end - 25 - digits : end - 25]) for end in ends}


def _usual(column: LiteralString) -> LiteralString:
    # From 2001-09-09, microseconds since 1970 have 16 digits. Until 2106, a float of seconds identifies each of them.
    return f"{column} >= timestamptz '2001-09-09 01:46:40Z' AND {column} < timestamptz '2106-02-07Z'"


def _microseconds(column: LiteralString) -> LiteralString:
    return f"(date_part('epoch', {column}) * 1e6)::bigint"


# The score of a task by creation and by expiry, as text. An expiry is rounded down, because the column may hold times
# that were written before it was cut to milliseconds. For unusual times, PostgreSQL calculates in numeric and pads,
# which takes three times as long.
CREATED_SCORE: LiteralString = f"""CASE WHEN {_usual("created_at")} THEN {_microseconds("created_at")}::text
    ELSE lpad((extract(epoch FROM created_at) * 1000000)::bigint::text, 16, '0') END"""
EXPIRY_SCORE: LiteralString = f"""CASE WHEN {_usual("expires_at")} THEN ({_microseconds("expires_at")} / 1000)::text
    ELSE lpad(floor(extract(epoch FROM expires_at) * 1000)::bigint::text, 13, '0') END"""
FOLLOWING: LiteralString = f"""workspace_id = %(workspace)s AND {VISIBLE}
    AND (created_at, id) > (timestamptz 'epoch' + %(created_at)s * interval '1 microsecond', %(id)s)"""
# `batch_end` is the position of the last task of the batch, or a position after every row. PostgreSQL finds it in one
# index and reads the tasks of each status from another, both in their order: it reads no table rows that all
# transactions see, and sorts only the expiries. The texts between scores and ids are the prefixes of a score and of an
# id in Redis's protocol.
INDEX_BATCH: LiteralString = f"""
    WITH batch_end AS MATERIALIZED (
        (SELECT created_at, id FROM task WHERE {FOLLOWING} ORDER BY created_at, id OFFSET %(limit)s - 1 LIMIT 1)
        UNION ALL SELECT timestamptz 'infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
        ORDER BY created_at LIMIT 1
    )
    SELECT status::text, E'$16\\r\\n'::bytea || created || E'\\r\\n'::bytea AS created,
           coalesce(E'$13\\r\\n'::bytea || expiring || E'\\r\\n'::bytea, '') AS expiring
    FROM unnest(enum_range(NULL::task_status)) AS status, LATERAL (
        SELECT string_agg(
                   textsend({CREATED_SCORE} || E'\\r\\n$16\\r\\n') || uuid_send(id),
                   E'\\r\\n$16\\r\\n'::bytea ORDER BY created_at, id
               ) AS created,
               string_agg(
                   textsend({EXPIRY_SCORE} || E'\\r\\n$16\\r\\n') || uuid_send(id),
                   E'\\r\\n$13\\r\\n'::bytea ORDER BY expires_at, id
               ) FILTER (WHERE expires_at IS NOT NULL) AS expiring
        FROM (
            SELECT created_at, id, expires_at FROM task
            WHERE {FOLLOWING} AND (created_at, id) <= (TABLE batch_end) AND task.status = status.status
            ORDER BY created_at, id LIMIT %(limit)s
        ) AS batch
    ) AS by_status
    WHERE created IS NOT NULL
"""


async def index_batch(connection: Connection, workspace: str, after: IndexPosition, limit: int) -> list[StatusBatch]:
    """B2: return up to `limit` tasks after a position, grouped by status, in one snapshot. Empty at the end."""
    created_at, id_ = after
    params = {"workspace": workspace, "created_at": str(created_at), "id": str(id_), "limit": str(limit)}
    rows = await connection.query_in_thread(INDEX_BATCH, params)
    return [StatusBatch(cast(Status, status.decode()), created, expiring) for status, created, expiring in rows]


def last_position(batch: Sequence[StatusBatch]) -> IndexPosition:
    """Return the position of the last task of a batch."""
    ends = (part.created[-pair_length(CREATED_DIGITS) :] for part in batch)
    return max((score, UUID(bytes=id_)) for end in ends for id_, score in _scores(end, CREATED_DIGITS).items())


HAS_MORE_TASKS: LiteralString = f"""
    SELECT EXISTS (
        SELECT FROM task WHERE workspace_id = %(workspace)s AND {VISIBLE} ORDER BY created_at OFFSET %(number)s
    )
"""


async def has_more_tasks(connection: Connection, workspace: str, number: int) -> bool:
    """Return whether a workspace has more than `number` tasks. Reads no more than that from an index."""
    return bool((await connection.query(HAS_MORE_TASKS, {"workspace": workspace, "number": number}, scalar_row))[0])
