"""The resolvers of all subscriptions: the changes of tasks, and the numbers of tasks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from cache.feed.events import Rev
from cache.feed.feed import Feed
from cache.reads.view_counts import Counted
from db.views import View
from schema.context import Info
from schema.errors import BadInput
from schema.resolvers.selected_fields import selected_fields
from schema.resolvers.views import check_declared, view_argument
from schema.types.counts import COUNTS_BY_STATUS, TaskCounts
from schema.types.events import TaskChange
from schema.types.views import TaskWhere

ResumeAfterArgument = Annotated[
    str | None,
    strawberry.argument(
        description="The `rev` of the last event that the client received. The stream resumes after this event if the "
        "service still has it among the last 1,000. Otherwise, and if null, the stream starts with RESYNC."
    ),
]
ChangedWhereArgument = Annotated[
    TaskWhere | None,
    strawberry.argument(
        description="Only changes of tasks that have these values before the change or after it, see `inView`. Any "
        "combination is allowed, also one that is not declared. MANY and RESYNC are always sent. Null for all tasks."
    ),
]
CountedWhereArgument = Annotated[
    TaskWhere | None,
    strawberry.argument(
        description="Count only tasks with these values. Their combination must be declared, as for `tasks`. To select "
        "`todo`, `inProgress` or `done`, their combination with `status` must be declared. Any other is an error with "
        "the code VIEW_NOT_DECLARED. Null for all tasks."
    ),
]


@strawberry.type(
    description="The root of all subscriptions. Subscribe at /graphql over WebSocket (graphql-transport-ws) or "
    "server-sent events."
)
class Subscription:
    @strawberry.subscription(
        description="Streams every change of any task, or of the tasks of a view, made through any worker, a few "
        "milliseconds after its commit. Cost: 5 points, once per subscription."
    )
    def task_changed(
        self, info: Info, after: ResumeAfterArgument = None, where: ChangedWhereArgument = None
    ) -> AsyncGenerator[TaskChange, None]:
        return _task_changes(info.context.feed, after, view_argument(where))

    @strawberry.subscription(
        description="Streams the numbers of all tasks, or of the tasks of a view: at once, and then after changes, at "
        "most four times a second. Cost: 5 points, once per subscription."
    )
    def task_counts_changed(self, info: Info, where: CountedWhereArgument = None) -> AsyncGenerator[TaskCounts, None]:
        """Stream the counts that all subscribers of this process to the view share."""
        counted = Counted(view_argument(where), by_status=bool(selected_fields(info) & COUNTS_BY_STATUS))
        for part in counted.parts:
            check_declared(info.context.session.store, part.shape)
        return _task_counts(info.context.feed, counted)


# These generators are no resolvers, because a resolver would keep `info`, and with it the whole executor.
async def _task_changes(feed: Feed, after: str | None, view: View) -> AsyncGenerator[TaskChange, None]:
    async with aclosing(feed.subscribe(_parse_rev(after), view)) as changes:
        async for change in changes:
            yield TaskChange.of(change, view)


async def _task_counts(feed: Feed, counted: Counted) -> AsyncGenerator[TaskCounts, None]:
    async with aclosing(feed.counts.subscribe(counted)) as changes:
        async for counts in changes:
            yield TaskCounts.of(counts)


def _parse_rev(after: str | None) -> Rev | None:
    try:
        return None if after is None else Rev.parse(after)
    except ValueError:
        raise BadInput(
            "after", 'is not the rev of an event, such as "12-345". Pass a rev without changing it.'
        ) from None
