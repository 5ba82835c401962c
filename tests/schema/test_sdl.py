from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    specified_scalar_types,
)

from schema import sdl

SNAPSHOT = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_snapshot_is_the_schema() -> None:
    assert sdl() == SNAPSHOT.read_text(encoding="utf-8"), "schema/schema.graphql is out of date: run make schema"


def undescribed() -> Iterator[str]:
    """Everything of the schema that has no description, by its place."""
    for name, type_ in build_schema(sdl()).type_map.items():
        if name.startswith("__") or name in specified_scalar_types:
            continue
        if not type_.description:
            yield name
        if isinstance(type_, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, it in type_.values.items() if not it.description)
        elif isinstance(type_, GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, it in type_.fields.items() if not it.description)
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field, it in type_.fields.items():
                if not it.description:
                    yield f"{name}.{field}"
                yield from (f"{name}.{field}({argument}:)" for argument, of in it.args.items() if not of.description)


def test_everything_is_described() -> None:
    assert list(undescribed()) == []
