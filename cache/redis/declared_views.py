"""The declared views of tasks, in the form in which the scripts take them."""

from collections.abc import Iterable, Sequence

import msgspec

from db.task import Task
from db.views import BASE_SHAPES, Shape, Valued, View, shape_name, view_keys, view_places

# Lua's cmsgpack reads it, which knows texts only: shape, key, shape, key, …
_pack = msgspec.msgpack.Encoder().encode
NO_VIEWS = _pack([])


class DeclaredViews:
    """The shapes that this process maintains beside the base views."""

    def __init__(self, shapes: Iterable[Shape]) -> None:
        self.shapes: tuple[Shape, ...] = tuple(shape for shape in shapes if shape not in BASE_SHAPES)
        self.named = {shape_name(shape): shape for shape in self.shapes}
        # The names, each between commas: the form in which scripts look for one.
        self.maintained = "".join(f",{name}" for name in self.named) + ","

    def pack(self, task: Valued | None) -> bytes:
        """Return the views of a task, packed. None has no views."""
        return NO_VIEWS if task is None else _pack(self._flat(task))

    def pack_left(self, before: Valued | None, after: Valued | None) -> bytes:
        """Return the views of the first row that the second one does not have, packed."""
        if before is None or not self.shapes:
            return NO_VIEWS
        kept = set() if after is None else set(self._pairs(after))
        return _pack([part for pair in self._pairs(before) if pair not in kept for part in pair])

    def pack_all(self, tasks: Sequence[Valued]) -> bytes:
        """Return the views of several tasks, packed: for each shape its name, and a list.

        The list holds for each view its key, the number of its tasks, and their places, of which the first is 1.
        """
        shapes: list[str | list[str | int]] = []
        for name, found in zip(self.named, view_places(tasks, self.shapes), strict=True):
            views: list[str | int] = []
            for key, places in found.items():
                views += (key, len(places), *places)
            shapes += (name, views)
        return _pack(shapes)

    def pack_views(self, views: Iterable[View]) -> bytes:
        """Return views, packed."""
        return _pack([part for view in views for part in (shape_name(view.shape), view.key)])

    def moves(self, before: Task | None, after: Task | None) -> bool:
        """Return whether a write moves a task between views, or to another position in one."""
        if before is None or after is None:
            return True
        same = before.expires_at == after.expires_at and before.created_at == after.created_at
        return not same or self._flat(before) != self._flat(after)

    def _flat(self, task: Valued) -> Sequence[str]:
        return [part for pair in self._pairs(task) for part in pair]

    def _pairs(self, task: Valued) -> list[tuple[str, str]]:
        return [(name, key) for name, shape in self.named.items() for key in view_keys(task, shape)]


def declared_arguments(view: View) -> tuple[str, str]:
    """Return the name of a declared view's shape and the key of the view, as the page script takes them."""
    return ("", "") if view.is_base else (shape_name(view.shape), view.key)
