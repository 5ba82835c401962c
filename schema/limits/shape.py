"""The shape of an operation: its depth, aliases and directives, measured before validation."""

from typing import NamedTuple

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from schema.limits.document import Fragments

_INTROSPECTION_FIELDS = ("__schema", "__type")


class OperationShape(NamedTuple):
    """The size of a selection set. `introspection_depth` counts the levels below `__schema` and `__type`."""

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    directives: int = 0


class ShapeMeter:
    """A meter for operations of one document.

    It measures each fragment once, however often the document spreads it. Measuring a fragment bomb therefore takes
    time proportional to the length of the document.
    """

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._measured: dict[str, OperationShape] = {}

    def operation(self, operation: OperationDefinitionNode) -> OperationShape:
        """Return the shape of an operation, including directives on the operation and its variables."""
        shape = self._selection_set(operation.selection_set)
        on_variables = sum(len(variable.directives or ()) for variable in operation.variable_definitions or ())
        return shape._replace(directives=shape.directives + len(operation.directives or ()) + on_variables)

    def _selection_set(self, selections: SelectionSetNode | None) -> OperationShape:
        if selections is None:
            return OperationShape()
        shapes = [self._selection(node) for node in selections.selections]
        return OperationShape(
            max(shape.depth for shape in shapes),
            max(shape.introspection_depth for shape in shapes),
            sum(shape.aliases for shape in shapes),
            sum(shape.directives for shape in shapes),
        )

    def _selection(self, node: SelectionNode) -> OperationShape:
        match node:
            case FieldNode():
                shape = self._field(node)
            case FragmentSpreadNode():
                shape = self._fragment(node.name.value)
            case InlineFragmentNode():
                shape = self._selection_set(node.selection_set)
            case _:
                raise TypeError(f"{node.kind} is not a selection")
        return shape._replace(directives=shape.directives + len(node.directives or ()))

    def _field(self, node: FieldNode) -> OperationShape:
        inner = self._selection_set(node.selection_set)
        aliases = inner.aliases + (node.alias is not None)
        if node.name.value in _INTROSPECTION_FIELDS:
            return inner._replace(depth=1, introspection_depth=inner.depth, aliases=aliases)
        return inner._replace(depth=inner.depth + 1, aliases=aliases)

    def _fragment(self, name: str) -> OperationShape:
        if name not in self._measured:
            # Ends the recursion of a fragment that contains itself. Validation rejects cycles and unknown fragments.
            self._measured[name] = OperationShape()
            fragment = self._fragments.get(name)
            if fragment is not None:
                shape = self._selection_set(fragment.selection_set)
                self._measured[name] = shape._replace(directives=shape.directives + len(fragment.directives or ()))
        return self._measured[name]
