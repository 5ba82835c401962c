"""Points that depend on the variables of an operation: constants, and products of points and numbers."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import FieldNode, OperationDefinitionNode, ValueNode, VariableNode, value_from_ast_untyped

Variables = Mapping[str, Any]


class Argument:
    """The argument of a field: a constant, or a function of the variables. None if the field does not have it."""

    def __init__(self, node: ValueNode | None) -> None:
        self._node = node
        self._name = node.name.value if isinstance(node, VariableNode) else None
        self.is_constant = node is None or not _has_variable(node)
        self._constant = value_from_ast_untyped(node) if self.is_constant and node is not None else None

    def __call__(self, variables: Variables) -> Any:
        """Return the value of the argument with these variables, which must include the defaults."""
        if self.is_constant:
            return self._constant
        if self._name is not None:
            return variables.get(self._name)
        assert self._node is not None
        return value_from_ast_untyped(self._node, dict(variables))


def argument_of(field: FieldNode, name: str) -> Argument:
    """Return the argument of a field by name."""
    return Argument(next((each.value for each in field.arguments or () if each.name.value == name), None))


def variable_defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """Return the default values of the variables of an operation, by name."""
    return {
        variable.variable.name.value: value_from_ast_untyped(variable.default_value)
        for variable in operation.variable_definitions or ()
        if variable.default_value is not None
    }


class Factor:
    """A number to multiply points by: a constant, or a function of the variables."""

    def __init__(self, constant: int, function: Callable[[Variables], int] | None = None) -> None:
        self.constant = constant
        self.function = function

    @classmethod
    def of(cls, function: Callable[[Variables], int], *arguments: Argument) -> "Factor":
        """Return the factor that a function computes from these arguments."""
        return cls(function({})) if all(each.is_constant for each in arguments) else cls(0, function)


class Points:
    """A number of points: a constant, and terms that depend on the variables.

    A term is a function of the variables times other points. Equal terms are counted instead of repeated, so that a
    fragment that is spread exponentially often costs no more memory or time than one that is spread twice.
    """

    def __init__(self, constant: int = 0) -> None:
        self._constant = constant
        self._terms: dict[tuple[Callable[[Variables], int], Points], int] = {}

    def add(self, other: "Points", times: Factor | None = None) -> None:
        """Add other points, multiplied by a factor. The other points must not change afterwards."""
        if times is not None and times.function is not None:
            self._add_term((times.function, other), 1)
            return
        factor = 1 if times is None else times.constant
        self._constant += other._constant * factor
        for term, count in other._terms.items():
            self._add_term(term, count * factor)

    def value(self, variables: Variables) -> int:
        """Return the number of points with these variables."""
        total = self._constant
        for (factor, points), count in self._terms.items():
            total += count * factor(variables) * points.value(variables)
        return total

    def _add_term(self, term: tuple[Callable[[Variables], int], "Points"], count: int) -> None:
        self._terms[term] = self._terms.get(term, 0) + count


def _has_variable(node: ValueNode) -> bool:
    if isinstance(node, VariableNode):
        return True
    children = getattr(node, "values", None) or [field.value for field in getattr(node, "fields", None) or ()]
    return any(map(_has_variable, children))
