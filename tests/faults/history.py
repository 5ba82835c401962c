"""The history of a run: every operation with its invocation, its completion and its times."""

import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Literal

from tests.faults.views import ALL_TASKS, NO_VALUES, NOT_DUE, Values, View

Kind = Literal[
    "create", "create_many", "update", "complete", "reopen", "delete", "restore",
    "task", "nodes", "page", "counts", "walk", "search", "filter", "rows",
]  # fmt: skip
WRITES: frozenset[Kind] = frozenset(("create", "create_many", "update", "complete", "reopen", "delete", "restore"))
PAGES: frozenset[Kind] = frozenset(("page", "counts", "walk", "search", "filter"))
Order = Literal["NEWEST", "OLDEST", "EXPIRING_SOON", "DUE_FIRST", "PRIORITY_FIRST"]


class Outcome(Enum):
    """The outcome of an operation as its client knows it."""

    OK = "acknowledged, or answered"
    REJECTED = "nothing was changed, because of the task's state"
    UNAVAILABLE = "nothing was changed, because the service was unavailable"
    UNKNOWN = "it may or may not have taken effect"


@dataclass(frozen=True)
class Invocation:
    """The arguments of an operation.

    A write sets `values`, a page shows `view`. `expires_at` is infinite if a write removes the
    expiry. `whole_view` is set if the operation has read the view to its end, `from_start` if it is a page that begins
    with the first task of the view. `prefixes` are the words of a search: a title matches if each is the prefix of one
    of its words.

    A write of many tasks is recorded as one operation for each; those of one atomic request share a `batch`.
    """

    ids: tuple[str, ...] = ()
    title: str | None = None
    values: Values = NO_VALUES
    expires_at: float | None = None
    expected_version: int | None = None
    view: View = ALL_TASKS
    whole_view: bool = False
    from_start: bool = False
    batch: str = ""
    order: Order = "NEWEST"
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObservedTask:
    """A task as a response returned it. `created_at` is in microseconds since 1970."""

    id: str
    version: int
    status: str = "TODO"
    title: str = ""
    expires_at: float | None = None
    assignee: str | None = None
    labels: tuple[str, ...] = ()
    list_id: str | None = None
    due: str = NOT_DUE
    priority: str = "NONE"
    created_at: int = 0

    @cached_property
    def values(self) -> frozenset[str]:
        """The values that decide which views the task is in, and its place in them."""
        values = (self.status, self.assignee, *self.labels, self.list_id, self.due, self.priority)
        return frozenset(value for value in values if value is not None)


@dataclass(frozen=True)
class Completion:
    """The result of an operation. `missing` has the ids that do not exist, with the version of the delete if known."""

    outcome: Outcome = Outcome.OK
    code: str = ""
    tasks: tuple[ObservedTask, ...] = ()
    missing: dict[str, int | None] = field(default_factory=dict)
    total: int | None = None


@dataclass(frozen=True)
class Operation:
    """One operation. `start` and `end` are times of the monotonic clock, `wall_start` is the wall-clock time."""

    client: str
    kind: Kind
    invocation: Invocation
    completion: Completion
    start: float
    end: float
    wall_start: float = 0.0
    node: int = 0

    @property
    def wall_end(self) -> float:
        """The wall-clock time at which the operation completed."""
        return self.wall_start + (self.end - self.start)

    @property
    def may_have_taken_effect(self) -> bool:
        """Whether this is a write that took effect, or whose outcome is unknown."""
        return self.kind in WRITES and self.completion.outcome in (Outcome.OK, Outcome.UNKNOWN)

    @property
    def failed(self) -> bool:
        """Whether the service did not answer, or answered as unavailable."""
        return self.completion.outcome in (Outcome.UNAVAILABLE, Outcome.UNKNOWN)

    def __str__(self) -> str:
        tasks = ", ".join(f"{task.id[-4:]}@{task.version}" for task in self.completion.tasks[:12])
        ids = ",".join(id_[-4:] for id_ in self.invocation.ids[:12])
        missing = [id_[-4:] for id_ in self.completion.missing]
        what = " ".join((*sorted(self.invocation.view), self.invocation.order))
        return (
            f"{self.start:.4f}–{self.end:.4f} {self.client}@{self.node} {self.kind} {what} {ids} "
            f"-> {self.completion.outcome.name} {self.completion.code} "
            f"[{tasks}] missing {missing} total {self.completion.total}"
        )


class StartTime:
    """The time at which an operation was invoked, on the monotonic and on the wall clock."""

    def __init__(self) -> None:
        self.monotonic, self.wall = time.monotonic(), time.time()


class History:
    """The operations of all clients, in the order in which they completed."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def record(
        self, start: StartTime, client: str, kind: Kind, invocation: Invocation, completion: Completion, node: int = 0
    ) -> None:
        """Record an operation that completes now."""
        self.operations.append(
            Operation(client, kind, invocation, completion, start.monotonic, time.monotonic(), start.wall, node),
        )

    def failed_reads(self) -> list[Operation]:
        """Return the reads that failed."""
        return [op for op in self.operations if op.failed and op.kind not in WRITES]

    def operations_on(self, id_: str) -> list[Operation]:
        """Return the operations that concern one task, to find the cause of a violation."""
        return [
            op
            for op in self.operations
            if id_ in op.invocation.ids
            or id_ in op.completion.missing
            or any(task.id == id_ for task in op.completion.tasks)
        ]

    def summary(self) -> str:
        """Return the number of operations by kind and outcome, and the latency of reads."""
        counts = Counter(
            f"{op.kind} {op.completion.outcome.name} {op.completion.code}".strip() for op in self.operations
        )
        reads = sorted(op.end - op.start for op in self.operations if op.kind not in WRITES)
        p99 = reads[int(len(reads) * 0.99)] if reads else 0.0
        slowest = reads[-1] if reads else 0.0
        by_kind = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
        return f"{len(self.operations)} operations; reads p99 {p99:.3f} s, slowest {slowest:.3f} s; {by_kind}"
