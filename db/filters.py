"""Filters of tasks: which tasks match one, and keyset pages of the positions of matching tasks."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import tuple_row

from db.connection import Connection
from db.exclusions import EXCLUDED_BY_NONE, Exclusion, exclusions_param
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.search import newest_first
from db.task import Priority, Status, Task
from db.task_table import VISIBLE
from db.view_rows import view_condition, view_params
from db.views import ALL_TASKS, EVERY_TASK, Shape, View

_EXCLUSION_COLUMNS: LiteralString = "created_at, id, status, priority, list_id, assignee, labels, due_at"
_PRESENCE = ("has_list", "has_assignee", "has_labels", "has_due")
PRIORITIES: tuple[Priority, ...] = ("NONE", "LOW", "MEDIUM", "HIGH", "URGENT")


@dataclass(frozen=True)
class RowFilter:
    """Conditions that a task must meet, all of them. `_from` is inclusive and `_before` exclusive.

    view: the list, the assignee and the label of the tasks. A range of expiry or due times without bounds is None.
    has_list and the like: whether a task must have one, None if it may.
    without: filters that a task must not match, each without expiry and without further ones.
    """

    statuses: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")
    priorities: tuple[Priority, ...] = PRIORITIES
    created_from: datetime = OLDEST_POSITION[0]
    created_before: datetime = NEWEST_POSITION[0]
    expires_from: datetime | None = None
    expires_before: datetime | None = None
    view: View = EVERY_TASK
    due_from: datetime | None = None
    due_before: datetime | None = None
    has_list: bool | None = None
    has_assignee: bool | None = None
    has_labels: bool | None = None
    has_due: bool | None = None
    without: tuple["RowFilter", ...] = ()

    @property
    def by_expiry(self) -> bool:
        """Whether the filter has a condition on the expiry. Its tasks are then sorted by expiry."""
        return self.expires_from is not None or self.expires_before is not None

    @property
    def by_due(self) -> bool:
        """Whether the filter has a condition on the due time."""
        return self.due_from is not None or self.due_before is not None

    @property
    def reads_more(self) -> bool:
        """Whether PostgreSQL may read many more rows than it returns, because no index has all conditions in order."""
        shape = self.view.shape
        indexed = not shape or (shape in (("list",), ("assignee",)) and self.priorities == PRIORITIES)
        return self.by_due or bool(self.exclusions) or not indexed

    @property
    def exclusions(self) -> list[Exclusion]:
        """The conditions that a task must not meet: those of `without`, and to lack or have a field."""
        given: dict[str, bool | None] = {name: getattr(self, name) for name in _PRESENCE}
        opposite: list[Any] = [{name: not has} for name, has in given.items() if has is not None]
        return [*(Exclusion(**each) for each in opposite), *(each._as_exclusion() for each in self.without)]

    def _as_exclusion(self) -> Exclusion:
        default = RowFilter()
        return Exclusion(
            statuses=None if self.statuses == default.statuses else self.statuses,
            priorities=None if self.priorities == default.priorities else self.priorities,
            list_id=self.view.list_id,
            assignee=self.view.assignee,
            label=self.view.label,
            created_from=self.created_from,
            created_before=self.created_before,
            due_from=self.due_from,
            due_before=self.due_before,
            **{name: getattr(self, name) for name in _PRESENCE},
        )

    def matches(self, task: Task) -> bool:
        """Return whether a visible task meets the conditions."""
        return (
            task.status in self.statuses
            and task.priority in self.priorities
            and self.created_from <= task.created_at < self.created_before
            and self.view.holds(task)
            and (not self.by_expiry or _is_in_range(task.expires_at, self.expires_from, self.expires_before))
            and (not self.by_due or _is_in_range(task.due_at, self.due_from, self.due_before))
            and self.has_list in (None, task.list_id is not None)
            and self.has_assignee in (None, task.assignee is not None)
            and self.has_labels in (None, bool(task.labels))
            and self.has_due in (None, task.due_at is not None)
            and not any(excluded.matches(task) for excluded in self.without)
        )


def _is_in_range(time: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    return time is not None and (start or OLDEST_POSITION[0]) <= time < (end or NEWEST_POSITION[0])


@cache
def filter_sql(
    direction: Direction, shape: Shape = ALL_TASKS, *, by_due: bool = False, excluding: bool = False
) -> LiteralString:
    """Return the statement for a filter without expiry, whose view has this shape."""
    if "label" in shape:
        return _label_filter_sql(direction, shape, by_due=by_due, excluding=excluding)
    beyond, sort = newest_first(direction)
    rows: LiteralString = f"{view_condition(shape)} AND {VISIBLE}{_due_condition(by_due=by_due)}"
    statuses: LiteralString = "unnest(%(statuses)s::task_status[]) AS s"
    # One index scan for each status, or for each priority and status. The indexes by list and by assignee have the
    # priority beside their order.
    if shape:
        scans, priority = statuses, "priority = ANY(%(priorities)s::task_priority[])"
    else:
        scans, priority = f"unnest(%(priorities)s::task_priority[]) AS p CROSS JOIN {statuses}", "priority = p"
    order: LiteralString = f"ORDER BY created_at {sort}, id {sort}"
    matching: LiteralString = f"""
        FROM task
        WHERE {rows} AND {priority} AND status = s
          AND created_at >= %(created_from)s AND created_at < %(created_before)s
          AND (created_at, id) {beyond} (%(at)s, %(id)s)
        {order}"""
    if excluding:
        # OFFSET 0 keeps the index: PostgreSQL would choose another one, because it overestimates the exclusions.
        matching = f"FROM (SELECT {_EXCLUSION_COLUMNS} {matching} OFFSET 0) AS task WHERE {EXCLUDED_BY_NONE} {order}"
    return f"""
    SELECT found.created_at, found.id FROM {scans}
    CROSS JOIN LATERAL (SELECT created_at, id {matching} LIMIT %(count)s) AS found
    {order} LIMIT %(count)s
"""


def _label_filter_sql(direction: Direction, shape: Shape, *, by_due: bool, excluding: bool) -> LiteralString:
    """Return the statement for a filter with a label. It reads all tasks with the label: their index has no order."""
    beyond, sort = newest_first(direction)
    not_excluded: LiteralString = f" AND {EXCLUDED_BY_NONE}" if excluding else ""
    return f"""
    WITH labelled AS MATERIALIZED (
        SELECT {_EXCLUSION_COLUMNS} FROM task WHERE {view_condition(shape)} AND {VISIBLE}
    )
    SELECT created_at, id FROM labelled AS task
    WHERE status = ANY(%(statuses)s::task_status[]) AND priority = ANY(%(priorities)s::task_priority[])
      AND created_at >= %(created_from)s AND created_at < %(created_before)s
      AND (created_at, id) {beyond} (%(at)s, %(id)s){_due_condition(by_due=by_due)}{not_excluded}
    ORDER BY created_at {sort}, id {sort} LIMIT %(count)s
"""


def _due_condition(*, by_due: bool) -> LiteralString:
    return " AND due_at >= %(due_from)s AND due_at < %(due_before)s" if by_due else ""


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
    """Return the positions of the next `count` tasks that pass a filter, as `matching_words` of `db.search` does.

    A filter by expiry takes and returns positions by expiry, soonest first. Its statement has conditions on the status
    and the expiry only.
    """
    if row_filter.by_expiry:
        sql = expiry_filter_sql(direction)
    else:
        shape, by_due, excluding = row_filter.view.shape, row_filter.by_due, bool(row_filter.exclusions)
        sql = filter_sql(direction, shape, by_due=by_due, excluding=excluding)
    params = {
        "workspace": workspace,
        **view_params(row_filter.view),
        "priorities": list(row_filter.priorities),
        "statuses": list(row_filter.statuses),
        "created_from": row_filter.created_from,
        "created_before": row_filter.created_before,
        "expires_from": row_filter.expires_from or OLDEST_POSITION[0],
        "expires_before": row_filter.expires_before or NEWEST_POSITION[0],
        "due_from": row_filter.due_from or OLDEST_POSITION[0],
        "due_before": row_filter.due_before or NEWEST_POSITION[0],
        "exclusions": exclusions_param(row_filter.exclusions),
        "at": start[0],
        "id": start[1],
        "count": count,
    }
    found: list[tuple[datetime, UUID]] = await connection.query(sql, params, tuple_row)
    return found
