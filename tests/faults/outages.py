"""When whom could nobody expect to answer: a fault excuses what failed then and there, and nothing else."""

import time
from dataclasses import dataclass
from math import inf

from tests.faults.history import Operation

# Seconds within which what was asked of one who was out is answered when it is back, or fails.
LATE = 2.0


@dataclass
class Outage:
    """A span of the monotonic clock; of one process by its number, or of all."""

    node: int | None
    start: float
    end: float = inf


class Outages:
    """All of a run."""

    def __init__(self) -> None:
        self._all: list[Outage] = []

    def begin(self, node: int | None = None) -> None:
        """From now on."""
        self._all.append(Outage(node, time.monotonic()))

    def end(self, node: int | None = None) -> None:
        """It answers again; without a number all do."""
        for outage in self._all:
            if outage.end == inf and node in (None, outage.node):
                outage.end = time.monotonic()

    def excuse(self, operation: Operation) -> bool:
        """Whether whoever was asked was out at any moment between the question and the failure."""
        return any(
            outage.node in (None, operation.node)
            and operation.start <= outage.end
            and outage.start <= operation.end <= outage.end + LATE
            for outage in self._all
        )
