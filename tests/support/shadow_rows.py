"""The values and the rows of the plain list of the property test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import get_args

from db.index_source import IndexPosition
from db.orders import declared_order, order_score
from db.task import BaseOrder, DeclaredOrder, Order, Priority, Task
from db.views import Shapes, View, parse_declaration
from tests.support.redis_state import expiry_score, index_position
from tests.support.task_factories import in_an_hour

PAST = datetime(2001, 1, 1, tzinfo=UTC)
# Few values, so that tasks share an expiry.
EXPIRIES = (None, in_an_hour(), in_an_hour() + timedelta(minutes=1), in_an_hour() + timedelta(minutes=2))
# The creation times of imported tasks; None for the time of the create. Also few, and one before the first position.
CREATION_TIMES = (None, None, datetime(1970, 1, 1, tzinfo=UTC), PAST, datetime(2020, 2, 29, 12, 0, 0, 1, UTC))
ORDERS: tuple[BaseOrder, ...] = get_args(BaseOrder)
DECLARED_ORDERS: tuple[DeclaredOrder, ...] = get_args(DeclaredOrder)
ASSIGNEES = (None, "ann", "bob")
LABELS = ("a", "b", "c")
# Also few, and one before the tasks without a due date and one after the first creation.
DUE_DATES = (None, None, datetime(1970, 1, 1, tzinfo=UTC), PAST, datetime(2199, 12, 31, 0, 0, 0, 1999, UTC))
PRIORITIES: tuple[Priority, ...] = ("NONE", "LOW", "URGENT")
# The shapes of the store. Some views have declared orders, also the base view of a status.
SHAPES: Shapes = dict(
    map(parse_declaration, ("assignee:due+priority", "assignee+status", "label:due", "status:priority", "list"))
)
# The declared views that the checks compare, and one that is always empty.
DECLARED = (
    *(View(assignee=name) for name in ("ann", "bob", "nobody")),
    *(View(label=label) for label in LABELS),
    View(assignee="ann", status="TODO"),
    View(assignee="ann", status="DONE"),
)
# The views with declared orders.
ORDERED: tuple[tuple[View, DeclaredOrder], ...] = (
    *((View(assignee=name), order) for name in ("ann", "bob", "nobody") for order in DECLARED_ORDERS),
    *((View(label=label), "DUE_FIRST") for label in LABELS),
    *((View(status=status), "PRIORITY_FIRST") for status in ("TODO", "DONE")),
)


@dataclass
class ShadowRow:
    """A row of the plain list."""

    task: Task
    # Every expiry and every score in a declared order that the row has had: clients may hold its cursors.
    expiries: set[datetime] = field(default_factory=set)
    scores: dict[DeclaredOrder, set[int]] = field(default_factory=lambda: {order: set() for order in DECLARED_ORDERS})
    deleted: bool = False
    expired: bool = False

    def __post_init__(self) -> None:
        self.update(self.task)

    @property
    def visible(self) -> bool:
        return not self.deleted and not self.expired

    def update(self, task: Task) -> None:
        self.task = task
        if task.expires_at is not None:
            self.expiries.add(task.expires_at)
        for order in DECLARED_ORDERS:
            self.scores[order].add(order_score(task, order))

    def positions(self, order: Order) -> list[IndexPosition]:
        """Return every position in an order that the row has had."""
        if order == "EXPIRING_SOON":
            return [(expiry_score(expires_at), self.task.id) for expires_at in self.expiries]
        if (declared := declared_order(order)) is not None:
            return [(score, self.task.id) for score in self.scores[declared]]
        return [index_position(self.task)]
