"""What can be done to one task, a mutation for each intent; those of many are in `bulk`."""

from typing import Annotated, Any

import strawberry
from msgspec.structs import replace

from cache.writes.edits import Edit, EditKind, create_task, edit_task
from db.task import NewTask
from db.task import Task as Row
from schema.context import Info
from schema.resolvers import validation
from schema.resolvers.bulk import BulkMutation
from schema.resolvers.user_errors import outcome_fields
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

argument = strawberry.argument
CreateTask = Annotated[inputs.CreateTaskInput, argument(description="The task.")]
UpdateTask = Annotated[inputs.UpdateTaskInput, argument(description="What to change.")]
CompleteTask = Annotated[inputs.CompleteTaskInput, argument(description="What is done.")]
ReopenTask = Annotated[inputs.ReopenTaskInput, argument(description="What is not done after all.")]
DeleteTask = Annotated[inputs.DeleteTaskInput, argument(description="What to delete.")]
RestoreTask = Annotated[inputs.RestoreTaskInput, argument(description="What to bring back.")]


def completed(task: Row) -> Row:
    """The task, done."""
    return replace(task, status="DONE")


def reopened(task: Row) -> Row:
    """The task, to be done; unless it is not done anyway."""
    return replace(task, status="TODO") if task.status == "DONE" else task


@strawberry.type(description="What can be done, one mutation for each intent.")
class Mutation(BulkMutation):
    """The root of every mutation."""

    @strawberry.mutation(
        description="Creates a task. With the id of a task that is there already it changes nothing, and answers "
        "that. 5 points."
    )
    async def create_task(self, info: Info, input: CreateTask) -> CreateTaskPayload:  # noqa: A002
        """One task."""
        new = validation.new_task(input)
        outcome = await create_task(info.context.session, new) if isinstance(new, NewTask) else new
        return CreateTaskPayload(client_mutation_id=input.client_mutation_id, **outcome_fields(outcome))

    @strawberry.mutation(
        description="Changes the fields that are given, and raises the version by one; not if they are so already. "
        "5 points."
    )
    async def update_task(self, info: Info, input: UpdateTask) -> UpdateTaskPayload:  # noqa: A002
        """One task."""
        edit = validation.update(input)
        return UpdateTaskPayload(**await _change(info, "update", edit, input.client_mutation_id))

    @strawberry.mutation(description="Makes a task DONE. One that is so already stays as it is. 5 points.")
    async def complete_task(self, info: Info, input: CompleteTask) -> CompleteTaskPayload:  # noqa: A002
        """One task."""
        edit = validation.edit(input, completed)
        return CompleteTaskPayload(**await _change(info, "update", edit, input.client_mutation_id))

    @strawberry.mutation(description="Makes a task that is DONE a TODO again. Any other stays as it is. 5 points.")
    async def reopen_task(self, info: Info, input: ReopenTask) -> ReopenTaskPayload:  # noqa: A002
        """One task."""
        edit = validation.edit(input, reopened)
        return ReopenTaskPayload(**await _change(info, "update", edit, input.client_mutation_id))

    @strawberry.mutation(
        description="Deletes a task; for 30 days, unless set otherwise, `restoreTask` brings it back. 5 points."
    )
    async def delete_task(self, info: Info, input: DeleteTask) -> DeleteTaskPayload:  # noqa: A002
        """One task."""
        edit = validation.edit(input)
        return DeleteTaskPayload(**await _change(info, "delete", edit, input.client_mutation_id))

    @strawberry.mutation(
        description="Brings a deleted task back, with its id; its version goes on. One that is there stays as it is. "
        "5 points."
    )
    async def restore_task(self, info: Info, input: RestoreTask) -> RestoreTaskPayload:  # noqa: A002
        """One task."""
        edit = validation.edit(input)
        return RestoreTaskPayload(**await _change(info, "restore", edit, input.client_mutation_id))


async def _change(
    info: Info, kind: EditKind, edit: Edit | list[UserError], client_mutation_id: str | None
) -> dict[str, Any]:
    """What the payload says."""
    outcome = await edit_task(info.context.session, kind, edit) if isinstance(edit, Edit) else edit
    return {"client_mutation_id": client_mutation_id, **outcome_fields(outcome, deleted=kind == "delete")}
