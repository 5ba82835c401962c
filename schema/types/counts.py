"""The GraphQL type of the numbers of tasks."""

from collections.abc import Mapping

import strawberry

from db.task import Status

# The fields of `TaskCounts`, by their names in GraphQL, for which the tasks of each status are counted.
COUNTS_BY_STATUS = frozenset(("todo", "inProgress", "done"))


@strawberry.type(
    description="Exact numbers of tasks, or of the tasks of a view. Deleted and expired tasks are not counted."
)
class TaskCounts:
    all: int = strawberry.field(description="The number of all tasks, or of all tasks of the view.")
    todo: int = strawberry.field(description="The number of tasks with the status TODO.")
    in_progress: int = strawberry.field(description="The number of tasks with the status IN_PROGRESS.")
    done: int = strawberry.field(description="The number of tasks with the status DONE.")
    # Equal counts are the same event.
    origin: strawberry.Private[tuple[int, ...]]

    @classmethod
    def of(cls, counts: Mapping[Status | None, int]) -> "TaskCounts":
        """Convert the counts of the store, which are keyed by status; None stands for all tasks."""
        return cls(
            all=counts[None],
            todo=counts["TODO"],
            in_progress=counts["IN_PROGRESS"],
            done=counts["DONE"],
            origin=tuple(counts.values()),
        )
