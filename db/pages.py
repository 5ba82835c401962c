"""Pages of tasks, totals and positions out of PostgreSQL's indexes, for when Redis may not be used."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.rows import scalar_row, tuple_row

from db.pool import Connection
from db.task import Order, Status, Task
from db.task_table import COLUMNS, VISIBLE

Direction = Literal["first", "last"]
# A place in an order: when a task was created (in EXPIRING_SOON: when it expires) and an id. Need not be that of a row.
Position = tuple[datetime, UUID]
# Beyond every row, by the constraints on `created_at` and `expires_at`.
NEWEST_POSITION: Position = (datetime(2200, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST_POSITION: Position = (datetime(1969, 12, 31, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True)
class _Sorting:
    """An order in SQL: the tasks that it holds, by what they are sorted and which way, how a later one compares, and
    a place behind them all."""

    tasks: LiteralString
    key: LiteralString
    way: LiteralString
    back: LiteralString
    later: LiteralString
    earlier: LiteralString
    end: LiteralString


_CREATED: LiteralString = f"workspace_id = %(workspace)s AND {VISIBLE}"
# Not VISIBLE: that would read all the tasks that have expired before the first that has not.
_EXPIRES: LiteralString = "workspace_id = %(workspace)s AND deleted_at IS NULL AND expires_at > statement_timestamp()"
_FIRST: LiteralString = "'-infinity'::timestamptz, '00000000-0000-0000-0000-000000000000'::uuid"
_LAST: LiteralString = "'infinity'::timestamptz, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
_SORTINGS: dict[Order, _Sorting] = {
    "NEWEST": _Sorting(_CREATED, "created_at", "DESC", "ASC", "<", ">", _FIRST),
    "OLDEST": _Sorting(_CREATED, "created_at", "ASC", "DESC", ">", "<", _LAST),
    "EXPIRING_SOON": _Sorting(_EXPIRES, "expires_at", "ASC", "DESC", ">", "<", _LAST),
}
# The places that stand before and behind everything.
_BOUNDS: dict[Order, tuple[Position, Position]] = {
    "NEWEST": (NEWEST_POSITION, OLDEST_POSITION),
    "OLDEST": (OLDEST_POSITION, NEWEST_POSITION),
    "EXPIRING_SOON": (OLDEST_POSITION, NEWEST_POSITION),
}
_STATUSES: tuple[Status | None, ...] = (None, "TODO", "IN_PROGRESS", "DONE")


def _view(tasks: LiteralString, status: Status | None) -> LiteralString:
    return tasks if status is None else f"{tasks} AND status = %(status)s::task_status"


def _count(view: LiteralString, key: LiteralString = "created_at") -> LiteralString:
    # The order is of no use but to keep PostgreSQL in the index, and in one process, whatever it knows of the table.
    return f"SELECT count(*) FROM (SELECT FROM task WHERE {view} ORDER BY {key}, id) AS seen"


@dataclass(frozen=True)
class RowPage:
    """Tasks of a view, in its order, and whether it holds more on each side; its total, if asked for."""

    tasks: list[Task]
    total: int | None
    has_before: bool
    has_after: bool


def task_page_sql(order: Order, direction: Direction, status: Status | None) -> LiteralString:
    """The statement of `task_page`."""
    # `start` is the first task of the range, or a place behind them all. It is found in the index alone, however far
    # the offset goes; rows are read from there on, and so only those of the page. Whether there is more is asked with
    # ORDER BY and LIMIT: with EXISTS, PostgreSQL takes the whole table for the shorter way.
    by = _SORTINGS[order]
    view, place = _view(by.tasks, status), f"({by.key}, id)"
    forth: LiteralString = f"ORDER BY {by.key} {by.way}, id {by.way}"
    back: LiteralString = f"ORDER BY {by.key} {by.back}, id {by.back}"
    return f"""
    WITH start AS (
        (SELECT {by.key}, id FROM task WHERE {view} AND {place} {by.later} (%(after_at)s, %(after_id)s)
         {forth} OFFSET %(offset)s LIMIT 1)
        UNION ALL SELECT {by.end}
        ORDER BY {by.key} {by.way} LIMIT 1
    ), page AS (
        SELECT {COLUMNS} FROM task
        WHERE {view} AND {place} {by.later}= (TABLE start) AND {place} {by.earlier} (%(before_at)s, %(before_id)s)
        ORDER BY task.{by.key} {by.way if direction == "first" else by.back},
                 task.id {by.way if direction == "first" else by.back}
        LIMIT %(count)s
    ), head AS (
        SELECT {by.key}, id FROM page {forth} LIMIT 1
    ), tail AS (
        SELECT {by.key}, id FROM page {back} LIMIT 1
    )
    SELECT CASE WHEN %(total)s THEN ({_count(view, by.key)}) END,
           (SELECT isfinite({by.key}) FROM start),
           (SELECT true FROM task WHERE {view} AND {place} {by.earlier} (TABLE start) {back} LIMIT 1),
           (SELECT true FROM task WHERE {view} AND {place} {by.earlier} (TABLE head) {back} LIMIT 1),
           (SELECT true FROM task WHERE {view} AND {place} {by.later} (TABLE tail) {forth} LIMIT 1),
           page.*
    FROM (VALUES (true)) AS always LEFT JOIN page ON true
    {forth}
"""


_PAGES = {
    (order, direction, status): task_page_sql(order, direction, status)
    for order in _SORTINGS
    for direction in ("first", "last")
    for status in _STATUSES
}


async def task_page(
    connection: Connection,
    workspace: str,
    *,
    count: int,
    direction: Direction = "first",
    after: Position | None = None,
    before: Position | None = None,
    offset: int = 0,
    status: Status | None = None,
    order: Order = "NEWEST",
    total: bool = True,
) -> RowPage:
    """Between two positions, the first or the last `count` (at least 1), `offset` passed over; in one snapshot."""
    front, end = _BOUNDS[order]
    after_at, after_id = after or front
    before_at, before_id = before or end
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
    rows = await connection.query(_PAGES[order, direction, status], params, tuple_row)
    counted, started, *more = rows[0][:5]
    before_start, before_page, behind_page = map(bool, more)
    tasks = [Task(*columns) for columns in (row[5:] for row in rows) if columns[0] is not None]
    if not tasks:
        return RowPage(tasks, counted, before_start, started)
    return RowPage(tasks, counted, before_page, behind_page)


def task_count_sql(order: Order, status: Status | None) -> LiteralString:
    """The statement of `task_count`."""
    by = _SORTINGS[order]
    return _count(_view(by.tasks, status), by.key)


async def task_count(
    connection: Connection, workspace: str, status: Status | None = None, order: Order = "NEWEST"
) -> int:
    """How many tasks of the order may be seen: what a page says with `total`, for those who share the answer."""
    params = {"workspace": workspace, "status": status}
    return int((await connection.query(task_count_sql(order, status), params, scalar_row))[0])


TASK_COUNTS: LiteralString = "SELECT " + ", ".join(
    "(" + _count(f"{_CREATED} AND status = '{status}'") + ")" for status in _STATUSES[1:]
)


async def task_counts(connection: Connection, workspace: str) -> list[int]:
    """How many tasks may be seen: all, and those of each status; in one snapshot."""
    counts = (await connection.query(TASK_COUNTS, {"workspace": workspace}, tuple_row))[0]
    return [sum(counts), *counts]


def task_rank_sql(order: Order, status: Status | None) -> LiteralString:
    """The statement of `task_rank`."""
    by = _SORTINGS[order]
    return _count(f"{_view(by.tasks, status)} AND ({by.key}, id) {by.earlier} (%(at)s, %(id)s)", by.key)


async def task_rank(
    connection: Connection, workspace: str, position: Position, status: Status | None = None, order: Order = "NEWEST"
) -> int:
    """How many tasks of the order stand before a position: from 0, that of the task that is there."""
    at, id_ = position
    params = {"workspace": workspace, "status": status, "at": at, "id": id_}
    return int((await connection.query(task_rank_sql(order, status), params, scalar_row))[0])
