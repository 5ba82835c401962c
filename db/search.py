"""Search by words: keyset pages of the positions of matching tasks."""

from typing import LiteralString

from psycopg.rows import tuple_row

from db.connection import Connection
from db.pages import Direction, Position
from db.task import Status
from db.task_table import VISIBLE

# A word search first scans this many of the newest tasks, and then uses the word index. A frequent word fills a page
# from the scan, while the word index would return too many matches to sort.
NEWEST_SCAN_ROWS = 8000


def newest_first(direction: Direction) -> tuple[LiteralString, LiteralString]:
    """Return the operator for positions beyond the start, and the sort direction, for tasks by creation."""
    return ("<", "DESC") if direction == "first" else (">", "ASC")


def newest_words_sql(direction: Direction, status: Status | None) -> LiteralString:
    """Return the statement that scans the newest tasks, or the newest ones of one status."""
    beyond, sort = newest_first(direction)
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
    beyond, sort = newest_first(direction)
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
