"""What the compiler knows about the functions that Strawberry puts into a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strawberry.extensions.directives import DirectivesExtension
from strawberry.relay.types import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryObjectDefinition, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLField, GraphQLNamedType, GraphQLSchema

_BACK_REFERENCE = GraphQLCoreConverter.DEFINITION_BACKREF
_CONVERTER = GraphQLCoreConverter.__module__
_RESOLVERS = "GraphQLCoreConverter.from_resolver.<locals>."


def strawberry_schema(schema: GraphQLSchema) -> Any:
    """Return the Strawberry schema to which a schema belongs, or None."""
    return getattr(schema, "_strawberry_schema", None)


def has_resolve_hook(schema: GraphQLSchema) -> bool:
    """Return whether a schema extension wraps every resolver. The one for directives matters only with directives."""
    own = strawberry_schema(schema)
    if own is None:
        return False
    return any(
        extension._implements_resolve() and not isinstance(extension, DirectivesExtension)
        for extension in own.get_extensions(sync=False)
    )


def basic_field(field: GraphQLField) -> StrawberryField | None:
    """Return the Strawberry field if its resolver only reads an attribute."""
    own = _own_field(field)
    return own if own is not None and _name_of(field.resolve) == _RESOLVERS + "_get_basic_result" else None


def resolver_field(field: GraphQLField, schema: GraphQLSchema) -> StrawberryField | None:
    """Return the Strawberry field if its resolver can be called without Strawberry's wrappers."""
    own = _own_field(field)
    if own is None or own.base_resolver is None or own.extensions or not callable(own.base_resolver.wrapped_func):
        return None
    if _name_of(field.resolve) not in (_RESOLVERS + "_resolver", _RESOLVERS + "_async_resolver"):
        return None
    converter = getattr(strawberry_schema(schema), "schema_converter", None)
    return None if converter is None or converter.exception_handlers else own


def _name_of(function: Any) -> str:
    return getattr(function, "__qualname__", "")


def _own_field(field: GraphQLField) -> Any:
    own = field.extensions.get(_BACK_REFERENCE)
    if not isinstance(own, StrawberryField) or type(own).get_result is not StrawberryField.get_result:
        return None
    return own if getattr(field.resolve, "__module__", None) == _CONVERTER else None


def definition_of(type_: GraphQLNamedType) -> Any:
    """Return the Strawberry definition of an object or input type, or None."""
    definition = type_.extensions.get(_BACK_REFERENCE)
    return definition if isinstance(definition, StrawberryObjectDefinition) else None


def is_plain_leaf(type_: Any, registry: Mapping[object, Any]) -> bool:
    """Return whether Strawberry passes values of an argument type to resolvers without converting them."""
    if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
        return False
    if isinstance(type_, StrawberryOptional):
        return is_plain_leaf(type_.of_type, registry)
    if isinstance(type_, LazyType):
        return is_plain_leaf(type_.resolve_type(), registry)
    return is_scalar(type_, registry) or isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_)


def converts_plainly(type_: Any, registry: Mapping[object, Any]) -> bool:
    """Return whether the conversion of a type needs no wrapper of Strawberry, in a list or by itself."""
    if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
        return False
    if isinstance(type_, StrawberryOptional | StrawberryList):
        return converts_plainly(type_.of_type, registry)
    return not isinstance(type_, LazyType) or converts_plainly(type_.resolve_type(), registry)
