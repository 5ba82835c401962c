"""The cost of an operation in points, estimated before it runs.

One point is about one task read or written. A list costs its items times the largest number of items it can have.
Fields under `@skip` and `@include` count as if they were selected. The selections of an operation are walked once; the
result is a function of the variables.
"""

from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from schema.limits.document import Fragments
from schema.limits.points import Argument, Factor, Points, Variables, argument_of, variable_defaults
from schema.types.connection import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from schema.types.views import DEFAULT_FACETS, MAX_FACETS

# Points of each field by type; `*` stands for all fields of a type. Fields of payloads are free, because the cost of
# the mutation includes its tasks.
FIELD_POINTS: dict[str, dict[str, int]] = {
    "Query": {
        "tasks": 2,
        "searchTasks": 250,
        "filterTasks": 50,
        "deletedTasks": 50,
        "deletedTask": 20,
        "taskCounts": 1,
        "facets": 20,
        "task": 1,
        "node": 1,
        "nodes": 1,
        "taskLists": 20,
        "viewer": 1,
        "workspaces": 20,
        "apiTokens": 20,
        "auditLog": 20,
        "insights": 250,
    },
    "Mutation": {
        "createTask": 5,
        "updateTask": 5,
        "completeTask": 5,
        "reopenTask": 5,
        "deleteTask": 5,
        "restoreTask": 5,
        "createTasks": 5,
        "updateTasks": 5,
        "deleteTasks": 5,
        "restoreTasks": 5,
        "createTaskList": 5,
        "updateTaskList": 5,
        "createWorkspace": 20,
        "renameWorkspace": 20,
        "suspendWorkspace": 20,
        "resumeWorkspace": 20,
        "deleteWorkspace": 20,
        "createApiToken": 20,
        "revokeApiToken": 20,
    },
    "Subscription": {"taskChanged": 5, "taskCountsChanged": 5},
    "TaskChange": {"*": 0},
    # Points per task of the page.
    "TaskConnection": {"edges": 1, "nodes": 1, "pageInfo": 0, "totalCount": 0},
    "TaskMatchConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "DeletedTaskConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "TaskListConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "WorkspaceConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "ApiTokenConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "AuditLogConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "TaskListEdge": {"*": 0},
    "TaskList": {"*": 0},
    "WorkspaceEdge": {"*": 0},
    "ApiTokenEdge": {"*": 0},
    "AuditLogEdge": {"*": 0},
    "Workspace": {"*": 0},
    "ApiToken": {"*": 0},
    "AuditLogEntry": {"*": 0},
    "TaskEdge": {"*": 0},
    "DeletedTaskEdge": {"*": 0},
    "DeletedTask": {"*": 0},
    "PageInfo": {"*": 0},
    "TaskCounts": {"*": 0},
    "RateLimit": {"*": 0},
    # The lists of a response are read by one query.
    "Task": {"*": 0, "list": 1},
    "Facet": {"*": 0, "list": 1},
    "Node": {"*": 0},
    "UserError": {"*": 0},
    "Viewer": {"*": 0},
    "ViewerWorkspace": {"*": 0},
    # Usage analytics.
    "Insights": {"*": 0},
    "CacheInsights": {"*": 0},
    "MissesByCause": {"*": 0},
    "PageMissesByCause": {"*": 0},
    "OperationClient": {"*": 0},
    "OperationInsights": {"*": 0},
    "TaskInsights": {"*": 0},
    "ViewInsights": {"*": 0},
    "DepthInsights": {"*": 0},
    "PageInsights": {"*": 0},
    "ClientInsights": {"*": 0},
    "SearchInsights": {"*": 0},
    "MemoryForecast": {"*": 0},
    "MemoryInsights": {"*": 0},
    "GateEvent": {"*": 0},
    "RebuildEvent": {"*": 0},
    "CountFigure": {"*": 0},
    "RateFigure": {"*": 0},
    "GaugeFigure": {"*": 0},
    "NamedCount": {"*": 0},
    "NamedGauge": {"*": 0},
    "RequestTotal": {"*": 0},
    "Latency": {"*": 0},
    "Advice": {"*": 0},
    "AdviceFigure": {"*": 0},
    "AdviceFinding": {"*": 0},
    "AdviceValue": {"*": 0},
}
PAGED_FIELDS = (
    *("tasks", "searchTasks", "filterTasks", "deletedTasks"),
    *("taskLists", "workspaces", "apiTokens", "auditLog"),
)
CONNECTION_TYPES = tuple(name for name in FIELD_POINTS if name.endswith("Connection"))
# The argument of each field that holds its list of items.
ITEMS_ARGUMENTS = {
    "nodes": "ids",
    "createTasks": "input",
    "updateTasks": "input",
    "deleteTasks": "input",
    "restoreTasks": "input",
}
# Points per item of a bulk mutation, in addition to the points of the mutation.
POINTS_PER_BULK_ITEM = 2
_FREE: dict[str, int] = {"*": 0}
_NONE, _ONCE = Factor(0), Factor(1)


class CostEstimator:
    """An estimator for one operation, which must have passed validation."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._fragments = fragments
        self._defaults = variable_defaults(operation)
        self._fragment_points: dict[tuple[str, Factor], Points] = {}
        root = schema.get_root_type(operation.operation)
        self._points = self._selection_set(operation.selection_set, root, _NONE)

    def cost(self, variables: Variables) -> int:
        """Return the points of the operation with these variables, decoded from JSON or coerced."""
        return self._points.value({**self._defaults, **variables} if self._defaults else variables)

    def _selection_set(self, selections: SelectionSetNode, parent: Any, page_size: Factor) -> Points:
        """Return the points of a selection set on the type `parent`.

        page_size: number of items that the lists of the enclosing connection can have; 0 outside of a connection.
        """
        total = Points()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._add_field(total, node, parent, page_size)
            elif isinstance(node, InlineFragmentNode):
                total.add(self._selection_set(node.selection_set, parent, page_size))
            elif isinstance(node, FragmentSpreadNode):
                key = (node.name.value, page_size)
                if key not in self._fragment_points:
                    fragment = self._fragments[node.name.value]
                    self._fragment_points[key] = self._selection_set(fragment.selection_set, parent, page_size)
                total.add(self._fragment_points[key])
        return total

    def _add_field(self, total: Points, node: FieldNode, parent: Any, page_size: Factor) -> None:
        name = node.name.value
        field = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        if field is None:  # an introspection field, such as __typename
            return
        of_type = FIELD_POINTS.get(parent.name, _FREE)
        points, times = Points(of_type[name] if name in of_type else of_type["*"]), _ONCE
        if parent.name == "Query":
            page_size = _page_size(node) if name in PAGED_FIELDS else _NONE
            if name == "facets":
                page_size = _page_size(node, DEFAULT_FACETS, MAX_FACETS)
        if parent.name in CONNECTION_TYPES and name in ("edges", "nodes"):
            times = page_size
        if parent.name == "Facet":
            times = page_size
        if name in ITEMS_ARGUMENTS:
            if parent.name == "Query":
                times = _item_count(node)
            elif parent.name == "Mutation":
                points.add(Points(POINTS_PER_BULK_ITEM), _item_count(node))
        if node.selection_set:
            points.add(self._selection_set(node.selection_set, get_named_type(field.type), page_size))
        total.add(points, times)


def _page_size(node: FieldNode, default: int = DEFAULT_PAGE_SIZE, most: int = MAX_PAGE_SIZE) -> Factor:
    """Return the largest number of items on the page. Sizes out of range are rejected by the resolver."""
    first, last = argument_of(node, "first"), argument_of(node, "last")

    def size(variables: Variables) -> int:
        # The store reads `first` tasks even if `last` then keeps fewer of them.
        for value in (first(variables), last(variables)):
            # A whole number can have the form of a float in JSON: 100.0.
            if isinstance(value, int | float):
                return int(min(max(value, 0), most))
        return default

    return Factor.of(size, first, last)


def _item_count(node: FieldNode) -> Factor:
    """Return the number of items in the argument that holds them, whether it was decoded from JSON or coerced."""
    argument: Argument = argument_of(node, ITEMS_ARGUMENTS[node.name.value])

    def count(variables: Variables) -> int:
        value = argument(variables)
        items = value.get("tasks") if isinstance(value, dict) else getattr(value, "tasks", value)
        return len(items) if isinstance(items, list) else 1

    return Factor.of(count, argument)
