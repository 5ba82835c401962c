"""The arguments of a field: constants are coerced at compile time, variables are looked up in each execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputType,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution.values import get_argument_values
from graphql.type import get_nullable_type
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from compiler.document import variables_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.completer import Scope
    from compiler.run import Run

# Returns the value of an argument.
Source = Callable[["Run"], Any]
# What a source returns if the resolver is to be called without the argument.
MISSING: Any = object()
_INVALID: Any = Undefined


class Arguments:
    """The arguments of one field node.

    names: the names under which the resolver takes the arguments, by their names in the schema. By default, the names
        of graphql-core.
    converted: whether the resolver accepts variables that are converted to the types of Strawberry already.
    """

    def __init__(
        self,
        definition: GraphQLField,
        node: FieldNode,
        scope: Scope,
        names: Mapping[str, str] | None = None,
        *,
        converted: bool = False,
    ) -> None:
        self._definition = definition
        self._node = node
        # All arguments in the order of the schema. Those with a source have a placeholder.
        self._template: dict[str, Any] = {}
        self._sources: list[tuple[str, Source]] = []
        self.variables: dict[str, str] = {}
        nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        for name, argument in definition.args.items():
            out_name = (argument.out_name or name) if names is None else names.get(name)
            if out_name is not None:
                self._add(out_name, argument, nodes.get(name), scope, converted)

    def _add(
        self, name: str, argument: GraphQLArgument, value: ValueNode | None, scope: Scope, converted: bool
    ) -> None:
        type_ = argument.type
        if value is None:
            default = _INVALID if is_required_argument(argument) else _default(argument)
            if default is _INVALID:
                self._add_source(name, lambda run: _INVALID)
            elif default is not MISSING:
                self._template[name] = default
        elif isinstance(value, VariableNode):
            self.variables[name] = value.name.value
            self._add_source(name, _variable(value.name.value, argument, converted))
        elif variables_in(value):
            self._add_source(name, lambda run: coerce_input_literal(value, type_, run.variables.coerced))
        else:
            constant = coerce_input_literal(value, type_)
            if constant is not Undefined and is_immutable(type_):
                self._template[name] = constant
            else:
                self._add_source(name, lambda run: coerce_input_literal(value, type_))

    def _add_source(self, name: str, source: Source) -> None:
        self._template[name] = None
        self._sources.append((name, source))

    def coerce(self, run: Run) -> dict[str, Any]:
        """Return the arguments. Raises the error of graphql-core if one of them is invalid."""
        values = self._template.copy()
        for name, source in self._sources:
            value = source(run)
            if value is _INVALID:
                # Raises the error; without one, these are the arguments.
                return get_argument_values(self._definition, self._node, run.variables.coerced)
            if value is MISSING:
                del values[name]
            else:
                values[name] = value
        return values


def _default(argument: GraphQLArgument) -> Any:
    """Return the default value, MISSING if there is none, or _INVALID."""
    try:
        default = coerce_default_value(argument)
    except TypeError:
        return _INVALID
    return MISSING if default is Undefined else default


def _variable(name: str, argument: GraphQLArgument, converted: bool) -> Source:
    default = _INVALID if is_required_argument(argument) else _default(argument)
    required = is_non_null_type(argument.type)

    def source(run: Run) -> Any:
        variables = run.variables
        value = variables.given.get(name, MISSING)
        if value is None:
            return _INVALID if required else None
        if value is MISSING:
            return default
        if name in variables.converted and not converted:
            return variables.coerced.coerced[name]
        return value

    return source


def is_immutable(type_: GraphQLInputType) -> bool:
    """Return whether values of an input type are scalars that can be shared by all executions."""
    nullable = get_nullable_type(type_)
    return (
        not is_list_type(nullable) and is_leaf_type(get_named_type(nullable)) and _is_simple(get_named_type(nullable))
    )


def _is_simple(type_: Any) -> bool:
    # A custom scalar such as JSON can have mutable values.
    return type_.name in ("Int", "Float", "String", "Boolean", "ID") or hasattr(type_, "values")
