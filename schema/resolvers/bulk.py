"""The resolvers of bulk mutations: up to 1,000 tasks in one transaction, with a result for each item."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any, TypeVar

import strawberry

from cache.errors import NotDone, Refused
from cache.writes.bulk_create import create_tasks
from cache.writes.edits import CreateOutcome, Edit, EditKind, Existing, edit_tasks
from db.task import NewTask
from db.task import Task as Row
from schema.context import Info
from schema.resolvers import validation
from schema.resolvers.user_errors import MutationOutcome, create_fields, outcome_fields
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

BulkItem = TypeVar("BulkItem", NewTask, Edit)
AnyBulkInput = inputs.CreateTasksInput | inputs.UpdateTasksInput | inputs.DeleteTasksInput | inputs.RestoreTasksInput
# Runs the valid items, all or none of them if the second argument is true.
RunItems = Callable[[list[BulkItem], bool], Awaitable[Sequence[Row | Existing | Refused]]]
BulkCreateArgument = Annotated[inputs.CreateTasksInput, strawberry.argument(description="The tasks to create.")]
BulkUpdateArgument = Annotated[
    inputs.UpdateTasksInput, strawberry.argument(description="The tasks and their new values.")
]
BulkDeleteArgument = Annotated[inputs.DeleteTasksInput, strawberry.argument(description="The tasks to delete.")]
BulkRestoreArgument = Annotated[inputs.RestoreTasksInput, strawberry.argument(description="The tasks to restore.")]
_BULK_DOC = (
    "up to 1,000 tasks in one transaction and returns one result per item. A rejected item has its errors in its "
    "result; `errorPolicy` decides what happens to the valid items. Cost: 5 points, plus 2 per item."
)


@strawberry.type
class BulkMutation:
    """The bulk mutations, which `Mutation` inherits."""

    @strawberry.mutation(description=f"Creates {_BULK_DOC}")
    async def create_tasks(self, info: Info, input: BulkCreateArgument) -> CreateTasksPayload:  # noqa: A002
        async def run(new: list[NewTask], all_or_none: bool) -> Sequence[CreateOutcome]:
            return await create_tasks(info.context.session, new, all_or_none=all_or_none)

        validate = partial(validation.validate_create, is_admin="admin" in info.context.caller.scopes)
        fields = await _payload_fields(input, validate, run, create_fields)
        results = [CreateTasksResult(**each) for each in fields.pop("results")]
        return CreateTasksPayload(results=results, **fields)

    @strawberry.mutation(description=f"Updates {_BULK_DOC}")
    async def update_tasks(self, info: Info, input: BulkUpdateArgument) -> UpdateTasksPayload:  # noqa: A002
        fields = await _payload_fields(input, validation.validate_update, _edit_runner(info, "update"))
        results = [UpdateTasksResult(**each) for each in fields.pop("results")]
        return UpdateTasksPayload(results=results, **fields)

    @strawberry.mutation(description=f"Deletes {_BULK_DOC}")
    async def delete_tasks(self, info: Info, input: BulkDeleteArgument) -> DeleteTasksPayload:  # noqa: A002
        run = _edit_runner(info, "delete")
        fields = await _payload_fields(input, validation.validate_edit, run, partial(outcome_fields, deleted=True))
        results = [DeleteTasksResult(**each) for each in fields.pop("results")]
        return DeleteTasksPayload(results=results, **fields)

    @strawberry.mutation(description=f"Restores {_BULK_DOC}")
    async def restore_tasks(self, info: Info, input: BulkRestoreArgument) -> RestoreTasksPayload:  # noqa: A002
        fields = await _payload_fields(input, validation.validate_edit, _edit_runner(info, "restore"))
        results = [RestoreTasksResult(**each) for each in fields.pop("results")]
        return RestoreTasksPayload(results=results, **fields)


def _edit_runner(info: Info, kind: EditKind) -> RunItems[Edit]:
    async def run(edits: list[Edit], all_or_none: bool) -> Sequence[Row | Refused]:
        return await edit_tasks(info.context.session, kind, edits, all_or_none=all_or_none)

    return run


async def _payload_fields(
    given: AnyBulkInput,
    validate: Callable[[Any], BulkItem | list[UserError]],
    run: RunItems[BulkItem],
    fields_of: Callable[[MutationOutcome], dict[str, Any]] = outcome_fields,
) -> dict[str, Any]:
    """Validate each item, run the valid ones, and return the fields of the payload and of the result of each item."""
    items: Sequence[Any] = given.tasks
    fields: dict[str, Any] = {"client_mutation_id": given.client_mutation_id, "results": []}
    if len(items) > inputs.MAX_BULK_ITEMS:
        message = f"tasks must have at most {inputs.MAX_BULK_ITEMS:,} items, not {len(items):,}. Split the request."
        return fields | {"user_errors": [UserError(field=["tasks"], message=message, code=UserErrorCode.TOO_MANY)]}
    all_or_none = given.error_policy is inputs.ErrorPolicy.REJECT_ALL
    outcomes = await _outcomes(_reject_duplicates([validate(item) for item in items]), run, all_or_none)
    results = [
        {"client_mutation_id": item.client_mutation_id, **fields_of(outcome)}
        for item, outcome in zip(items, outcomes, strict=True)
    ]
    return fields | {"results": results}


async def _outcomes(
    validated: list[BulkItem | list[UserError]], run: RunItems[BulkItem], all_or_none: bool
) -> list[MutationOutcome]:
    """Return the outcome of each item, in order: its validation errors, or its result from `run`."""
    valid = [item for item in validated if not isinstance(item, list)]
    if all_or_none and len(valid) < len(validated):
        return [item if isinstance(item, list) else NotDone() for item in validated]
    done = iter(await run(valid, all_or_none) if valid else [])
    return [item if isinstance(item, list) else next(done) for item in validated]


def _reject_duplicates(items: list[BulkItem | list[UserError]]) -> list[BulkItem | list[UserError]]:
    """Replace all items that share an id by an error, because the service cannot know which of them is meant."""
    # Numbers, because UUID objects compute their hash in Python.
    numbers = [item.id.int for item in items if not isinstance(item, list)]
    if len(set(numbers)) == len(numbers):
        return items
    count = Counter(numbers)
    message = "Another item of this request has the same id. Give each item a different id."
    error = UserError(field=["id"], message=message, code=UserErrorCode.DUPLICATE_ID)
    return [item if isinstance(item, list) or count[item.id.int] == 1 else [error] for item in items]
