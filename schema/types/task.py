"""The types that a client reads: Task, its enums, and the Node interface."""

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry.types import Info

from db.task import Task as Row


@strawberry.enum(description="How far a task has come.")
class TaskStatus(Enum):
    """How far a task has come."""

    TODO = strawberry.enum_value("TODO", description="Nobody has begun it.")
    IN_PROGRESS = strawberry.enum_value("IN_PROGRESS", description="Somebody is at it.")
    DONE = strawberry.enum_value("DONE", description="It is finished.")


@strawberry.enum(description="In which order a connection has its tasks; ties go by id. Each costs the same.")
class TaskOrder(Enum):
    """In which order a connection has its tasks."""

    NEWEST = strawberry.enum_value("NEWEST", description="By creation, the newest first.")
    OLDEST = strawberry.enum_value("OLDEST", description="By creation, the oldest first.")
    EXPIRING_SOON = strawberry.enum_value(
        "EXPIRING_SOON", description="Only the tasks that expire, the soonest first; the others are not in it."
    )


@strawberry.enum(description="How much a task matters.")
class TaskPriority(Enum):
    """How much a task matters."""

    NONE = strawberry.enum_value("NONE", description="Nobody has said.")
    LOW = strawberry.enum_value("LOW", description="Some day.")
    MEDIUM = strawberry.enum_value("MEDIUM", description="As usual.")
    HIGH = strawberry.enum_value("HIGH", description="Before the others.")
    URGENT = strawberry.enum_value("URGENT", description="Now.")


@strawberry.interface(description="Anything with an id that is its own in the whole service.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = strawberry.field(description="A UUIDv7.")


@strawberry.type(description="A task. Past its `expiresAt` it is gone for every reader.")
class Task(Node):
    """What resolvers return for it is a row, of the same attributes."""

    title: str = strawberry.field(description="1 to 500 characters.")
    description: str = strawberry.field(description="At most 10,000 characters; may be empty.")
    status: TaskStatus = strawberry.field(description="How far it has come.")
    priority: TaskPriority = strawberry.field(description="How much it matters.")
    created_at: datetime = strawberry.field(description="When it was created, by the database.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself, if ever.")
    version: int = strawberry.field(description="1 when created, one more with each change.")

    @classmethod
    def is_type_of(cls, value: Any, _info: Info[Any, Any]) -> bool:
        """Rows are handed out as they are, for speed."""
        return isinstance(value, Row)
