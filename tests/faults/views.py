"""The values that the tasks of the workload have, and the views that they make."""

from functools import cache
from itertools import product
from typing import Any, NamedTuple

# The values that the tasks of a view have, each of another dimension. No two dimensions share a value.
View = tuple[str, ...]

STATUSES = ("TODO", "IN_PROGRESS", "DONE")
ASSIGNEES = ("ann", "ben")
LABELS = ("blue", "red")
LISTS = ("01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002")
# In ascending order. A task without a due date has the last value.
NOT_DUE = "not due"
DUE_DATES = ("2030-01-01T00:00:00.000000+00:00", "2031-01-01T00:00:00.000000+00:00", NOT_DUE)
PRIORITIES = ("NONE", "LOW", "URGENT")
_ALL_VALUES = frozenset((*STATUSES, *ASSIGNEES, *LABELS, *LISTS, *DUE_DATES, *PRIORITIES))
# The shapes that every process declares.
SHAPES = "list:due+priority,assignee:priority,assignee+status,label:due"
ALL_TASKS: View = ()
BASE_VIEWS: tuple[View, ...] = (ALL_TASKS, *((status,) for status in STATUSES))
DECLARED_VIEWS: tuple[View, ...] = (
    *((list_id,) for list_id in LISTS),
    *((assignee,) for assignee in ASSIGNEES),
    *product(ASSIGNEES, STATUSES),
    *((label,) for label in LABELS),
)
VIEWS = BASE_VIEWS + DECLARED_VIEWS


class Values(NamedTuple):
    """The values that a write sets. None leaves a dimension unchanged.

    The assignee "" removes the assignee, the list "" takes the task out of its list.
    """

    status: str | None = None
    assignee: str | None = None
    labels: tuple[str, ...] | None = None
    list_id: str | None = None
    due: str | None = None
    priority: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return the input fields."""
        fields = {
            "status": self.status,
            "assignee": self.assignee,
            "labels": self.labels,
            "listId": self.list_id,
            "dueAt": self.due,
            "priority": self.priority,
        }
        return {name: None if value in ("", NOT_DUE) else value for name, value in fields.items() if value is not None}

    def excluded(self) -> frozenset[str]:
        """Return the values that a task certainly does not have after the write."""
        dimensions = [
            (STATUSES, (self.status,)),
            (ASSIGNEES, (self.assignee,)),
            (LABELS, (None,) if self.labels is None else self.labels),
            (LISTS, (self.list_id,)),
            (DUE_DATES, (self.due,)),
            (PRIORITIES, (self.priority,)),
        ]
        return frozenset(
            value for known, given in dimensions if None not in given for value in {*known}.difference(given)
        )

    def required(self) -> frozenset[str]:
        """Return the values that a task certainly has after the write."""
        given = (self.status, self.assignee, *(self.labels or ()), self.list_id, self.due, self.priority)
        return frozenset(value for value in given if value)


# Of a write that changes no dimension.
NO_VALUES = Values()


def other_values(values: frozenset[str]) -> frozenset[str]:
    """Return all values except these."""
    return _ALL_VALUES - values


@cache
def views_of(values: frozenset[str]) -> frozenset[View]:
    """Return the views of a task with these values."""
    return frozenset(view for view in VIEWS if values.issuperset(view))


def where_of(view: View) -> dict[str, str]:
    """Return a view as the API takes it."""
    dimensions = {"status": STATUSES, "assignee": ASSIGNEES, "label": LABELS, "list": LISTS}
    return {name: value for name, known in dimensions.items() for value in view if value in known}
