"""What mutations answer: what was done, and what was wrong with the input, as data."""

from enum import Enum

import strawberry

from schema.types.task import Task


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
    NOT_DONE = strawberry.enum_value(
        "NOT_DONE", description="Nothing wrong with this item: another was refused, with errorPolicy: REJECT_ALL."
    )
    ID_TAKEN = strawberry.enum_value("ID_TAKEN", description="The id of a task that was deleted or has expired.")
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="No such task, or it was deleted, or it has expired.")
    VERSION_CONFLICT = strawberry.enum_value("VERSION_CONFLICT", description="The task is not at the expected version.")


@strawberry.type(description="Something wrong with the input; nothing was changed because of it.")
class UserError:
    """For people and programs."""

    field: list[str] | None = strawberry.field(
        description="The path of the field in the input; of an item of many, in that item. Null if none is at fault."
    )
    message: str = strawberry.field(description="What is wrong, and the limit.")
    code: UserErrorCode = strawberry.field(description="The same for programs.")


ERRORS = "What was wrong with the input, all of it; empty if it was done."
CURRENT = "With VERSION_CONFLICT: the task as it is, to decide by. Else null."


@strawberry.type
class Result:
    """What every payload has, and every item of a mutation of many."""

    user_errors: list[UserError] = strawberry.field(default_factory=list, description=ERRORS)
    client_mutation_id: str | None = strawberry.field(default=None, description="What the input had.")


@strawberry.type
class ChangedResult(Result):
    """Of a change to a task that was there."""

    task: Task | None = strawberry.field(default=None, description="The task as it is now; null if it was not done.")
    current_task: Task | None = strawberry.field(default=None, description=CURRENT)


@strawberry.type(description="What became of a create.")
class CreateTaskPayload(Result):
    """Answer of createTask."""

    task: Task | None = strawberry.field(default=None, description="The task that is there now; null if none is.")


@strawberry.type(description="What became of an update.")
class UpdateTaskPayload(ChangedResult):
    """Answer of updateTask."""


@strawberry.type(description="What became of a completion.")
class CompleteTaskPayload(ChangedResult):
    """Answer of completeTask."""


@strawberry.type(description="What became of a reopening.")
class ReopenTaskPayload(ChangedResult):
    """Answer of reopenTask."""


@strawberry.type(description="What became of a delete.")
class DeleteTaskPayload(Result):
    """Answer of deleteTask."""

    deleted_task_id: strawberry.ID | None = strawberry.field(default=None, description="The id, if it was deleted.")
    current_task: Task | None = strawberry.field(default=None, description=CURRENT)


@strawberry.type(description="What became of a restore.")
class RestoreTaskPayload(ChangedResult):
    """Answer of restoreTask."""


@strawberry.type(description="What became of one item.")
class CreateTasksResult(Result):
    """One item of createTasks."""

    task: Task | None = strawberry.field(default=None, description="The task that is there now; null if none is.")


@strawberry.type(description="What became of one item.")
class UpdateTasksResult(ChangedResult):
    """One item of updateTasks."""


@strawberry.type(description="What became of one item.")
class DeleteTasksResult(Result):
    """One item of deleteTasks."""

    deleted_task_id: strawberry.ID | None = strawberry.field(default=None, description="The id, if it was deleted.")
    current_task: Task | None = strawberry.field(default=None, description=CURRENT)


@strawberry.type(description="What became of one item.")
class RestoreTasksResult(ChangedResult):
    """One item of restoreTasks."""


RESULTS = "One for each item, in the order of the input; none if the input as a whole was refused."


@strawberry.type(description="What became of many creates.")
class CreateTasksPayload(Result):
    """Answer of createTasks."""

    results: list[CreateTasksResult] = strawberry.field(default_factory=list, description=RESULTS)


@strawberry.type(description="What became of many updates.")
class UpdateTasksPayload(Result):
    """Answer of updateTasks."""

    results: list[UpdateTasksResult] = strawberry.field(default_factory=list, description=RESULTS)


@strawberry.type(description="What became of many deletes.")
class DeleteTasksPayload(Result):
    """Answer of deleteTasks."""

    results: list[DeleteTasksResult] = strawberry.field(default_factory=list, description=RESULTS)


@strawberry.type(description="What became of many restores.")
class RestoreTasksPayload(Result):
    """Answer of restoreTasks."""

    results: list[RestoreTasksResult] = strawberry.field(default_factory=list, description=RESULTS)
