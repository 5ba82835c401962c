"""What mutations answer: what was done, and what was wrong with the input, as data."""

from enum import Enum

import strawberry

from schema.types import Task


@strawberry.enum(description="What was wrong, for programs.")
class UserErrorCode(Enum):
    """What was wrong, for programs."""

    BLANK = strawberry.enum_value("BLANK", description="Empty, or null, where something is needed.")
    TOO_LONG = strawberry.enum_value("TOO_LONG", description="More characters than allowed.")
    INVALID_CHARACTER = strawberry.enum_value("INVALID_CHARACTER", description="A NUL byte, or half a surrogate pair.")
    INVALID_ID = strawberry.enum_value("INVALID_ID", description="Not a UUIDv7.")
    IN_PAST = strawberry.enum_value("IN_PAST", description="An expiry that has passed already.")
    OUT_OF_RANGE = strawberry.enum_value("OUT_OF_RANGE", description="Outside of what is allowed.")
    TOO_MANY = strawberry.enum_value("TOO_MANY", description="More items than allowed.")
    DUPLICATE_ID = strawberry.enum_value("DUPLICATE_ID", description="Two items with one id.")
    ID_TAKEN = strawberry.enum_value("ID_TAKEN", description="The id of a task that was deleted or has expired.")
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="No such task, or it was deleted, or it has expired.")
    VERSION_CONFLICT = strawberry.enum_value("VERSION_CONFLICT", description="The task is not at the expected version.")


@strawberry.type(description="Something wrong with the input; nothing was changed because of it.")
class UserError:
    """For people and programs."""

    field: list[str] | None = strawberry.field(description="The path of the field in the input.")
    message: str = strawberry.field(description="What is wrong, and the limit.")
    code: UserErrorCode = strawberry.field(description="The same for programs.")


ERRORS = "What was wrong with the input; empty if it was done."


@strawberry.type(description="What became of a create.")
class CreateTaskPayload:
    """Answer of createTask."""

    task: Task | None = strawberry.field(default=None, description="The task that is there now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ERRORS)


@strawberry.type(description="What became of an update.")
class UpdateTaskPayload:
    """Answer of updateTask."""

    task: Task | None = strawberry.field(default=None, description="The task as it is now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ERRORS)


@strawberry.type(description="What became of a delete.")
class DeleteTaskPayload:
    """Answer of deleteTask."""

    deleted_task_id: strawberry.ID | None = strawberry.field(default=None, description="The id, if it was deleted.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ERRORS)


@strawberry.type(description="What became of a restore.")
class RestoreTaskPayload:
    """Answer of restoreTask."""

    task: Task | None = strawberry.field(default=None, description="The task, which is there again.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ERRORS)


@strawberry.type(description="What became of one item.")
class CreateTasksResult:
    """One item of createTasks."""

    task: Task | None = strawberry.field(default=None, description="The task that is there now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ERRORS)


@strawberry.type(description="What became of many creates.")
class CreateTasksPayload:
    """Answer of createTasks."""

    results: list[CreateTasksResult] = strawberry.field(
        default_factory=list, description="One for each item, in the order of the input."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input as a whole."
    )
