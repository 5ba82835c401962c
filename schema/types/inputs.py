"""What a client writes: the input of each mutation."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.types import get_object_definition
from strawberry.types.arguments import InputContext

from schema.types.task import TaskPriority, TaskStatus

Input = TypeVar("Input")
MOST_ITEMS = 1000

ID = "A UUIDv7 made by the client, so that a retry makes no second task."
TITLE = "1 to 500 characters, not only spaces."
DESCRIPTION = "At most 10,000 characters."
EXPIRES_AT = (
    "In the future, before the year 2200; cut to milliseconds, taken as UTC if it names no zone. Null for a task that "
    "does not expire."
)
EXPECTED = "Refuse with VERSION_CONFLICT unless the task is at this version."
ITEMS = "At most 1,000, each with an id of its own."
POLICY = "What to do with the others when an item is refused: SKIP_INVALID if not given."
CLIENT_MUTATION_ID = "Any text of the client; it comes back, and means nothing here."


@strawberry.enum(description="What becomes of the items of a mutation when some of them are refused.")
class ErrorPolicy(Enum):
    """What becomes of the items of a mutation when some of them are refused."""

    REJECT_ALL = strawberry.enum_value(
        "REJECT_ALL", description="Nothing is done; the items that were not at fault get NOT_DONE."
    )
    SKIP_INVALID = strawberry.enum_value("SKIP_INVALID", description="The others are done.")


def fast(kind: type[Input]) -> type[Input]:
    """For an input whose fields are leaves, so that nothing is left to convert: Strawberry's general way takes ten
    times as long, which is half of the time of a bulk create."""
    definition = get_object_definition(kind, strict=True)
    names = [(field.python_name, field.graphql_name or _camel(field.python_name)) for field in definition.fields]

    def from_input(kind: type[Input], given: Mapping[str, Any], _context: InputContext) -> Input:
        return kind(**{name: given[written] for name, written in names if written in given})

    definition.from_input = from_input
    return kind


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


@fast
@strawberry.input(description="A task to create.")
class CreateTaskInput:
    """Input of createTask, and an item of createTasks."""

    title: str = strawberry.field(description=TITLE)
    id: strawberry.ID | None = strawberry.field(default=None, description=ID)
    description: str | None = strawberry.field(default=None, description=DESCRIPTION)
    status: TaskStatus | None = strawberry.field(default=None, description="TODO if not given.")
    priority: TaskPriority | None = strawberry.field(default=None, description="NONE if not given.")
    expires_at: datetime | None = strawberry.field(default=None, description=EXPIRES_AT)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID)


@fast
@strawberry.input(description="What is to change; a field that is not given stays as it is.")
class UpdateTaskInput:
    """Input of updateTask, and an item of updateTasks."""

    id: strawberry.ID = strawberry.field(description="The task.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    title: str | None = strawberry.field(default=UNSET, description=TITLE + " Cannot be null.")
    description: str | None = strawberry.field(default=UNSET, description=DESCRIPTION + " Cannot be null.")
    status: TaskStatus | None = strawberry.field(default=UNSET, description="Cannot be null.")
    priority: TaskPriority | None = strawberry.field(default=UNSET, description="Cannot be null.")
    expires_at: datetime | None = strawberry.field(default=UNSET, description=EXPIRES_AT)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID)


@strawberry.input
class OneTaskInput:
    """What the inputs share that name a task and say no more of it."""

    id: strawberry.ID = strawberry.field(description="The task.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID)


@fast
@strawberry.input(description="A task that is done.")
class CompleteTaskInput(OneTaskInput):
    """Input of completeTask."""


@fast
@strawberry.input(description="A task that is to be done once more.")
class ReopenTaskInput(OneTaskInput):
    """Input of reopenTask."""


@fast
@strawberry.input(description="A task to delete.")
class DeleteTaskInput(OneTaskInput):
    """Input of deleteTask, and an item of deleteTasks."""


@fast
@strawberry.input(description="A deleted task to bring back.")
class RestoreTaskInput(OneTaskInput):
    """Input of restoreTask, and an item of restoreTasks."""


@strawberry.input
class ManyTasksInput:
    """What the inputs of many tasks share."""

    error_policy: ErrorPolicy = strawberry.field(default=ErrorPolicy.SKIP_INVALID, description=POLICY)
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID)


@strawberry.input(description="Tasks to create.")
class CreateTasksInput(ManyTasksInput):
    """Input of createTasks."""

    tasks: list[CreateTaskInput] = strawberry.field(description=ITEMS)


@strawberry.input(description="What is to change of many tasks.")
class UpdateTasksInput(ManyTasksInput):
    """Input of updateTasks."""

    tasks: list[UpdateTaskInput] = strawberry.field(description=ITEMS)


@strawberry.input(description="Tasks to delete.")
class DeleteTasksInput(ManyTasksInput):
    """Input of deleteTasks."""

    tasks: list[DeleteTaskInput] = strawberry.field(description=ITEMS)


@strawberry.input(description="Deleted tasks to bring back.")
class RestoreTasksInput(ManyTasksInput):
    """Input of restoreTasks."""

    tasks: list[RestoreTaskInput] = strawberry.field(description=ITEMS)
