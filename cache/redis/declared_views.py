"""The declared views of tasks, in the form in which the scripts take them."""

from collections.abc import Iterable, Sequence

import msgspec

from db.orders import DECLARED_ORDERS, declared_order, order_score
from db.task import Order, Task
from db.views import BASE_SHAPES, Shape, Shapes, Valued, View, shape_name, view_keys, view_places

# Lua's cmsgpack reads it, which knows texts only: shape, key, shape, key, … For tasks in views with further orders, the
# first pair is '' and both scores.
_pack = msgspec.msgpack.Encoder().encode
NO_VIEWS = _pack([])


class DeclaredViews:
    """The shapes that this process maintains beside the base views."""

    def __init__(self, shapes: Shapes) -> None:
        self.shapes: Shapes = {shape: orders for shape, orders in shapes.items() if orders or shape not in BASE_SHAPES}
        self.named = {shape_name(shape, orders): shape for shape, orders in self.shapes.items()}
        # The names, each between commas: the form in which scripts look for one.
        self.maintained = "".join(f",{name}" for name in self.named) + ","
        self._ordered = {shape_name(shape, orders) for shape, orders in self.shapes.items() if orders}
        self._orders = {order for orders in self.shapes.values() for order in orders}

    def name(self, shape: Shape) -> str:
        """Return the name of a shape in the index."""
        return shape_name(shape, self.shapes.get(shape, ()))

    def pack(self, task: Task | None) -> bytes:
        """Return the views of a task, packed, with its scores in further orders. None has no views."""
        return NO_VIEWS if task is None else _pack(self._flat(task))

    def pack_left(self, before: Task | None, after: Task | None) -> bytes:
        """Return the views of the first row that the second one does not have, packed, with the scores of the first."""
        if before is None or not self.shapes:
            return NO_VIEWS
        kept = set() if after is None else set(self._pairs(after))
        return _pack(self._with_scores(before, [pair for pair in self._pairs(before) if pair not in kept]))

    def pack_row(self, row: Valued | None) -> bytes:
        """Return the views of a row, packed, without scores. None has no views."""
        return NO_VIEWS if row is None else _pack([part for pair in self._pairs(row) for part in pair])

    def pack_all(self, tasks: Sequence[Task]) -> bytes:
        """Return the views of several tasks, packed: for each shape its name, and a list.

        The list holds for each view its key, the number of its tasks, and their places, counted from 1. If a
        shape declares an order, the first name is '' and its list holds the scores of each task.
        """
        shapes: list[str | Sequence[str | int]] = ["", list(map(self._scores, tasks))] if self._ordered else []
        for name, found in zip(self.named, view_places(tasks, list(self.shapes)), strict=True):
            views: list[str | int] = []
            for key, places in found.items():
                views += (key, len(places), *places)
            shapes += (name, views)
        return _pack(shapes)

    def pack_views(self, views: Iterable[View]) -> bytes:
        """Return views, packed."""
        return _pack([part for view in views for part in (self.name(view.shape), view.key)])

    def moves(self, before: Task | None, after: Task | None) -> bool:
        """Return whether a write moves a task between views, or to another position in one."""
        if before is None or after is None:
            return True
        same = before.expires_at == after.expires_at and before.created_at == after.created_at
        return not same or self._flat(before) != self._flat(after)

    def arguments(self, view: View, order: Order) -> tuple[str, str]:
        """Return the name of a declared view's shape and the key of the view, as the page script takes them.

        If the order is not declared, no index has the shape of this name.
        """
        if (wanted := declared_order(order)) is None:
            return ("", "") if view.is_base else (self.name(view.shape), view.key)
        declared = self.shapes.get(view.shape, ())
        return shape_name(view.shape, declared if wanted in declared else (wanted,)), view.key

    def _flat(self, task: Task) -> list[str]:
        return self._with_scores(task, self._pairs(task))

    def _with_scores(self, task: Task, pairs: list[tuple[str, str]]) -> list[str]:
        flat = [part for pair in pairs for part in pair]
        if not self._ordered or not any(name in self._ordered for name, _ in pairs):
            return flat
        return ["", self._scores(task), *flat]

    def _scores(self, task: Task) -> str:
        # In an order that no shape declares, every task has the same score: another one would count as a move.
        return " ".join(str(order_score(task, order) if order in self._orders else 0) for order in DECLARED_ORDERS)

    def _pairs(self, task: Valued) -> list[tuple[str, str]]:
        return [(name, key) for name, shape in self.named.items() for key in view_keys(task, shape)]
