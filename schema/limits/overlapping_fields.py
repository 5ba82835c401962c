"""How much there is to compare before fields that stand side by side are known to fit together."""

from collections.abc import Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.errors import OverLimit

# Validation compares each field with each other of the same name in the same place: 490 times `tasks { totalCount }`,
# which is within the limit on tokens, kept a process busy for 1.5 s.
MOST_COMPARISONS = 3000


class OverlapCounter:
    """Counts the comparisons of a document, and stops where there are too many: a bomb of fragments is not walked."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], most: int = MOST_COMPARISONS) -> None:
        self._fragments = fragments
        self._most = most
        self._count = 0
        self._reached: set[str] = set()

    def document(self, document: DocumentNode) -> None:
        """Counts all of it, for validation looks at all, whichever operation runs. Raises `OverLimit`."""
        for operation in document.definitions:
            if isinstance(operation, OperationDefinitionNode):
                self.check([operation.selection_set])
        for name, fragment in self._fragments.items():
            if name not in self._reached:
                self.check([fragment.selection_set])

    def check(self, sets: Sequence[SelectionSetNode]) -> None:
        """Counts the fields of selection sets that stand in one place, and what is below them. Raises `OverLimit`."""
        fields: dict[str, list[FieldNode]] = {}
        for field in self._fields(sets):
            same = fields.setdefault((field.alias or field.name).value, [])
            self._count += 1 + len(same)  # itself, so that the walk ends, and those that it is compared with
            same.append(field)
            if self._count > self._most:
                raise OverLimit(
                    "TOO_MANY_REPEATED_FIELDS",
                    "The document repeats fields so often that it takes {requested:,} comparisons or more to see "
                    "whether they fit together, and {limit:,} is the most. Write each field once.",
                    self._most,
                    self._count,
                )
        for same in fields.values():
            self.check([field.selection_set for field in same if field.selection_set is not None])

    def _fields(self, sets: Sequence[SelectionSetNode]) -> list[FieldNode]:
        """The fields of these sets, with those of their fragments, each fragment once."""
        found: list[FieldNode] = []
        known: set[str] = set()
        waiting = list(sets)
        while waiting:
            for node in waiting.pop().selections:
                if isinstance(node, FieldNode):
                    found.append(node)
                elif isinstance(node, FragmentSpreadNode):
                    name = node.name.value
                    if name not in known and name in self._fragments:
                        known.add(name)
                        self._reached.add(name)
                        waiting.append(self._fragments[name].selection_set)
                else:
                    waiting.append(node.selection_set)  # type: ignore[attr-defined]
        return found
