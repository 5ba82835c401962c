"""The resolvers of declared views: which view a filter selects, and the facets of a view."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

from cache.reads.facets import read_facets
from cache.store import Store
from db.facets import FacetOrder as Order
from db.orders import declared_order
from db.task import Order as TaskOrder
from db.task import Priority
from db.views import BASE_SHAPES, DIMENSIONS, Dimension, Shape, View, shape_name
from schema.context import Info
from schema.errors import BadInput, OrderNotDeclared, ViewNotDeclared
from schema.resolvers.arguments import id_argument, status_argument, text_argument
from schema.resolvers.field_checks import MAX_ASSIGNEE_CHARACTERS, MAX_LABEL_CHARACTERS
from schema.types.task import TaskStatus
from schema.types.views import DEFAULT_FACETS, MAX_FACETS, Facet, FacetDimension, FacetOrder, TaskWhere

WhereArgument = Annotated[
    TaskWhere | None,
    strawberry.argument(
        description="Only tasks with these values. Their combination must be declared with MILLITASK_VIEWS; any other "
        "is an error with the code VIEW_NOT_DECLARED. `filterTasks` needs no declaration. Null for all tasks."
    ),
]
ByArgument = Annotated[FacetDimension, strawberry.argument(description="What to count the tasks by.")]
FirstArgument = Annotated[int | None, strawberry.argument(description="The number of values: 0 to 1,000. 100 if null.")]
OrderByArgument = Annotated[
    FacetOrder, strawberry.argument(description="The order of the values. The default is COUNT.")
]


@strawberry.type
class FacetQuery:
    """The query of facets, which `Query` inherits."""

    @strawberry.field(
        description="Returns the values that tasks have, each with the exact number of tasks. `by` together with the "
        "fields of `where` must be declared, unless it is STATUS alone. Cost: 20 points, plus 1 per value for `list`."
    )
    async def facets(
        self,
        info: Info,
        by: ByArgument,
        where: WhereArgument = None,
        first: FirstArgument = DEFAULT_FACETS,
        order_by: OrderByArgument = FacetOrder.COUNT,
    ) -> list[Facet]:
        session, dimension = info.context.session, cast("Dimension", by.value)
        view, count = view_argument(where), DEFAULT_FACETS if first is None else first
        if not 0 <= count <= MAX_FACETS:
            raise BadInput("first", f"must be from 0 to {MAX_FACETS}, not {count}.", limit=MAX_FACETS, requested=count)
        if dimension in view.shape:
            raise BadInput("by", f"cannot be {by.name}, because where.{dimension} is given. Leave it out of where.")
        check_declared(session.store, tuple(each for each in DIMENSIONS if each in (*view.shape, dimension)))
        found = await read_facets(session, dimension, view, count, cast("Order", order_by.value))
        return [
            Facet(value=value, count=number, list_id=UUID(value) if dimension == "list" else None)
            for value, number in found
        ]


def declared_view(store: Store, where: TaskWhere | None, status: TaskStatus | None, order: TaskOrder) -> View:
    """Return the view that the arguments of `tasks` select. Raises `BadInput` or `ViewNotDeclared`."""
    view = view_argument(where, status)
    check_declared(store, view.shape)
    wanted = declared_order(order)
    if wanted is not None and wanted not in store.shapes.get(view.shape, ()):
        name = shape_name(view.shape or ("list",), (wanted,))
        raise OrderNotDeclared(wanted, shape_name(view.shape), name, _declared(store))
    return view


def view_argument(where: TaskWhere | None, status: TaskStatus | None = None) -> View:
    """Return the view of a filter and a status, which must not differ. Raises `BadInput`."""
    if where is None:
        return View(status=status_argument(status))
    if None not in (status, where.status) and status != where.status:
        raise BadInput("where.status", "differs from the argument status. Send only one of them.")
    return View(
        list_id=None if where.list_id is None else id_argument("where.list", where.list_id),
        assignee=text_argument("where.assignee", where.assignee, MAX_ASSIGNEE_CHARACTERS),
        label=text_argument("where.label", where.label, MAX_LABEL_CHARACTERS),
        priority=None if where.priority is None else cast("Priority", where.priority.value),
        status=status_argument(where.status or status),
    )


def check_declared(store: Store, shape: Shape) -> None:
    """Raise `ViewNotDeclared` unless the service answers filters of this shape."""
    if shape not in BASE_SHAPES and shape not in store.shapes:
        raise ViewNotDeclared(shape_name(shape), _declared(store))


def _declared(store: Store) -> list[str]:
    return [shape_name(*declaration) for declaration in store.shapes.items()]
