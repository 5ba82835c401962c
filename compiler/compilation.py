"""The compilation of one variant of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import OperationType

from compiler.completer import Completer, FieldPlan, Selection
from compiler.encoded import EncodedCompleter, encoded_completer
from compiler.fields import compile_field
from compiler.objects import object_completer
from compiler.selection import concurrent_selection, failing_selection, serial_selection
from compiler.selections import FieldCollector, GroupedFields, InvalidCondition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import FieldNode, GraphQLObjectType, GraphQLSchema

    from compiler.document import Document
    from compiler.options import CompilerOptions
    from compiler.run import FieldInfo
    from compiler.variables import VariablesPlan


class Compilation:
    """Compiles selections, each combination of an object type and field nodes once.

    conditions: the values of the variables of `@skip` and `@include` in this variant.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        document: Document,
        options: CompilerOptions,
        variables: VariablesPlan,
        conditions: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self.document = document
        self.options = options
        self.variables = variables
        self._collector = FieldCollector(schema, document.fragments, conditions)
        self._selections: dict[tuple[str, tuple[int, ...]], tuple[Selection, EncodedCompleter | None]] = {}

    def root(self) -> Selection:
        """Return the selection of the root type."""
        operation = self.document.operation
        root = self.schema.get_root_type(operation.operation)
        if root is None:
            raise TypeError("The schema has no such root type.")
        try:
            grouped = self._collector.collect(root, [operation.selection_set])
        except InvalidCondition as invalid:
            return failing_selection(invalid.error)
        fields = self._fields(root, grouped)
        return (
            serial_selection(fields) if operation.operation is OperationType.MUTATION else concurrent_selection(fields)
        )

    def object_completer(self, type_: GraphQLObjectType, field: FieldInfo) -> Completer:
        """Return the completer for objects of a type as values of a field."""
        key = (type_.name, tuple(map(id, field.nodes)))
        compiled = self._selections.get(key)
        if compiled is None:
            compiled = self._selections[key] = self._compile(type_, field.nodes)
        return object_completer(type_, compiled[0], field, compiled[1])

    def _compile(self, type_: GraphQLObjectType, nodes: list[FieldNode]) -> tuple[Selection, EncodedCompleter | None]:
        try:
            grouped = self._collector.collect(type_, [node.selection_set for node in nodes])
        except InvalidCondition as invalid:
            return failing_selection(invalid.error), None
        encoded = encoded_completer(type_, grouped, self.options.encoded_types.get(type_.name))
        return concurrent_selection(self._fields(type_, grouped)), encoded

    def _fields(self, type_: GraphQLObjectType, grouped: GroupedFields) -> list[FieldPlan]:
        plans = (compile_field(key, nodes, type_, self) for key, nodes in grouped.items())
        return [plan for plan in plans if plan is not None]
