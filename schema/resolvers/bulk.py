"""What can be done to many tasks at once: up to 1,000, in one transaction, with a result for each."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry

from cache.errors import NotDone, Refused
from cache.writes.bulk_create import create_tasks
from cache.writes.edits import Edit, EditKind, edit_tasks
from db.task import NewTask
from db.task import Task as Row
from schema.context import Info
from schema.resolvers import validation
from schema.resolvers.user_errors import Outcome, outcome_fields
from schema.types import inputs
from schema.types.payloads import (
    CreateTasksPayload,
    CreateTasksResult,
    DeleteTasksPayload,
    DeleteTasksResult,
    RestoreTasksPayload,
    RestoreTasksResult,
    UpdateTasksPayload,
    UpdateTasksResult,
    UserError,
    UserErrorCode,
)

Item = TypeVar("Item", NewTask, Edit)
Given = inputs.CreateTasksInput | inputs.UpdateTasksInput | inputs.DeleteTasksInput | inputs.RestoreTasksInput
argument = strawberry.argument
CreateTasks = Annotated[inputs.CreateTasksInput, argument(description="The tasks.")]
UpdateTasks = Annotated[inputs.UpdateTasksInput, argument(description="What to change.")]
DeleteTasks = Annotated[inputs.DeleteTasksInput, argument(description="What to delete.")]
RestoreTasks = Annotated[inputs.RestoreTasksInput, argument(description="What to bring back.")]
MANY = (
    "up to 1,000 tasks in one transaction. An item that is refused is answered with its errors, in its place; "
    "`errorPolicy` says what becomes of the others. 5 points, and 2 for each task."
)


@strawberry.type
class BulkMutation:
    """The mutations of many."""

    @strawberry.mutation(description=f"Creates {MANY}")
    async def create_tasks(self, info: Info, input: CreateTasks) -> CreateTasksPayload:  # noqa: A002
        """As createTask."""

        async def run(new: list[NewTask], all_or_none: bool) -> Sequence[Row | Refused]:
            return await create_tasks(info.context.session, new, all_or_none=all_or_none)

        said = await _bulk(input, validation.new_task, run)
        results = [CreateTasksResult(**each) for each in said.pop("results")]
        return CreateTasksPayload(results=results, **said)

    @strawberry.mutation(description=f"Changes {MANY}")
    async def update_tasks(self, info: Info, input: UpdateTasks) -> UpdateTasksPayload:  # noqa: A002
        """As updateTask."""
        said = await _bulk(input, validation.update, _changing(info, "update"))
        results = [UpdateTasksResult(**each) for each in said.pop("results")]
        return UpdateTasksPayload(results=results, **said)

    @strawberry.mutation(description=f"Deletes {MANY}")
    async def delete_tasks(self, info: Info, input: DeleteTasks) -> DeleteTasksPayload:  # noqa: A002
        """As deleteTask."""
        said = await _bulk(input, validation.edit, _changing(info, "delete"), deleted=True)
        results = [DeleteTasksResult(**each) for each in said.pop("results")]
        return DeleteTasksPayload(results=results, **said)

    @strawberry.mutation(description=f"Restores {MANY}")
    async def restore_tasks(self, info: Info, input: RestoreTasks) -> RestoreTasksPayload:  # noqa: A002
        """As restoreTask."""
        said = await _bulk(input, validation.edit, _changing(info, "restore"))
        results = [RestoreTasksResult(**each) for each in said.pop("results")]
        return RestoreTasksPayload(results=results, **said)


Run = Callable[[list[Item], bool], Awaitable[Sequence[Row | Refused]]]


def _changing(info: Info, kind: EditKind) -> Run[Edit]:
    async def run(edits: list[Edit], all_or_none: bool) -> Sequence[Row | Refused]:
        return await edit_tasks(info.context.session, kind, edits, all_or_none=all_or_none)

    return run


async def _bulk(
    given: Given, check: Callable[[Any], Item | list[UserError]], run: Run[Item], *, deleted: bool = False
) -> dict[str, Any]:
    """Checks each item and runs those that may be; what the payload says, and the result of each item."""
    items: Sequence[Any] = given.tasks
    said: dict[str, Any] = {"client_mutation_id": given.client_mutation_id, "results": []}
    if len(items) > inputs.MOST_ITEMS:
        message = f"tasks may be {inputs.MOST_ITEMS:,} at most, and {len(items):,} were given."
        return said | {"user_errors": [UserError(field=["tasks"], message=message, code=UserErrorCode.TOO_MANY)]}
    all_or_none = given.error_policy is inputs.ErrorPolicy.REJECT_ALL
    outcomes = await _outcomes(_without_duplicates([check(item) for item in items]), run, all_or_none)
    results = [
        {"client_mutation_id": item.client_mutation_id, **outcome_fields(outcome, deleted=deleted)}
        for item, outcome in zip(items, outcomes, strict=True)
    ]
    return said | {"results": results}


async def _outcomes(checked: list[Item | list[UserError]], run: Run[Item], all_or_none: bool) -> list[Outcome]:
    """Of each item, in order: what was wrong with it, or what became of it."""
    good = [item for item in checked if not isinstance(item, list)]
    if all_or_none and len(good) < len(checked):
        return [item if isinstance(item, list) else NotDone() for item in checked]
    done = iter(await run(good, all_or_none) if good else [])
    return [item if isinstance(item, list) else next(done) for item in checked]


def _without_duplicates(items: list[Item | list[UserError]]) -> list[Item | list[UserError]]:
    """Of items that share an id, none is meant more than the other: all get an error."""
    count: Counter[UUID] = Counter(item.id for item in items if not isinstance(item, list))
    if len(count) == sum(count.values()):
        return items
    message = "Another item of this request has the same id. Give each its own."
    error = UserError(field=["id"], message=message, code=UserErrorCode.DUPLICATE_ID)
    return [item if isinstance(item, list) or count[item.id] == 1 else [error] for item in items]
