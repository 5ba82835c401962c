"""The filter of a declared view, and the values that its tasks have."""

from enum import Enum
from typing import cast
from uuid import UUID

import strawberry

from schema.context import Info
from schema.types.task import TaskPriority, TaskStatus
from schema.types.task_list import TaskList

DEFAULT_FACETS, MAX_FACETS = 100, 1000


@strawberry.input(
    description="Values that tasks must have, all of them. The combination of fields must be declared, unless it is "
    "`status` alone: by default `list`, `assignee` and `label` alone, and `list` or `assignee` with `status`."
)
class TaskWhere:
    list_id: strawberry.ID | None = strawberry.field(
        default=None,
        name="list",
        description="The id of a list. A list that does not exist has no tasks. Null for any.",
    )
    assignee: str | None = strawberry.field(
        default=None, description="The assignee: 1 to 200 characters. Null for any."
    )
    label: str | None = strawberry.field(
        default=None, description="One of the labels of the tasks: 1 to 50 characters. Null for any."
    )
    priority: TaskPriority | None = strawberry.field(default=None, description="The priority. Null for any.")
    status: TaskStatus | None = strawberry.field(default=None, description="The status. Null for any.")


@strawberry.enum(description="What tasks have values of.")
class FacetDimension(Enum):
    LIST = strawberry.enum_value("list", description="The list. Tasks without a list are not counted.")
    ASSIGNEE = strawberry.enum_value("assignee", description="The assignee. Tasks without one are not counted.")
    LABEL = strawberry.enum_value("label", description="Each label. A task with several labels is counted for each.")
    PRIORITY = strawberry.enum_value("priority", description="The priority.")
    STATUS = strawberry.enum_value("status", description="The status.")


@strawberry.enum(description="The order of facets.")
class FacetOrder(Enum):
    COUNT = strawberry.enum_value("COUNT", description="Most tasks first. Values with as many are ordered by name.")
    NAME = strawberry.enum_value("NAME", description="By the value, in the order of its bytes in UTF-8.")


@strawberry.type(description="A value, and how many tasks have it.")
class Facet:
    value: str = strawberry.field(description="The id of a list, an assignee, a label, a priority or a status.")
    count: int = strawberry.field(description="The exact number of tasks with this value, from 1.")
    list_id: strawberry.Private[UUID | None]

    @strawberry.field(
        name="list",
        description="The list of this id. Null unless the facets are by LIST. All lists of a response are read from "
        "PostgreSQL by one query. Cost: 1 point.",
    )
    async def task_list(self, info: Info) -> TaskList | None:
        if self.list_id is None:
            return None
        [found] = await info.context.session.list_loader.load_many([self.list_id])
        return cast("TaskList | None", found)
