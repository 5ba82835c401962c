"""Search by words or by a filter: keyset pages of the positions of matching tasks."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import tuple_row

from db.connection import Connection
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.task import Priority, Status
from db.task_table import VISIBLE

# A word search first scans this many of the newest tasks, and then uses the word index. A frequent word fills a page
# from the scan, while the word index would return too many matches to sort.
NEWEST_SCAN_ROWS = 8000


@dataclass(frozen=True)
class RowFilter:
    """Conditions that a task must meet, all of them. `_from` is inclusive and `_before` exclusive."""

    statuses: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")
    priorities: tuple[Priority, ...] = ("NONE", "LOW", "MEDIUM", "HIGH", "URGENT")
    created_from: datetime = OLDEST_POSITION[0]
    created_before: datetime = NEWEST_POSITION[0]
    expires_from: datetime | None = None
    expires_before: datetime | None = None

    @property
    def by_expiry(self) -> bool:
        """Whether the filter has a condition on the expiry. Its tasks are then sorted by expiry."""
        return self.expires_from is not None or self.expires_before is not None


def _newest_first(direction: Direction) -> tuple[LiteralString, LiteralString]:
    """Return the operator for positions beyond the start, and the sort direction, for tasks by creation."""
    return ("<", "DESC") if direction == "first" else (">", "ASC")


def newest_words_sql(direction: Direction, status: Status | None) -> LiteralString:
    """Return the statement that scans the newest tasks, or the newest ones of one status."""
    beyond, sort = _newest_first(direction)
    same_status: LiteralString = "" if status is None else "AND status = %(status)s"
    return f"""
    WITH scanned AS MATERIALIZED (
        SELECT created_at, id, words FROM task
        WHERE workspace_id = %(workspace)s {same_status} AND {VISIBLE} AND (created_at, id) {beyond} (%(at)s, %(id)s)
        ORDER BY created_at {sort}, id {sort} LIMIT %(scan_rows)s
    )
    SELECT scan_count, created_at, id FROM (SELECT count(*) AS scan_count FROM scanned) AS counted LEFT JOIN (
        SELECT created_at, id FROM scanned WHERE words @@ %(query)s::tsquery
        ORDER BY created_at {sort}, id {sort} LIMIT %(count)s
    ) AS found ON true
    ORDER BY created_at {sort}, id {sort}
"""


def all_words_sql(direction: Direction, status: Status | None) -> LiteralString:
    """Return the statement that uses the word index. It reads the same rows with a status as without."""
    beyond, sort = _newest_first(direction)
    same_status: LiteralString = "" if status is None else "AND status = %(status)s"
    return f"""
    WITH found AS MATERIALIZED (
        SELECT created_at, id, status FROM task
        WHERE words @@ %(query)s::tsquery AND deleted_at IS NULL AND workspace_id = %(workspace)s
          AND (expires_at IS NULL OR expires_at > statement_timestamp())
    )
    SELECT created_at, id FROM found WHERE (created_at, id) {beyond} (%(at)s, %(id)s) {same_status}
    ORDER BY created_at {sort}, id {sort} LIMIT %(count)s
"""


async def matching_words(
    connection: Connection,
    workspace: str,
    query: str,
    start: Position,
    count: int,
    direction: Direction,
    status: Status | None = None,
) -> list[Position]:
    """Return the positions of the next `count` tasks that match a tsquery, of one status or of any.

    With "first", these are the tasks after `start`, newest first. With "last", they are the tasks before `start`,
    starting with the nearest.
    """
    params = {
        "workspace": workspace,
        "query": query,
        "at": start[0],
        "id": start[1],
        "count": count,
        "scan_rows": NEWEST_SCAN_ROWS,
        "status": status,
    }
    scanned = await connection.query(newest_words_sql(direction, status), params, tuple_row)
    found = [(at, id_) for _, at, id_ in scanned if id_ is not None]
    scan_count = scanned[0][0]
    if len(found) == count or scan_count < NEWEST_SCAN_ROWS:
        return found
    return await connection.query(all_words_sql(direction, status), params, tuple_row)


def filter_sql(direction: Direction) -> LiteralString:
    """Return the statement for a filter without expiry: one index scan for each priority and status."""
    beyond, sort = _newest_first(direction)
    return f"""
    SELECT found.created_at, found.id
    FROM unnest(%(priorities)s::task_priority[]) AS p CROSS JOIN unnest(%(statuses)s::task_status[]) AS s
    CROSS JOIN LATERAL (
        SELECT created_at, id FROM task
        WHERE workspace_id = %(workspace)s AND priority = p AND status = s AND {VISIBLE}
          AND created_at >= %(created_from)s AND created_at < %(created_before)s
          AND (created_at, id) {beyond} (%(at)s, %(id)s)
        ORDER BY created_at {sort}, id {sort} LIMIT %(count)s
    ) AS found
    ORDER BY created_at {sort}, id {sort} LIMIT %(count)s
"""


def expiry_filter_sql(direction: Direction) -> LiteralString:
    """Return the statement for a filter by expiry, soonest first: one index scan for each status."""
    beyond, sort = (">", "ASC") if direction == "first" else ("<", "DESC")
    return f"""
    SELECT found.expires_at, found.id FROM unnest(%(statuses)s::task_status[]) AS s
    CROSS JOIN LATERAL (
        SELECT expires_at, id FROM task
        WHERE workspace_id = %(workspace)s AND status = s AND deleted_at IS NULL
          AND expires_at > statement_timestamp()
          AND expires_at >= %(expires_from)s AND expires_at < %(expires_before)s
          AND (expires_at, id) {beyond} (%(at)s, %(id)s)
        ORDER BY expires_at {sort}, id {sort} LIMIT %(count)s
    ) AS found
    ORDER BY expires_at {sort}, id {sort} LIMIT %(count)s
"""


async def matching_filter(
    connection: Connection, workspace: str, row_filter: RowFilter, start: Position, count: int, direction: Direction
) -> list[Position]:
    """Return the positions of the next `count` tasks that pass a filter, as `matching_words` does.

    A filter by expiry takes and returns positions by expiry, soonest first. Its statement has no condition on the
    priority or the creation time.
    """
    sql = expiry_filter_sql(direction) if row_filter.by_expiry else filter_sql(direction)
    params = {
        "workspace": workspace,
        "priorities": list(row_filter.priorities),
        "statuses": list(row_filter.statuses),
        "created_from": row_filter.created_from,
        "created_before": row_filter.created_before,
        "expires_from": row_filter.expires_from or OLDEST_POSITION[0],
        "expires_before": row_filter.expires_before or NEWEST_POSITION[0],
        "at": start[0],
        "id": start[1],
        "count": count,
    }
    found: list[tuple[datetime, UUID]] = await connection.query(sql, params, tuple_row)
    return found
