"""What the clients of the workload choose at random: views and their orders, and the values of writes."""

import random
from math import inf

from tests.faults.history import Order
from tests.faults.orders import DECLARED_ORDERS, orders_of
from tests.faults.views import (
    ASSIGNEES,
    BASE_VIEWS,
    DUE_DATES,
    LABELS,
    LISTS,
    PRIORITIES,
    STATUSES,
    VIEWS,
    Values,
    View,
)

# The pages that all clients request repeatedly.
SAME_PAGES: tuple[tuple[View, Order], ...] = (
    *((view, "NEWEST") for view in (*BASE_VIEWS, ("ann",), ("ann", "TODO"))),
    (("red",), "DUE_FIRST"),
    ((LISTS[0],), "PRIORITY_FIRST"),
)


class Choices:
    """Random choices of a run."""

    def __init__(self, source: random.Random) -> None:
        self._random = source

    def ordered_view(self) -> tuple[View, Order]:
        """Return a view and one of its orders."""
        view = self._random.choice(VIEWS)
        return view, self._random.choice(orders_of(view))

    def declared_order(self) -> tuple[View, Order]:
        """Return a view and one of its declared orders."""
        return self._random.choice(DECLARED_ORDERS)

    def same_page(self) -> tuple[View, Order]:
        """Return the view and the order of one of few pages."""
        return self._random.choice(SAME_PAGES)

    def values(self, *, may_stay: bool = False) -> Values:
        """Return values for a write. If they may stay, some dimensions keep their present ones."""
        unchanged = (None,) if may_stay else ()
        return Values(
            status=self._random.choice((*unchanged, *STATUSES)),
            assignee=self._random.choice((*unchanged, "", *ASSIGNEES)),
            labels=self._random.choice((*unchanged, (), LABELS[:1], LABELS[1:], LABELS)),
            list_id=self._random.choice((*unchanged, *unchanged, "", *LISTS)),
            due=self._random.choice((*unchanged, *DUE_DATES)),
            priority=self._random.choice((*unchanged, *PRIORITIES)),
        )

    def place(self) -> Values:
        """Return values for a write that moves a task within its views."""
        return Values(due=self._random.choice(DUE_DATES), priority=self._random.choice(PRIORITIES))

    def expiry_seconds(self, share: float) -> float | None:
        """Return None, or for this share of calls an expiry during the run, one after it, or infinity for none."""
        if self._random.random() >= share:
            return None
        return self._random.choice((self._random.uniform(0.3, 3), self._random.uniform(30, 60), inf))
