from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from tests.unit.compiler.checks import data_of, messages, paths, same

SDL = """
type Query { a: Int b: Int thing: Thing! things: [Thing!]! node: Node any: Any }
type Mutation { first: Thing second: Thing third: Int }
interface Node { id: ID }
type Thing implements Node { id: ID name: String inner: Thing list: [Thing] }
type Other implements Node { id: ID size: Int }
union Any = Thing | Other
"""
INNER: dict[str, Any] = {"__typename": "Thing", "id": "2", "name": "inner", "inner": None, "list": []}
THING = {"__typename": "Thing", "id": "1", "name": "thing", "inner": INNER, "list": [INNER, None]}
ROOT = {"a": 1, "b": 2, "thing": THING, "things": [THING, INNER], "node": THING, "any": {**THING}}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL)


@pytest.mark.parametrize(
    "document",
    [
        "{ b a }",
        "{ x: a y: a a }",
        "{ __typename a kind: __typename thing { __typename } }",
        "{ thing { name: id id: name } }",
        # Fields that occur again are merged in the place of the first.
        "{ thing { id } b thing { name } ... { thing { id inner { id } } } thing { inner { name } } }",
        "{ ...F thing { name } ...F } fragment F on Query { b thing { id } a }",
        "{ node { id ... on Node { id } ... on Other { size } ... on Thing { name } } }",
        "{ any { ... on Node { id } ... on Any { ... on Thing { name } ...O } } } fragment O on Other { size }",
        "{ things { ...A list { ...A } } } fragment A on Node { id ...B } fragment B on Thing { name }",
        "{ ... on Query { a ... { b } } }",
        "{ __typename }",
    ],
)
async def test_fields_are_collected_in_order(schema: GraphQLSchema, document: str) -> None:
    await data_of(schema, document, root=ROOT)


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        ("query ($s: Boolean!)", {"s": True}),
        ("query ($s: Boolean!)", {"s": False}),
        ("query ($s: Boolean! = true)", {}),
        ("query ($s: Boolean! = true)", {"s": False}),
        ("query ($s: Boolean = true)", {}),
        ("query ($s: Boolean = false)", {"s": True}),
    ],
)
@pytest.mark.parametrize(
    "selection",
    [
        "a @skip(if: $s) b",
        "a @include(if: $s) b @skip(if: $s)",
        "a @skip(if: false) @include(if: $s)",
        "a @skip(if: $s) @include(if: $s) b",
        "a @skip(if: $s) a @include(if: $s) b",
        "thing { id @skip(if: $s) ... on Node @include(if: $s) { id } name }",
        # The same fragment twice: what one spread skips, the other may include.
        "...F @skip(if: $s) b ...F @include(if: $s)",
        "...F @skip(if: true) b ...F @include(if: $s)",
        "...F @skip(if: $s) b ...F",
        "... @include(if: $s) { a } thing { ...T @skip(if: $s) list { ...T } }",
    ],
)
async def test_conditions(schema: GraphQLSchema, operation: str, variables: dict[str, Any], selection: str) -> None:
    fragments = "fragment F on Query { a x: a @include(if: $s) }" if "...F" in selection else ""
    fragments += " fragment T on Thing { name }" if "...T" in selection else ""
    await data_of(schema, f"{operation} {{ {selection} }} {fragments}", variables, root=ROOT)


@pytest.mark.parametrize(
    "selection",
    [
        "a @skip(if: $s)",
        "b a @include(if: $s)",
        "b node { id @skip(if: $s) }",
        "b node { id inner: id } ... @skip(if: true) { a @skip(if: $s) }",
        "thing { id list { name @skip(if: true) @include(if: $s) } }",
        "thing { id list { name @skip(if: $s) @include(if: $s) } }",
    ],
)
async def test_condition_that_is_null(schema: GraphQLSchema, selection: str) -> None:
    for default in ("true", "false"):
        document = f"query ($s: Boolean = {default}) {{ {selection} }}"
        await same(schema, document, {"s": None}, root=ROOT)


async def test_null_condition_has_the_error_of_graphql_core(schema: GraphQLSchema) -> None:
    found = await same(schema, "query ($s: Boolean = true) { b a @skip(if: $s) }", {"s": None}, root=ROOT)
    assert found.data == "null"
    assert "Argument 'if' has invalid value" in messages(found)[0]
    found = await same(schema, "query ($s: Boolean = true) { b node { id @skip(if: $s) } }", {"s": None}, root=ROOT)
    assert paths(found) == [["node"]]


async def test_everything_skipped(schema: GraphQLSchema) -> None:
    assert await data_of(schema, "{ a @skip(if: true) }", root=ROOT) == {}
    document = "{ thing { id @skip(if: true) } things { id @include(if: false) } }"
    assert await data_of(schema, document, root=ROOT) == {"thing": {}, "things": [{}, {}]}


async def test_operation_is_chosen_by_name(schema: GraphQLSchema) -> None:
    document = "query A { a } query B { b x: a }"
    assert await data_of(schema, document, name="A", root=ROOT) == {"a": 1}
    assert await data_of(schema, document, name="B", root=ROOT) == {"b": 2, "x": 1}


async def test_mutation_fields_run_in_order_also_through_fragments(schema: GraphQLSchema) -> None:
    calls: list[str] = []

    def record(name: str) -> Any:
        async def resolve(_info: Any) -> Any:
            calls.append(name)
            return THING if name != "third" else 3

        return resolve

    root = {name: record(name) for name in ("first", "second", "third")}
    document = "mutation { third ...F first { name } } fragment F on Mutation { first { id } second { id } }"
    assert list(await data_of(schema, document, root=root)) == ["third", "first", "second"]
    assert calls == ["third", "first", "second"] * 2


async def test_repeated_field_calls_its_resolver_once(schema: GraphQLSchema) -> None:
    calls: list[str] = []
    await same(schema, "{ a a x: a ... { a } }", root={"a": lambda _info: calls.append("a")})
    assert calls == ["a", "a"] * 2


async def test_fields_that_do_not_exist_are_left_out_if_the_document_was_not_validated(schema: GraphQLSchema) -> None:
    found = await same(schema, "{ a nothing thing { id nothing } ...Gone }", root=ROOT, valid=False)
    assert found.data == '{"a": 1, "thing": {"id": "1"}}'
