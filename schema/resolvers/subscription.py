"""The resolvers of all subscriptions: the changes of tasks, and the numbers of tasks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from cache.feed.events import Rev
from cache.feed.feed import Feed
from schema.context import Info
from schema.errors import BadInput
from schema.types.counts import TaskCounts
from schema.types.events import TaskChange

ResumeAfterArgument = Annotated[
    str | None,
    strawberry.argument(
        description="The `rev` of the last event that the client received. The stream resumes after this event if the "
        "service still has it among the last 1,000. Otherwise, and if null, the stream starts with RESYNC."
    ),
]


@strawberry.type(
    description="The root of all subscriptions. Subscribe at /graphql over WebSocket (graphql-transport-ws) or "
    "server-sent events."
)
class Subscription:
    @strawberry.subscription(
        description="Streams every change of any task, made through any worker, a few milliseconds after its commit. "
        "Cost: 5 points, once per subscription."
    )
    def task_changed(self, info: Info, after: ResumeAfterArgument = None) -> AsyncGenerator[TaskChange, None]:
        return _task_changes(info.context.feed, after)

    @strawberry.subscription(
        description="Streams the numbers of tasks: at once, and then after changes, at most four times a second. Cost: "
        "5 points, once per subscription."
    )
    def task_counts_changed(self, info: Info) -> AsyncGenerator[TaskCounts, None]:
        """Stream the counts that all subscribers of this process share."""
        return _task_counts(info.context.feed)


# These generators are no resolvers, because a resolver would keep `info`, and with it the whole executor.
async def _task_changes(feed: Feed, after: str | None) -> AsyncGenerator[TaskChange, None]:
    async with aclosing(feed.subscribe(_parse_rev(after))) as changes:
        async for change in changes:
            yield TaskChange.of(change)


async def _task_counts(feed: Feed) -> AsyncGenerator[TaskCounts, None]:
    async with aclosing(feed.counts.subscribe()) as changes:
        async for counts in changes:
            yield TaskCounts.of(counts)


def _parse_rev(after: str | None) -> Rev | None:
    try:
        return None if after is None else Rev.parse(after)
    except ValueError:
        raise BadInput(
            "after", 'is not the rev of an event, such as "12-345". Pass a rev without changing it.'
        ) from None
