"""The schema as a page for people: every type, field, argument and value, with its description."""

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

INTRODUCTION = """# The schema

Made from the descriptions in the schema by `make schema`; do not edit it here. What an operation costs is in
[limits.md](limits.md), what goes over the wire in [http.md](http.md).
"""
_KINDS: tuple[tuple[str, type], ...] = (
    ("Interfaces", GraphQLInterfaceType),
    ("Types", GraphQLObjectType),
    ("Inputs", GraphQLInputObjectType),
    ("Enums", GraphQLEnumType),
    ("Scalars", GraphQLScalarType),
)
ROOTS = (("Queries", "Query"), ("Mutations", "Mutation"), ("Subscriptions", "Subscription"))
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def reference() -> str:
    """The page, in Markdown: what can be asked and done first, then every type by its kind and name."""
    types = build_schema(sdl()).type_map
    ours = sorted((name, type_) for name, type_ in types.items() if not name.startswith("__") and name not in BUILT_IN)
    lines = [INTRODUCTION]
    for title, name in ROOTS:
        lines += [f"## {title}\n", *_members(types[name])]
    for title, kind in _KINDS:
        lines.append(f"## {title}\n")
        for name, type_ in ours:
            if isinstance(type_, kind) and name not in dict(ROOTS).values():
                lines += [f"### {name}\n", f"{_flat(type_.description)}\n", *_members(type_)]
    return "\n".join(lines).rstrip() + "\n"


def _members(type_: GraphQLNamedType) -> Iterator[str]:
    if isinstance(type_, GraphQLEnumType):
        yield from (f"- `{name}`: {_flat(value.description)}" for name, value in type_.values.items())
    elif not isinstance(type_, GraphQLScalarType):
        fields: dict[str, Any] = getattr(type_, "fields", {})
        for name, field in fields.items():
            yield f"- `{name}` {_typed(field)}: {_flat(field.description)}"
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"    - `{argument_name}` {_typed(argument)}: {_flat(argument.description)}"
    yield ""


def _typed(field: Any) -> str:
    """The type, with a link unless it is built in, and what it is if it is not given."""
    name = get_named_type(field.type).name
    text = f"`{field.type}`" if name in BUILT_IN else f"[`{field.type}`](#{name.lower()})"
    default = getattr(field, "default_value", None)
    if default is None or repr(default) == "Undefined":
        return text
    literal = ast_from_value(default, field.type)
    return f"{text} = `{print_ast(literal)}`" if literal else text


def _flat(description: str | None) -> str:
    return " ".join((description or "").split())
