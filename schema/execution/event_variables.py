"""The variables that the events of a subscription depend on."""

from typing import Any

from graphql import DocumentNode, FieldNode, OperationDefinitionNode, VariableNode, Visitor, visit


def event_variables(document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    """Return the names of the variables that events depend on: all but those that stand only in arguments of the root.

    The arguments of the root field choose which events a subscriber receives. They do not change an event.
    """
    visitor = _VariableVisitor(operation)
    visit(document, visitor)
    return frozenset(visitor.names)


class _VariableVisitor(Visitor):
    """Collects the variables of a document, except in definitions and in arguments of the root field."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        super().__init__()
        self.names: set[str] = set()
        selections = operation.selection_set.selections
        self._root_arguments = {
            id(argument) for node in selections if isinstance(node, FieldNode) for argument in node.arguments or ()
        }

    def enter_variable_definition(self, *_: Any) -> Any:
        return self.SKIP

    def enter_argument(self, node: Any, *_: Any) -> Any:
        return self.SKIP if id(node) in self._root_arguments else None

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)
