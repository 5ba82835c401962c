"""The connection of tasks, by the Relay specification, with an exact total and page numbers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import strawberry
from msgspec import Struct

from cache.reads.deleted import DeletedTask
from cache.reads.pages import Page, read_rank
from cache.redis.encoded_task import EncodedTask
from cache.redis.index import PageRange
from cache.redis.position import PositionOrder
from db.task import Order
from schema.context import Info
from schema.cursor import encode_cursor, encode_cursors
from schema.types.task import Task

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 100


class FetchedPage(Struct, frozen=True, gc=False):
    """A page and the requested range. Counts a total or a rank only when a field needs it."""

    page: Page
    part: PageRange

    def total(self, info: Info) -> int | Awaitable[int]:
        """Return the number of tasks on all pages. A page from the index knows it; otherwise PostgreSQL counts."""
        if self.page.total is None:
            return info.context.session.store.totals.count(self.part.view, self.part.order)
        return self.page.total

    def rank(self, info: Info) -> int | Awaitable[int]:
        """Return the number of tasks before the first task of the page. The page must not be empty."""
        if self.page.rank is None:
            return read_rank(info.context.session, self.part, self.page.tasks[0])
        return self.page.rank


@strawberry.type(
    description="Information about a page. `hasNextPage` and `hasPreviousPage` are exact in both directions."
)
class PageInfo:
    """Cursors, totals and ranks are computed only for clients that select them."""

    has_next_page: bool = strawberry.field(description="Whether tasks follow the last edge.")
    has_previous_page: bool = strawberry.field(description="Whether tasks precede the first edge.")
    tasks: strawberry.Private[Sequence[EncodedTask] | Sequence[DeletedTask]]
    order: strawberry.Private[PositionOrder]
    fetched: strawberry.Private[FetchedPage | None]
    # The first and the last cursor, for a page of other objects than tasks.
    ends: strawberry.Private[tuple[str, str] | None] = None

    @strawberry.field(description="The cursor of the first edge. Null if the page is empty.")
    def start_cursor(self) -> str | None:
        if self.ends is not None:
            return self.ends[0]
        return encode_cursor(self.tasks[0], self.order) if self.tasks else None

    @strawberry.field(description="The cursor of the last edge. Null if the page is empty.")
    def end_cursor(self) -> str | None:
        if self.ends is not None:
            return self.ends[1]
        return encode_cursor(self.tasks[-1], self.order) if self.tasks else None

    @strawberry.field(
        description="The number of this page, from 1, with `first` as the page size (or `last`, if only `last` is "
        "given). Null if the page is empty, and always null in `searchTasks`, `filterTasks` and `deletedTasks`. "
        "Needs no extra query unless Redis is unavailable."
    )
    def page_number(self, info: Info) -> int | None:
        fetched = self.fetched
        if fetched is None or not fetched.page.tasks:
            return None
        return _when_known(fetched.rank(info), lambda rank: rank // fetched.part.count + 1)

    @strawberry.field(
        description="The number of pages of `first` tasks (of `last` tasks if only `last` is given). 0 if there are no "
        "tasks or the page size is 0. Always null in `searchTasks`, `filterTasks` and `deletedTasks`. Needs no extra "
        "query unless Redis is unavailable."
    )
    def page_count(self, info: Info) -> int | None:
        fetched = self.fetched
        if fetched is None:
            return None
        size = fetched.part.count
        return _when_known(fetched.total(info), lambda total: -(-total // size)) if size else 0


def _when_known(number: int | Awaitable[int], convert: Callable[[int], int]) -> int:
    """Convert a number now, or return an awaitable of it, which every executor awaits, while PostgreSQL counts."""
    if isinstance(number, int):
        return convert(number)

    async def later() -> int:
        return convert(await number)

    return cast("int", later())


@strawberry.type(description="A task and its cursor.")
class TaskEdge:
    node: Task = strawberry.field(description="The task.")
    order: strawberry.Private[Order]

    @strawberry.field(
        description="An opaque cursor for `after` and `before`. It stays valid after the task is changed or deleted."
    )
    def cursor(self) -> str:
        return encode_cursor(cast("EncodedTask", self.node), self.order)


def edge_cursors(edges: Sequence[TaskEdge]) -> list[str]:
    """Return the cursors of the edges of one page, as `TaskEdge.cursor` returns each of them."""
    tasks = cast("list[EncodedTask]", [edge.node for edge in edges])
    return encode_cursors(tasks, edges[0].order) if edges else []


def _edges(root: "TaskConnection") -> list[TaskEdge]:
    """Return the edges of a page, which are created only for clients that select them."""
    return task_edges(root.fetched.page.tasks, root.fetched.part.order)


@strawberry.type(description="A page of tasks.")
class TaskConnection:
    edges: list[TaskEdge] = strawberry.field(
        resolver=_edges, description="The tasks of the page, each with its cursor."
    )
    nodes: list[Task] = strawberry.field(description="The tasks of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")
    fetched: strawberry.Private[FetchedPage]

    @strawberry.field(
        description="The exact number of tasks on all pages. With `status` or `where`, counts only the tasks with "
        "these values; with `orderBy: EXPIRING_SOON`, only tasks that expire. Needs no extra query unless Redis is "
        "unavailable."
    )
    def total_count(self, info: Info) -> int:
        return cast("int", self.fetched.total(info))


class _EdgeRecord(Struct, gc=False):
    """The attributes of a `TaskEdge`. Creating one takes an eighth of the time."""

    node: EncodedTask
    order: Order


def task_edges(tasks: Sequence[EncodedTask], order: Order) -> list[TaskEdge]:
    """Return the edges of tasks. A cursor is encoded only when a client selects it."""
    return cast("list[TaskEdge]", [_EdgeRecord(task, order) for task in tasks])


def page_info_of(
    tasks: Sequence[EncodedTask] | Sequence[DeletedTask],
    order: PositionOrder,
    *,
    has_before: bool,
    has_after: bool,
    fetched: FetchedPage | None = None,
) -> PageInfo:
    """Return the information about a page of these tasks. Without `fetched` it has no page numbers."""
    return PageInfo(has_next_page=has_after, has_previous_page=has_before, tasks=tasks, order=order, fetched=fetched)


def task_connection(page: Page, part: PageRange) -> TaskConnection:
    """Return the connection for a page of the requested range."""
    fetched = FetchedPage(page, part)
    return TaskConnection(
        nodes=cast("list[Task]", page.tasks),
        page_info=page_info_of(
            page.tasks, part.order, has_before=page.has_before, has_after=page.has_after, fetched=fetched
        ),
        fetched=fetched,
    )
