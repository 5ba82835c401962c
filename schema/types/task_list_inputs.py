"""The connection of task lists, and the inputs and payloads of their mutations."""

import strawberry

from schema.types.connection import PageInfo
from schema.types.inputs import CLIENT_MUTATION_ID_DOC
from schema.types.payloads import MutationResult
from schema.types.task_list import TaskList

_NAME_DOC = "1 to 200 characters, not only whitespace."


@strawberry.type(description="A task list and its cursor.")
class TaskListEdge:
    node: TaskList = strawberry.field(description="The list.")
    cursor: str = strawberry.field(description="An opaque cursor for `after` of `taskLists`.")


@strawberry.type(
    description="A page of task lists, in the order of their ids. `hasPreviousPage` is true if `after` was given."
)
class TaskListConnection:
    edges: list[TaskListEdge] = strawberry.field(description="The lists of the page, each with its cursor.")
    nodes: list[TaskList] = strawberry.field(description="The lists of the page, without cursors.")
    page_info: PageInfo = strawberry.field(description="Information about the page.")


@strawberry.input(description="The input of `createTaskList`.")
class CreateTaskListInput:
    name: str = strawberry.field(description=f"The name: {_NAME_DOC} Several lists may have the same name.")
    id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A UUIDv7 chosen by the client, which makes retries safe: creating the same id twice creates one "
        "list. Null to let the service generate an id.",
    )
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID_DOC)


@strawberry.input(description="The input of `updateTaskList`. Fields that are null or left out keep their values.")
class UpdateTaskListInput:
    id: strawberry.ID = strawberry.field(description="The id of the list.")
    expected_version: int | None = strawberry.field(
        default=None,
        description="The version that the list must have. If it has another version, nothing is changed and the "
        "mutation returns VERSION_CONFLICT. Null to change any version.",
    )
    name: str | None = strawberry.field(default=None, description=f"The new name: {_NAME_DOC}")
    archived: bool | None = strawberry.field(
        default=None, description="Whether the list is archived. An archived list keeps its tasks and takes no others."
    )
    client_mutation_id: str | None = strawberry.field(default=None, description=CLIENT_MUTATION_ID_DOC)


@strawberry.type(description="The result of `createTaskList`.")
class CreateTaskListPayload(MutationResult):
    task_list: TaskList | None = strawberry.field(
        default=None,
        description="The list. If a list with this id existed before, that list, unchanged. Null if the mutation was "
        "rejected.",
    )
    created: bool = strawberry.field(
        default=False,
        description="Whether this mutation created the list. False if the list existed before, or if the mutation was "
        "rejected.",
    )


@strawberry.type(description="The result of `updateTaskList`.")
class UpdateTaskListPayload(MutationResult):
    task_list: TaskList | None = strawberry.field(
        default=None, description="The list after the mutation. Null if the mutation was rejected."
    )
    current_task_list: TaskList | None = strawberry.field(
        default=None, description="The current list if `userErrors` contains VERSION_CONFLICT. Otherwise null."
    )
