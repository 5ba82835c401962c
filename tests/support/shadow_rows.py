"""The values and the rows of the plain list of the property test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import get_args

from db.index_source import IndexPosition
from db.task import Order, Task
from db.views import View
from tests.support.redis_state import expiry_score, index_position
from tests.support.task_factories import in_an_hour

PAST = datetime(2001, 1, 1, tzinfo=UTC)
# Few values, so that tasks share an expiry.
EXPIRIES = (None, in_an_hour(), in_an_hour() + timedelta(minutes=1), in_an_hour() + timedelta(minutes=2))
# The creation times of imported tasks; None for the time of the create. Also few, and one before the first position.
CREATION_TIMES = (None, None, datetime(1970, 1, 1, tzinfo=UTC), PAST, datetime(2020, 2, 29, 12, 0, 0, 1, UTC))
ORDERS: tuple[Order, ...] = get_args(Order)
ASSIGNEES = (None, "ann", "bob")
LABELS = ("a", "b", "c")
# The declared views that the checks compare, and one that is always empty.
DECLARED = (
    *(View(assignee=name) for name in ("ann", "bob", "nobody")),
    *(View(label=label) for label in LABELS),
    View(assignee="ann", status="TODO"),
    View(assignee="ann", status="DONE"),
)


@dataclass
class ShadowRow:
    """A row of the plain list."""

    task: Task
    expiries: set[datetime] = field(default_factory=set)  # every expiry of the row so far: clients may hold its cursors
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

    def positions(self, order: Order) -> list[IndexPosition]:
        """Return every position in an order that the row has had."""
        if order == "EXPIRING_SOON":
            return [(expiry_score(expires_at), self.task.id) for expires_at in self.expiries]
        return [index_position(self.task)]
