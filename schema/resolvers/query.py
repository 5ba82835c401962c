"""What can be asked: a page of tasks, how many there are, a task, a node, some nodes."""

from collections.abc import Mapping
from typing import Annotated, cast
from uuid import UUID

import strawberry

from cache.reads.pages import read_counts, read_page
from cache.reads.search import filter_tasks, search_tasks
from db.task import Order, Status
from schema.context import Info
from schema.errors import BadInput
from schema.resolvers import search
from schema.resolvers.validation import parse_id
from schema.types.connection import TaskConnection, connection, page_range
from schema.types.task import Node, Task, TaskOrder, TaskStatus

MOST_NODES = 100

First = Annotated[
    int | None,
    strawberry.argument(description="How many, from the front: 0 to 100; 50 with neither `first` nor `last`."),
]
Count = Annotated[int | None, strawberry.argument(description="How many, 0 to 100; 50 if not given.")]
After = Annotated[
    str | None,
    strawberry.argument(description="Only what follows this cursor; one of the same order, its task may be gone."),
]
Last = Annotated[
    int | None,
    strawberry.argument(description="How many, from the end: 0 to 100. Given with `first`: the last of those."),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="Only what precedes this cursor; one of the same order, its task may be gone."),
]
PageNumber = Annotated[
    int | None, strawberry.argument(description="From 1, in pages of `first`; not with `after`, `before` or `last`.")
]
StatusArgument = Annotated[
    TaskStatus | None, strawberry.argument(description="Only tasks of this status; all if null.")
]
OrderBy = Annotated[TaskOrder, strawberry.argument(description="NEWEST if not given.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="A UUIDv7.")]
Ids = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 UUIDv7s.")]


@strawberry.type(description="How many tasks there are, exactly.")
class TaskCounts:
    """All, and by status."""

    all: int = strawberry.field(description="All tasks.")
    todo: int = strawberry.field(description="Those that are TODO.")
    in_progress: int = strawberry.field(description="Those that are IN_PROGRESS.")
    done: int = strawberry.field(description="Those that are DONE.")

    @classmethod
    def of(cls, counts: Mapping[Status | None, int]) -> "TaskCounts":
        """As the store counts them."""
        return cls(all=counts[None], todo=counts["TODO"], in_progress=counts["IN_PROGRESS"], done=counts["DONE"])


@strawberry.type(
    description="What can be asked. Each field says what it costs, in points; an operation may cost 5,000, unless the "
    "service is set otherwise."
)
class Query:
    """The root of every query."""

    @strawberry.field(
        description="A page of tasks. Any page of any order takes the same: two round trips to Redis, and one query "
        "for those of its tasks that are not cached. 2 points, and 1 for each task that `nodes` or `edges` may have."
    )
    async def tasks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        page: PageNumber = None,
        status: StatusArgument = None,
        order_by: OrderBy = TaskOrder.NEWEST,
    ) -> TaskConnection:
        """One script for the ids, one MGET for the tasks, one query for what is missing."""
        part = page_range(first, after, last, before, page, status, order_by)
        found = await read_page(info.context.session, part)
        if first is not None and last is not None:
            found = found.without(max(0, len(found.tasks) - last), 0)
        return connection(found, part)

    @strawberry.field(
        description="Tasks with these words in title or description, the newest first. A query or two, and one MGET. "
        "20 points, and 1 for each task that `nodes` or `edges` may have."
    )
    async def search_tasks(
        self, info: Info, query: search.Query, first: Count = None, after: After = None
    ) -> search.TaskMatchConnection:
        """Forwards alone."""
        part = search.window(first, after)
        found = await search_tasks(info.context.session, search.terms(query), part)
        if found is None:
            raise search.no_words()
        return search.match_connection(found)

    @strawberry.field(
        description="Tasks by status, priority, and when they were created, the newest first; or by when they expire, "
        "the soonest first. A query or two, each along an index, and one MGET. 5 points, and 1 for each task that "
        "`nodes` or `edges` may have."
    )
    async def filter_tasks(
        self,
        info: Info,
        filter: search.Filtered,  # noqa: A002
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> search.TaskMatchConnection:
        """In both directions."""
        asked = search.filter_of(filter)
        order: Order = "EXPIRING_SOON" if asked.by_expiry else "NEWEST"
        part = search.window(first, after, last, before, order)
        found = await filter_tasks(info.context.session, asked, part)
        if first is not None and last is not None:
            found = found.last(last)
        return search.match_connection(found, order)

    @strawberry.field(description="How many tasks there are, exactly; in one round trip to Redis. 1 point.")
    async def task_counts(self, info: Info) -> TaskCounts:
        """Of every view."""
        return TaskCounts.of(await read_counts(info.context.session))

    @strawberry.field(description="One task; null if it is not there, deleted or expired. 1 point.")
    async def task(self, info: Info, id: Id) -> Task | None:  # noqa: A002
        """By id."""
        [task] = await info.context.session.loader.load_many([_argument("id", id)])
        return cast("Task | None", task)

    @strawberry.field(description="Anything by its id; null if it is not there. 1 point.")
    async def node(self, info: Info, id: Id) -> Node | None:  # noqa: A002
        """Relay's node."""
        [task] = await info.context.session.loader.load_many([_argument("id", id)])
        return cast("Node | None", task)

    @strawberry.field(description="Anything by its ids, in their order; null for what is not there. 1 point for each.")
    async def nodes(self, info: Info, ids: Ids) -> list[Node | None]:
        """Relay's nodes."""
        if len(ids) > MOST_NODES:
            problem = f"may be at most {MOST_NODES}, and {len(ids)} were given."
            raise BadInput("ids", problem, limit=MOST_NODES, requested=len(ids))
        parsed = [_argument("ids", id_) for id_ in ids]
        return cast("list[Node | None]", await info.context.session.loader.load_many(parsed))


def _argument(name: str, id_: str) -> UUID:
    try:
        return parse_id(id_)
    except ValueError as error:
        raise BadInput(name, str(error)) from error
