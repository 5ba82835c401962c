"""Bounds the cost of GraphQL's overlapping-fields validation.

Validation compares all fields of the same name in the same place in pairs. Without a bound, a document of 490 times
`tasks { totalCount }` kept a worker busy for 1.5 seconds, although the limit on tokens allows the document.
"""

from collections.abc import Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.errors import OverLimit
from schema.limits.document import Fragments

MAX_COMPARISONS = 3000


class OverlapCounter:
    """Counts the comparisons that validation would make, and stops at the limit without walking the rest."""

    def __init__(self, fragments: Fragments, limit: int = MAX_COMPARISONS) -> None:
        self._fragments = fragments
        self._limit = limit
        self._count = 0
        self._spread: set[str] = set()

    def document(self, document: DocumentNode) -> None:
        """Count the comparisons of all operations and fragments, since validation covers them all.

        Raises `OverLimit`.
        """
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                self._compare([operation.selection_set])
        for name, fragment in self._fragments.items():
            if name not in self._spread:
                self._compare([fragment.selection_set])

    def _compare(self, sets: Sequence[SelectionSetNode]) -> None:
        """Count the comparisons among selection sets of the same place, and below them. Raises `OverLimit`."""
        fields: dict[str, list[FieldNode]] = {}
        for field in self._fields(sets):
            same = fields.setdefault((field.alias or field.name).value, [])
            # One for the field itself bounds the walk even if no field repeats.
            self._count += 1 + len(same)
            same.append(field)
            if self._count > self._limit:
                raise OverLimit(
                    "TOO_MANY_REPEATED_FIELDS",
                    "The document repeats fields so often that validating it takes at least {requested:,} comparisons; "
                    "the limit is {limit:,}. Write each field once.",
                    self._limit,
                    self._count,
                )
        for same in fields.values():
            self._compare([field.selection_set for field in same if field.selection_set is not None])

    def _fields(self, sets: Sequence[SelectionSetNode]) -> list[FieldNode]:
        """Return the fields of these sets, with fragments expanded, each fragment once."""
        found: list[FieldNode] = []
        expanded: set[str] = set()
        waiting = list(sets)
        while waiting:
            for node in waiting.pop().selections:
                match node:
                    case FieldNode():
                        found.append(node)
                    case InlineFragmentNode():
                        waiting.append(node.selection_set)
                    case FragmentSpreadNode():
                        name = node.name.value
                        if name not in expanded and name in self._fragments:
                            expanded.add(name)
                            self._spread.add(name)
                            waiting.append(self._fragments[name].selection_set)
        return found
