"""What is asked of a search and of a filter, checked; and the connection of what matches, which has no total."""

import re
from datetime import UTC, datetime
from typing import Annotated, cast

import strawberry

from cache.reads.pages import row_position
from cache.reads.search import SearchPage, SearchRange
from db.pages import NEWEST_POSITION, OLDEST_POSITION, Direction, Position
from db.search import RowFilter
from db.task import Order, Priority, Status
from schema import cursor
from schema.errors import BadInput
from schema.types.connection import DEFAULT_PAGE, PageInfo, TaskEdge, check_count
from schema.types.task import Task, TaskPriority, TaskStatus

LONGEST_QUERY, MOST_TERMS = 200, 10
_QUOTED = re.compile(r'"([^"]*)"?')
# As the index of words parts them.
_PARTS = re.compile(r"[\s@./_:+~%&=?#|-]+")


@strawberry.input(description="A span of time.")
class DateTimeRange:
    """One of the two, or both."""

    from_: datetime | None = strawberry.field(default=None, name="from", description="This moment or later.")
    before: datetime | None = strawberry.field(default=None, description="Earlier than this moment.")


@strawberry.input(description="What a task must be: all that is given. Each combination is read from an index.")
class TaskFilter:
    """The arguments of `filterTasks`."""

    status: TaskStatus | None = strawberry.field(default=None, description="Of this status.")
    priority: list[TaskPriority] | None = strawberry.field(default=None, description="Of one of these, 1 to 5.")
    created_at: DateTimeRange | None = strawberry.field(
        default=None, description="Created within this span, which may be open at both ends."
    )
    expires_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Expires within this span: then those that expire soonest come first. Only with `status`.",
    )


@strawberry.type(description="Tasks that match. Without a total and page numbers: those would have to be counted.")
class TaskMatchConnection:
    """Relay's connection; `pageNumber` and `pageCount` of its `pageInfo` are null."""

    edges: list[TaskEdge] = strawberry.field(description="The tasks, each in its place.")
    nodes: list[Task] = strawberry.field(description="The tasks.")
    page_info: PageInfo = strawberry.field(description="What lies before and after.")


Query = Annotated[
    str,
    strawberry.argument(
        description="1 to 200 characters, at most 10 words and phrases. All must be in title or description, in any "
        'order and case; each may go on: "rep" finds "report". What stands in "quotes" must be there as it is. No '
        "operators: neither minus nor OR nor * is one."
    ),
]
Filtered = Annotated[TaskFilter, strawberry.argument(description="What a task must be.")]


def terms(query: str) -> list[tuple[str, bool]]:
    """The words of a search, and whether each is meant as it is. Raises `BadInput`."""
    if not 1 <= len(query) <= LONGEST_QUERY:
        problem = f"must have 1 to {LONGEST_QUERY} characters, and has {len(query):,}."
        raise BadInput("query", problem, limit=LONGEST_QUERY, requested=len(query))
    if "\0" in query or any("\ud800" <= letter <= "\udfff" for letter in query):
        raise BadInput("query", "holds a NUL character or half a surrogate pair. Leave it out.")
    phrases = [(phrase, True) for phrase in _QUOTED.findall(query) if phrase.strip()]
    parts = [(word, False) for word in _PARTS.split(_QUOTED.sub(" ", query)) if word]
    if len(found := phrases + parts) > MOST_TERMS:
        problem = f"may have at most {MOST_TERMS} words and phrases, and has {len(found)}."
        raise BadInput("query", problem, limit=MOST_TERMS, requested=len(found))
    return found


def no_words() -> BadInput:
    """For a search for punctuation alone."""
    return BadInput("query", "has no word in it: letters or digits are searched for.")


def filter_of(asked: TaskFilter) -> RowFilter:
    """A filter as the store takes it. Raises `BadInput`."""
    if asked.expires_at is not None and (asked.priority is not None or asked.created_at is not None):
        raise BadInput(
            "filter", "may have expiresAt with status alone: no index has priority or createdAt as well. Leave one out."
        )
    if asked.priority is not None and not 1 <= len(set(asked.priority)) == len(asked.priority):
        raise BadInput("filter", "must have 1 to 5 different values in priority, or none of it.")
    created, expires = asked.created_at, asked.expires_at
    every = RowFilter()
    return RowFilter(
        statuses=every.statuses if asked.status is None else (cast("Status", asked.status.value),),
        priorities=every.priorities
        if asked.priority is None
        else tuple(cast("Priority", one.value) for one in asked.priority),
        created_from=_moment(created.from_ if created else None) or OLDEST_POSITION[0],
        created_before=_moment(created.before if created else None) or NEWEST_POSITION[0],
        expires_from=None if expires is None else _moment(expires.from_) or OLDEST_POSITION[0],
        expires_before=None if expires is None else _moment(expires.before) or NEWEST_POSITION[0],
    )


def _moment(given: datetime | None) -> datetime | None:
    """In UTC, and within what a task can have: comparing with more would change nothing."""
    if given is None:
        return None
    given = given if given.tzinfo else given.replace(tzinfo=UTC)
    return min(max(given, OLDEST_POSITION[0]), NEWEST_POSITION[0])


def window(
    first: int | None, after: str | None, last: int | None = None, before: str | None = None, order: Order = "NEWEST"
) -> SearchRange:
    """The arguments of a connection; with `last` alone, from the end; of both, `first`. Raises `BadInput`."""
    check_count("first", first)
    check_count("last", last)
    count = next((given for given in (first, last) if given is not None), DEFAULT_PAGE)
    direction: Direction = "last" if first is None and last is not None else "first"
    return SearchRange(count, direction, _place("after", after, order), _place("before", before, order))


def _place(argument: str, given: str | None, order: Order) -> Position | None:
    return None if given is None else row_position(cursor.decode(argument, given, order), order)


def match_connection(found: SearchPage, order: Order = "NEWEST") -> TaskMatchConnection:
    """Matches as GraphQL shows them."""
    tasks = cast("list[Task]", found.tasks)
    return TaskMatchConnection(
        edges=[TaskEdge(node=task, order=order) for task in tasks],
        nodes=tasks,
        page_info=PageInfo(
            has_next_page=found.has_after,
            has_previous_page=found.has_before,
            start_cursor=cursor.encode(found.tasks[0], order) if tasks else None,
            end_cursor=cursor.encode(found.tasks[-1], order) if tasks else None,
            found=None,
        ),
    )
