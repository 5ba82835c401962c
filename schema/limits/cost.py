"""The cost of an operation in points, estimated before it runs.

One point is about one task read or written. A list costs its items times the largest number of items it can have.
Fields under `@skip` and `@include` count as if they were selected.
"""

from collections.abc import Mapping
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
    value_from_ast_untyped,
)

from schema.limits.document import Fragments
from schema.types.connection import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

# Points of each field by type; `*` stands for all fields of a type. Fields of payloads are free, because the cost of
# the mutation includes its tasks.
FIELD_POINTS: dict[str, dict[str, int]] = {
    "Query": {"tasks": 2, "searchTasks": 20, "filterTasks": 5, "taskCounts": 1, "task": 1, "node": 1, "nodes": 1},
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
    },
    "Subscription": {"taskChanged": 5, "taskCountsChanged": 5},
    "TaskChange": {"*": 0},
    # Points per task of the page.
    "TaskConnection": {"edges": 1, "nodes": 1, "pageInfo": 0, "totalCount": 0},
    "TaskMatchConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "TaskEdge": {"*": 0},
    "PageInfo": {"*": 0},
    "TaskCounts": {"*": 0},
    "Task": {"*": 0},
    "Node": {"*": 0},
    "UserError": {"*": 0},
}
PAGED_FIELDS = ("tasks", "searchTasks", "filterTasks")
CONNECTION_TYPES = ("TaskConnection", "TaskMatchConnection")
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


class CostEstimator:
    """An estimator for the operations of one document, with one set of variables."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = dict(variables)
        self._fragment_points: dict[tuple[str, int], int] = {}

    def operation(self, operation: OperationDefinitionNode) -> int:
        """Return the points of an operation that has passed validation."""
        for variable in operation.variable_definitions or ():
            if variable.default_value is not None:
                self._variables.setdefault(variable.variable.name.value, value_from_ast_untyped(variable.default_value))
        root = self._schema.get_root_type(operation.operation)
        return self._selection_set(operation.selection_set, root, 0)

    def _selection_set(self, selections: SelectionSetNode, parent: Any, page_size: int) -> int:
        """Return the points of a selection set on the type `parent`.

        page_size: number of items that the lists of the enclosing connection can have; 0 outside of a connection.
        """
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, page_size)
            elif isinstance(node, InlineFragmentNode):
                total += self._selection_set(node.selection_set, parent, page_size)
            elif isinstance(node, FragmentSpreadNode):
                key = (node.name.value, page_size)
                if key not in self._fragment_points:
                    fragment = self._fragments[node.name.value]
                    self._fragment_points[key] = self._selection_set(fragment.selection_set, parent, page_size)
                total += self._fragment_points[key]
        return total

    def _field(self, node: FieldNode, parent: Any, page_size: int) -> int:
        name = node.name.value
        field = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        if field is None:  # an introspection field, such as __typename
            return 0
        of_type = FIELD_POINTS.get(parent.name, _FREE)
        points = of_type[name] if name in of_type else of_type["*"]
        if parent.name == "Query":
            page_size = self._page_size(node) if name in PAGED_FIELDS else 0
        times = page_size if parent.name in CONNECTION_TYPES and name in ("edges", "nodes") else 1
        if name in ITEMS_ARGUMENTS:
            if parent.name == "Query":
                times = self._item_count(node)
            elif parent.name == "Mutation":
                points += POINTS_PER_BULK_ITEM * self._item_count(node)
        if node.selection_set:
            points += self._selection_set(node.selection_set, get_named_type(field.type), page_size)
        return points * times

    def _page_size(self, node: FieldNode) -> int:
        """Return the largest number of tasks on the page. Sizes out of range are rejected by the resolver."""
        given = [self._argument(node, name) for name in ("first", "last")]
        sizes = [min(value, MAX_PAGE_SIZE) for value in given if isinstance(value, int) and value >= 0]
        return min(sizes, default=DEFAULT_PAGE_SIZE)

    def _item_count(self, node: FieldNode) -> int:
        value = self._argument(node, ITEMS_ARGUMENTS[node.name.value])
        items = value.get("tasks") if isinstance(value, dict) else value
        return len(items) if isinstance(items, list) else 1

    def _argument(self, node: FieldNode, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return value_from_ast_untyped(argument.value, self._variables)
        return None
