"""The payload of each mutation: what it changed, and the errors in its input as data."""

from enum import Enum

import strawberry

from schema.types.task import Task


@strawberry.enum(description="A code for an error in the input, for programs.")
class UserErrorCode(Enum):
    BLANK = strawberry.enum_value("BLANK", description="A required value is empty or null.")
    TOO_LONG = strawberry.enum_value("TOO_LONG", description="A text has more characters than allowed.")
    INVALID_CHARACTER = strawberry.enum_value(
        "INVALID_CHARACTER", description="A text contains a NUL character or an unpaired surrogate."
    )
    INVALID_ID = strawberry.enum_value(
        "INVALID_ID", description="The id is not a UUIDv7, or not a valid id of a workspace."
    )
    IN_PAST = strawberry.enum_value("IN_PAST", description="`expiresAt` is not in the future.")
    OUT_OF_RANGE = strawberry.enum_value("OUT_OF_RANGE", description="A value is outside the allowed range.")
    TOO_MANY = strawberry.enum_value("TOO_MANY", description="The input has more items than allowed.")
    DUPLICATE_ID = strawberry.enum_value(
        "DUPLICATE_ID", description="Several items have the same id. All of them are rejected."
    )
    NOT_DONE = strawberry.enum_value(
        "NOT_DONE",
        description="The item is valid, but another item was rejected and `errorPolicy` is REJECT_ALL.",
    )
    ID_TAKEN = strawberry.enum_value(
        "ID_TAKEN",
        description="The id or the external id belongs to a task that was deleted or has expired, or the id to a "
        "workspace that exists or was deleted.",
    )
    NOT_FOUND = strawberry.enum_value(
        "NOT_FOUND",
        description="The task does not exist, was deleted, or has expired; or the list, workspace or token does not "
        "exist.",
    )
    VERSION_CONFLICT = strawberry.enum_value(
        "VERSION_CONFLICT", description="The task or list does not have the version in `expectedVersion`."
    )
    NOT_ALLOWED = strawberry.enum_value(
        "NOT_ALLOWED",
        description="The caller may not do this, it cannot be done to this workspace, or the list is archived.",
    )
    NOT_CONFIRMED = strawberry.enum_value("NOT_CONFIRMED", description="`confirmId` is not the id of the workspace.")


@strawberry.type(description="An error in the input. The input, or the item of a bulk mutation, changed nothing.")
class UserError:
    field: list[str] | None = strawberry.field(
        description="The path to the field in the input; in a bulk mutation, in the item. Null if no field is wrong."
    )
    message: str = strawberry.field(description="A message for people that states the problem and the limit.")
    code: UserErrorCode = strawberry.field(description="The code of the error, for programs.")


USER_ERRORS_DOC = "All errors in the input. Empty if the mutation succeeded."
CURRENT_TASK_DOC = "The current task if `userErrors` contains VERSION_CONFLICT. Otherwise null."
CREATED_TASK_DOC = (
    "The task. If a task with this id or external id existed before, that task, unchanged. Null if the input was "
    "rejected."
)
CREATED_DOC = "Whether this mutation created the task. False if the task existed before, or if the input was rejected."
CHANGED_TASK_DOC = "The task after the mutation. Null if the mutation was rejected."
DELETED_TASK_ID_DOC = "The id of the deleted task. Null if the task was not deleted."
RESULTS_DOC = "One result per item, in the order of the input. Empty if the input as a whole was rejected."


@strawberry.type
class MutationResult:
    """The base of all payloads, and of the results of the items of bulk mutations."""

    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS_DOC)
    client_mutation_id: str | None = strawberry.field(
        default=None, description="The `clientMutationId` of the input. Null if it had none."
    )


@strawberry.type
class ChangeResult(MutationResult):
    """The base of the results of mutations that change an existing task."""

    task: Task | None = strawberry.field(default=None, description=CHANGED_TASK_DOC)
    current_task: Task | None = strawberry.field(default=None, description=CURRENT_TASK_DOC)


@strawberry.type(description="The result of `createTask`.")
class CreateTaskPayload(MutationResult):
    task: Task | None = strawberry.field(default=None, description=CREATED_TASK_DOC)
    created: bool = strawberry.field(default=False, description=CREATED_DOC)


@strawberry.type(description="The result of `updateTask`.")
class UpdateTaskPayload(ChangeResult):
    pass


@strawberry.type(description="The result of `completeTask`.")
class CompleteTaskPayload(ChangeResult):
    pass


@strawberry.type(description="The result of `reopenTask`.")
class ReopenTaskPayload(ChangeResult):
    pass


@strawberry.type(description="The result of `deleteTask`.")
class DeleteTaskPayload(MutationResult):
    deleted_task_id: strawberry.ID | None = strawberry.field(default=None, description=DELETED_TASK_ID_DOC)
    current_task: Task | None = strawberry.field(default=None, description=CURRENT_TASK_DOC)


@strawberry.type(description="The result of `restoreTask`.")
class RestoreTaskPayload(ChangeResult):
    pass


@strawberry.type(description="The result of one item of `createTasks`.")
class CreateTasksResult(MutationResult):
    task: Task | None = strawberry.field(default=None, description=CREATED_TASK_DOC)
    created: bool = strawberry.field(default=False, description=CREATED_DOC)


@strawberry.type(description="The result of one item of `updateTasks`.")
class UpdateTasksResult(ChangeResult):
    pass


@strawberry.type(description="The result of one item of `deleteTasks`.")
class DeleteTasksResult(MutationResult):
    deleted_task_id: strawberry.ID | None = strawberry.field(default=None, description=DELETED_TASK_ID_DOC)
    current_task: Task | None = strawberry.field(default=None, description=CURRENT_TASK_DOC)


@strawberry.type(description="The result of one item of `restoreTasks`.")
class RestoreTasksResult(ChangeResult):
    pass


@strawberry.type(description="The result of `createTasks`.")
class CreateTasksPayload(MutationResult):
    results: list[CreateTasksResult] = strawberry.field(default_factory=list, description=RESULTS_DOC)


@strawberry.type(description="The result of `updateTasks`.")
class UpdateTasksPayload(MutationResult):
    results: list[UpdateTasksResult] = strawberry.field(default_factory=list, description=RESULTS_DOC)


@strawberry.type(description="The result of `deleteTasks`.")
class DeleteTasksPayload(MutationResult):
    results: list[DeleteTasksResult] = strawberry.field(default_factory=list, description=RESULTS_DOC)


@strawberry.type(description="The result of `restoreTasks`.")
class RestoreTasksPayload(MutationResult):
    results: list[RestoreTasksResult] = strawberry.field(default_factory=list, description=RESULTS_DOC)
