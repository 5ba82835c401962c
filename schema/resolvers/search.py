"""The conversion of search queries and filters into what the store takes."""

import re
from dataclasses import fields, replace
from datetime import datetime
from typing import cast

from db.filters import RowFilter
from db.pages import NEWEST_POSITION, OLDEST_POSITION
from db.task import Priority, Status
from db.views import View
from db.words import words_in
from schema.errors import BadInput
from schema.resolvers.arguments import id_argument, text_argument
from schema.resolvers.field_checks import MAX_ASSIGNEE_CHARACTERS, MAX_LABEL_CHARACTERS
from schema.types.search import MAX_EXCLUSIONS, DateTimeRange, TaskExclusion, TaskFilter

MAX_QUERY_CHARACTERS, MAX_QUERY_TERMS = 200, 10
# The fields of a filter that cannot be combined with the expiry, with their names in GraphQL.
_NOT_WITH_EXPIRY = {
    "priority": "priority",
    "created_at": "createdAt",
    "list_id": "list",
    "assignee": "assignee",
    "label": "label",
    "due_at": "dueAt",
    "has_list": "hasList",
    "has_assignee": "hasAssignee",
    "has_labels": "hasLabels",
    "has_due_at": "hasDueAt",
    "not_": "not",
}
_QUOTED = re.compile(r'"([^"]*)"?')


def search_terms(query: str) -> list[tuple[str, bool]]:
    """Return the terms of a query as pairs of a text and a bool: True for a phrase, which matches whole words only.

    Raises `BadInput`.
    """
    if not 1 <= len(query) <= MAX_QUERY_CHARACTERS:
        problem = f"must have 1 to {MAX_QUERY_CHARACTERS} characters, not {len(query):,}."
        raise BadInput("query", problem, limit=MAX_QUERY_CHARACTERS, requested=len(query))
    if "\0" in query or any("\ud800" <= letter <= "\udfff" for letter in query):
        raise BadInput("query", "contains a NUL character or an unpaired surrogate. Remove it.")
    phrases = [(phrase, True) for phrase in _QUOTED.findall(query) if words_in(phrase)]
    words = [(word, False) for word in words_in(_QUOTED.sub(" ", query))]
    if len(terms := phrases + words) > MAX_QUERY_TERMS:
        problem = f"must have at most {MAX_QUERY_TERMS} words and phrases, not {len(terms)}."
        raise BadInput("query", problem, limit=MAX_QUERY_TERMS, requested=len(terms))
    return terms


def no_words_error() -> BadInput:
    """Return the error for a query without a word, such as one of punctuation only."""
    return BadInput("query", "must contain at least one letter or digit.")


def row_filter(given: TaskFilter) -> RowFilter:
    """Return the filter for the store. Raises `BadInput`, also for a combination that is not supported."""
    if given.expires_at is not None and any(getattr(given, name) is not None for name in _NOT_WITH_EXPIRY):
        others = ", ".join(_NOT_WITH_EXPIRY.values())
        raise BadInput("filter", f"can combine expiresAt only with status. Leave out {others}.")
    expires_from, expires_before = _open_range(given.expires_at)
    wanted = replace(_conditions("filter", given), expires_from=expires_from, expires_before=expires_before)
    return wanted if given.not_ is None else _excluding(wanted, given.not_)


def _conditions(name: str, given: TaskExclusion) -> RowFilter:
    """Return the conditions of a filter, or of an item of `not`. Raises `BadInput`, which begins with the name."""
    if given.priority is not None and not 1 <= len(set(given.priority)) == len(given.priority):
        raise BadInput(name, "must have 1 to 5 different values in priority. Leave it out for any priority.")
    created, default = given.created_at, RowFilter()
    due_from, due_before = _open_range(given.due_at)
    return RowFilter(
        statuses=default.statuses if given.status is None else (cast("Status", given.status.value),),
        priorities=default.priorities
        if given.priority is None
        else tuple(cast("Priority", priority.value) for priority in given.priority),
        created_from=_bound(created.from_ if created else None) or OLDEST_POSITION[0],
        created_before=_bound(created.before if created else None) or NEWEST_POSITION[0],
        view=View(
            list_id=None if given.list_id is None else id_argument(f"{name}.list", given.list_id),
            assignee=text_argument(f"{name}.assignee", given.assignee, MAX_ASSIGNEE_CHARACTERS),
            label=text_argument(f"{name}.label", given.label, MAX_LABEL_CHARACTERS),
        ),
        due_from=due_from,
        due_before=due_before,
        has_list=given.has_list,
        has_assignee=given.has_assignee,
        has_labels=given.has_labels,
        has_due=given.has_due_at,
    )


def _excluding(wanted: RowFilter, items: list[TaskExclusion]) -> RowFilter:
    """Return a filter that leaves out the tasks of each item. Raises `BadInput`."""
    if not 1 <= len(items) <= MAX_EXCLUSIONS:
        problem = f"must have 1 to {MAX_EXCLUSIONS} items, not {len(items)}."
        raise BadInput("filter.not", problem, limit=MAX_EXCLUSIONS, requested=len(items))
    statuses, priorities, rest = wanted.statuses, wanted.priorities, []
    for number, item in enumerate(items):
        if all(getattr(item, field.name) is None for field in fields(TaskExclusion)):
            problem = "has no condition, so it would leave out every task. Set one of its fields."
            raise BadInput(f"filter.not.{number}", problem)
        excluded = _conditions(f"filter.not.{number}", item)
        if excluded == RowFilter(statuses=excluded.statuses):  # the indexes are by status and by priority
            statuses = tuple(status for status in statuses if status not in excluded.statuses)
        elif excluded == RowFilter(priorities=excluded.priorities):
            priorities = tuple(priority for priority in priorities if priority not in excluded.priorities)
        else:
            rest.append(excluded)
    return replace(wanted, statuses=statuses, priorities=priorities, without=tuple(rest))


def _open_range(given: DateTimeRange | None) -> tuple[datetime, datetime] | tuple[None, None]:
    """Return the bounds of a range of times that some tasks do not have. None for any task."""
    if given is None:
        return None, None
    return _bound(given.from_) or OLDEST_POSITION[0], _bound(given.before) or NEWEST_POSITION[0]


def _bound(time: datetime | None) -> datetime | None:
    """Return the time, limited to the range of times that a task can have, which PostgreSQL can store."""
    return None if time is None else min(max(time, OLDEST_POSITION[0]), NEWEST_POSITION[0])
