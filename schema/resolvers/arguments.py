"""The arguments of queries: their descriptions, and their conversion into what the store takes."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from cache.reads.pages import row_position
from cache.reads.search import SearchRange
from cache.redis.index import PageRange
from cache.redis.position import PositionOrder
from db.pages import Direction, Position
from db.task import Order, Status
from db.views import View
from schema.cursor import decode_cursor
from schema.errors import BadInput
from schema.ids import parse_id
from schema.resolvers.field_checks import check_text
from schema.types.connection import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from schema.types.payloads import UserError
from schema.types.search import TaskFilter
from schema.types.task import TaskOrder, TaskStatus

MAX_NODE_IDS = 100
# No workspace can hold enough tasks for a page with a higher number.
MAX_PAGE_NUMBER = 10**9

FirstArgument = Annotated[
    int | None,
    strawberry.argument(
        description="The number of tasks from the start: 0 to 100. 50 if neither `first` nor `last` is given."
    ),
]
SearchFirstArgument = Annotated[
    int | None, strawberry.argument(description="The number of tasks: 0 to 100. 50 if null.")
]
AfterArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Return only tasks after this cursor of the same field and order. Its task may be gone."
    ),
]
LastArgument = Annotated[
    int | None,
    strawberry.argument(
        description="The number of tasks from the end: 0 to 100. If `first` is given too, `last` applies to the tasks "
        "that `first` selects."
    ),
]
BeforeArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Return only tasks before this cursor of the same field and order. Its task may be gone."
    ),
]
PageNumberArgument = Annotated[
    int | None,
    strawberry.argument(
        description="The page to return, counted in pages of `first` tasks: 1 to 1,000,000,000. Cannot be combined "
        "with `after`, `before` or `last`. Null to page by cursor."
    ),
]
StatusArgument = Annotated[
    TaskStatus | None, strawberry.argument(description="Return only tasks with this status. Null for any status.")
]
OrderByArgument = Annotated[
    TaskOrder, strawberry.argument(description="The order of the tasks. The default is NEWEST.")
]
TaskIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The id of the task, a UUIDv7.")]
NodeIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The id of the object, a UUIDv7.")]
NodeIdsArgument = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of up to 100 objects, each a UUIDv7.")
]
SearchQueryArgument = Annotated[
    str,
    strawberry.argument(
        description="The words to search for: 1 to 200 characters, up to 10 words and phrases. A task matches if its "
        "title and description contain all of them, in any order; case and accents are ignored. A word matches "
        'prefixes: "rep" finds "report". A phrase in "quotes" matches whole words in sequence. There are no operators: '
        "minus, OR and * have no special meaning."
    ),
]
FilterArgument = Annotated[TaskFilter, strawberry.argument(description="The conditions that tasks must meet.")]


def page_range(
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    page: int | None,
    view: View,
    order_by: TaskOrder,
    *,
    workspace: str,
) -> PageRange:
    """Return the range of a view that the arguments of `tasks` select. Raises `BadInput`.

    If both `first` and `last` are given, the range has `first` tasks; the caller keeps the last ones of them.
    """
    count, direction = _page_size(first, last)
    if page is not None:
        _check_page_number(page, {"after": after, "before": before, "last": last})
    order = cast("Order", order_by.value)
    return PageRange(
        count=count,
        direction=direction,
        after=None if after is None else decode_cursor("after", after, order, workspace),
        before=None if before is None else decode_cursor("before", before, order, workspace),
        offset=0 if page is None else (page - 1) * count,
        view=view,
        order=order,
    )


def match_range(
    first: int | None,
    after: str | None,
    last: int | None = None,
    before: str | None = None,
    order: PositionOrder = "NEWEST",
    *,
    workspace: str,
) -> SearchRange:
    """Return the range of the matches that the arguments of a connection select. Raises `BadInput`.

    If both `first` and `last` are given, the range has `first` tasks; the caller keeps the last ones of them.
    """
    count, direction = _page_size(first, last)
    return SearchRange(
        count=count,
        direction=direction,
        after=_cursor_position("after", after, order, workspace),
        before=_cursor_position("before", before, order, workspace),
    )


def list_size(first: int | None) -> int:
    """Return the number of items that the argument of a connection without `last` asks for. Raises `BadInput`."""
    return _page_size(first, None)[0]


def status_argument(status: TaskStatus | None) -> Status | None:
    """Return the status in an argument as the store takes it."""
    return None if status is None else cast("Status", status.value)


def id_argument(name: str, text: str) -> UUID:
    """Return the id in an argument. Raises `BadInput`, which names the argument."""
    try:
        return parse_id(text)
    except ValueError as error:
        raise BadInput(name, str(error)) from error


def text_argument(name: str, text: str | None, limit: int) -> str | None:
    """Return a text that a field of a task may have, of up to `limit` characters. Raises `BadInput`."""
    errors: list[UserError] = []
    if text is not None:
        check_text(name, text, limit, errors, allow_blank=False)
    for error in errors:
        raise BadInput(name, error.message.removeprefix(f"{name} "), limit=limit)
    return text


def id_list_argument(name: str, texts: list[strawberry.ID]) -> list[UUID]:
    """Return the ids in an argument that is a list of up to `MAX_NODE_IDS` ids. Raises `BadInput`."""
    if len(texts) > MAX_NODE_IDS:
        problem = f"must have at most {MAX_NODE_IDS} ids, not {len(texts)}. Split the request."
        raise BadInput(name, problem, limit=MAX_NODE_IDS, requested=len(texts))
    return [id_argument(name, text) for text in texts]


def _page_size(first: int | None, last: int | None) -> tuple[int, Direction]:
    """Return the number of tasks and the end of the list to take them from. Raises `BadInput`."""
    for name, count in (("first", first), ("last", last)):
        if count is not None and not 0 <= count <= MAX_PAGE_SIZE:
            problem = f"must be from 0 to {MAX_PAGE_SIZE}, not {count}."
            raise BadInput(name, problem, limit=MAX_PAGE_SIZE, requested=count)
    if first is None and last is not None:
        return last, "last"
    return DEFAULT_PAGE_SIZE if first is None else first, "first"


def _check_page_number(page: int, exclusive: dict[str, object]) -> None:
    for name, value in exclusive.items():
        if value is not None:
            raise BadInput("page", f"cannot be combined with {name}. Send only one of them.")
    if not 1 <= page <= MAX_PAGE_NUMBER:
        problem = f"must be from 1 to {MAX_PAGE_NUMBER}, not {page}."
        raise BadInput("page", problem, limit=MAX_PAGE_NUMBER, requested=page)


def _cursor_position(argument: str, text: str | None, order: PositionOrder, workspace: str) -> Position | None:
    return None if text is None else row_position(decode_cursor(argument, text, order, workspace), order)
