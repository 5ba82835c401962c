"""Which rows of the table a view has: the conditions of a statement, and the table in which PostgreSQL finds them."""

from typing import Any, LiteralString

from db.orders import declared_order
from db.task import Order, Status
from db.views import BASE_SHAPES, Dimension, Shape, View

# An array with the labels of a task and its workspace, so that the index finds the tasks of one workspace without
# reading those of others. The prefix is in no label in practice. The further conditions hold even if it is in one.
_LABELS_AND_WORKSPACE: LiteralString = "(labels || (E'\\x01' || workspace_id))"
_CONDITIONS: dict[Dimension, LiteralString] = {
    "list": "list_id = %(list)s::uuid",
    "assignee": "assignee = %(assignee)s::text",
    "label": (
        f"{_LABELS_AND_WORKSPACE} @> ARRAY[%(label)s::text, E'\\x01' || %(workspace)s::text] "
        "AND labels @> ARRAY[%(label)s::text] AND labels <> '{}'"
    ),
    "priority": "priority = %(priority)s::task_priority",
    "status": "status = %(status)s::task_status",
}
_STATUSES: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")


def view_condition(shape: Shape) -> LiteralString:
    """Return the condition for the rows of a view of this shape, visible or not."""
    conditions = [_CONDITIONS[dimension] for dimension in shape]
    if "list" in shape and "assignee" in shape:
        # PostgreSQL would use the index of the lists, which does not contain the assignee.
        conditions[0] = "NOT (list_id IS DISTINCT FROM %(list)s::uuid)"
    return " AND ".join(["workspace_id = %(workspace)s", *conditions])


def view_params(view: View) -> dict[str, Any]:
    """Return the parameters of `view_condition`."""
    return {
        "list": view.list_id,
        "assignee": view.assignee,
        "label": view.label,
        "priority": view.priority,
        "status": view.status,
    }


def is_read_whole(shape: Shape, order: Order) -> bool:
    """Return whether PostgreSQL has no index that holds a view in an order. It then reads the view for each page."""
    return (
        "label" in shape or declared_order(order) is not None or (order == "EXPIRING_SOON" and shape not in BASE_SHAPES)
    )


def is_indexed_by_status(shape: Shape) -> bool:
    """Return whether the index of a view begins with the workspace, a value and the status, which the view lacks."""
    return shape not in BASE_SHAPES and "status" not in shape


def view_rows(condition: LiteralString, shape: Shape, order_by: LiteralString) -> LiteralString:
    """Return the text after FROM for the rows of a view that meet a condition, in an order by creation.

    It ends with a condition, so that further ones can follow. If the index is by status, the rows of each status are
    read in this order and merged.
    """
    if not is_indexed_by_status(shape):
        return f"task WHERE {condition}"
    parts = [f"(SELECT * FROM task WHERE {condition} AND status = '{status}' {order_by})" for status in _STATUSES]
    return f"({' UNION ALL '.join(parts)}) AS task WHERE true"
