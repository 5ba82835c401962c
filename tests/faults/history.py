"""The history of a run: every operation, what was asked, what was answered, and when."""

import time
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Kind = Literal[
    "create", "create_many", "update", "complete", "reopen", "delete", "restore",
    "task", "nodes", "page", "walk", "search", "filter", "rows",
]  # fmt: skip
WRITES: frozenset[Kind] = frozenset(("create", "create_many", "update", "complete", "reopen", "delete", "restore"))
PAGES: frozenset[Kind] = frozenset(("page", "walk", "search", "filter"))
Order = Literal["NEWEST", "OLDEST", "EXPIRING_SOON"]


class Outcome(Enum):
    """What a client knows when its operation has ended."""

    DONE = "acknowledged, or answered"
    REFUSED = "nothing was changed, because of what the task is"
    UNAVAILABLE = "nothing was changed, because the service could not"
    UNKNOWN = "it may or may not have happened"


@dataclass(frozen=True)
class Asked:
    """What was asked. `status` is a write's new one, or the view of a page; `whole`: all of the view was read.

    A write of many is written down as a write of each; `batch` names those that were to be done all or none. An expiry
    that was taken away is infinite. A search has `words`, each of which a title must have a word that begins with.
    """

    ids: tuple[str, ...] = ()
    title: str | None = None
    status: str | None = None
    expires_at: float | None = None
    expected: int | None = None
    whole: bool = False
    batch: str = ""
    order: Order = "NEWEST"
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A task as an answer had it."""

    id: str
    version: int
    status: str = "TODO"
    title: str = ""
    expires_at: float | None = None


@dataclass(frozen=True)
class Answer:
    """What was answered. `gone`: ids that are not there, with the version that made them so where it is known."""

    outcome: Outcome = Outcome.DONE
    code: str = ""
    seen: tuple[Seen, ...] = ()
    gone: dict[str, int | None] = field(default_factory=dict)
    total: int | None = None


@dataclass(frozen=True)
class Operation:
    """One operation. `start` and `end` are of the monotonic clock, `wall` is the time of day when it began."""

    client: str
    kind: Kind
    asked: Asked
    answer: Answer
    start: float
    end: float
    wall: float = 0.0
    # Which process was asked.
    node: int = 0

    @property
    def wall_end(self) -> float:
        """The time of day when it ended."""
        return self.wall + (self.end - self.start)

    @property
    def may_have_happened(self) -> bool:
        """Whether it is a write that has taken effect, or can have."""
        return self.kind in WRITES and self.answer.outcome in (Outcome.DONE, Outcome.UNKNOWN)

    @property
    def failed(self) -> bool:
        """Whether it got no answer, or one that says that there is none."""
        return self.answer.outcome in (Outcome.UNAVAILABLE, Outcome.UNKNOWN)

    def __str__(self) -> str:
        known = ", ".join(f"{task.id[-4:]}@{task.version}" for task in self.answer.seen[:12])
        return (
            f"{self.start:.4f}–{self.end:.4f} {self.client}@{self.node} {self.kind} "
            f"{','.join(id_[-4:] for id_ in self.asked.ids[:12])} -> {self.answer.outcome.name} {self.answer.code} "
            f"[{known}] gone {[id_[-4:] for id_ in self.answer.gone]} total {self.answer.total}"
        )


class Clock:
    """When an operation began; both clocks, read together."""

    def __init__(self) -> None:
        self.start, self.wall = time.monotonic(), time.time()


class History:
    """What all clients did, in the order in which the operations ended."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def add(self, began: Clock, client: str, kind: Kind, asked: Asked, answer: Answer, node: int = 0) -> None:
        """An operation has ended, now."""
        self.operations.append(
            Operation(client, kind, asked, answer, began.start, time.monotonic(), began.wall, node),
        )

    def failed_reads(self) -> list[Operation]:
        """Reads that were not answered."""
        return [op for op in self.operations if op.failed and op.kind not in WRITES]

    def of(self, id_: str) -> list[Operation]:
        """What had to do with one task, for people who look for the reason of a violation."""
        return [
            op
            for op in self.operations
            if id_ in op.asked.ids or id_ in op.answer.gone or any(task.id == id_ for task in op.answer.seen)
        ]

    def summary(self) -> str:
        """How many of each kind and outcome, and how long reads took."""
        counts = Counter(f"{op.kind} {op.answer.outcome.name} {op.answer.code}".strip() for op in self.operations)
        reads = sorted(op.end - op.start for op in self.operations if op.kind not in WRITES)
        p99 = reads[int(len(reads) * 0.99)] if reads else 0.0
        slowest = reads[-1] if reads else 0.0
        said = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
        return f"{len(self.operations)} operations; reads p99 {p99:.3f} s, slowest {slowest:.3f} s; {said}"
