"""The resolvers of all queries."""

from typing import cast

import strawberry

from cache.reads.deleted import deleted_task, deleted_tasks
from cache.reads.pages import read_counts, read_page
from cache.reads.search import filter_tasks, search_tasks
from db.task import Order
from schema.context import Info
from schema.resolvers import arguments as args
from schema.resolvers.administration import AdministrationQuery
from schema.resolvers.insights import InsightsQuery
from schema.resolvers.search import no_words_error, row_filter, search_terms
from schema.resolvers.task_lists import TaskListQuery, objects_by_id
from schema.resolvers.viewer import ViewerQuery
from schema.resolvers.views import FacetQuery, WhereArgument, declared_view
from schema.types.connection import TaskConnection, task_connection
from schema.types.counts import TaskCounts
from schema.types.deleted import DeletedTask, DeletedTaskConnection, deleted_connection
from schema.types.node import Node
from schema.types.search import TaskMatchConnection, match_connection
from schema.types.task import Task, TaskOrder

_PER_TASK = "plus 1 per task of the page for `nodes` and 1 for `edges`, if selected."


@strawberry.type(
    description="The root of all queries. Each field states its cost in points. An operation can cost up to 5,000 "
    "points, unless the service is configured otherwise."
)
class Query(ViewerQuery, FacetQuery, TaskListQuery, AdministrationQuery, InsightsQuery):
    @strawberry.field(
        description="Returns a page of tasks. Any page in any order takes one round trip to Redis, plus one query for "
        f"the tasks of the page that are not cached. Cost: 2 points, {_PER_TASK}"
    )
    async def tasks(
        self,
        info: Info,
        first: args.FirstArgument = None,
        after: args.AfterArgument = None,
        last: args.LastArgument = None,
        before: args.BeforeArgument = None,
        page: args.PageNumberArgument = None,
        status: args.StatusArgument = None,
        order_by: args.OrderByArgument = TaskOrder.NEWEST,
        where: WhereArgument = None,
    ) -> TaskConnection:
        """Resolve a page with one script for ids and entries, and one query for the tasks that are not cached."""
        workspace = info.context.caller.workspace
        view = declared_view(info.context.session.store, where, status, cast("Order", order_by.value))
        part = args.page_range(first, after, last, before, page, view, order_by, workspace=workspace)
        found = await read_page(info.context.session, part)
        if first is not None and last is not None:
            found = found.trimmed(max(0, len(found.tasks) - last), 0)
        return task_connection(found, part)

    @strawberry.field(
        description="Searches the titles and descriptions of tasks and returns the matches, newest first. PostgreSQL "
        f"finds the matches; the tasks come from the cache. Cost: 250 points, {_PER_TASK}"
    )
    async def search_tasks(
        self,
        info: Info,
        query: args.SearchQueryArgument,
        first: args.SearchFirstArgument = None,
        after: args.AfterArgument = None,
        status: args.StatusArgument = None,
    ) -> TaskMatchConnection:
        part = args.match_range(first, after, workspace=info.context.caller.workspace)
        found = await search_tasks(info.context.session, search_terms(query), part, args.status_argument(status))
        if found is None:
            raise no_words_error()
        return match_connection(found)

    @strawberry.field(
        description="Returns tasks by status, priority, list, assignee, label, creation time and due date, newest "
        "first; or by status and expiry time, soonest first. PostgreSQL finds the matches; the tasks come from the "
        f"cache. Cost: 50 points, {_PER_TASK}"
    )
    async def filter_tasks(
        self,
        info: Info,
        filter: args.FilterArgument,  # noqa: A002
        first: args.FirstArgument = None,
        after: args.AfterArgument = None,
        last: args.LastArgument = None,
        before: args.BeforeArgument = None,
    ) -> TaskMatchConnection:
        conditions = row_filter(filter)
        order: Order = "EXPIRING_SOON" if conditions.by_expiry else "NEWEST"
        part = args.match_range(first, after, last, before, order, workspace=info.context.caller.workspace)
        found = await filter_tasks(info.context.session, conditions, part)
        if first is not None and last is not None:
            found = found.last(last)
        return match_connection(found, order)

    @strawberry.field(
        description="Returns the deleted tasks that can be restored, newest deletion first. A task is in this list "
        "until it is restored, expires or is purged. A task that expired without being deleted is never in it. Always "
        f"read from PostgreSQL, in an index. Cost: 50 points, {_PER_TASK}"
    )
    async def deleted_tasks(
        self,
        info: Info,
        first: args.FirstArgument = None,
        after: args.AfterArgument = None,
        last: args.LastArgument = None,
        before: args.BeforeArgument = None,
    ) -> DeletedTaskConnection:
        part = args.match_range(first, after, last, before, "DELETED", workspace=info.context.caller.workspace)
        found = await deleted_tasks(info.context.session, part)
        if first is not None and last is not None:
            found = found.last(last)
        return deleted_connection(found)

    @strawberry.field(
        description="Returns a deleted task. Null if it is not in `deletedTasks`. Always read from PostgreSQL. Cost: "
        "20 points."
    )
    async def deleted_task(self, info: Info, id: args.TaskIdArgument) -> DeletedTask | None:  # noqa: A002
        found = await deleted_task(info.context.session, args.id_argument("id", id))
        return cast("DeletedTask | None", found)

    @strawberry.field(
        description="Returns the exact number of tasks, in total and by status, in one round trip to Redis. Cost: 1 "
        "point."
    )
    async def task_counts(self, info: Info) -> TaskCounts:
        return TaskCounts.of(await read_counts(info.context.session))

    @strawberry.field(
        description="Returns a task. Null if it does not exist, was deleted, or has expired. Cost: 1 point."
    )
    async def task(self, info: Info, id: args.TaskIdArgument) -> Task | None:  # noqa: A002
        [task] = await info.context.session.loader.load_many([args.id_argument("id", id)])
        return cast("Task | None", task)

    @strawberry.field(
        description="Returns the task or the task list with this id. Null if it does not exist, was deleted, or has "
        "expired. Cost: 1 point."
    )
    async def node(self, info: Info, id: args.NodeIdArgument) -> Node | None:  # noqa: A002
        [found] = await objects_by_id(info.context.session, [args.id_argument("id", id)])
        return cast("Node | None", found)

    @strawberry.field(
        description="Returns the tasks and task lists with these ids, in the order of `ids`. Contains null for every "
        "object that does not exist, was deleted, or has expired. Cost: 1 point per id."
    )
    async def nodes(self, info: Info, ids: args.NodeIdsArgument) -> list[Node | None]:
        parsed = args.id_list_argument("ids", ids)
        return cast("list[Node | None]", await objects_by_id(info.context.session, parsed))
