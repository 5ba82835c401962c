"""Access to the operations and fragments of a parsed document."""

from collections.abc import Mapping
from typing import TypedDict

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

Fragments = Mapping[str, FragmentDefinitionNode]


class ParseOptions(TypedDict):
    """The options of graphql-core's parser."""

    max_tokens: int
    allow_empty_selection_sets: bool


def parse_options(max_tokens: int) -> ParseOptions:
    """Return the options to parse documents with. Like the specification, they demand a field in each `{ }`."""
    return {"max_tokens": max_tokens, "allow_empty_selection_sets": False}


def fragments_of(document: DocumentNode) -> Fragments:
    """Return the fragments of a document by name."""
    found = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
    return {node.name.value: node for node in found}


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """Return the operation with this name. Without a name, return the only operation, or None if there are several.

    If one of several operations has no name, the first operation is returned: the validation refuses their document.
    """
    operations = _operations(document)
    if name is None:
        return operations[0] if len(operations) == 1 or any(node.name is None for node in operations) else None
    return next((node for node in operations if node.name is not None and node.name.value == name), None)


def operation_names(document: DocumentNode) -> list[str]:
    """Return the names of the operations that have one."""
    return [node.name.value for node in _operations(document) if node.name is not None]


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
