"""The resolvers of task lists, and of objects by their id."""

from collections.abc import Sequence
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

from cache.errors import ListVersionConflict, Refused
from cache.reads.session import Session
from cache.redis.encoded_task import EncodedTask
from cache.writes.task_lists import create_list, update_list
from db.task_lists import TaskList as Row
from db.task_lists import lists_page
from schema.context import Info
from schema.errors import BadInput
from schema.ids import new_id
from schema.resolvers import field_checks as checks
from schema.resolvers.arguments import list_size
from schema.resolvers.user_errors import user_error
from schema.types import task_list_inputs as types
from schema.types.administration import connection_of, decode_key
from schema.types.payloads import UserError
from schema.types.task_list import TaskList

MAX_LIST_NAME_CHARACTERS = 200

FirstArgument = Annotated[int | None, strawberry.argument(description="The number of lists: 0 to 100. 50 if null.")]
AfterArgument = Annotated[
    str | None, strawberry.argument(description="Return only lists after this cursor of the same field.")
]
ArchivedArgument = Annotated[bool, strawberry.argument(description="Whether to return archived lists, too.")]
CreateArgument = Annotated[types.CreateTaskListInput, strawberry.argument(description="The list to create.")]
UpdateArgument = Annotated[types.UpdateTaskListInput, strawberry.argument(description="The list and its new values.")]


@strawberry.type
class TaskListQuery:
    """The queries of lists, which `Query` inherits."""

    @strawberry.field(
        description="Returns the task lists. Always read from PostgreSQL. Cost: 20 points, plus 1 per list of the page "
        "for `nodes` and 1 for `edges`."
    )
    async def task_lists(
        self,
        info: Info,
        first: FirstArgument = None,
        after: AfterArgument = None,
        include_archived: ArchivedArgument = False,
    ) -> types.TaskListConnection:
        count, store = list_size(first), info.context.session.store
        key = _decode_cursor(after)
        info.context.session.cache.forbid_caching()
        async with store.database.connection() as connection:
            rows = await lists_page(connection, store.workspace, after=key, count=count + 1, archived=include_archived)
        page = connection_of(types.TaskListConnection, types.TaskListEdge, rows, lambda row: row, count, after=after)
        return cast("types.TaskListConnection", page)


@strawberry.type
class TaskListMutation:
    """The mutations of lists, which `Mutation` inherits."""

    @strawberry.mutation(
        description="Creates a task list. If a list with the given id exists already, returns it unchanged. Cost: 5 "
        "points."
    )
    async def create_task_list(self, info: Info, input: CreateArgument) -> types.CreateTaskListPayload:  # noqa: A002
        errors: list[UserError] = []
        id_ = new_id() if input.id is None else checks.check_id(input.id, errors)
        checks.check_text("name", input.name, MAX_LIST_NAME_CHARACTERS, errors, allow_blank=False)
        payload = types.CreateTaskListPayload(client_mutation_id=input.client_mutation_id, user_errors=errors)
        if not errors and id_ is not None:
            row, payload.created = await create_list(info.context.session, id_, input.name)
            payload.task_list = _shown(row)
        return payload

    @strawberry.mutation(
        description="Sets the given fields of a task list and increments its version. If all of them have these values "
        "already, the list and its version stay unchanged. Cost: 5 points."
    )
    async def update_task_list(self, info: Info, input: UpdateArgument) -> types.UpdateTaskListPayload:  # noqa: A002
        errors: list[UserError] = []
        id_ = checks.check_id(input.id, errors)
        if input.name is not None:
            checks.check_text("name", input.name, MAX_LIST_NAME_CHARACTERS, errors, allow_blank=False)
        payload = types.UpdateTaskListPayload(client_mutation_id=input.client_mutation_id, user_errors=errors)
        if errors or id_ is None:
            return payload
        outcome = await update_list(
            info.context.session, id_, expected_version=input.expected_version, name=input.name, archived=input.archived
        )
        if isinstance(outcome, Row):
            payload.task_list = _shown(outcome)
            return payload
        payload.user_errors = [_list_error(outcome)]
        if isinstance(outcome, ListVersionConflict):
            payload.current_task_list = _shown(outcome.current)
        return payload


async def objects_by_id(session: Session, ids: Sequence[UUID]) -> list[EncodedTask | Row | None]:
    """Return the task or the list with each id, in order; None for each that does not exist."""
    found: list[Any] = list(await session.loader.load_many(ids))
    missing = [id_ for id_, task in zip(ids, found, strict=True) if task is None]
    if missing:
        lists = iter(await session.list_loader.load_many(missing))
        found = [next(lists) if task is None else task for task in found]
    return found


def _decode_cursor(after: str | None) -> UUID | None:
    key = decode_key(types.TaskListConnection, after)
    try:
        return None if key is None else UUID(key)
    except ValueError as error:
        raise BadInput("after", "is not a cursor of this field.") from error


def _shown(row: Row) -> TaskList:
    return cast("TaskList", row)


def _list_error(error: Refused) -> UserError:
    """Return the user error for a refused write of a list, whose field is called as in its input."""
    found = user_error(error)
    return UserError(field=["id"] if found.field == ["listId"] else found.field, message=found.message, code=found.code)
