"""The connection of tasks, after the Relay specification, with an exact total."""

from typing import cast

import strawberry

from cache.index import Range
from cache.tasks import Page
from db.rows import Status
from schema import cursor
from schema.context import Info
from schema.errors import BadInput
from schema.types import Task, TaskStatus

DEFAULT_PAGE, LARGEST_PAGE = 50, 100
# Beyond this no page exists: it is more than the tasks that a workspace can hold.
LARGEST_PAGE_NUMBER = 10**9


@strawberry.type(description="Where a page stands among the others; right on both sides, always.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether older tasks follow.")
    has_previous_page: bool = strawberry.field(description="Whether newer tasks come before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge, if any.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge, if any.")


@strawberry.type(description="A task in its place.")
class TaskEdge:
    """Relay's edge."""

    node: Task = strawberry.field(description="The task.")

    @strawberry.field(description="Where it stands; good for `after` and `before`, even once it is deleted.")
    def cursor(self) -> str:
        """Made only when asked for."""
        return cursor.encode(self.node)  # type: ignore[arg-type]


@strawberry.type(description="A page of tasks, newest first.")
class TaskConnection:
    """Relay's connection."""

    edges: list[TaskEdge] = strawberry.field(description="The tasks of the page, each in its place.")
    nodes: list[Task] = strawberry.field(description="The tasks of the page.")
    page_info: PageInfo = strawberry.field(description="What lies before and after.")
    total: strawberry.Private[int | None]
    status: strawberry.Private[Status | None]

    @strawberry.field(description="How many tasks there are on all pages, exactly.")
    async def total_count(self, info: Info) -> int:
        """The index brings it along; without the index it is counted, and only for who asks."""
        return await info.context.tasks.total(self.status) if self.total is None else self.total


def connection(page: Page, status: Status | None) -> TaskConnection:
    """A page as GraphQL shows it."""
    tasks = cast("list[Task]", page.tasks)
    return TaskConnection(
        edges=[TaskEdge(node=task) for task in tasks],
        nodes=tasks,
        page_info=PageInfo(
            has_next_page=page.has_after,
            has_previous_page=page.has_before,
            start_cursor=cursor.encode(page.tasks[0]) if page.tasks else None,
            end_cursor=cursor.encode(page.tasks[-1]) if page.tasks else None,
        ),
        total=page.total,
        status=status,
    )


def page_range(
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    page: int | None,
    status: TaskStatus | None,
) -> Range:
    """The arguments of a connection as a part of its view. Raises `BadInput`."""
    if first is not None and last is not None:
        raise BadInput("first", "and last were both given. Give one of them.")
    for name, count in (("first", first), ("last", last)):
        if count is not None and not 1 <= count <= LARGEST_PAGE:
            raise BadInput(name, f"must be 1 to {LARGEST_PAGE}, and {count} was asked for.")
    if page is not None:
        given = {"after": after, "before": before, "last": last}
        for name, value in given.items():
            if value is not None:
                raise BadInput("page", f"and {name} were both given. Give one of them.")
        if not 1 <= page <= LARGEST_PAGE_NUMBER:
            raise BadInput("page", f"must be 1 to {LARGEST_PAGE_NUMBER}, and {page} was asked for.")
    count = last or first or DEFAULT_PAGE
    return Range(
        count=count,
        direction="first" if last is None else "last",
        after=None if after is None else cursor.decode("after", after),
        before=None if before is None else cursor.decode("before", before),
        offset=0 if page is None else (page - 1) * count,
        status=None if status is None else cast("Status", status.value),
    )
