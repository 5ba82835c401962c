"""The GraphQL type of a list of tasks."""

from datetime import datetime
from typing import Any

import strawberry

from db.task_lists import TaskList as Row
from schema.context import Info
from schema.types.node import Node


@strawberry.type(description="A list of tasks. A list can be archived, but not deleted.")
class TaskList(Node):
    """The GraphQL type of a list. Resolvers return rows, which have the same attributes."""

    name: str = strawberry.field(description="The name: 1 to 200 characters. Several lists may have the same name.")
    created_at: datetime = strawberry.field(description="When the list was created, by the clock of the database.")
    updated_at: datetime = strawberry.field(
        description="When the list was last changed. Equal to `createdAt` until the first change."
    )
    archived_at: datetime | None = strawberry.field(
        description="When the list was archived. Null unless it is archived. An archived list keeps its tasks and "
        "takes no others."
    )
    version: int = strawberry.field(
        description="The version: 1 when the list is created, incremented by each change. Pass it as `expectedVersion` "
        "to detect concurrent changes."
    )
    created_by: str | None = strawberry.field(
        description="Who created the list: the actor of the caller. Null for anonymous callers."
    )
    updated_by: str | None = strawberry.field(
        description="Who last changed the list: the actor of the caller. Null as in `createdBy`."
    )

    @classmethod
    def is_type_of(cls, value: Any, _info: Info) -> bool:
        """Accept rows, which resolvers return without converting them."""
        return isinstance(value, Row)
