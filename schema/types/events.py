"""The GraphQL types of the events that subscriptions stream."""

from enum import Enum
from typing import cast

import strawberry

from cache.feed.events import FeedEvent
from db.views import EVERY_TASK, View
from schema.types.task import Task


@strawberry.enum(description="What happened to a task, or to many tasks.")
class TaskChangeKind(Enum):
    CREATED = strawberry.enum_value("CREATED", description="The task was created.")
    UPDATED = strawberry.enum_value("UPDATED", description="The task was updated.")
    DELETED = strawberry.enum_value("DELETED", description="The task was deleted. `restoreTask` can restore it.")
    RESTORED = strawberry.enum_value("RESTORED", description="The task was deleted before and is restored now.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="The task expired, up to about two seconds ago.")
    MANY = strawberry.enum_value(
        "MANY",
        description="One request created, changed or deleted more than 20 tasks, or that many tasks expired at once. "
        "Fetch the displayed data again, at most a few times a second.",
    )
    RESYNC = strawberry.enum_value(
        "RESYNC",
        description="Fetch the displayed data again; every later change will be sent. This is the first event unless "
        "the stream could resume from `after`. A later RESYNC means that events may have been lost.",
    )


@strawberry.type(description="A committed change. The changes of one task arrive in the order of their commits.")
class TaskChange:
    kind: TaskChangeKind = strawberry.field(description="What happened.")
    id: strawberry.ID | None = strawberry.field(description="The id of the task. Null for MANY and RESYNC.")
    task: Task | None = strawberry.field(
        description="The task after this change or a later one. Ignore it if you have the task with a higher "
        "`version`. Null if the task was deleted or has expired, and for MANY and RESYNC."
    )
    rev: str = strawberry.field(
        description="The position of this event in the feed, in the form `epoch-number`. The number increments with "
        "each event; a RESYNC may skip numbers. Pass the last `rev` as `after` to resume the stream."
    )

    in_view: bool | None = strawberry.field(
        description="Whether the task is in the view of the argument `where` after the change. False if it has left "
        "the view, was deleted or has expired: remove it. Without `where`, false only if the task is gone. Also false "
        "if the service does not know whether the task was in the view. Null for MANY and RESYNC."
    )

    # Identifies the event in this process, and where it depends on the view. It must not keep the task in memory.
    origin: strawberry.Private[tuple[int, bool | None]]

    @classmethod
    def of(cls, event: FeedEvent, view: View = EVERY_TASK) -> "TaskChange":
        """Convert an event of the feed for the subscriber of a view."""
        in_view = None if event.id is None else event.is_in(view)
        return cls(
            kind=TaskChangeKind(event.kind),
            id=None if event.id is None else strawberry.ID(str(event.id)),
            task=cast("Task | None", event.task),
            rev=str(event.rev),
            in_view=in_view,
            origin=(event.serial, in_view),
        )
