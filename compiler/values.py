"""Completers of all types: the entry to leaves, lists and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    GraphQLOutputType,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from compiler.leaves import leaf_completer, non_null
from compiler.lists import list_completer
from compiler.objects import abstract_completer

if TYPE_CHECKING:
    from compiler.completer import Column, Complete, Completer, Scope
    from compiler.run import FieldInfo


class ValueCompleter(NamedTuple):
    """The completion of a type. `leaf`: it has no selection. `exact`: values of this type are complete."""

    complete: Complete
    column: Column | None
    nullable: bool
    leaf: bool
    exact: type | None


def value_completer(type_: GraphQLOutputType, field: FieldInfo, scope: Scope) -> ValueCompleter:
    """Return the completer of the values of a field."""
    nullable = not is_non_null_type(type_)
    inner: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
    completer = _completer(inner, field, scope)
    complete = completer.complete
    if not nullable:
        message = f"Cannot return null for non-nullable field {field.parent_type}.{field.name}."
        complete = non_null(completer, message)
    return ValueCompleter(complete, completer.column(nullable), nullable, is_leaf_type(inner), completer.exact)


def _completer(type_: Any, field: FieldInfo, scope: Scope) -> Completer:
    if is_leaf_type(type_):
        return leaf_completer(type_)
    if is_object_type(type_):
        return scope.object_completer(type_, field)
    if is_abstract_type(type_):
        return abstract_completer(type_, field, scope)
    if not is_list_type(type_):
        raise TypeError(f"'{type_}' is not an output type.")
    item = value_completer(type_.of_type, field, scope)
    return list_completer(item.complete, item.column, item.nullable, field)
