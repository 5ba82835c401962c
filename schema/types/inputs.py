"""The input of each mutation."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.types.arguments import InputContext

from schema.types.json_object import JSONObject
from schema.types.task import TaskPriority, TaskStatus

InputType = TypeVar("InputType")
MAX_BULK_ITEMS = 1000

ID_DOC = (
    "A UUIDv7 chosen by the client, which makes retries safe: creating the same id twice creates one task. Null to let "
    "the service generate an id."
)
TITLE_DOC = "1 to 500 characters, not only whitespace."
DESCRIPTION_DOC = "up to 10,000 characters."
EXPIRES_AT_DOC = (
    "When the task expires: a time in the future, before the year 2200. Times are truncated to milliseconds. Null for "
    "a task that does not expire."
)
DUE_AT_DOC = "When the task is due, in the years 1970 to 2199, also in the past. Null for a task without a due date."
ASSIGNEE_DOC = (
    "Who works on the task, such as the id of a user of your product: 1 to 200 characters, not only whitespace. Null "
    "for none."
)
LABELS_DOC = (
    "The labels: up to 20 different ones of 1 to 50 characters, not only whitespace. Repeated labels count once. Null "
    "or empty for none."
)
METADATA_DOC = (
    "Data of your product: an object of up to 4,096 bytes as compact JSON in UTF-8, and up to 32 levels. Null for none."
)
LIST_ID_DOC = "The id of the list of the task, which must not be archived. Null for a task in no list."
EXTERNAL_ID_DOC = (
    "The id of the task in your product: 1 to 200 characters, not only whitespace, unique in the workspace. If a task "
    "has it already, no task is created, and the result has that task. It cannot be changed. Null for none."
)
CREATED_AT_DOC = (
    "When the task was created, for imports: a time since 1970, not in the future. Requires the scope admin. Null for "
    "now."
)
TASK_ID_DOC = "The id of the task."
EXPECTED_VERSION_DOC = (
    "The version that the task must have. If it has another version, nothing is changed and the mutation returns "
    "VERSION_CONFLICT. Null to change any version."
)
ITEMS_DOC = "Up to 1,000 items, each with a different id."
ERROR_POLICY_DOC = "What to do with the valid items if others are rejected. The default is SKIP_INVALID."
CLIENT_MUTATION_ID_DOC = "Any text. The result contains it unchanged; the service does not use it."


@strawberry.enum(description="What to do with the valid items of a bulk mutation if other items are rejected.")
class ErrorPolicy(Enum):
    REJECT_ALL = strawberry.enum_value(
        "REJECT_ALL", description="Change nothing. The valid items get the error NOT_DONE."
    )
    SKIP_INVALID = strawberry.enum_value("SKIP_INVALID", description="Process the valid items.")


def flat_input(type_: type[InputType]) -> type[InputType]:
    """Replace Strawberry's conversion of an input type that contains only scalars, enums and lists of scalars.

    The replacement passes the parsed values to the constructor. Strawberry's generic conversion takes ten times as
    long: half of the time of a bulk create.
    """
    definition = get_object_definition(type_, strict=True)
    names = [(field.python_name, field.graphql_name or _camel_case(field.python_name)) for field in definition.fields]

    def from_input(type_: type[InputType], given: Mapping[str, Any], _context: InputContext) -> InputType:
        return type_(**{name: given[graphql_name] for name, graphql_name in names if graphql_name in given})

    # The compiler may create the objects itself.
    from_input.plain_conversion = True  # type: ignore[attr-defined]
    definition.from_input = from_input
    return type_


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


@flat_input
@strawberry.input(description="The input of `createTask`, and an item of `createTasks`.")
class CreateTaskInput:
    title: str = strawberry.field(description=f"The title: {TITLE_DOC}")
    id: strawberry.ID | None = strawberry.field(default=None, description=ID_DOC)
    description: str | None = strawberry.field(
        default=None, description=f"The description: {DESCRIPTION_DOC} Empty if null."
    )
    status: TaskStatus | None = strawberry.field(default=None, description="The status. TODO if null.")
    priority: TaskPriority | None = strawberry.field(default=None, description="The priority. NONE if null.")
    expires_at: datetime | None = strawberry.field(default=None, description=EXPIRES_AT_DOC)
    due_at: datetime | None = strawberry.field(default=None, description=DUE_AT_DOC)
    assignee: str | None = strawberry.field(default=None, description=ASSIGNEE_DOC)
    labels: list[str] | None = strawberry.field(default=None, description=LABELS_DOC)
    metadata: JSONObject | None = strawberry.field(default=None, description=METADATA_DOC)
    list_id: strawberry.ID | None = strawberry.field(default=None, description=LIST_ID_DOC)
    external_id: str | None = strawberry.field(default=None, description=EXTERNAL_ID_DOC)
    created_at: datetime | None = strawberry.field(default=None, description=CREATED_AT_DOC)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID_DOC)


@flat_input
@strawberry.input(
    description="The input of `updateTask`, and an item of `updateTasks`. Fields that are left out keep their values."
)
class UpdateTaskInput:
    id: strawberry.ID = strawberry.field(description=TASK_ID_DOC)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION_DOC)
    title: str | None = strawberry.field(default=UNSET, description=f"The new title: {TITLE_DOC} Cannot be null.")
    description: str | None = strawberry.field(
        default=UNSET, description=f"The new description: {DESCRIPTION_DOC} Cannot be null."
    )
    status: TaskStatus | None = strawberry.field(default=UNSET, description="The new status. Cannot be null.")
    priority: TaskPriority | None = strawberry.field(default=UNSET, description="The new priority. Cannot be null.")
    expires_at: datetime | None = strawberry.field(default=UNSET, description=EXPIRES_AT_DOC)
    due_at: datetime | None = strawberry.field(default=UNSET, description=DUE_AT_DOC)
    assignee: str | None = strawberry.field(default=UNSET, description=ASSIGNEE_DOC)
    labels: list[str] | None = strawberry.field(default=UNSET, description=LABELS_DOC)
    metadata: JSONObject | None = strawberry.field(default=UNSET, description=METADATA_DOC)
    list_id: strawberry.ID | None = strawberry.field(default=UNSET, description=LIST_ID_DOC)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID_DOC)


@strawberry.input
class TaskIdInput:
    """The base of inputs that identify a task and set none of its fields."""

    id: strawberry.ID = strawberry.field(description=TASK_ID_DOC)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION_DOC)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID_DOC)


@flat_input
@strawberry.input(description="The input of `completeTask`.")
class CompleteTaskInput(TaskIdInput):
    pass


@flat_input
@strawberry.input(description="The input of `reopenTask`.")
class ReopenTaskInput(TaskIdInput):
    pass


@flat_input
@strawberry.input(description="The input of `deleteTask`, and an item of `deleteTasks`.")
class DeleteTaskInput(TaskIdInput):
    pass


@flat_input
@strawberry.input(description="The input of `restoreTask`, and an item of `restoreTasks`.")
class RestoreTaskInput(TaskIdInput):
    pass


@strawberry.input
class BulkInput:
    """The base of the inputs of bulk mutations."""

    error_policy: ErrorPolicy = strawberry.field(default=ErrorPolicy.SKIP_INVALID, description=ERROR_POLICY_DOC)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID_DOC)


@strawberry.input(description="The input of `createTasks`.")
class CreateTasksInput(BulkInput):
    tasks: list[CreateTaskInput] = strawberry.field(
        description="The tasks to create, the oldest first: each `createdAt` is later than the one before, unless it "
        f"is given. {ITEMS_DOC}"
    )


@strawberry.input(description="The input of `updateTasks`.")
class UpdateTasksInput(BulkInput):
    tasks: list[UpdateTaskInput] = strawberry.field(description=f"The changes to make. {ITEMS_DOC}")


@strawberry.input(description="The input of `deleteTasks`.")
class DeleteTasksInput(BulkInput):
    tasks: list[DeleteTaskInput] = strawberry.field(description=f"The tasks to delete. {ITEMS_DOC}")


@strawberry.input(description="The input of `restoreTasks`.")
class RestoreTasksInput(BulkInput):
    tasks: list[RestoreTaskInput] = strawberry.field(description=f"The tasks to restore. {ITEMS_DOC}")
