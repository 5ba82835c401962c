"""Decoding of input types to the objects of Strawberry's input classes, without a dictionary in between."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from graphql.utilities.coerce_input_value import coerce_default_value
from msgspec import UNSET
from msgspec.structs import astuple
from strawberry.types.arguments import InputContext, convert_argument

from compiler.inputs import IMMUTABLE, Input, InputTypes, input_struct, leaf_input
from compiler.strawberry_types import converts_plainly, definition_of, strawberry_schema

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField

# The location of a value in the arguments: the location around it, and a name or an index.
Link = tuple[Any, str | int]
LinkedConvert = Callable[[Any, Link], Any]


class _NotDirect(Exception):
    """Strawberry's own conversion is needed for an input type."""


class _Linked:
    """A msgspec type, and a conversion that knows the location of the value. None if nothing is to be converted."""

    __slots__ = ("convert", "json_type")

    def __init__(self, json_type: Any, convert: LinkedConvert | None) -> None:
        self.json_type = json_type
        self.convert = convert


class _Context(InputContext):
    """The context for `from_input`, which computes the path only if it is read."""

    def __init__(self, config: Any, registry: Any, link: Link) -> None:
        self.__dict__.update(info=None, config=config, scalar_registry=registry, link=link)

    @property
    def path(self) -> tuple[str | int, ...]:
        """Return the location of the input in the arguments."""
        keys: list[str | int] = []
        link = self.__dict__["link"]
        while link is not None:
            keys.append(link[1])
            link = link[0]
        return tuple(reversed(keys))


class StrawberryInputs:
    """The decoders of the input types of a Strawberry schema."""

    def __init__(self, schema: GraphQLSchema, types: InputTypes) -> None:
        self._types = types
        converter = strawberry_schema(schema).schema_converter
        self._config = converter.config
        self._registry = converter.scalar_registry
        self._objects: dict[str, _Linked | None] = {}

    def of(self, type_: GraphQLInputType, argument: str) -> Input | None:
        """Return the decoder of a type for an argument of this name.

        None if values need no conversion, or Strawberry's own. Raises `RecursiveInput`.
        """
        if not is_input_object_type(get_named_type(type_)):
            return None
        self._types.of(type_)
        try:
            linked = self._of(type_)
        except _NotDirect:
            return None
        link: Link = (None, argument)
        convert = linked.convert
        return Input(linked.json_type, None if convert is None else lambda value: convert(value, link))

    def convert(self, value: Any, type_: GraphQLInputType, argument: str) -> Any:
        """Convert a coerced value as Strawberry does, or return it as it is if it cannot be converted."""
        definition = definition_of(get_named_type(type_))
        try:
            return value if definition is None else self._convert(value, type_, definition.origin, (argument,))
        except Exception:
            return value

    def _convert(self, value: Any, type_: Any, origin: type, path: tuple[str | int, ...]) -> Any:
        if is_non_null_type(type_):
            type_ = type_.of_type
        if is_list_type(type_) and value is not None:
            return [self._convert(item, type_.of_type, origin, (*path, index)) for index, item in enumerate(value)]
        return convert_argument(value, origin, self._registry, self._config, path=path)

    def _of(self, type_: Any) -> _Linked:
        if is_non_null_type(type_):
            return self._of_nullable(type_.of_type)
        linked = self._of_nullable(type_)
        json_type = linked.json_type if linked.json_type is Any else linked.json_type | None
        return _Linked(json_type, linked.convert and _unless_none(linked.convert))

    def _of_nullable(self, type_: Any) -> _Linked:
        if is_list_type(type_):
            item = self._of(type_.of_type)
            return _Linked(list[item.json_type], item.convert and _each(item.convert))  # type: ignore[name-defined]
        if is_input_object_type(type_):
            return self._object(type_)
        leaf = leaf_input(type_)
        return _Linked(leaf.json_type, leaf.convert and _without_link(leaf.convert))

    def _object(self, type_: GraphQLInputObjectType) -> _Linked:
        if type_.name not in self._objects:
            try:
                self._objects[type_.name] = self._new_object(type_)
            except _NotDirect:
                self._objects[type_.name] = None
        linked = self._objects[type_.name]
        if linked is None:
            raise _NotDirect
        return linked

    def _new_object(self, type_: GraphQLInputObjectType) -> _Linked:
        definition = definition_of(type_)
        if definition is None or not definition.is_input:
            raise _NotDirect
        origin = definition.origin
        if definition.from_input is not None and not getattr(definition.from_input, "plain_conversion", False):
            return self._replaced(type_, origin, definition.from_input)
        fields = {self._config.name_converter.from_field(field): field for field in definition.fields}
        if set(fields) != set(type_.fields) or type_.is_one_of or type_.out_type is not GraphQLInputObjectType.out_type:
            raise _NotDirect
        if not _is_generated(origin.__init__):
            raise _NotDirect
        members = [self._member(type_, name, fields[name], definition) for name in type_.fields]
        struct = input_struct(
            type_,
            {member.name: member.linked.json_type for member in members},
            {member.name: member.default for member in members},
        )
        return _Linked(struct, _constructor(origin, members))

    def _replaced(self, type_: GraphQLInputObjectType, origin: type, from_input: Callable[..., Any]) -> _Linked:
        """Return the decoder of a type that replaces Strawberry's conversion: it gets the coerced values."""
        json_type, coerce = self._types.of_object(type_)
        config, registry = self._config, self._registry
        if coerce is None:
            raise _NotDirect
        return _Linked(
            json_type, lambda value, link: from_input(origin, coerce(value), _Context(config, registry, link))
        )

    def _member(self, type_: GraphQLInputObjectType, name: str, field: StrawberryField, definition: Any) -> _Member:
        input_field = type_.fields[name]
        python_type = field.resolve_type(type_definition=definition)
        if not converts_plainly(python_type, self._registry):
            raise _NotDirect
        default = coerce_default_value(input_field)
        if default is not Undefined:
            make: Callable[[], Any] = lambda: convert_argument(default, python_type, self._registry, self._config)  # noqa: E731
        elif field.default is not dataclasses.MISSING:
            make = lambda: field.default  # noqa: E731
        elif field.default_factory is not dataclasses.MISSING:
            make = field.default_factory
        else:
            make = lambda: None  # noqa: E731
        return _Member(name, field.python_name, self._of(input_field.type), make)


class _Member:
    """A member of an input object. `default` is UNSET if each object needs a new default value, from `make`."""

    def __init__(self, name: str, python_name: str, linked: _Linked, make: Callable[[], Any]) -> None:
        self.name = name
        self.python_name = python_name
        self.linked = linked
        value = make()
        self.default = value if isinstance(value, IMMUTABLE) else UNSET
        self.make = make

    def convert(self) -> LinkedConvert | None:
        """Return the conversion of the decoded value, or None if it needs none."""
        inner, default, name, make = self.linked.convert, self.default, self.name, self.make
        if inner is None and default is not UNSET:
            return None

        def convert(value: Any, link: Link) -> Any:
            if value is default:
                return make() if default is UNSET else value
            return value if inner is None else inner(value, (link, name))

        return convert


def _constructor(origin: type, members: Sequence[_Member]) -> LinkedConvert:
    """Return a function that creates an object of an input class from a decoded struct."""
    names = [member.python_name for member in members]
    conversions = [(index, convert) for index, member in enumerate(members) if (convert := member.convert())]
    if not conversions:
        return lambda value, link: origin(**dict(zip(names, astuple(value), strict=True)))

    def construct(value: Any, link: Link) -> Any:
        row = list(astuple(value))
        for index, convert in conversions:
            row[index] = convert(row[index], link)
        return origin(**dict(zip(names, row, strict=True)))

    return construct


def _is_generated(function: Any) -> bool:
    """Return whether a method was generated by `dataclasses`."""
    return getattr(getattr(function, "__code__", None), "co_filename", "") == "<string>"


def _each(convert: LinkedConvert) -> LinkedConvert:
    return lambda values, link: [convert(value, (link, index)) for index, value in enumerate(values)]


def _unless_none(convert: LinkedConvert) -> LinkedConvert:
    return lambda value, link: None if value is None else convert(value, link)


def _without_link(convert: Callable[[Any], Any]) -> LinkedConvert:
    return lambda value, link: convert(value)
