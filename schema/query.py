"""What can be asked: a page of tasks, a task, a node, some nodes."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from schema.connection import TaskConnection, connection, page_range
from schema.context import Info
from schema.errors import BadInput
from schema.inputs import parse_id
from schema.types import Node, Task, TaskStatus

MOST_NODES = 100

First = Annotated[int | None, strawberry.argument(description="How many, from the front: 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Only what follows this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many, from the end: 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor.")]
PageNumber = Annotated[int | None, strawberry.argument(description="From 1, in pages of `first`; any costs the same.")]
Status = Annotated[TaskStatus | None, strawberry.argument(description="Only tasks of this status; all if null.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="A UUIDv7.")]
Ids = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 UUIDv7s.")]


@strawberry.type(description="What can be asked.")
class Query:
    """The root of every query."""

    @strawberry.field(description="A page of tasks, newest first. With neither `first` nor `last`: 50.")
    async def tasks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        page: PageNumber = None,
        status: Status = None,
    ) -> TaskConnection:
        """One script for the ids, one MGET for the tasks, one query for what is missing."""
        part = page_range(first, after, last, before, page, status)
        return connection(await info.context.tasks.task_page(part, total=False), part.status)

    @strawberry.field(description="One task; null if it is not there, deleted or expired.")
    async def task(self, info: Info, id: Id) -> Task | None:  # noqa: A002
        """By id."""
        [task] = await info.context.tasks.tasks_by_id([_argument("id", id)])
        return cast("Task | None", task)

    @strawberry.field(description="Anything by its id; null if it is not there.")
    async def node(self, info: Info, id: Id) -> Node | None:  # noqa: A002
        """Relay's node."""
        [task] = await info.context.tasks.tasks_by_id([_argument("id", id)])
        return cast("Node | None", task)

    @strawberry.field(description="Anything by its ids, in their order; null for what is not there.")
    async def nodes(self, info: Info, ids: Ids) -> list[Node | None]:
        """Relay's nodes."""
        if len(ids) > MOST_NODES:
            raise BadInput("ids", f"may be at most {MOST_NODES}, and {len(ids)} were given.")
        parsed = [_argument("ids", id_) for id_ in ids]
        return cast("list[Node | None]", await info.context.tasks.tasks_by_id(parsed))


def _argument(name: str, id_: str) -> UUID:
    try:
        return parse_id(id_)
    except ValueError as error:
        raise BadInput(name, str(error)) from error
