import asyncio
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, Undefined, build_schema

from tests.unit.compiler.checks import data_of, messages, paths, same

SDL = """
type Query {
  nullable: Item nonNull: Item! list: [Item] listOfNonNull: [Item!] nonNullList: [Item!]! matrix: [[Int!]]
  int: Int! text: String float: Float bool: Boolean id: ID color: Color ints: [Int!] x: Int y: Int! later: Int!
}
type Mutation { ok: Int bad: Int! never: Int }
type Item { name: String size: Int! inner: Item! list: [Item!]! other: Item }
enum Color { RED BLUE }
"""


class Item:
    """An item whose attributes are given, or raise."""

    def __init__(self, **values: Any) -> None:
        self._values = {"size": 1, "name": "n", "list": (), "other": None, **values}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = self._values[name]
        if isinstance(value, type):
            raise value(f"{name} failed")
        return value


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SDL)


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    if isinstance(value, Exception):
        raise value
    return value


BAD = Item(size=None)
FAILING = Item(size=ValueError)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("{ nullable { name size } x }", {"nullable": BAD, "x": 1}),
    ("{ nonNull { name size } x }", {"nonNull": BAD, "x": 1}),
    ("{ x nonNull { name } y }", {"nonNull": None, "x": 1, "y": 2}),
    ("{ list { size name } x }", {"list": [Item(), BAD, Item(), FAILING], "x": 1}),
    ("{ listOfNonNull { size name } x }", {"listOfNonNull": [Item(), BAD, FAILING], "x": 1}),
    ("{ nonNullList { name size } x }", {"nonNullList": [Item(), FAILING], "x": 1}),
    ("{ list { list { size } name } }", {"list": [Item(list=[Item(), BAD]), Item(list=[Item()])]}),
    ("{ list { inner { inner { size } } } }", {"list": [Item(inner=Item(inner=BAD)), Item(inner=None)]}),
    ("{ list { other { size } name } }", {"list": [Item(other=BAD), Item(other=Item()), Item(name=KeyError)]}),
    ("{ matrix }", {"matrix": [[1, 2], [1, None], None, ["x"], "no list", []]}),
    ("{ matrix }", {"matrix": 5}),
    ("{ list { name } }", {"list": {"a": 1}}),
    ("{ ints }", {"ints": [1, 2**31]}),
    ("{ text float bool id color }", {"text": [], "float": "x", "bool": "x", "id": 1.5, "color": "GREEN"}),
    ("{ float x: float }", {"float": float("inf")}),
    ("{ color text }", {"color": ["unhashable"], "text": ValueError("returned")}),
    ("{ x y text }", {"x": ValueError("x"), "y": ValueError("y"), "text": ValueError("text")}),
    ("{ x text y }", {"x": GraphQLError("x", extensions={"a": 1}), "y": Undefined, "text": Undefined}),
    # A null that propagates hides later errors below it, but not those that were there before.
    (
        "{ nullable { name other { name } size } }",
        {"nullable": Item(name=ValueError, other=Item(name=ValueError), size=None)},
    ),
    ("{ nonNull { name inner { size } } y }", {"nonNull": Item(name=ValueError, inner=BAD), "y": 1}),
]
ASYNC_CASES: list[tuple[str, dict[str, Any]]] = [
    ("{ x y }", {"x": ValueError("x"), "y": 1}),
    ("{ x y text }", {"x": 1, "y": ValueError("y"), "text": ValueError("text")}),
    ("{ list { size name } x }", {"list": [Item(), BAD, FAILING], "x": 1}),
    ("{ nonNullList { size } later x }", {"nonNullList": [BAD, Item()], "later": 1, "x": 2}),
    ("{ nonNull { size } later }", {"nonNull": None, "later": 2}),
    ("{ ints text }", {"ints": [1, None], "text": GraphQLError("located", path=["elsewhere"])}),
]


@pytest.mark.parametrize(("document", "root"), CASES)
async def test_errors_of_values(schema: GraphQLSchema, document: str, root: dict[str, Any]) -> None:
    assert (await same(schema, document, root=root)).errors


async def test_values_of_other_types_are_serialized(schema: GraphQLSchema) -> None:
    root = {"int": True, "text": 5, "float": 3, "bool": 0, "id": 7, "color": "RED", "ints": [1, True, 2.0, "3"]}
    await data_of(schema, "{ int text float bool id color ints }", root=root)


@pytest.mark.parametrize(("document", "root"), ASYNC_CASES)
async def test_errors_of_awaited_values(schema: GraphQLSchema, document: str, root: dict[str, Any]) -> None:
    def call(value: Any) -> Any:
        return lambda _info: later(value)

    assert (await same(schema, document, root={name: call(value) for name, value in root.items()})).errors


async def test_items_that_are_awaited_and_fail(schema: GraphQLSchema) -> None:
    def items(_info: Any) -> list[Any]:
        return [later(Item()), Item(), later(ValueError("item")), later(BAD), BAD, later(None)]

    found = await same(schema, "{ list { size } x }", root={"list": items, "x": 1})
    assert sorted(paths(found)) == [["list", 2], ["list", 3, "size"], ["list", 4, "size"]]
    for name in ("listOfNonNull", "nonNullList"):
        await same(schema, f"{{ {name} {{ size }} x }}", root={name: items, "x": 1})


async def test_error_in_the_middle_of_an_asynchronous_iterable(schema: GraphQLSchema) -> None:
    async def items(_info: Any) -> Any:
        yield Item()
        yield BAD
        raise ValueError("no more")

    found = await same(schema, "{ list { size } x }", root={"list": items, "x": 1})
    assert messages(found) == ["Cannot return null for non-nullable field Item.size.", "no more"]


async def test_serial_mutation_stops_at_a_non_null_error(schema: GraphQLSchema) -> None:
    calls: list[str] = []

    def resolve(name: str, value: Any) -> Any:
        def call(_info: Any) -> Any:
            calls.append(name)
            return later(value)

        return call

    root = {"ok": resolve("ok", ValueError("a")), "bad": resolve("bad", None), "never": resolve("never", 1)}
    found = await same(schema, "mutation { ok bad never }", root=root)
    assert found.data == "null"
    assert paths(found) == [["ok"], ["bad"]]
    assert calls == ["ok", "bad"] * 2


async def test_locations_of_merged_fields(schema: GraphQLSchema) -> None:
    found = await same(schema, "{\n nullable { size }\n ... { nullable { size } } }", root={"nullable": BAD})
    assert len(found.errors[0][2]) == 2


async def test_sibling_that_is_still_running_does_not_report_after_a_null(schema: GraphQLSchema) -> None:
    class Slow:
        name = property(lambda self: later(ValueError("too late")))
        size = None

    await same(schema, "{ nullable { name size } x }", root={"nullable": Slow(), "x": 1})
    await same(schema, "{ nullable { size name } x }", root={"nullable": Slow(), "x": 1})
