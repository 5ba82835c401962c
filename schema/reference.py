"""The reference page of the schema: every type, field, argument and enum value with its description, in Markdown."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    get_named_type,
    print_ast,
)
from graphql.utilities import ast_from_value

from schema.build import sdl

_INTRODUCTION = """# The schema

`make schema` generates this page from the descriptions in the schema; do not edit it by hand. [limits.md](limits.md)
describes the limits and the cost of operations, [http.md](http.md) requests and responses.
"""
_TYPE_KINDS: tuple[tuple[str, type], ...] = (
    ("Interfaces", GraphQLInterfaceType),
    ("Types", GraphQLObjectType),
    ("Inputs", GraphQLInputObjectType),
    ("Enums", GraphQLEnumType),
    ("Scalars", GraphQLScalarType),
)
_ROOTS = (("Queries", "Query"), ("Mutations", "Mutation"), ("Subscriptions", "Subscription"))
_BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def reference_page() -> str:
    """Return the page: queries, mutations and subscriptions first, then all types by kind and name."""
    types = build_schema(sdl()).type_map
    names = sorted(name for name in types if not name.startswith("__") and name not in _BUILT_IN)
    lines = [_INTRODUCTION]
    for title, name in _ROOTS:
        lines += [f"## {title}\n", *_members(types[name])]
    for title, kind in _TYPE_KINDS:
        lines.append(f"## {title}\n")
        for name in names:
            type_ = types[name]
            if isinstance(type_, kind) and name not in dict(_ROOTS).values():
                lines += [f"### {name}\n", f"{_one_line(type_.description)}\n", *_members(type_)]
    return "\n".join(lines).rstrip() + "\n"


def _members(type_: GraphQLNamedType) -> Iterator[str]:
    if isinstance(type_, GraphQLEnumType):
        yield from (f"- `{name}`: {_one_line(value.description)}" for name, value in type_.values.items())
    elif not isinstance(type_, GraphQLScalarType):
        fields: dict[str, Any] = getattr(type_, "fields", {})
        for name, field in fields.items():
            yield f"- `{name}` {_typed(field)}: {_one_line(field.description)}"
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"    - `{argument_name}` {_typed(argument)}: {_one_line(argument.description)}"
    yield ""


def _typed(field: Any) -> str:
    """Return the type of a field or argument, linked unless it is built in, and its default value."""
    name = get_named_type(field.type).name
    text = f"`{field.type}`" if name in _BUILT_IN else f"[`{field.type}`](#{name.lower()})"
    default = getattr(field, "default_value", None)
    if default is None or repr(default) == "Undefined":
        return text
    literal = ast_from_value(default, field.type)
    return f"{text} = `{print_ast(literal)}`" if literal else text


def _one_line(description: str | None) -> str:
    return " ".join((description or "").split())
