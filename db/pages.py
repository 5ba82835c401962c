"""Pages, counts and ranks of tasks from PostgreSQL's indexes, for when the Redis index cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg import AsyncCursor
from psycopg.rows import RowMaker, TupleRow, scalar_row, tuple_row

from db.connection import Connection
from db.order_sql import ORDERS
from db.orders import declared_order
from db.row_factories import result_columns, task_builder
from db.task import Order, Status, Task
from db.task_table import COLUMNS, VISIBLE
from db.view_rows import is_indexed_by_status, is_read_whole, view_condition, view_params, view_rows
from db.views import EVERY_TASK, Shape, View

Direction = Literal["first", "last"]
# A keyset position: the time that the order sorts by (creation, or expiry for EXPIRING_SOON) and an id. There may be no
# row at a position.
Position = tuple[datetime, UUID]
# In a declared order: the score of the order.
PagePosition = Position | tuple[int, UUID]
# Positions after and before every row. The table's constraints on `created_at` and `expires_at` guarantee that.
NEWEST_POSITION: Position = (datetime(2200, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST_POSITION: Position = (datetime(1969, 12, 31, tzinfo=UTC), UUID(int=0))
_HIGHEST_SCORE: PagePosition = (2**63 - 1, UUID(int=2**128 - 1))
_LOWEST_SCORE: PagePosition = (-1, UUID(int=0))
# The positions before the first and after the last task of an order.
_BOUNDS: dict[Order, tuple[PagePosition, PagePosition]] = {
    "NEWEST": (NEWEST_POSITION, OLDEST_POSITION),
    "OLDEST": (OLDEST_POSITION, NEWEST_POSITION),
    "EXPIRING_SOON": (OLDEST_POSITION, NEWEST_POSITION),
    "DUE_FIRST": (_LOWEST_SCORE, _HIGHEST_SCORE),
    "PRIORITY_FIRST": (_HIGHEST_SCORE, _LOWEST_SCORE),
}
_STATUSES: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")


def _count(rows: LiteralString, key: LiteralString = "created_at") -> LiteralString:
    # ORDER BY makes PostgreSQL use the index, in a single process, whatever its statistics say.
    return f"SELECT count(*) FROM (SELECT FROM {rows} ORDER BY {key}, id) AS seen"


def _by_creation(shape: Shape) -> LiteralString:
    # As for a count, for a view in a declared order. An index on labels has no order.
    if "label" in shape:
        return ""
    return f" ORDER BY {'status, ' if is_indexed_by_status(shape) else ''}created_at, id"


@dataclass(frozen=True)
class RowPage:
    """The tasks of a page in their order, and whether the view has more tasks before and after them."""

    tasks: list[Task]
    has_before: bool
    has_after: bool


@cache
def task_page_sql(order: Order, direction: Direction, shape: Shape) -> LiteralString:
    """Return the statement of `task_page`."""
    # `start` is the first task of the range, or a position after every row. PostgreSQL finds it in the index alone,
    # even with a large offset, and reads table rows only for the page itself. The tests for more tasks use ORDER BY
    # and LIMIT because PostgreSQL plans EXISTS as a scan of the whole table.
    by = ORDERS[order]
    view, position = f"{view_condition(shape)} AND {by.condition}", f"({by.key}, id)"
    forward: LiteralString = f"ORDER BY {by.key} {by.direction}, id {by.direction}"
    backward: LiteralString = f"ORDER BY {by.key} {by.opposite}, id {by.opposite}"
    page_direction = by.direction if direction == "first" else by.opposite
    rest: LiteralString = (
        f"{position} {by.after}= (TABLE start) AND {position} {by.before} (%(before_at)s, %(before_id)s) "
        f"ORDER BY task.{by.key} {page_direction}, task.id {page_direction} LIMIT %(count)s"
    )
    if is_read_whole(shape, order):
        # `seen` holds the positions of the view. The rows of the page are found by their ids.
        rows: LiteralString = f"task WHERE {view}{_by_creation(shape) if by.expression else ''}"
        seen: LiteralString = f"seen AS MATERIALIZED (SELECT {by.column}, id FROM {rows}), "
        columns: LiteralString = f"{COLUMNS}, found.score" if by.expression else COLUMNS
        page: LiteralString = f"""SELECT {columns} FROM (SELECT {by.key}, id FROM seen AS task WHERE {rest}) AS found
        JOIN task ON task.workspace_id = %(workspace)s AND task.id = found.id"""
        following = preceding = "seen WHERE true"
    else:
        seen, following, preceding = "", view_rows(view, shape, forward), view_rows(view, shape, backward)
        page = f"SELECT {COLUMNS} FROM {following if direction == 'first' else preceding} AND {rest}"
    return f"""
    WITH {seen}start AS (
        (SELECT {by.key}, id FROM {following} AND {position} {by.after} (%(after_at)s, %(after_id)s)
         {forward} OFFSET %(offset)s LIMIT 1)
        UNION ALL SELECT {by.end}
        ORDER BY {by.key} {by.direction} LIMIT 1
    ), page AS (
        {page}
    ), head AS (
        SELECT {by.key}, id FROM page {forward} LIMIT 1
    ), tail AS (
        SELECT {by.key}, id FROM page {backward} LIMIT 1
    )
    SELECT page.*,
           (SELECT {by.exists} FROM start) AS start_exists,
           (SELECT true FROM {preceding} AND {position} {by.before} (TABLE start) {backward} LIMIT 1)
               AS any_before_start,
           (SELECT true FROM {preceding} AND {position} {by.before} (TABLE head) {backward} LIMIT 1)
               AS any_before_page,
           (SELECT true FROM {following} AND {position} {by.after} (TABLE tail) {forward} LIMIT 1)
               AS any_after_page
    FROM (VALUES (true)) AS always LEFT JOIN page ON true
    {forward}
"""


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
    after: PagePosition | None = None,
    before: PagePosition | None = None,
    offset: int = 0,
    view: View = EVERY_TASK,
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
        **view_params(view),
        "after_at": after_at,
        "after_id": after_id,
        "before_at": before_at,
        "before_id": before_id,
        "offset": offset,
        "count": count,
    }
    factory = _PageRows()
    return factory.page(await connection.query(task_page_sql(order, direction, view.shape), params, factory))


@cache
def task_count_sql(order: Order, shape: Shape) -> LiteralString:
    """Return the statement of `task_count`."""
    # A declared order has the tasks of NEWEST, which has an index.
    order = "NEWEST" if declared_order(order) else order
    by = ORDERS[order]
    condition = f"{view_condition(shape)} AND {by.condition}"
    if is_read_whole(shape, order):
        return f"SELECT count(*) FROM task WHERE {condition}"
    return _count(f"task WHERE {condition}", f"status, {by.key}" if is_indexed_by_status(shape) else by.key)


async def task_count(connection: Connection, workspace: str, view: View = EVERY_TASK, order: Order = "NEWEST") -> int:
    """Return the number of visible tasks in a view. PostgreSQL reads the whole view: callers share the answer."""
    params = {"workspace": workspace, **view_params(view)}
    return int((await connection.query(task_count_sql(order, view.shape), params, scalar_row))[0])


TASK_COUNTS: LiteralString = "SELECT " + ", ".join(
    "(" + _count(f"task WHERE workspace_id = %(workspace)s AND {VISIBLE} AND status = '{status}'") + ")"
    for status in _STATUSES
)


async def task_counts(connection: Connection, workspace: str) -> list[int]:
    """Return the number of visible tasks: in total, then TODO, IN_PROGRESS and DONE, in one snapshot."""
    counts = (await connection.query(TASK_COUNTS, {"workspace": workspace}, tuple_row))[0]
    return [sum(counts), *counts]


@cache
def task_rank_sql(order: Order, shape: Shape) -> LiteralString:
    """Return the statement of `task_rank`."""
    by = ORDERS[order]
    view: LiteralString = f"{view_condition(shape)} AND {by.condition}"
    before: LiteralString = f"({by.expression or by.key}, id) {by.before} (%(at)s, %(id)s)"
    if is_read_whole(shape, order):
        rows: LiteralString = f"task WHERE {view} AND {before}{_by_creation(shape) if by.expression else ''}"
        return f"SELECT count(*) FROM (SELECT FROM {rows}) AS seen"
    return _count(f"{view_rows(view, shape, f'ORDER BY {by.key}, id')} AND {before}", by.key)


async def task_rank(
    connection: Connection, workspace: str, position: PagePosition, view: View = EVERY_TASK, order: Order = "NEWEST"
) -> int:
    """Return the number of visible tasks before a position: 0 for the position of the first task."""
    at, id_ = position
    params = {"workspace": workspace, **view_params(view), "at": at, "id": id_}
    return int((await connection.query(task_rank_sql(order, view.shape), params, scalar_row))[0])
