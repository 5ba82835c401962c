"""The filter of tasks, and the connection of tasks that match a search or a filter."""

from datetime import datetime
from typing import cast

import strawberry

from cache.reads.search import SearchPage
from db.task import Order
from schema.types.connection import PageInfo, TaskEdge, page_info_of, task_edges
from schema.types.task import Task, TaskPriority, TaskStatus


@strawberry.input(description="A range of time, open at every end that is null.")
class DateTimeRange:
    from_: datetime | None = strawberry.field(
        default=None, name="from", description="The start of the range, inclusive. Null for no start."
    )
    before: datetime | None = strawberry.field(
        default=None, description="The end of the range, exclusive. Null for no end."
    )


MAX_EXCLUSIONS = 10


@strawberry.input(description="Conditions for an item of `not`. A task is left out if it meets all of them.")
class TaskExclusion:
    status: TaskStatus | None = strawberry.field(default=None, description="The task has this status. Null for any.")
    priority: list[TaskPriority] | None = strawberry.field(
        default=None, description="The task has one of these priorities: 1 to 5 different values. Null for any."
    )
    list_id: strawberry.ID | None = strawberry.field(
        default=None,
        name="list",
        description="The task is in the list with this id. A list that does not exist has no tasks. Null for any, or "
        "none.",
    )
    assignee: str | None = strawberry.field(
        default=None, description="The task has this assignee: 1 to 200 characters. Null for any, or none."
    )
    label: str | None = strawberry.field(
        default=None, description="The task has this label: 1 to 50 characters. Null for any, or none."
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None, description="The task was created in this range. Null for any time."
    )
    due_at: DateTimeRange | None = strawberry.field(
        default=None, description="The task has a due date in this range. Null for any, or none."
    )
    has_list: bool | None = strawberry.field(
        default=None, description="true: the task is in a list. false: in no list. Null for either."
    )
    has_assignee: bool | None = strawberry.field(
        default=None, description="true: the task has an assignee. false: without one. Null for either."
    )
    has_labels: bool | None = strawberry.field(
        default=None, description="true: the task has a label. false: without one. Null for either."
    )
    has_due_at: bool | None = strawberry.field(
        default=None, description="true: the task has a due date. false: without one. Null for either."
    )


@strawberry.input(
    description="Conditions that tasks must meet, all of them. Any combination is allowed, except that `expiresAt` "
    "combines with `status` only. A filter with `label`, `dueAt`, `not` or one of the fields that begin with `has`, by "
    "`list` and `assignee`, or by one of these and `priority` may read many tasks, and has the limits of searches."
)
class TaskFilter(TaskExclusion):
    expires_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Only tasks that expire in this range, soonest first. Null to ignore the expiry; the order is then "
        "newest first. Can be combined with `status` only.",
    )
    not_: list[TaskExclusion] | None = strawberry.field(
        default=None,
        name="not",
        description='Leave out each task that meets one of these, 1 to 10 items. `not: { assignee: "ann" }` keeps '
        "tasks without an assignee. A single item needs no brackets. Null to leave out none.",
    )


@strawberry.type(
    description="A page of tasks that match a search or a filter. It has no total and no page numbers, because these "
    "would require counting all matches."
)
class TaskMatchConnection:
    edges: list[TaskEdge] = strawberry.field(description="The tasks of the page, each with its cursor.")
    nodes: list[Task] = strawberry.field(description="The tasks of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")


def match_connection(matches: SearchPage, order: Order = "NEWEST") -> TaskMatchConnection:
    """Return the connection for matching tasks in this order."""
    return TaskMatchConnection(
        edges=task_edges(matches.tasks, order),
        nodes=cast("list[Task]", matches.tasks),
        page_info=page_info_of(matches.tasks, order, has_before=matches.has_before, has_after=matches.has_after),
    )
