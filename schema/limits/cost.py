"""What each field costs, and what an operation asks for in all: reckoned before it is run.

One point is about one task read or written. A list costs its items as often as there may be; what `@skip` and
`@include` leave out counts as if it were there.
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

from schema.limits.extension import Fragments
from schema.types.connection import DEFAULT_PAGE, LARGEST_PAGE

# Points of each field, `*` for those of a type that are not named. What is in a payload is free: the mutation has paid
# for its tasks.
FIELDS: dict[str, dict[str, int]] = {
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
    # Each node of a page, for each time that it is asked for.
    "TaskConnection": {"edges": 1, "nodes": 1, "pageInfo": 0, "totalCount": 0},
    "TaskMatchConnection": {"edges": 1, "nodes": 1, "pageInfo": 0},
    "TaskEdge": {"*": 0},
    "PageInfo": {"*": 0},
    "TaskCounts": {"*": 0},
    "Task": {"*": 0},
    "Node": {"*": 0},
    "UserError": {"*": 0},
}
# The fields with pages, and the types of those pages.
PAGED = ("tasks", "searchTasks", "filterTasks")
CONNECTIONS = ("TaskConnection", "TaskMatchConnection")
# Which argument says how many items there are: of the field, or of the lists below it.
ITEMS = {
    "nodes": "ids",
    "createTasks": "input",
    "updateTasks": "input",
    "deleteTasks": "input",
    "restoreTasks": "input",
}
# Points for each task that a mutation of many writes.
EACH = 2
OTHERS: dict[str, int] = {"*": 0}


class CostEstimator:
    """Reckons one operation, with its variables."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = dict(variables)
        self._known: dict[tuple[str, int], int] = {}

    def operation(self, operation: OperationDefinitionNode) -> int:
        """The points of an operation that was found to be valid."""
        for variable in operation.variable_definitions or ():
            if variable.default_value is not None:
                self._variables.setdefault(variable.variable.name.value, value_from_ast_untyped(variable.default_value))
        root = self._schema.get_root_type(operation.operation)
        return self._set(operation.selection_set, root, 0)

    def _set(self, selections: SelectionSetNode, parent: Any, size: int) -> int:
        """Of a selection set; `size`: how many items the lists of a connection that it stands in may have."""
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, size)
            elif isinstance(node, InlineFragmentNode):
                total += self._set(node.selection_set, parent, size)
            elif isinstance(node, FragmentSpreadNode):
                key = (node.name.value, size)
                if key not in self._known:
                    self._known[key] = self._set(self._fragments[key[0]].selection_set, parent, size)
                total += self._known[key]
        return total

    def _field(self, node: FieldNode, parent: Any, size: int) -> int:
        name = node.name.value
        field = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        if field is None:  # introspection
            return 0
        costs = FIELDS.get(parent.name, OTHERS)
        points = costs[name] if name in costs else costs["*"]
        if parent.name == "Query":
            size = self._size(node) if name in PAGED else 0
        times = size if parent.name in CONNECTIONS and name in ("edges", "nodes") else 1
        if parent.name in ("Query", "Mutation") and name in ITEMS:
            count = self._items(node)
            points, times = (points, count) if parent.name == "Query" else (points + EACH * count, 1)
        below = get_named_type(field.type)
        inner = self._set(node.selection_set, below, size) if node.selection_set else 0
        return (points + inner) * times

    def _size(self, node: FieldNode) -> int:
        """How many tasks a page may have: what was asked for; too many is refused later, with a better message."""
        given = [self._argument(node, name) for name in ("first", "last")]
        sizes = [min(value, LARGEST_PAGE) for value in given if isinstance(value, int) and value >= 0]
        return min(sizes, default=DEFAULT_PAGE)

    def _items(self, node: FieldNode) -> int:
        value = self._argument(node, ITEMS[node.name.value])
        items = value.get("tasks") if isinstance(value, dict) else value
        return len(items) if isinstance(items, list) else 1

    def _argument(self, node: FieldNode, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return value_from_ast_untyped(argument.value, self._variables)
        return None
