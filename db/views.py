"""Views: the tasks that have given values in some dimensions. The dimensions of a view are its shape."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, product
from typing import Any, Literal, Protocol, get_args
from uuid import UUID

from msgspec import Struct

from db.task import DeclaredOrder, Priority, Status

Dimension = Literal["list", "assignee", "label", "priority", "status"]
# Each dimension at most once, in the order of DIMENSIONS. The empty shape is that of the view of all tasks.
Shape = tuple[Dimension, ...]

# Further orders of the views of a shape, sorted by their names.
Orders = tuple[DeclaredOrder, ...]
# Declared shapes with their orders.
Shapes = Mapping[Shape, Orders]

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
ALL_TASKS: Shape = ()
BY_STATUS: Shape = ("status",)
# The shapes that every index has. Others are declared.
BASE_SHAPES = (ALL_TASKS, BY_STATUS)
MAX_DIMENSIONS = 3
# The names of orders in a declaration, sorted.
ORDER_NAMES: dict[str, DeclaredOrder] = {"due": "DUE_FIRST", "priority": "PRIORITY_FIRST"}
# Between the values of a view's key. No text in PostgreSQL contains it.
_SEPARATOR = "\0"


class Valued(Protocol):
    """A task, or as much of one as decides which views hold it."""

    @property
    def list_id(self) -> UUID | str | None:
        """The id of its list."""

    @property
    def assignee(self) -> str | None:
        """The id of its assignee."""

    @property
    def labels(self) -> Sequence[str]:
        """Its labels."""

    @property
    def priority(self) -> Priority:
        """Its priority."""

    @property
    def status(self) -> Status:
        """Its status."""


class View(Struct, frozen=True, gc=False):
    """The tasks with these values. None stands for any value, and `label` is one of the labels that a task may have."""

    list_id: UUID | None = None
    assignee: str | None = None
    label: str | None = None
    priority: Priority | None = None
    status: Status | None = None

    @property
    def shape(self) -> Shape:
        """The dimensions in which the view has a value."""
        return tuple(
            dimension for dimension, value in zip(DIMENSIONS, self._values(), strict=True) if value is not None
        )

    @property
    def key(self) -> str:
        """The values in the order of the shape, which identify the view among those of its shape."""
        return _key([str(value) for value in self._values() if value is not None])

    @property
    def is_base(self) -> bool:
        """Whether the view is that of all tasks or of one status."""
        return self.list_id is None and self.assignee is None and self.label is None and self.priority is None

    def holds(self, task: Valued) -> bool:
        """Return whether a visible task belongs to the view."""
        return (
            self.status in (None, task.status)
            and self.priority in (None, task.priority)
            and self.list_id in (None, task.list_id)
            and self.assignee in (None, task.assignee)
            and (self.label is None or self.label in task.labels)
        )

    def _values(self) -> tuple[UUID | str | None, ...]:
        return (self.list_id, self.assignee, self.label, self.priority, self.status)


# The view of all tasks.
EVERY_TASK = View()


def shape_name(shape: Shape, orders: Orders = ()) -> str:
    """Return the name of a shape with its orders, for example list+status or list:due+priority.

    Two shapes with different orders are two shapes for the scripts, so that workers that declare others are noticed.
    """
    names = "+".join(name for name, order in ORDER_NAMES.items() if order in orders)
    return "+".join(shape) + (f":{names}" if names else "")


def parse_declaration(name: str) -> tuple[Shape, Orders]:
    """Return the shape of a declaration, and its orders after a colon. Raises `ValueError`."""
    dimensions, colon, orders = name.partition(":")
    wanted = [order.strip() for order in orders.split("+")] if colon else []
    for order in wanted:
        if order not in ORDER_NAMES:
            raise ValueError(f'"{order}" is no order. A shape declares {" or ".join(ORDER_NAMES)} after a colon.')
    return parse_shape(dimensions), tuple(order for name, order in ORDER_NAMES.items() if name in wanted)


def parse_shape(name: str) -> Shape:
    """Return the shape of a name, whose dimensions may have any order. Raises `ValueError`."""
    dimensions = [dimension.strip() for dimension in name.split("+")]
    for dimension in dimensions:
        if dimension not in DIMENSIONS:
            raise ValueError(f'"{dimension}" is no dimension. A shape combines {", ".join(DIMENSIONS)} with +.')
    if len(set(dimensions)) < len(dimensions):
        raise ValueError(f'"{name}" names a dimension twice.')
    if len(dimensions) > MAX_DIMENSIONS:
        raise ValueError(f'"{name}" has more than {MAX_DIMENSIONS} dimensions.')
    return tuple(dimension for dimension in DIMENSIONS if dimension in dimensions)


# A task without assignee or without a list costs nothing in the shapes that have one.
DEFAULT_SHAPES: Shapes = dict.fromkeys(
    map(parse_shape, ("list", "list+status", "assignee", "assignee+status", "label")), ()
)


def view_of(shape: Shape, key: str) -> View:
    """Return the view of a shape that a key identifies. Raises `ValueError`."""
    values: dict[str, Any] = dict(zip(shape, key.split(_SEPARATOR), strict=True))
    if "list" in values:
        values["list_id"] = UUID(values.pop("list"))
    return View(**values)


def view_with(shape: Shape, by: Dimension) -> Shape:
    """Return a shape with one more dimension."""
    return tuple(dimension for dimension in DIMENSIONS if dimension in shape or dimension == by)


def view_keys(task: Valued, shape: Shape) -> Sequence[str]:
    """Return the keys of the views of a shape that hold a visible task."""
    return _keys([_task_values(task, dimension) for dimension in shape])


def view_places(tasks: Sequence[Valued], shapes: Sequence[Shape]) -> Iterator[dict[str, list[int]]]:
    """Yield for each shape its views that hold any of the tasks: by key, the places of the tasks, counted from 1."""
    columns = {dimension: [_task_values(task, dimension) for task in tasks] for dimension in set(chain(*shapes))}
    for shape in shapes:
        places: dict[str, list[int]] = {}
        for place, values in enumerate(zip(*(columns[dimension] for dimension in shape), strict=True), 1):
            for key in _keys(values):
                places.setdefault(key, []).append(place)
        yield places


def _keys(values: Sequence[Sequence[str]]) -> Sequence[str]:
    return values[0] if len(values) == 1 else [_key(combination) for combination in product(*values)]


def _task_values(task: Valued, dimension: Dimension) -> Sequence[str]:
    match dimension:
        case "list":
            return [str(task.list_id)] if task.list_id is not None else []
        case "assignee":
            return [task.assignee] if task.assignee is not None else []
        case "label":
            return task.labels
        case "priority":
            return [task.priority]
        case "status":
            return [task.status]


def _key(values: Sequence[str]) -> str:
    return _SEPARATOR.join(values)
