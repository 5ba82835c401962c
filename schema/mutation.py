"""What can be done: create, update, delete and restore a task; create many."""

from collections import Counter
from typing import Annotated, cast
from uuid import UUID

import strawberry

from cache.errors import ExpiryPassed, IdTaken, Refused, TaskNotFound, VersionConflict
from db.rows import NewTask
from schema import inputs
from schema.context import Info
from schema.payloads import (
    CreateTaskPayload,
    CreateTasksPayload,
    CreateTasksResult,
    DeleteTaskPayload,
    RestoreTaskPayload,
    UpdateTaskPayload,
    UserError,
    UserErrorCode,
)
from schema.types import Task

Description = strawberry.argument
CreateTask = Annotated[inputs.CreateTaskInput, Description(description="The task.")]
UpdateTask = Annotated[inputs.UpdateTaskInput, Description(description="What to change.")]
DeleteTask = Annotated[inputs.DeleteTaskInput, Description(description="What to delete.")]
RestoreTask = Annotated[inputs.RestoreTaskInput, Description(description="What to bring back.")]
CreateTasks = Annotated[inputs.CreateTasksInput, Description(description="The tasks.")]


def refusal(error: Refused) -> UserError:
    """A write that the state of the task forbids, as the client sees it."""
    match error:
        case IdTaken():
            return UserError(field=["id"], message=str(error), code=UserErrorCode.ID_TAKEN)
        case ExpiryPassed():
            message = "expiresAt must be in the future."
            return UserError(field=["expiresAt"], message=message, code=UserErrorCode.IN_PAST)
        case VersionConflict():
            message = f"{error} Read it again, and decide."
            code = UserErrorCode.VERSION_CONFLICT
            return UserError(field=["expectedVersion"], message=message, code=code)
        case TaskNotFound():
            return UserError(field=["id"], message=str(error), code=UserErrorCode.NOT_FOUND)
    raise error


@strawberry.type(description="What can be done, one mutation for each intent.")
class Mutation:
    """The root of every mutation."""

    @strawberry.mutation(description="Creates a task. With an id that is there already, answers the task that it is.")
    async def create_task(self, info: Info, input: CreateTask) -> CreateTaskPayload:  # noqa: A002
        """One task."""
        new = inputs.new_task(input)
        if not isinstance(new, NewTask):
            return CreateTaskPayload(user_errors=new)
        try:
            task = await info.context.tasks.create_task(new)
        except Refused as error:
            return CreateTaskPayload(user_errors=[refusal(error)])
        return CreateTaskPayload(task=cast("Task", task))

    @strawberry.mutation(description="Changes the fields that are given.")
    async def update_task(self, info: Info, input: UpdateTask) -> UpdateTaskPayload:  # noqa: A002
        """One task."""
        errors: list[UserError] = []
        id_ = inputs.check_id(input.id, errors)
        wanted = inputs.changes(input, errors)
        if errors or id_ is None:
            return UpdateTaskPayload(user_errors=errors)
        try:
            task = await info.context.tasks.update_task(id_, wanted, input.expected_version)
        except Refused as error:
            return UpdateTaskPayload(user_errors=[refusal(error)])
        return UpdateTaskPayload(task=cast("Task", task))

    @strawberry.mutation(description="Deletes a task; for 30 days `restoreTask` brings it back.")
    async def delete_task(self, info: Info, input: DeleteTask) -> DeleteTaskPayload:  # noqa: A002
        """One task."""
        errors: list[UserError] = []
        id_ = inputs.check_id(input.id, errors)
        if id_ is None:
            return DeleteTaskPayload(user_errors=errors)
        try:
            await info.context.tasks.delete_task(id_, input.expected_version)
        except Refused as error:
            return DeleteTaskPayload(user_errors=[refusal(error)])
        return DeleteTaskPayload(deleted_task_id=strawberry.ID(str(id_)))

    @strawberry.mutation(description="Brings a deleted task back, with its id; its version goes on.")
    async def restore_task(self, info: Info, input: RestoreTask) -> RestoreTaskPayload:  # noqa: A002
        """One task."""
        errors: list[UserError] = []
        id_ = inputs.check_id(input.id, errors)
        if id_ is None:
            return RestoreTaskPayload(user_errors=errors)
        try:
            task = await info.context.tasks.restore_task(id_)
        except Refused as error:
            return RestoreTaskPayload(user_errors=[refusal(error)])
        return RestoreTaskPayload(task=cast("Task", task))

    @strawberry.mutation(
        description="Creates up to 1,000 tasks. Items that cannot be created are answered with their "
        "errors, each in its place; the others are created."
    )
    async def create_tasks(self, info: Info, input: CreateTasks) -> CreateTasksPayload:  # noqa: A002
        """Many tasks, in one statement."""
        given = input.tasks
        if len(given) > inputs.MOST_ITEMS:
            message = f"tasks may be {inputs.MOST_ITEMS:,} at most, and {len(given):,} were given."
            error = UserError(field=["tasks"], message=message, code=UserErrorCode.TOO_MANY)
            return CreateTasksPayload(user_errors=[error])
        checked = _without_duplicates([inputs.new_task(item) for item in given])
        new = [item for item in checked if isinstance(item, NewTask)]
        outcomes = iter(await info.context.tasks.create_tasks(new) if new else [])
        results = []
        for item in checked:
            outcome = next(outcomes) if isinstance(item, NewTask) else item
            if isinstance(outcome, Refused):
                outcome = [refusal(outcome)]
            if isinstance(outcome, list):
                results.append(CreateTasksResult(user_errors=outcome))
            else:
                results.append(CreateTasksResult(task=cast("Task", outcome)))
        return CreateTasksPayload(results=results)


def _without_duplicates(
    items: list[NewTask | list[UserError]],
) -> list[NewTask | list[UserError]]:
    """Of items that share an id, none is meant more than the other: all get an error."""
    count: Counter[UUID] = Counter(item.id for item in items if isinstance(item, NewTask))
    if len(count) == sum(count.values()):
        return items
    message = "Another item of this request has the same id. Give each its own."
    error = UserError(field=["id"], message=message, code=UserErrorCode.DUPLICATE_ID)
    return [[error] if isinstance(item, NewTask) and count[item.id] > 1 else item for item in items]
