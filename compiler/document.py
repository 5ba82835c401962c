"""The operation to compile and what its document contains, found before anything is compiled."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from compiler.errors import NotCompiled

CONDITIONS = (GraphQLSkipDirective.name, GraphQLIncludeDirective.name)


@dataclass
class Document:
    """An operation with the fragments of its document.

    conditions: the variables of `@skip` and `@include`, in the order of their first use.
    uses: how often each variable occurs in arguments.
    root_arguments: the variables that are whole arguments of root fields, with the names of these arguments.
    """

    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    conditions: list[str] = field(default_factory=list)
    uses: dict[str, int] = field(default_factory=dict)
    root_arguments: dict[str, str] = field(default_factory=dict)


def read_document(schema: GraphQLSchema, document: DocumentNode, operation_name: str | None) -> Document:
    """Return the operation and its fragments. Raises `NotCompiled` if they contain what is not compiled."""
    found = Document(_operation(document, operation_name), {})
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            found.fragments[definition.name.value] = definition
    operation = found.operation
    if operation.operation is OperationType.SUBSCRIPTION:
        raise NotCompiled("subscriptions are not compiled")
    if schema.get_root_type(operation.operation) is None:
        raise NotCompiled(f"the schema has no {operation.operation.value} type")
    if operation.directives or any(variable.directives for variable in operation.variable_definitions or ()):
        raise NotCompiled("directives on operations and variables are not compiled")
    _Reader(found).read()
    return found


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name is not None and node.name.value == name][-1:]
    if len(operations) != 1:
        raise NotCompiled("the operation name does not select one operation of the document")
    return operations[0]


class _Reader:
    """Walks the selections of an operation, and each fragment that it uses once."""

    def __init__(self, found: Document) -> None:
        self._found = found
        self._spread: set[str] = set()

    def read(self) -> None:
        self._selection_set(self._found.operation.selection_set, root=True)

    def _selection_set(self, selections: SelectionSetNode, *, root: bool) -> None:
        for node in selections.selections:
            self._conditions(node)
            if isinstance(node, FieldNode):
                self._field(node, root=root)
            elif isinstance(node, InlineFragmentNode):
                self._selection_set(node.selection_set, root=root)
            elif isinstance(node, FragmentSpreadNode):
                self._spread_fragment(node)

    def _field(self, node: FieldNode, *, root: bool) -> None:
        if node.name.value in ("__schema", "__type"):
            raise NotCompiled("introspection is not compiled")
        for argument in node.arguments or ():
            value = argument.value
            if root and isinstance(value, VariableNode):
                self._found.root_arguments[value.name.value] = argument.name.value
            for name in variables_in(value):
                self._found.uses[name] = self._found.uses.get(name, 0) + 1
        if node.selection_set:
            self._selection_set(node.selection_set, root=False)

    def _spread_fragment(self, node: FragmentSpreadNode) -> None:
        name = node.name.value
        fragment = self._found.fragments.get(name)
        if getattr(node, "arguments", None):
            raise NotCompiled("fragment arguments are not compiled")
        if fragment is None or name in self._spread:
            return
        if fragment.directives or fragment.variable_definitions:
            raise NotCompiled("directives and variables of fragments are not compiled")
        self._spread.add(name)
        self._selection_set(fragment.selection_set, root=False)

    def _conditions(self, node: SelectionNode) -> None:
        for directive in node.directives or ():
            if directive.name.value not in CONDITIONS:
                raise NotCompiled(f"the directive @{directive.name.value} is not compiled")
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    name = argument.value.name.value
                    if name not in self._found.conditions:
                        self._found.conditions.append(name)


def variables_in(value: ValueNode) -> list[str]:
    """Return the names of the variables in an argument, each as often as it occurs."""
    if isinstance(value, VariableNode):
        return [value.name.value]
    if isinstance(value, ListValueNode):
        return [name for item in value.values for name in variables_in(item)]
    if isinstance(value, ObjectValueNode):
        return [name for member in value.fields for name in variables_in(member.value)]
    return []
