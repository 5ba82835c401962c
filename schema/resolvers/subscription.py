"""What one can subscribe to: the changes of tasks, and how many there are."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import Enum
from typing import Annotated, cast

import strawberry

from cache.feed.events import FeedEvent, Rev
from schema.context import Info
from schema.errors import BadInput
from schema.resolvers.query import TaskCounts
from schema.types.task import Task


@strawberry.enum(description="What has become of a task, or of many.")
class TaskChangeKind(Enum):
    """As the feed tells it."""

    CREATED = strawberry.enum_value("CREATED", description="A new task.")
    UPDATED = strawberry.enum_value("UPDATED", description="The task is another now.")
    DELETED = strawberry.enum_value("DELETED", description="The task is gone; `restoreTask` may bring it back.")
    RESTORED = strawberry.enum_value("RESTORED", description="A deleted task is back.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="The task has ended by itself, a second ago or two.")
    MANY = strawberry.enum_value(
        "MANY",
        description="More than 20 tasks were created, changed or deleted in one request, or expired at once: fetch "
        "what you show again, a few times a second at most.",
    )
    RESYNC = strawberry.enum_value(
        "RESYNC",
        description="Fetch what you show again: from here on you hear of everything. The first event, unless `after` "
        "could be met; later ones mean that something may have been missed.",
    )


@strawberry.type(description="A change that is committed. Those of one task come in their order.")
class TaskChange:
    """An event of `taskChanged`."""

    kind: TaskChangeKind = strawberry.field(description="What has happened.")
    id: strawberry.ID | None = strawberry.field(description="Of the task; null with MANY and RESYNC.")
    task: Task | None = strawberry.field(
        description="The task as it is then, or newer: take it unless yours has a higher `version`. Null if it is "
        "gone, and with MANY and RESYNC."
    )
    rev: str = strawberry.field(
        description="The place of this change among all: `epoch-number`. The number goes up by one with each event, "
        "and a RESYNC may jump. Give the last one as `after` when you come again."
    )


After = Annotated[
    str | None,
    strawberry.argument(
        description="The `rev` of the last event that was seen: what came since is sent first, if it is among the last "
        "1,000 changes; else a RESYNC."
    ),
]


@strawberry.type(description="What one can subscribe to: over WebSocket (graphql-transport-ws) or SSE, at /graphql.")
class Subscription:
    """The root of every subscription."""

    @strawberry.subscription(
        description="Every change of any task, from every process, some milliseconds after its commit. 5 points, once."
    )
    async def task_changed(self, info: Info, after: After = None) -> AsyncGenerator[TaskChange, None]:
        """As the feed of this process has it."""
        async with aclosing(info.context.feed.subscribe(_rev(after))) as changes:
            async for change in changes:
                yield _shown(change)

    @strawberry.subscription(
        description="How many tasks there are: at once, and then whenever that changes, four times a second at most. "
        "5 points, once."
    )
    async def task_counts_changed(self, info: Info) -> AsyncGenerator[TaskCounts, None]:
        """One count for all who listen."""
        async with aclosing(info.context.feed.counts.subscribe()) as changes:
            async for counts in changes:
                yield TaskCounts.of(counts)


def _rev(after: str | None) -> Rev | None:
    try:
        return None if after is None else Rev.parse(after)
    except ValueError:
        raise BadInput("after", 'is not the rev of an event, like "12-345".') from None


def _shown(change: FeedEvent) -> TaskChange:
    return TaskChange(
        kind=TaskChangeKind(change.kind),
        id=None if change.id is None else strawberry.ID(str(change.id)),
        task=cast("Task | None", change.task),
        rev=str(change.rev),
    )
