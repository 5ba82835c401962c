import asyncio
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from tests.unit.compiler.checks import data_of, messages, same

SDL = """
type Query { node: Node nodes: [Node] any: Any anys: [Any!]! dog: Dog dogs: [Dog] }
interface Node { id: ID }
type Dog implements Node { id: ID bark: String owner: Node }
type Cat implements Node { id: ID meow: String }
union Any = Dog | Cat
enum E { X }
"""
DOG = {"__typename": "Dog", "id": "d", "bark": "wau", "owner": {"__typename": "Cat", "id": "o", "meow": "mi"}}
CAT = {"__typename": "Cat", "id": "c", "meow": "miau"}
SELECTION = "{ __typename ... on Node { id } ... on Dog { bark owner { id ... on Cat { meow } } } ... on Cat { meow } }"


@pytest.fixture
def schema() -> GraphQLSchema:
    return build_schema(SDL)


@pytest.mark.parametrize("field", ["node", "any"])
@pytest.mark.parametrize("value", [DOG, CAT, None, {"__typename": "Gone"}, {"__typename": "E"}, {"id": 1}, 5])
async def test_type_by_typename(schema: GraphQLSchema, field: str, value: Any) -> None:
    await same(schema, f"{{ {field} {SELECTION} }}", root={field: value})


@pytest.mark.parametrize("field", ["nodes", "anys"])
@pytest.mark.parametrize("values", [[DOG, CAT, DOG], [DOG, DOG], [], [CAT, None], [DOG, {"__typename": "Query"}, CAT]])
async def test_lists_of_several_types(schema: GraphQLSchema, field: str, values: list[Any]) -> None:
    await same(schema, f"{{ {field} {SELECTION} }}", root={field: values})


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


@pytest.mark.parametrize("wait", [lambda value: value, later])
async def test_is_type_of(schema: GraphQLSchema, wait: Any) -> None:
    types: Any = schema.type_map
    types["Dog"].is_type_of = lambda value, info: wait("bark" in value)
    types["Cat"].is_type_of = lambda value, info: wait("meow" in value)
    dog, cat = ({"id": "d", "bark": "w", "owner": None}, {"id": "c", "meow": "m"})
    for root in ({"nodes": [dog, cat, None, {"id": "x"}, dog]}, {"nodes": [dog, dog]}):
        await same(schema, f"{{ nodes {SELECTION} }}", root=root)
    found = await same(schema, "{ dogs { bark } dog { bark } }", root={"dogs": [dog, cat], "dog": cat})
    assert messages(found) == ["Expected value of type 'Dog' but got: {'id': 'c', 'meow': 'm'}."] * 2


async def test_resolve_type_may_fail_or_return_anything(schema: GraphQLSchema) -> None:
    node: Any = schema.type_map["Node"]

    def resolve_type(value: Any, info: Any, type_: Any) -> Any:
        if value["id"] == "raise":
            raise ValueError(f"at {info.path.as_list()} of {info.parent_type} for {type_}")
        if value["id"] == "later":
            return later("Dog")
        return {"number": 5, "none": None}.get(value["id"], value.get("__typename"))

    node.resolve_type = resolve_type
    values = [DOG, {"id": "raise"}, {"id": "later", "bark": "l", "owner": None}, {"id": "number"}, {"id": "none"}, CAT]
    found = await same(schema, f"{{ nodes {SELECTION} }}", root={"nodes": values})
    assert messages(found)[0] == "at ['nodes'] of Query for Node"


@pytest.mark.parametrize("field", ["nodes", "anys"])
async def test_type_of_each_object_is_resolved_once(schema: GraphQLSchema, field: str) -> None:
    types: Any = schema.type_map
    calls: list[Any] = []

    def resolve_type(value: Any, info: Any, type_: Any) -> str:
        calls.append(value["id"])
        return str(value["__typename"])

    types["Node"].resolve_type = types["Any"].resolve_type = resolve_type
    cats = [CAT, DOG, CAT]
    # The default resolver calls values that are callable, so it cannot complete columns.
    await data_of(schema, f"{{ {field} {{ __typename }} }}", root={field: cats})
    assert calls == ["c", "d", "c"] * 2


async def test_type_function_that_reads_the_path_gets_the_path_of_its_field(schema: GraphQLSchema) -> None:
    dog: Any = schema.type_map["Dog"]
    seen: list[Any] = []

    def is_type_of(value: Any, info: Any) -> bool:
        seen.append((info.path.as_list(), info.field_name))
        return True

    dog.is_type_of = is_type_of
    owner = {**DOG, "owner": None}
    document = "{ dogs { id owner { id } } }"
    await data_of(schema, document, root={"dogs": [{**DOG, "owner": owner}, owner]})
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]
    assert (["dogs", 0, "owner"], "owner") in seen
