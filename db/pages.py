"""Pages, counts and ranks of tasks from PostgreSQL's indexes, for when the Redis index cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.rows import RowMaker, TupleRow, scalar_row, tuple_row

from db.connection import Connection
from db.row_factories import result_columns, task_builder
from db.task import Order, Status, Task
from db.task_table import COLUMNS, VISIBLE

Direction = Literal["first", "last"]
# A keyset position: the time that the order sorts by (creation, or expiry for EXPIRING_SOON) and an id. There may be no
# row at a position.
Position = tuple[datetime, UUID]
# Positions after and before every row. The table's constraints on `created_at` and `expires_at` guarantee that.
NEWEST_POSITION: Position = (datetime(2200, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST_POSITION: Position = (datetime(1969, 12, 31, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True)
class _OrderSql:
    """The parts of a statement that depend on the order: the condition for its tasks, the column that it sorts by, the
    sort directions, the operators that compare with a position, and a position after every row."""

    condition: LiteralString
    key: LiteralString
    direction: LiteralString
    opposite: LiteralString
    after: LiteralString
    before: LiteralString
    end: LiteralString


_CREATED: LiteralString = f"workspace_id = %(workspace)s AND {VISIBLE}"
# Not VISIBLE: an index scan would then read every expired task before the first one that has not expired.
_EXPIRES: LiteralString = "workspace_id = %(workspace)s AND deleted_at IS NULL AND expires_at > statement_timestamp()"
_MIN: LiteralString = "'-infinity'::timestamptz, '00000000-0000-0000-0000-000000000000'::uuid"
_MAX: LiteralString = "'infinity'::timestamptz, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
_ORDERS: dict[Order, _OrderSql] = {
    "NEWEST": _OrderSql(_CREATED, "created_at", "DESC", "ASC", "<", ">", _MIN),
    "OLDEST": _OrderSql(_CREATED, "created_at", "ASC", "DESC", ">", "<", _MAX),
    "EXPIRING_SOON": _OrderSql(_EXPIRES, "expires_at", "ASC", "DESC", ">", "<", _MAX),
}
# The positions before the first and after the last task of an order.
_BOUNDS: dict[Order, tuple[Position, Position]] = {
    "NEWEST": (NEWEST_POSITION, OLDEST_POSITION),
    "OLDEST": (OLDEST_POSITION, NEWEST_POSITION),
    "EXPIRING_SOON": (OLDEST_POSITION, NEWEST_POSITION),
}
_STATUSES: tuple[Status | None, ...] = (None, "TODO", "IN_PROGRESS", "DONE")


def _view(condition: LiteralString, status: Status | None) -> LiteralString:
    return condition if status is None else f"{condition} AND status = %(status)s::task_status"


def _count(view: LiteralString, key: LiteralString = "created_at") -> LiteralString:
    # ORDER BY makes PostgreSQL use the index, in a single process, whatever its statistics say.
    return f"SELECT count(*) FROM (SELECT FROM task WHERE {view} ORDER BY {key}, id) AS seen"


@dataclass(frozen=True)
class RowPage:
    """The tasks of a page in their order, and whether the view has more tasks before and after them."""

    tasks: list[Task]
    has_before: bool
    has_after: bool


def task_page_sql(order: Order, direction: Direction, status: Status | None) -> LiteralString:
    """Return the statement of `task_page`."""
    # `start` is the first task of the range, or a position after every row. PostgreSQL finds it in the index alone,
    # even with a large offset, and reads table rows only for the page itself. The tests for more tasks use ORDER BY
    # and LIMIT because PostgreSQL plans EXISTS as a scan of the whole table.
    by = _ORDERS[order]
    view, position = _view(by.condition, status), f"({by.key}, id)"
    forward: LiteralString = f"ORDER BY {by.key} {by.direction}, id {by.direction}"
    backward: LiteralString = f"ORDER BY {by.key} {by.opposite}, id {by.opposite}"
    page_direction = by.direction if direction == "first" else by.opposite
    return f"""
    WITH start AS (
        (SELECT {by.key}, id FROM task WHERE {view} AND {position} {by.after} (%(after_at)s, %(after_id)s)
         {forward} OFFSET %(offset)s LIMIT 1)
        UNION ALL SELECT {by.end}
        ORDER BY {by.key} {by.direction} LIMIT 1
    ), page AS (
        SELECT {COLUMNS} FROM task
        WHERE {view} AND {position} {by.after}= (TABLE start) AND {position} {by.before} (%(before_at)s, %(before_id)s)
        ORDER BY task.{by.key} {page_direction}, task.id {page_direction}
        LIMIT %(count)s
    ), head AS (
        SELECT {by.key}, id FROM page {forward} LIMIT 1
    ), tail AS (
        SELECT {by.key}, id FROM page {backward} LIMIT 1
    )
    SELECT page.*,
           (SELECT isfinite({by.key}) FROM start) AS start_exists,
           (SELECT true FROM task WHERE {view} AND {position} {by.before} (TABLE start) {backward} LIMIT 1)
               AS any_before_start,
           (SELECT true FROM task WHERE {view} AND {position} {by.before} (TABLE head) {backward} LIMIT 1)
               AS any_before_page,
           (SELECT true FROM task WHERE {view} AND {position} {by.after} (TABLE tail) {forward} LIMIT 1)
               AS any_after_page
    FROM (VALUES (true)) AS always LEFT JOIN page ON true
    {forward}
"""


_PAGE_SQL = {
    (order, direction, status): task_page_sql(order, direction, status)
    for order in _ORDERS
    for direction in ("first", "last")
    for status in _STATUSES
}


class _PageRows:
    """A row factory that keeps the rows of a page as tuples, and reads the page from them by column name."""

    def __call__(self, cursor: AsyncCursor[Any]) -> RowMaker[TupleRow]:
        self._columns = result_columns(cursor)
        return tuple_row(cursor)

    def page(self, rows: Sequence[TupleRow]) -> RowPage:
        """Return the page. An empty page has one row, without a task. All rows have the same flags."""
        if self._value(rows, b"id") is None:
            return RowPage([], self._flag(rows, b"any_before_start"), self._flag(rows, b"start_exists"))
        tasks = list(map(task_builder(self._columns), rows))
        return RowPage(tasks, self._flag(rows, b"any_before_page"), self._flag(rows, b"any_after_page"))

    def _value(self, rows: Sequence[TupleRow], column: bytes) -> Any:
        return rows[0][self._columns.index(column)]

    def _flag(self, rows: Sequence[TupleRow], column: bytes) -> bool:
        return bool(self._value(rows, column))


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
) -> RowPage:
    """Return the first or the last `count` tasks (at least 1) between two positions, in one snapshot.

    `offset` is the number of tasks to skip after `after`.
    """
    first, last = _BOUNDS[order]
    after_at, after_id = after or first
    before_at, before_id = before or last
    params = {
        "workspace": workspace,
        "status": status,
        "after_at": after_at,
        "after_id": after_id,
        "before_at": before_at,
        "before_id": before_id,
        "offset": offset,
        "count": count,
    }
    factory = _PageRows()
    return factory.page(await connection.query(_PAGE_SQL[order, direction, status], params, factory))


def task_count_sql(order: Order, status: Status | None) -> LiteralString:
    """Return the statement of `task_count`."""
    by = _ORDERS[order]
    return _count(_view(by.condition, status), by.key)


async def task_count(
    connection: Connection, workspace: str, status: Status | None = None, order: Order = "NEWEST"
) -> int:
    """Return the number of visible tasks in a view. PostgreSQL reads the whole view: callers share the answer."""
    params = {"workspace": workspace, "status": status}
    return int((await connection.query(task_count_sql(order, status), params, scalar_row))[0])


TASK_COUNTS: LiteralString = "SELECT " + ", ".join(
    "(" + _count(f"{_CREATED} AND status = '{status}'") + ")" for status in _STATUSES[1:]
)


async def task_counts(connection: Connection, workspace: str) -> list[int]:
    """Return the number of visible tasks: in total, then TODO, IN_PROGRESS and DONE, in one snapshot."""
    counts = (await connection.query(TASK_COUNTS, {"workspace": workspace}, tuple_row))[0]
    return [sum(counts), *counts]


def task_rank_sql(order: Order, status: Status | None) -> LiteralString:
    """Return the statement of `task_rank`."""
    by = _ORDERS[order]
    return _count(f"{_view(by.condition, status)} AND ({by.key}, id) {by.before} (%(at)s, %(id)s)", by.key)


async def task_rank(
    connection: Connection, workspace: str, position: Position, status: Status | None = None, order: Order = "NEWEST"
) -> int:
    """Return the number of visible tasks before a position: 0 for the position of the first task."""
    at, id_ = position
    params = {"workspace": workspace, "status": status, "at": at, "id": id_}
    return int((await connection.query(task_rank_sql(order, status), params, scalar_row))[0])
