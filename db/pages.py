"""Pages of tasks, totals and positions out of PostgreSQL's indexes, for when Redis may not be used."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.rows import scalar_row, tuple_row

from db.pool import Connection
from db.rows import Status, Task
from db.tasks import COLUMNS, VISIBLE

# A place in the order of the tasks. Need not be that of a row.
Position = tuple[datetime, UUID]
# Beyond every row, by the constraints on `created_at`.
NEWEST: Position = (datetime(2200, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST: Position = (datetime(1969, 12, 31, tzinfo=UTC), UUID(int=0))

_ALL: LiteralString = f"workspace_id = %(workspace)s AND {VISIBLE}"
_OF_STATUS: LiteralString = f"{_ALL} AND status = %(status)s::task_status"


def _count(view: LiteralString) -> LiteralString:
    # The order is of no use but to keep PostgreSQL in the index, and in one process, whatever it knows of the table.
    return f"SELECT count(*) FROM (SELECT FROM task WHERE {view} ORDER BY created_at, id) AS seen"


@dataclass(frozen=True)
class RowPage:
    """Tasks of a view, newest first, and whether it holds more on each side; its total, if asked for."""

    tasks: list[Task]
    total: int | None
    has_before: bool
    has_after: bool


def _page(view: LiteralString, order: LiteralString) -> LiteralString:
    # `start` is the first task of the range, or a place behind them all. It is found in the index alone, however far
    # the offset goes; rows are read from there on, and so only those of the page. Whether there is more is asked with
    # ORDER BY and LIMIT: with EXISTS, PostgreSQL takes the whole table for the shorter way.
    return f"""
    WITH start AS (
        (SELECT created_at, id FROM task WHERE {view} AND (created_at, id) < (%(after_at)s, %(after_id)s)
         ORDER BY created_at DESC, id DESC OFFSET %(offset)s LIMIT 1)
        UNION ALL SELECT '-infinity', '00000000-0000-0000-0000-000000000000'
        ORDER BY created_at DESC LIMIT 1
    ), page AS (
        SELECT {COLUMNS} FROM task
        WHERE {view} AND (created_at, id) <= (TABLE start) AND (created_at, id) > (%(before_at)s, %(before_id)s)
        ORDER BY task.created_at {order}, task.id {order} LIMIT %(count)s
    ), newest AS (
        SELECT created_at, id FROM page ORDER BY created_at DESC, id DESC LIMIT 1
    ), oldest AS (
        SELECT created_at, id FROM page ORDER BY created_at, id LIMIT 1
    )
    SELECT CASE WHEN %(total)s THEN ({_count(view)}) END,
           (SELECT isfinite(created_at) FROM start),
           (SELECT true FROM task WHERE {view} AND (created_at, id) > (TABLE start)
            ORDER BY created_at, id LIMIT 1),
           (SELECT true FROM task WHERE {view} AND (created_at, id) > (TABLE newest)
            ORDER BY created_at, id LIMIT 1),
           (SELECT true FROM task WHERE {view} AND (created_at, id) < (TABLE oldest)
            ORDER BY created_at DESC, id DESC LIMIT 1),
           page.*
    FROM (VALUES (true)) AS always LEFT JOIN page ON true
    ORDER BY created_at DESC, id DESC
"""


TASK_PAGE_FIRST = _page(_ALL, "DESC")
TASK_PAGE_LAST = _page(_ALL, "ASC")
TASK_PAGE_OF_STATUS_FIRST = _page(_OF_STATUS, "DESC")
TASK_PAGE_OF_STATUS_LAST = _page(_OF_STATUS, "ASC")


async def task_page(
    connection: Connection,
    workspace: str,
    *,
    count: int,
    direction: Literal["first", "last"] = "first",
    after: Position | None = None,
    before: Position | None = None,
    offset: int = 0,
    status: Status | None = None,
    total: bool = True,
) -> RowPage:
    """Between two positions, the first or the last `count` (at least 1), `offset` passed over; in one snapshot."""
    if status is None:
        sql = TASK_PAGE_FIRST if direction == "first" else TASK_PAGE_LAST
    else:
        sql = TASK_PAGE_OF_STATUS_FIRST if direction == "first" else TASK_PAGE_OF_STATUS_LAST
    after_at, after_id = after or NEWEST
    before_at, before_id = before or OLDEST
    params = {
        "workspace": workspace,
        "status": status,
        "after_at": after_at,
        "after_id": after_id,
        "before_at": before_at,
        "before_id": before_id,
        "offset": offset,
        "count": count,
        "total": total,
    }
    rows = await connection.query(sql, params, tuple_row)
    counted, started, *more = rows[0][:5]
    newer_than_start, newer_than_page, older_than_page = map(bool, more)
    tasks = [Task(*columns) for columns in (row[5:] for row in rows) if columns[0] is not None]
    if not tasks:
        return RowPage(tasks, counted, newer_than_start, started)
    return RowPage(tasks, counted, newer_than_page, older_than_page)


TASK_COUNT: LiteralString = _count(_ALL)
TASK_COUNT_OF_STATUS: LiteralString = _count(_OF_STATUS)


async def task_count(connection: Connection, workspace: str, status: Status | None = None) -> int:
    """How many tasks of the view may be seen: what a page says with `total`, for those who share the answer."""
    sql = TASK_COUNT if status is None else TASK_COUNT_OF_STATUS
    return int((await connection.query(sql, {"workspace": workspace, "status": status}, scalar_row))[0])


_NEWER: LiteralString = "(created_at, id) > (%(created_at)s, %(id)s)"
TASK_RANK: LiteralString = _count(f"{_ALL} AND {_NEWER}")
TASK_RANK_OF_STATUS: LiteralString = _count(f"{_OF_STATUS} AND {_NEWER}")


async def task_rank(connection: Connection, workspace: str, position: Position, status: Status | None = None) -> int:
    """How many tasks of the view stand before a position: from 0, that of the task that is there."""
    created_at, id_ = position
    sql = TASK_RANK if status is None else TASK_RANK_OF_STATUS
    params = {"workspace": workspace, "status": status, "created_at": created_at, "id": id_}
    return int((await connection.query(sql, params, scalar_row))[0])
