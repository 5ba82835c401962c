"""Outages: when a process is not expected to answer. A fault excuses reads that failed during one, and no others."""

import time
from dataclasses import dataclass
from math import inf

from tests.faults.history import Operation

# A request sent during an outage may fail up to this long after its end.
GRACE_SECONDS = 2.0


@dataclass
class Outage:
    """A span of the monotonic clock in which one process, or every process if `node` is None, may not answer."""

    node: int | None
    start: float
    end: float = inf


class Outages:
    """The outages of a run."""

    def __init__(self) -> None:
        self._outages: list[Outage] = []

    def begin(self, node: int | None = None) -> None:
        """Begin an outage of one process, or of all."""
        self._outages.append(Outage(node, time.monotonic()))

    def end(self, node: int | None = None) -> None:
        """End the outages of one process; without a number, all outages."""
        for outage in self._outages:
            if outage.end == inf and node in (None, outage.node):
                outage.end = time.monotonic()

    def near(self, operation: Operation) -> list[Outage]:
        """Return the outages in the minute before the operation, in which a reader of the report may find its cause."""
        return [outage for outage in self._outages if operation.start - 60.0 <= outage.start <= operation.end]

    def covers(self, operation: Operation) -> bool:
        """Return whether the operation's process had an outage at any time while the operation was in flight."""
        return any(
            outage.node in (None, operation.node)
            and operation.start <= outage.end
            and outage.start <= operation.end <= outage.end + GRACE_SECONDS
            for outage in self._outages
        )
