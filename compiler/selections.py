"""Collection of the fields that a selection contains for an object type and one variant of the conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLDirective,
    GraphQLError,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    is_abstract_type,
    type_from_ast,
)
from graphql.execution.values import VariableValues, get_argument_values

GroupedFields = dict[str, list[FieldNode]]


class InvalidCondition(Exception):
    """A directive has an invalid argument, such as a variable that is null. `error` is the error of graphql-core."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error


class FieldCollector:
    """Collects fields as graphql-core does: in the order of their first occurrence, merged by response key.

    conditions: the values of the variables of `@skip` and `@include`; a variable without a value is left out.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        conditions: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = VariableValues({}, dict(conditions))

    def collect(self, type_: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode | None]) -> GroupedFields:
        """Return the field nodes of each response key. Raises `InvalidCondition`."""
        grouped: GroupedFields = {}
        visited: set[str] = set()
        for selections in selection_sets:
            if selections:
                self._visit(type_, selections, grouped, visited)
        return grouped

    def _visit(
        self, type_: GraphQLObjectType, selections: SelectionSetNode, grouped: GroupedFields, visited: set[str]
    ) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                grouped.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._matches(node, type_):
                    self._visit(type_, node.selection_set, grouped, visited)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                fragment = self._fragments.get(name)
                if fragment is not None and name not in visited and self._matches(fragment, type_):
                    visited.add(name)
                    self._visit(type_, fragment.selection_set, grouped, visited)

    def _included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        return not self._condition(GraphQLSkipDirective, node, False) and self._condition(
            GraphQLIncludeDirective, node, True
        )

    def _condition(self, definition: GraphQLDirective, node: SelectionNode, default: bool) -> bool:
        for directive in node.directives or ():
            if directive.name.value == definition.name:
                try:
                    return bool(get_argument_values(definition, directive, self._variables)["if"])
                except GraphQLError as error:
                    raise InvalidCondition(error) from error
        return default

    def _matches(self, fragment: FragmentDefinitionNode | InlineFragmentNode, type_: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        condition = type_from_ast(self._schema, fragment.type_condition)
        if condition is type_:
            return True
        return condition is not None and is_abstract_type(condition) and self._schema.is_sub_type(condition, type_)
