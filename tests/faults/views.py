"""The values that the tasks of the workload have, and the views that they make."""

from functools import cache
from itertools import product
from typing import Any, NamedTuple

# The values that the tasks of a view have, each of another dimension. No two dimensions share a value.
View = tuple[str, ...]

STATUSES = ("TODO", "IN_PROGRESS", "DONE")
ASSIGNEES = ("ann", "ben")
LABELS = ("blue", "red")
_ALL_VALUES = frozenset((*STATUSES, *ASSIGNEES, *LABELS))
ALL_TASKS: View = ()
BASE_VIEWS: tuple[View, ...] = (ALL_TASKS, *((status,) for status in STATUSES))
# Of the shapes that the service declares by default, without those of lists.
DECLARED_VIEWS: tuple[View, ...] = (
    *((assignee,) for assignee in ASSIGNEES),
    *product(ASSIGNEES, STATUSES),
    *((label,) for label in LABELS),
)
VIEWS = BASE_VIEWS + DECLARED_VIEWS


class Values(NamedTuple):
    """The values that a write sets. None leaves a dimension unchanged, and the assignee "" removes the assignee."""

    status: str | None = None
    assignee: str | None = None
    labels: tuple[str, ...] | None = None

    def fields(self) -> dict[str, Any]:
        """Return the input fields."""
        fields: dict[str, Any] = {} if self.status is None else {"status": self.status}
        fields |= {} if self.assignee is None else {"assignee": self.assignee or None}
        return fields | ({} if self.labels is None else {"labels": self.labels})

    def are_of(self, status: str, assignee: str | None, labels: tuple[str, ...]) -> bool:
        """Return whether a task may have these values right after the write."""
        return (
            self.status in (None, status) and self.assignee in (None, assignee or "") and self.labels in (None, labels)
        )

    def excluded(self) -> frozenset[str]:
        """Return the values that a task certainly does not have after the write."""
        dimensions: list[tuple[tuple[str, ...], tuple[str, ...] | None]] = [
            (STATUSES, None if self.status is None else (self.status,)),
            (ASSIGNEES, None if self.assignee is None else (self.assignee,)),
            (LABELS, self.labels),
        ]
        return frozenset(
            value for known, given in dimensions if given is not None for value in known if value not in given
        )


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
    dimensions = {"status": STATUSES, "assignee": ASSIGNEES, "label": LABELS}
    return {name: value for name, known in dimensions.items() for value in view if value in known}
