"""The resolvers of mutations of one task. Those of many tasks are in `bulk`."""

from typing import Annotated, Any

import strawberry
from msgspec.structs import replace

from cache.writes.edits import Edit, EditKind, create_task, edit_task
from db.task import NewTask
from db.task import Task as Row
from schema.context import Info
from schema.resolvers import validation
from schema.resolvers.administration_mutations import AdministrationMutation
from schema.resolvers.bulk import BulkMutation
from schema.resolvers.task_lists import TaskListMutation
from schema.resolvers.user_errors import create_fields, outcome_fields
from schema.types import inputs
from schema.types.payloads import (
    CompleteTaskPayload,
    CreateTaskPayload,
    DeleteTaskPayload,
    ReopenTaskPayload,
    RestoreTaskPayload,
    UpdateTaskPayload,
    UserError,
)

CreateArgument = Annotated[inputs.CreateTaskInput, strawberry.argument(description="The task to create.")]
UpdateArgument = Annotated[inputs.UpdateTaskInput, strawberry.argument(description="The task and its new values.")]
CompleteArgument = Annotated[inputs.CompleteTaskInput, strawberry.argument(description="The task to complete.")]
ReopenArgument = Annotated[inputs.ReopenTaskInput, strawberry.argument(description="The task to reopen.")]
DeleteArgument = Annotated[inputs.DeleteTaskInput, strawberry.argument(description="The task to delete.")]
RestoreArgument = Annotated[inputs.RestoreTaskInput, strawberry.argument(description="The task to restore.")]


def completed(task: Row) -> Row:
    """Return the task with the status DONE."""
    return replace(task, status="DONE")


def reopened(task: Row) -> Row:
    """Return a DONE task with the status TODO, and any other task unchanged."""
    return replace(task, status="TODO") if task.status == "DONE" else task


@strawberry.type(
    description="The root of all mutations. Errors in the input are returned as `userErrors`. Each field states its "
    "cost in points."
)
class Mutation(BulkMutation, TaskListMutation, AdministrationMutation):
    @strawberry.mutation(
        description="Creates a task. If a task with the given `id` or `externalId` exists already, returns it "
        "unchanged. Cost: 5 points."
    )
    async def create_task(self, info: Info, input: CreateArgument) -> CreateTaskPayload:  # noqa: A002
        new = validation.validate_create(input, is_admin="admin" in info.context.caller.scopes)
        outcome = await create_task(info.context.session, new) if isinstance(new, NewTask) else new
        return CreateTaskPayload(client_mutation_id=input.client_mutation_id, **create_fields(outcome))

    @strawberry.mutation(
        description="Sets the given fields of a task and increments its version. If all of them have these values "
        "already, the task and its version stay unchanged. Cost: 5 points."
    )
    async def update_task(self, info: Info, input: UpdateArgument) -> UpdateTaskPayload:  # noqa: A002
        edit = validation.validate_update(input)
        return UpdateTaskPayload(**await _change(info, "update", edit, input.client_mutation_id))

    @strawberry.mutation(
        description="Sets the status of a task to DONE. A task that is already DONE stays unchanged. Cost: 5 points."
    )
    async def complete_task(self, info: Info, input: CompleteArgument) -> CompleteTaskPayload:  # noqa: A002
        edit = validation.validate_edit(input, completed)
        return CompleteTaskPayload(**await _change(info, "update", edit, input.client_mutation_id))

    @strawberry.mutation(
        description="Sets the status of a task from DONE to TODO. A task that is not DONE stays unchanged. Cost: 5 "
        "points."
    )
    async def reopen_task(self, info: Info, input: ReopenArgument) -> ReopenTaskPayload:  # noqa: A002
        edit = validation.validate_edit(input, reopened)
        return ReopenTaskPayload(**await _change(info, "update", edit, input.client_mutation_id))

    @strawberry.mutation(
        description="Deletes a task. `restoreTask` can restore it for 30 days, unless the service is configured "
        "otherwise. Cost: 5 points."
    )
    async def delete_task(self, info: Info, input: DeleteArgument) -> DeleteTaskPayload:  # noqa: A002
        edit = validation.validate_edit(input)
        return DeleteTaskPayload(**await _change(info, "delete", edit, input.client_mutation_id))

    @strawberry.mutation(
        description="Restores a deleted task with its id, and increments its version. A task that is not deleted stays "
        "unchanged. Cost: 5 points."
    )
    async def restore_task(self, info: Info, input: RestoreArgument) -> RestoreTaskPayload:  # noqa: A002
        edit = validation.validate_edit(input)
        return RestoreTaskPayload(**await _change(info, "restore", edit, input.client_mutation_id))


async def _change(
    info: Info, kind: EditKind, edit: Edit | list[UserError], client_mutation_id: str | None
) -> dict[str, Any]:
    """Run a valid edit, and return the fields of the payload."""
    outcome = await edit_task(info.context.session, kind, edit) if isinstance(edit, Edit) else edit
    return {"client_mutation_id": client_mutation_id, **outcome_fields(outcome, deleted=kind == "delete")}
