"""Completion of scalars and enums.

The functions accept values of the usual Python type at once and leave all others to the type of the schema.
"""

from collections.abc import Callable
from math import isfinite
from types import NoneType
from typing import Any, cast

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import UndefinedType, inspect
from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT
from strawberry.schema.schema_converter import CustomGraphQLEnumType

from compiler.completer import Column, Complete, Completer
from compiler.errors import Irregular
from compiler.paths import PathLink
from compiler.run import Run

# The functions as graphql-core defines them: a type whose function was replaced gets no shortcut.
_EXACT: dict[int, tuple[Any, type]] = {
    id(scalar): (scalar.coerce_output_value, kind)
    for scalar, kind in (
        (GraphQLString, str),
        (GraphQLID, str),
        (GraphQLBoolean, bool),
        (GraphQLInt, int),
        (GraphQLFloat, float),
    )
}


def complete_leaf(type_: GraphQLLeafType, value: Any) -> Any:
    """Complete any value as graphql-core does."""
    if isinstance(value, Exception):
        raise value
    if value is None or value is Undefined:
        return None
    coerced = type_.coerce_output_value(value)
    if coerced is None or coerced is Undefined:
        raise TypeError(
            f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})` to return non-nullable value, "
            f"returned: {inspect(coerced)}"
        )
    return coerced


def leaf_completer(type_: GraphQLLeafType) -> Completer:
    """Return the completer of a scalar or an enum."""
    known = _EXACT.get(id(type_))
    if known is not None and known[0] == type_.coerce_output_value:
        kind = known[1]
        if kind is int:
            return _int_completer(type_)
        if kind is float:
            return _float_completer(type_)
        return _exact_completer(type_, kind)
    if type(type_) in (GraphQLEnumType, CustomGraphQLEnumType):
        return _enum_completer(cast("GraphQLEnumType", type_))
    return Completer(
        lambda value, run, path: complete_leaf(type_, value),
        lambda nullable: _serialized_column(type_, nullable),
    )


def _exact_completer(type_: GraphQLLeafType, kind: type) -> Completer:
    def complete(value: Any, run: Run, path: PathLink) -> Any:
        return value if type(value) is kind else complete_leaf(type_, value)

    def column(nullable: bool) -> Column:
        allowed = {kind, NoneType} if nullable else {kind}

        def column(values: list[Any], run: Run) -> list[Any]:
            if not allowed.issuperset(map(type, values)):
                raise Irregular
            return values

        return column

    return Completer(complete, column, exact=kind)


def _int_completer(type_: GraphQLLeafType) -> Completer:
    def complete(value: Any, run: Run, path: PathLink) -> Any:
        if type(value) is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT:
            return value
        return complete_leaf(type_, value)

    def within(values: list[Any]) -> bool:
        return not values or (min(values) >= GRAPHQL_MIN_INT and max(values) <= GRAPHQL_MAX_INT)

    return Completer(complete, lambda nullable: _checked_column(int, within, nullable))


def _float_completer(type_: GraphQLLeafType) -> Completer:
    def complete(value: Any, run: Run, path: PathLink) -> Any:
        return value if type(value) is float and isfinite(value) else complete_leaf(type_, value)

    return Completer(
        complete, lambda nullable: _checked_column(float, lambda values: all(map(isfinite, values)), nullable)
    )


def _checked_column(kind: type, valid: Callable[[list[Any]], bool], nullable: bool) -> Column:
    def column(values: list[Any], run: Run) -> list[Any]:
        kinds = set(map(type, values))
        given = values
        if nullable and NoneType in kinds:
            kinds.discard(NoneType)
            given = [value for value in values if value is not None]
        if kinds - {kind} or not valid(given):
            raise Irregular
        return values

    return column


def _enum_completer(type_: GraphQLEnumType) -> Completer:
    names = enum_names(type_)

    def complete(value: Any, run: Run, path: PathLink) -> Any:
        try:
            return names[value]
        except (KeyError, TypeError):
            return complete_leaf(type_, value)

    def column(nullable: bool) -> Column:
        name_of: Callable[[Any], Any] = ({**names, None: None} if nullable else names).__getitem__
        return lambda values, run: list(map(name_of, values))

    return Completer(complete, column)


def enum_names(type_: GraphQLEnumType) -> dict[Any, str]:
    """Return the name of each value of an enum, and of each member of its Python class."""
    values = [value.value for value in type_.values.values()]
    values += list(getattr(type_, "wrapped_cls", ()))
    names: dict[Any, str] = {}
    for value in values:
        try:
            if value is not None and value is not Undefined and value not in names:
                names[value] = type_.coerce_output_value(value)
        except Exception:  # noqa: S112 - complete_leaf handles the value, and raises again
            continue
    return names


def _serialized_column(type_: GraphQLLeafType, nullable: bool) -> Column:
    coerce = type_.coerce_output_value

    def column(values: list[Any], run: Run) -> list[Any]:
        kinds = set(map(type, values))
        has_null = NoneType in kinds
        if (has_null and not nullable) or any(irregular(kind) for kind in kinds):
            raise Irregular
        if not has_null:
            coerced = list(map(coerce, values))
            check_serialized(coerced)
            return coerced
        coerced = [coerce(value) for value in values if value is not None]
        check_serialized(coerced)
        serialized = iter(coerced)
        return [None if value is None else next(serialized) for value in values]

    return column


def irregular(kind: type) -> bool:
    """Return whether values of a type need more than completion: they are awaitable, exceptions, or undefined."""
    return hasattr(kind, "__await__") or issubclass(kind, Exception | UndefinedType)


def check_serialized(coerced: list[Any]) -> None:
    """Raise `Irregular` if a scalar was serialized to nothing, or to something to await."""
    for kind in set(map(type, coerced)):
        if kind is NoneType or irregular(kind):
            raise Irregular


def non_null(completer: Completer, message: str) -> Complete:
    """Return the completion of a non-null type."""
    inner = completer.complete

    def complete(value: Any, run: Run, path: PathLink) -> Any:
        completed = inner(value, run, path)
        if completed is None:
            raise TypeError(message)
        return completed

    return complete
