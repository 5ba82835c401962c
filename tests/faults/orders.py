"""The orders of pages: which ones a view has, which of two tasks comes first, and whether a page is in its order."""

from collections.abc import Iterable
from itertools import pairwise
from math import inf
from typing import Any

from tests.faults.history import ObservedTask, Operation, Order
from tests.faults.ledger import Ledger, Violation
from tests.faults.views import ASSIGNEES, DUE_DATES, LABELS, LISTS, PRIORITIES, View

# In these orders a task never moves.
BY_CREATION: tuple[Order, ...] = ("NEWEST", "OLDEST")
# Every view has these.
ORDERS: tuple[Order, ...] = (*BY_CREATION, "EXPIRING_SOON")
# Only a shape in `views.SHAPES` declares these.
_DECLARED: dict[str, tuple[Order, ...]] = {
    **dict.fromkeys(LISTS, ("DUE_FIRST", "PRIORITY_FIRST")),
    **dict.fromkeys(LABELS, ("DUE_FIRST",)),
    **dict.fromkeys(ASSIGNEES, ("PRIORITY_FIRST",)),
}
# Each view with its declared orders.
DECLARED_ORDERS: tuple[tuple[View, Order], ...] = tuple(
    ((value,), order) for value, orders in _DECLARED.items() for order in orders
)


def orders_of(view: View) -> tuple[Order, ...]:
    """Return the orders of a view."""
    return (*ORDERS, *(_DECLARED.get(view[0], ()) if len(view) == 1 else ()))


def is_declared(order: Order) -> bool:
    """Return whether only declared views have an order."""
    return order not in ORDERS


def sorting_value(task: ObservedTask, order: Order) -> str:
    """Return the value of a task by which a declared order sorts first."""
    return task.due if order == "DUE_FIRST" else task.priority


def comes_before(task: ObservedTask, other: ObservedTask, order: Order) -> bool:
    """Return whether a task comes before another one in a declared order."""
    first, second = (task, other) if order == "DUE_FIRST" else (other, task)
    return _place(first, order) < _place(second, order)


def in_declared_order(tasks: Iterable[ObservedTask], order: Order) -> list[ObservedTask]:
    """Return tasks in a declared order."""
    return sorted(tasks, key=lambda task: _place(task, order), reverse=order == "PRIORITY_FIRST")


def _place(task: ObservedTask, order: Order) -> tuple[Any, ...]:
    if order == "DUE_FIRST":
        is_due = task.due != DUE_DATES[-1]
        return DUE_DATES.index(task.due), 0 if is_due else -task.created_at, task.id
    return PRIORITIES.index(task.priority), task.created_at, task.id


def order_violations(op: Operation, ledger: Ledger) -> list[Violation]:
    """Return the tasks of a page that are in the wrong order.

    A filter by expiry is exempt: its order is that of the rows when PostgreSQL read them, which may have changed since.
    """
    tasks, order = op.completion.tasks, op.invocation.order
    if order == "EXPIRING_SOON":
        return _violations_by_expiry(op)
    if is_declared(order):
        return [
            Violation("order", f"{task.id} comes later in {order}, but first on the page", next_task.id, op)
            for task, next_task in pairwise(tasks)
            if not comes_before(task, next_task, order)
        ]
    violations = []
    # Of the tasks so far, which are newer, the earliest time at which one was observed.
    first_observed = inf
    for task in tasks if order == "NEWEST" else tasks[::-1]:
        record = ledger.records[task.id]
        if record.create_start > first_observed and record.create_start != inf:
            violations.append(Violation("order", "it is newer than a task that should be newer", task.id, op))
        first_observed = min(first_observed, record.first_observed)
    return violations


def _violations_by_expiry(op: Operation) -> list[Violation]:
    tasks, violations = op.completion.tasks, []
    for task, next_task in pairwise(tasks) if op.kind != "filter" else ():
        if (task.expires_at or inf, task.id) > (next_task.expires_at or inf, next_task.id):
            violations.append(Violation("order", f"{task.id} expires later but comes first", next_task.id, op))
    never_expiring = [task for task in tasks if task.expires_at is None]
    return violations + [Violation("order", "it never expires", task.id, op) for task in never_expiring]
