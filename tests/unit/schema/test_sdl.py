import re
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
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from schema import sdl
from schema.limits.cost import EACH, FIELDS, ITEMS
from schema.reference import reference

ROOT = Path(__file__).parents[3]
SNAPSHOT, RELEASED = ROOT / "schema" / "schema.graphql", ROOT / "schema" / "released.graphql"
REFERENCE, CHANGELOG = ROOT / "docs" / "reference" / "schema.md", ROOT / "CHANGELOG.md"


def test_the_snapshot_is_the_schema() -> None:
    assert sdl() == SNAPSHOT.read_text(encoding="utf-8"), "schema/schema.graphql is out of date: run make schema"


def test_the_reference_is_of_the_schema() -> None:
    assert reference() == REFERENCE.read_text(encoding="utf-8"), "the reference page is out of date: run make schema"


def unnamed(old: str, new: str, changelog: str) -> list[str]:
    """The changes that break clients of the old schema, or may, and that the changelog does not name."""
    before, after = build_schema(old), build_schema(new)
    breaking = [change.description for change in find_breaking_changes(before, after)]
    dangerous = [change.description for change in find_dangerous_changes(before, after)]
    return [change for change in breaking + dangerous if change not in changelog]


def test_what_breaks_clients_is_named_in_the_changelog() -> None:
    """A line of the changelog has the change in the words that this test says. At a release, the snapshot becomes
    schema/released.graphql."""
    assert unnamed(RELEASED.read_text(encoding="utf-8"), sdl(), CHANGELOG.read_text(encoding="utf-8")) == []


def test_such_a_change_is_found() -> None:
    old = "type Query { a: Int b(c: Int): Int } enum E { A }"
    new = "type Query { b(c: Int!): Int } enum E { A B }"
    changes = unnamed(old, new, "")
    assert len(changes) == 3
    assert unnamed(old, new, "\n- ".join(changes)) == []
    assert unnamed(old, old.replace("a: Int", "a: Int d: Int"), "") == []


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


def test_the_description_of_what_is_asked_for_says_what_it_costs() -> None:
    types = build_schema(sdl()).type_map
    for name in ("Query", "Mutation", "Subscription"):
        for field, points in FIELDS[name].items():
            said = types[name].fields[field].description  # type: ignore[attr-defined]
            assert re.search(rf"(?<!\d){points} points?\b", said), f"{name}.{field} costs {points}"
            assert (f"{EACH} for each task" in said) == (field in ITEMS and name == "Mutation"), field
