"""What one run of the suite `page` measures, and for how long."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Row = Literal["start", "p0", "p1", "p2", "p3", "p4", "p5", "alone", "cold", "mixed", "update", "memory", "p6", "p7"]
ROWS: tuple[Row, ...] = get_args(Row)
# The rows that need pages of a large list, warm in the cache.
WARM_ROWS: frozenset[Row] = frozenset({"p2", "p3", "p4", "alone", "cold", "mixed"})


@dataclass(frozen=True)
class Plan:
    """The rows to measure, the number of rounds, the turns of each contender in a round, and the seconds of a turn.

    `data` is a folder whose tasks are kept for the next run. `postgraphile` is false to leave out that peer.
    """

    rows: frozenset[Row] = frozenset(ROWS)
    rounds: int = 5
    turns: int = 3
    seconds: float = 1.0
    connections: int = 16
    readers: int = 32
    pairs: int = 40
    cpu_requests: int = 400
    documents: int = 6000
    updates: int = 50
    data: Path | None = None
    postgraphile: bool = True

    def wants(self, *rows: Row) -> bool:
        """Return whether at least one of the rows is to be measured."""
        return not self.rows.isdisjoint(rows)


QUICK = Plan(rounds=2, turns=1, pairs=20, cpu_requests=200, documents=3000, updates=25)
