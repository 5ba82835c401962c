"""The GraphQL type of a task, and its enums."""

from datetime import datetime
from enum import Enum
from typing import Any, cast

import strawberry

from cache.redis.encoded_task import EncodedTask
from db.task import Task as Row
from schema.context import Info
from schema.types.json_object import JSONObject
from schema.types.node import Node
from schema.types.task_list import TaskList


@strawberry.enum(description="The status of a task.")
class TaskStatus(Enum):
    TODO = strawberry.enum_value("TODO", description="Work has not started. The default.")
    IN_PROGRESS = strawberry.enum_value("IN_PROGRESS", description="Work has started.")
    DONE = strawberry.enum_value("DONE", description="Work is finished.")


@strawberry.enum(
    description="The order of the tasks in a connection. Tasks with equal times are ordered by id. All orders cost the "
    "same. DUE_FIRST and PRIORITY_FIRST need a combination of `where` and `status` for which MILLITASK_VIEWS declares "
    "them; any other is an error with the code VIEW_NOT_DECLARED."
)
class TaskOrder(Enum):
    NEWEST = strawberry.enum_value("NEWEST", description="By creation time, newest first. The default.")
    OLDEST = strawberry.enum_value("OLDEST", description="By creation time, oldest first.")
    EXPIRING_SOON = strawberry.enum_value(
        "EXPIRING_SOON",
        description="By expiry time, soonest first. Tasks that do not expire are left out.",
    )
    DUE_FIRST = strawberry.enum_value(
        "DUE_FIRST",
        description="By due date in milliseconds, earliest first. Tasks without a due date follow, newest first. Must "
        "be declared.",
    )
    PRIORITY_FIRST = strawberry.enum_value(
        "PRIORITY_FIRST",
        description="By priority, highest first, and tasks of one priority by creation time, newest first. Must be "
        "declared.",
    )


@strawberry.enum(description="The priority of a task.")
class TaskPriority(Enum):
    NONE = strawberry.enum_value("NONE", description="No priority. The default.")
    LOW = strawberry.enum_value("LOW", description="Low priority.")
    MEDIUM = strawberry.enum_value("MEDIUM", description="Medium priority.")
    HIGH = strawberry.enum_value("HIGH", description="High priority.")
    URGENT = strawberry.enum_value("URGENT", description="The highest priority.")


@strawberry.type(description="A task. Deleted and expired tasks are not returned by any query.")
class Task(Node):
    """The GraphQL type of a task. Resolvers return entries and rows, which have the same attributes."""

    title: str = strawberry.field(description="The title: 1 to 500 characters.")
    description: str = strawberry.field(description="The description: up to 10,000 characters. Empty if not set.")
    status: TaskStatus = strawberry.field(description="The status.")
    priority: TaskPriority = strawberry.field(description="The priority. NONE if not set.")
    created_at: datetime = strawberry.field(
        description="When the task was created, by the clock of the database, in microseconds, or as an import gave it."
    )
    updated_at: datetime = strawberry.field(
        description="When the task was last changed. Until the first change, when the service created it: equal to "
        "`createdAt`, or the time of the import."
    )
    expires_at: datetime | None = strawberry.field(
        description="When the task expires. From then on no query returns it. Null if the task does not expire."
    )
    version: int = strawberry.field(
        description="The version: 1 when the task is created, incremented by each change. Pass it as `expectedVersion` "
        "to detect concurrent changes."
    )
    created_by: str | None = strawberry.field(
        description="Who created the task: the actor of the caller. Null for anonymous callers, and for tasks from "
        "before the service recorded it."
    )
    updated_by: str | None = strawberry.field(
        description="Who last changed the task: the actor of the caller. Null as in `createdBy`."
    )
    due_at: datetime | None = strawberry.field(
        description="When the task is due. Unlike `expiresAt`, nothing happens at that time. Null if not set."
    )
    assignee: str | None = strawberry.field(
        description="Who works on the task: an id of a user of your product, which the service does not interpret. "
        "Null if not set."
    )
    labels: list[str] = strawberry.field(
        description="The labels, different from each other, in the order in which they were set. Empty if not set."
    )
    metadata: JSONObject | None = strawberry.field(
        description="Data of your product, which the service neither interprets nor searches. Null if not set."
    )
    external_id: str | None = strawberry.field(
        description="The id of the task in your product, unique in the workspace. Null if not set."
    )

    list_id: strawberry.ID | None = strawberry.field(description="The id of the list of the task. Null if not set.")

    @strawberry.field(
        name="list",
        description="The list of the task. Null if not set. All lists of a response are read from PostgreSQL by one "
        "query. Cost: 1 point.",
    )
    async def task_list(self, info: Info) -> TaskList | None:
        if self.list_id is None:
            return None
        [found] = await info.context.session.list_loader.load_many([cast("Any", self.list_id)])
        return cast("TaskList | None", found)

    @classmethod
    def is_type_of(cls, value: Any, _info: Info) -> bool:
        """Accept entries and rows, which resolvers return without converting them, for speed."""
        return isinstance(value, EncodedTask | Row)
