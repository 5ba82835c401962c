"""The connection of tasks, by the Relay specification, with an exact total and page numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import strawberry

from cache.reads.pages import Page, read_rank
from cache.redis.index import PageRange
from db.task import Order
from db.task import Task as Row
from schema.context import Info
from schema.cursor import encode_cursor
from schema.types.task import Task

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 100


@dataclass(frozen=True)
class FetchedPage:
    """A page and the requested range. Counts a total or a rank only when a field needs it."""

    page: Page
    part: PageRange

    async def total(self, info: Info) -> int:
        """Return the number of tasks on all pages. A page from the index knows it; otherwise PostgreSQL counts."""
        if self.page.total is None:
            return await info.context.session.store.totals.count(self.part.status, self.part.order)
        return self.page.total

    async def rank(self, info: Info) -> int:
        """Return the number of tasks before the first task of the page. The page must not be empty."""
        if self.page.rank is None:
            return await read_rank(info.context.session, self.part, self.page.tasks[0])
        return self.page.rank


@strawberry.type(
    description="Information about a page. `hasNextPage` and `hasPreviousPage` are exact in both directions."
)
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether tasks follow the last edge.")
    has_previous_page: bool = strawberry.field(description="Whether tasks precede the first edge.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge. Null if the page is empty.",
    )
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge. Null if the page is empty.")
    fetched: strawberry.Private[FetchedPage | None]

    @strawberry.field(
        description="The number of this page, from 1, with `first` as the page size (or `last`, if only `last` is "
        "given). Null if the page is empty, and always null in `searchTasks` and "
        "`filterTasks`. Needs no extra query unless Redis is unavailable."
    )
    async def page_number(self, info: Info) -> int | None:
        if self.fetched is None or not self.fetched.page.tasks:
            return None
        return await self.fetched.rank(info) // self.fetched.part.count + 1

    @strawberry.field(
        description="The number of pages of `first` tasks (of `last` tasks if only `last` is given). 0 if there are no "
        "tasks or the page size is 0. Always null in `searchTasks` and `filterTasks`. Needs no extra query unless "
        "Redis is unavailable."
    )
    async def page_count(self, info: Info) -> int | None:
        if self.fetched is None:
            return None
        size = self.fetched.part.count
        return -(-await self.fetched.total(info) // size) if size else 0


@strawberry.type(description="A task and its cursor.")
class TaskEdge:
    node: Task = strawberry.field(description="The task.")
    order: strawberry.Private[Order]

    @strawberry.field(
        description="An opaque cursor for `after` and `before`. It stays valid after the task is changed or deleted."
    )
    def cursor(self) -> str:
        return encode_cursor(self.node, self.order)  # type: ignore[arg-type]


@strawberry.type(description="A page of tasks.")
class TaskConnection:
    edges: list[TaskEdge] = strawberry.field(description="The tasks of the page, each with its cursor.")
    nodes: list[Task] = strawberry.field(description="The tasks of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")
    fetched: strawberry.Private[FetchedPage]

    @strawberry.field(
        description="The exact number of tasks on all pages. With `status`, counts only the tasks with that status; "
        "with `orderBy: EXPIRING_SOON`, only tasks that expire. Needs no extra query unless Redis is unavailable."
    )
    async def total_count(self, info: Info) -> int:
        return await self.fetched.total(info)


def task_edges(tasks: Sequence[Row], order: Order) -> list[TaskEdge]:
    """Return the edges of tasks. A cursor is encoded only when a client selects it."""
    return [TaskEdge(node=cast("Task", task), order=order) for task in tasks]


def page_info_of(
    tasks: Sequence[Row], order: Order, *, has_before: bool, has_after: bool, fetched: FetchedPage | None = None
) -> PageInfo:
    """Return the information about a page of these tasks. Without `fetched` it has no page numbers."""
    return PageInfo(
        has_next_page=has_after,
        has_previous_page=has_before,
        start_cursor=encode_cursor(tasks[0], order) if tasks else None,
        end_cursor=encode_cursor(tasks[-1], order) if tasks else None,
        fetched=fetched,
    )


def task_connection(page: Page, part: PageRange) -> TaskConnection:
    """Return the connection for a page of the requested range."""
    fetched = FetchedPage(page, part)
    return TaskConnection(
        edges=task_edges(page.tasks, part.order),
        nodes=cast("list[Task]", page.tasks),
        page_info=page_info_of(
            page.tasks, part.order, has_before=page.has_before, has_after=page.has_after, fetched=fetched
        ),
        fetched=fetched,
    )
