"""The orders that only declared views have, each by a score of the task: its definition in Python and in SQL."""

from datetime import UTC, datetime, timedelta
from typing import LiteralString, get_args

from db.task import DeclaredOrder, Order, Priority, Task

DECLARED_ORDERS: tuple[DeclaredOrder, ...] = get_args(DeclaredOrder)
_PRIORITIES: tuple[Priority, ...] = get_args(Priority)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND, _MILLISECOND = timedelta(microseconds=1), timedelta(milliseconds=1)
# A double holds every integer up to here, and those between one power of two and the next that its precision divides.
_EXACT = 2**53
_FIRST_SCORE, _LAST_CREATION = 2**52, 2**52 - 1
# No score reaches these numbers.
SCORE_ENDS: dict[DeclaredOrder, int] = {"DUE_FIRST": _EXACT + 1, "PRIORITY_FIRST": _FIRST_SCORE << len(_PRIORITIES)}
# The digits of the longest score.
SCORE_DIGITS: dict[DeclaredOrder, LiteralString] = {"DUE_FIRST": "16", "PRIORITY_FIRST": "18"}
_DECLARED: dict[Order, DeclaredOrder] = {order: order for order in DECLARED_ORDERS}


def declared_order(order: Order) -> DeclaredOrder | None:
    """Return an order that only declared views have, else None."""
    return _DECLARED.get(order)


def order_score(task: Task, order: DeclaredOrder) -> int:
    """Return the score of a task in a declared order, an integer that Redis's double holds exactly.

    DUE_FIRST, ascending: the due date in milliseconds since 1970. Tasks without one follow, newest first.

    PRIORITY_FIRST, descending: each priority has the integers between two powers of two, 2**52 of them for the
    creation in microseconds. Tasks created after 2112 are ordered by their ids.
    """
    created_at = (task.created_at - _EPOCH) // _MICROSECOND
    if order == "DUE_FIRST":
        return _EXACT - created_at if task.due_at is None else (task.due_at - _EPOCH) // _MILLISECOND
    return _FIRST_SCORE + min(created_at, _LAST_CREATION) << _PRIORITIES.index(task.priority)


_CREATED_AT: LiteralString = "(extract(epoch FROM created_at) * 1000000)::bigint"
# The expressions for `order_score`.
SCORE_SQL: dict[DeclaredOrder, LiteralString] = {
    "DUE_FIRST": (f"coalesce(floor(extract(epoch FROM due_at) * 1000)::bigint, 9007199254740992 - {_CREATED_AT})"),
    "PRIORITY_FIRST": (
        f"(4503599627370496 + least({_CREATED_AT}, 4503599627370495)) * CASE priority "
        "WHEN 'URGENT' THEN 16 WHEN 'HIGH' THEN 8 WHEN 'MEDIUM' THEN 4 WHEN 'LOW' THEN 2 ELSE 1 END"
    ),
}
