"""Access to the operations and fragments of a parsed document."""

from collections.abc import Mapping

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

Fragments = Mapping[str, FragmentDefinitionNode]


def fragments_of(document: DocumentNode) -> Fragments:
    """Return the fragments of a document by name."""
    found = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
    return {node.name.value: node for node in found}


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """Return the operation with this name, or the first operation if `name` is None."""
    operations = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    if name is None:
        return next(operations, None)
    return next((node for node in operations if node.name is not None and node.name.value == name), None)
