"""Decoding of input types: a msgspec type for the JSON, and a function from the decoded value to the coerced one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum, EnumMeta
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLString,
    Undefined,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.type.scalars import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT
from graphql.utilities.coerce_input_value import coerce_default_value
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple
from strawberry.types.unset import UnsetType as StrawberryUnset

from compiler.errors import Rejected

Convert = Callable[[Any], Any]
# Values of these types can be shared by all executions.
IMMUTABLE = (type(None), str, int, float, Enum, date, time, timedelta, Decimal, UUID, StrawberryUnset)
_INT = Annotated[int, Meta(ge=GRAPHQL_MIN_INT, le=GRAPHQL_MAX_INT)]
# The functions as graphql-core defines them: a scalar whose function was replaced is handled as a custom one.
_SCALARS: dict[int, tuple[Any, Any]] = {
    id(scalar): (scalar.coerce_input_value, json_type)
    for scalar, json_type in (
        (GraphQLInt, _INT),
        (GraphQLFloat, int | float),
        (GraphQLString, str),
        (GraphQLBoolean, bool),
        (GraphQLID, str),
    )
}


class Input(NamedTuple):
    """How to decode an input type. `convert` is None if the decoded value is the coerced one."""

    json_type: Any
    convert: Convert | None


class RecursiveInput(Exception):
    """An input type contains itself. Its depth is limited by graphql-core only."""


class InputTypes:
    """The decoders of the input types of a schema, to values as graphql-core coerces them."""

    def __init__(self) -> None:
        self._objects: dict[str, Input] = {}
        self._open: set[str] = set()

    def of(self, type_: GraphQLInputType) -> Input:
        """Return the decoder of a type. Raises `RecursiveInput`."""
        if is_non_null_type(type_):
            return self._of_nullable(type_.of_type)
        json_type, convert = self._of_nullable(type_)
        return Input(json_type | None if json_type is not Any else Any, convert and or_none(convert))

    def _of_nullable(self, type_: Any) -> Input:
        if is_list_type(type_):
            json_type, convert = self.of(type_.of_type)
            return Input(list[json_type], convert and _each(convert))  # type: ignore[valid-type]
        if is_input_object_type(type_):
            return self.of_object(type_)
        return leaf_input(type_)

    def of_object(self, type_: GraphQLInputObjectType) -> Input:
        """Return the decoder of an input object that is not null. Raises `RecursiveInput`."""
        if type_.name in self._open:
            raise RecursiveInput
        if type_.name not in self._objects:
            self._open.add(type_.name)
            try:
                self._objects[type_.name] = self._new_object(type_)
            finally:
                self._open.discard(type_.name)
        return self._objects[type_.name]

    def _new_object(self, type_: GraphQLInputObjectType) -> Input:
        inputs = {name: self.of(field.type) for name, field in type_.fields.items()}
        defaults = {name: coerce_default_value(field) for name, field in type_.fields.items()}
        struct = input_struct(
            type_,
            {name: input_.json_type for name, input_ in inputs.items()},
            {name: default if isinstance(default, IMMUTABLE) else UNSET for name, default in defaults.items()},
        )
        coerce = _coercion(type_, inputs, defaults)
        out_type = type_.out_type
        if out_type is GraphQLInputObjectType.out_type:
            return Input(struct, coerce)
        return Input(struct, lambda decoded: out_type(coerce(decoded)))


def _coercion(type_: GraphQLInputObjectType, inputs: Mapping[str, Input], defaults: Mapping[str, Any]) -> Convert:
    """Return a function from the decoded struct of an input object to the dictionary of its coerced values."""
    names = [field.out_name or name for name, field in type_.fields.items()]
    conversions: list[tuple[int, Convert]] = []
    optional = False
    for index, (name, field) in enumerate(type_.fields.items()):
        convert, default = inputs[name].convert, defaults[name]
        optional = optional or (default is Undefined and not is_required_input_field(field))
        if default is Undefined:
            conversions += [] if convert is None else [(index, _unless(UNSET, convert))]
        elif not isinstance(default, IMMUTABLE):
            conversions.append((index, _or_default(default, convert)))
        elif convert is not None:
            conversions.append((index, _unless(default, convert)))
    one_of = type_.is_one_of

    def coerce(decoded: Any) -> dict[str, Any]:
        values: Any = astuple(decoded)
        if conversions:
            values = list(values)
            for index, convert in conversions:
                values[index] = convert(values[index])
        if not optional:
            return dict(zip(names, values, strict=True))
        coerced = {name: value for name, value in zip(names, values, strict=True) if value is not UNSET}
        if one_of and (len(coerced) != 1 or None in coerced.values()):
            raise Rejected
        return coerced

    return coerce


def leaf_input(type_: Any) -> Input:
    """Return the decoder of a scalar or an enum."""
    if is_enum_type(type_):
        members = enum_members(type_)
        if _is_named_by_value(type_, members):
            return Input(type_.wrapped_cls, None)  # type: ignore[attr-defined]
        return Input(Literal[tuple(members)] if members else str, members.__getitem__)
    known = _SCALARS.get(id(type_))
    if known is None or known[0] != type_.coerce_input_value:
        return Input(Any, _rejecting_null(type_.coerce_input_value))
    return Input(known[1], _float if type_ is GraphQLFloat else None)


def enum_members(type_: GraphQLEnumType) -> dict[str, Any]:
    """Return the Python value of each name of an enum."""
    members = {}
    for name in type_.values:
        try:
            members[name] = type_.coerce_input_value(name)
        except Exception:  # noqa: S112 - the name is rejected, and graphql-core raises again
            continue
    return members


def _is_named_by_value(type_: GraphQLEnumType, members: dict[str, Any]) -> bool:
    """Return whether msgspec itself decodes the names to the members of Strawberry's enum class."""
    class_: Any = getattr(type_, "wrapped_cls", None)
    if not (isinstance(class_, type) and issubclass(class_, Enum)) or "_missing_" in vars(class_):
        return False
    return type(class_) is EnumMeta and {member.value: member for member in class_} == members and bool(members)


def input_struct(type_: GraphQLInputObjectType, json_types: Mapping[str, Any], defaults: Mapping[str, Any]) -> Any:
    """Return the struct for the JSON of an input object. Members that are left out have the defaults, often UNSET."""
    fields: list[Any] = []
    for index, (name, field) in enumerate(type_.fields.items()):
        if is_required_input_field(field):
            fields.append((f"f{index}", json_types[name]))
        else:
            json_type = json_types[name]
            fields.append((f"f{index}", json_type if json_type is Any else json_type | UnsetType, defaults[name]))
    rename = {f"f{index}": name for index, name in enumerate(type_.fields)}
    # kw_only, because members with and without a default come in any order. astuple keeps the order.
    return msgspec.defstruct(type_.name, fields, rename=rename, forbid_unknown_fields=True, kw_only=True, gc=False)


def or_none(convert: Convert) -> Convert:
    """Return the conversion of a nullable type."""
    return lambda value: None if value is None else convert(value)


def _rejecting_null(convert: Convert) -> Convert:
    """Return a conversion that rejects null, which the type Any accepts."""

    def convert_value(value: Any) -> Any:
        if value is None:
            raise Rejected
        return convert(value)

    return convert_value


def _unless(sentinel: Any, convert: Convert) -> Convert:
    """Return a conversion of all values but one, which stands for a member that was left out."""
    return lambda value: value if value is sentinel else convert(value)


def _or_default(default: Any, convert: Convert | None) -> Convert:
    """Return a conversion that also puts a default value in the place of UNSET."""
    return lambda value: default if value is UNSET else value if convert is None else convert(value)


def _each(convert: Convert) -> Convert:
    return lambda values: [convert(value) for value in values]


def _float(value: Any) -> Any:
    return value if type(value) is float and isfinite(value) else GraphQLFloat.coerce_input_value(value)
