"""Tests the generated schema files, the compatibility with the last release, and the descriptions."""

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

from schema.build import sdl
from schema.limits.cost import FIELD_POINTS, ITEMS_ARGUMENTS, POINTS_PER_BULK_ITEM
from schema.reference import reference_page

ROOT = Path(__file__).parents[3]
SNAPSHOT, RELEASED = ROOT / "schema" / "schema.graphql", ROOT / "schema" / "released.graphql"
REFERENCE, CHANGELOG = ROOT / "docs" / "reference" / "schema.md", ROOT / "CHANGELOG.md"


def test_schema_file_is_up_to_date() -> None:
    assert sdl() == SNAPSHOT.read_text(encoding="utf-8"), "schema/schema.graphql is out of date: run make schema"


def test_reference_page_is_up_to_date() -> None:
    page = REFERENCE.relative_to(ROOT)
    assert reference_page() == REFERENCE.read_text(encoding="utf-8"), f"{page} is out of date: run make schema"


def incompatible_changes(old: str, new: str, changelog: str) -> list[str]:
    """Return the changes that may break clients of the old schema and that the changelog omits."""
    before, after = build_schema(old), build_schema(new)
    breaking = [change.description for change in find_breaking_changes(before, after)]
    dangerous = [change.description for change in find_dangerous_changes(before, after)]
    return [change for change in breaking + dangerous if change not in changelog]


def test_changelog_names_every_incompatible_change() -> None:
    """The changelog must contain each change in the words of this test's output.

    With each release, schema/schema.graphql is copied to schema/released.graphql.
    """
    released, changelog = RELEASED.read_text(encoding="utf-8"), CHANGELOG.read_text(encoding="utf-8")
    assert incompatible_changes(released, sdl(), changelog) == []


def test_incompatible_changes_are_found() -> None:
    old = "type Query { a: Int b(c: Int): Int } enum E { A }"
    new = "type Query { b(c: Int!): Int } enum E { A B }"
    changes = incompatible_changes(old, new, "")
    assert len(changes) == 3
    assert incompatible_changes(old, new, "\n- ".join(changes)) == []
    assert incompatible_changes(old, old.replace("a: Int", "a: Int d: Int"), "") == []


def undescribed() -> Iterator[str]:
    """Yield the name of every type, field, argument and enum value that has no description."""
    for name, type_ in build_schema(sdl()).type_map.items():
        if name.startswith("__") or name in specified_scalar_types:
            continue
        if not type_.description:
            yield name
        if isinstance(type_, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, definition in type_.values.items() if not definition.description)
        elif isinstance(type_, GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, definition in type_.fields.items() if not definition.description)
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in type_.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                for argument_name, argument in field.args.items():
                    if not argument.description:
                        yield f"{name}.{field_name}({argument_name}:)"


def test_everything_in_the_schema_has_a_description() -> None:
    assert list(undescribed()) == []


def test_descriptions_state_the_cost() -> None:
    types = build_schema(sdl()).type_map
    for name in ("Query", "Mutation", "Subscription"):
        for field, points in FIELD_POINTS[name].items():
            description = types[name].fields[field].description  # type: ignore[attr-defined]
            assert re.search(rf"Cost: {points} points?\b", description), f"{name}.{field} costs {points}"
            bulk = field in ITEMS_ARGUMENTS and name == "Mutation"
            assert (f"plus {POINTS_PER_BULK_ITEM} per item" in description) == bulk, field
