"""What one run of the suite `views` measures, and how often."""

from dataclasses import dataclass
from typing import Literal, get_args

ViewRow = Literal["memory", "pages", "facets", "updates", "bulk", "build"]
VIEW_ROWS: tuple[ViewRow, ...] = get_args(ViewRow)


@dataclass(frozen=True)
class ViewPlan:
    """The rows to measure, and the number of measured requests of each kind.

    `read_seconds` is how long the readers are measured before a shape is added.
    """

    rows: frozenset[ViewRow] = frozenset(VIEW_ROWS)
    pages: int = 500
    facets: int = 200
    updates: int = 500
    turns: int = 10
    create_size: int = 1000
    read_seconds: float = 15.0


QUICK_VIEWS = ViewPlan(pages=100, facets=100, updates=100, turns=1, read_seconds=5.0)
