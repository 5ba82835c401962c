"""The connection of tasks, after the Relay specification, with an exact total and page numbers."""

from dataclasses import dataclass
from typing import cast

import strawberry

from cache.reads.pages import Page, read_rank
from cache.redis.index import PageRange
from db.task import Order, Status
from schema import cursor
from schema.context import Info
from schema.errors import BadInput
from schema.types.task import Task, TaskOrder, TaskStatus

DEFAULT_PAGE, LARGEST_PAGE = 50, 100
# Beyond this no page exists: it is more than the tasks that a workspace can hold.
LARGEST_PAGE_NUMBER = 10**9


@dataclass(frozen=True)
class Found:
    """A page, and what was asked for: of `first` tasks, the last `last` if that was given as well."""

    page: Page
    part: PageRange

    async def total(self, info: Info) -> int:
        """The index brings it along; without the index it is counted, and only for who asks."""
        if self.page.total is None:
            return await info.context.session.store.totals.count(self.part.status, self.part.order)
        return self.page.total

    async def rank(self, info: Info) -> int:
        """Of the first task, which must be there; as for the total."""
        if self.page.rank is None:
            return await read_rank(info.context.session, self.part, self.page.tasks[0])
        return self.page.rank


@strawberry.type(description="Where a page stands among the others; right on both sides, always.")
class PageInfo:
    """Relay's PageInfo, and the page's number."""

    has_next_page: bool = strawberry.field(description="Whether there are tasks behind the last edge.")
    has_previous_page: bool = strawberry.field(description="Whether there are tasks before the first edge.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge; null on an empty page.")
    found: strawberry.Private[Found | None]

    @strawberry.field(
        description="The page that holds the first edge, from 1, counted in pages of `first` (of `last`, if only that "
        "was given); null on an empty page, and of a search or a filter. Costs nothing more while the cache is in use."
    )
    async def page_number(self, info: Info) -> int | None:
        """From where the first task stands."""
        if self.found is None or not self.found.page.tasks:
            return None
        return await self.found.rank(info) // self.found.part.count + 1

    @strawberry.field(
        description="How many pages of `first` (of `last`, if only that was given) there are; 0 if there are no tasks, "
        "or with `first: 0`; null of a search or a filter. Costs nothing more while the cache is in use."
    )
    async def page_count(self, info: Info) -> int | None:
        """From the total."""
        if self.found is None:
            return None
        size = self.found.part.count
        return -(-await self.found.total(info) // size) if size else 0


@strawberry.type(description="A task in its place.")
class TaskEdge:
    """Relay's edge."""

    node: Task = strawberry.field(description="The task.")
    order: strawberry.Private[Order]

    @strawberry.field(
        description="Where it stands; good for `after` and `before`, even once the task is changed or deleted."
    )
    def cursor(self) -> str:
        """Made only when asked for."""
        return cursor.encode(self.node, self.order)  # type: ignore[arg-type]


@strawberry.type(description="A page of tasks, in the order that was asked for.")
class TaskConnection:
    """Relay's connection."""

    edges: list[TaskEdge] = strawberry.field(description="The tasks of the page, each in its place.")
    nodes: list[Task] = strawberry.field(description="The tasks of the page.")
    page_info: PageInfo = strawberry.field(description="What lies before and after.")
    found: strawberry.Private[Found]

    @strawberry.field(
        description="How many tasks there are on all pages, exactly: with `status`, of that status; in EXPIRING_SOON, "
        "those that expire. Costs nothing more while the cache is in use."
    )
    async def total_count(self, info: Info) -> int:
        """Of the view, whatever the cursors."""
        return await self.found.total(info)


def connection(page: Page, part: PageRange) -> TaskConnection:
    """A page as GraphQL shows it."""
    tasks, order = cast("list[Task]", page.tasks), part.order
    found = Found(page, part)
    return TaskConnection(
        edges=[TaskEdge(node=task, order=order) for task in tasks],
        nodes=tasks,
        page_info=PageInfo(
            has_next_page=page.has_after,
            has_previous_page=page.has_before,
            start_cursor=cursor.encode(page.tasks[0], order) if tasks else None,
            end_cursor=cursor.encode(page.tasks[-1], order) if tasks else None,
            found=found,
        ),
        found=found,
    )


def page_range(
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    page: int | None,
    status: TaskStatus | None,
    order_by: TaskOrder,
) -> PageRange:
    """The arguments of a connection as a part of its view; of both `first` and `last`, the first. Raises `BadInput`."""
    check_count("first", first)
    check_count("last", last)
    if page is not None:
        _check_page(page, {"after": after, "before": before, "last": last})
    count = next((given for given in (first, last) if given is not None), DEFAULT_PAGE)
    order = cast("Order", order_by.value)
    return PageRange(
        count=count,
        direction="last" if first is None and last is not None else "first",
        after=None if after is None else cursor.decode("after", after, order),
        before=None if before is None else cursor.decode("before", before, order),
        offset=0 if page is None else (page - 1) * count,
        status=None if status is None else cast("Status", status.value),
        order=order,
    )


def check_count(name: str, count: int | None) -> None:
    """The size of a page, if one is given. Raises `BadInput`."""
    if count is not None and not 0 <= count <= LARGEST_PAGE:
        raise BadInput(
            name, f"must be 0 to {LARGEST_PAGE}, and {count} was asked for.", limit=LARGEST_PAGE, requested=count
        )


def _check_page(page: int, others: dict[str, object]) -> None:
    for name, value in others.items():
        if value is not None:
            raise BadInput("page", f"and {name} were both given. Give one of them.")
    if not 1 <= page <= LARGEST_PAGE_NUMBER:
        problem = f"must be 1 to {LARGEST_PAGE_NUMBER}, and {page} was asked for."
        raise BadInput("page", problem, limit=LARGEST_PAGE_NUMBER, requested=page)
