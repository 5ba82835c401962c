"""Input objects in variables become the objects that Strawberry creates."""

import json
from typing import Any

import pytest
import strawberry
from graphql import parse
from strawberry import UNSET
from strawberry.types import get_object_definition

from compiler import compile_operation
from tests.unit.compiler.checks import data_of, same
from tests.unit.compiler.input_schema import INNER, OUTER, SCHEMA, Outer, compiled

# (type, field, values)
INPUTS: list[tuple[str, str, list[Any]]] = [
    (
        "Outer!",
        "outer",
        [
            OUTER,
            {**OUTER, "named": "A", "numbered": "DEUX", "inner": INNER, "many": [INNER, {**INNER, "flag": False}]},
            {**OUTER, "numbered": None, "inner": None, "when": None, "price": None, "json": None, "renamedField": None},
            {**OUTER, "when": "2026-01-02T03:04:05Z", "price": "1.50", "weight": 2, "json": {"a": [1, 2.5, None]}},
            {**OUTER, "price": 5, "json": 10**30, "weight": 1e300, "nullable": 5},
            {**OUTER, "many": {"id": "single"}},
            {**OUTER, "inner": {"id": 5}},
            {"title": "only"},
            {},
            None,
            "text",
            {**OUTER, "title": None},
            {**OUTER, "named": None},
            {**OUTER, "named": "C"},
            {**OUTER, "numbered": "TWO"},
            {**OUTER, "unknown": 1},
            {**OUTER, "inner": {**INNER, "unknown": 1}},
            {**OUTER, "when": "yesterday", "price": "much"},
            {**OUTER, "weight": "1"},
            {**OUTER, "weight": True},
            {**OUTER, "weight": 2**53 + 1},
            {**OUTER, "renamed_field": "x"},
            {**OUTER, "many": None},
            {**OUTER, "many": [None]},
            [OUTER],
        ],
    ),
    ("[[Outer!]]", "outers", [None, [], [None, [OUTER]], [[]], [OUTER], OUTER, [[OUTER], [None]]]),
    ("Wrapped!", "wrapped", [{}, {"maybe": {}}, {"maybe": {"number": 1, "text": None}}, {"maybe": {"number": None}}]),
    ("Wrapped!", "wrapped", [{"withId": [{"node": "Qm9vazox"}, {}, {"node": None}]}, {"withId": [{"node": "x"}]}]),
    ("Choice!", "choice", [{"a": 1}, {"b": INNER}, {}, {"a": 1, "b": INNER}, {"a": None}, {"c": 1}, {"b": {}}]),
    ("Tree!", "tree", [{"name": "a"}, {"name": "a", "children": [{"name": "b", "children": []}, {"name": "c"}]}, {}]),
    ("Custom!", "custom", [{"a": "x"}, {"a": "x", "b": None, "c": [INNER]}, {"b": 1}]),
    (
        "Shelf!",
        "shelf",
        [
            {"items": []},
            {"items": [{"text": "a"}, {"text": "b", "named": "A", "count": None}]},
            {"items": [{"text": "needs info"}]},
            {"items": [{"text": None}]},
        ],
    ),
]
CASES = [(type_, field, value) for type_, field, values in INPUTS for value in values]


@pytest.mark.parametrize(("type_", "field", "value"), CASES)
async def test_input_objects(type_: str, field: str, value: Any) -> None:
    await same(SCHEMA, f"query ($v: {type_}) {{ {field}(value: $v) }}", {"v": value})
    # Used twice, so that each resolver gets an object of its own.
    await same(SCHEMA, f"query ($v: {type_}) {{ a: {field}(value: $v) b: {field}(value: $v) }}", {"v": value})
    # Within a fragment, and with another variable that is not given.
    document = f"query ($v: {type_}, $n: Int) {{ ...F }} fragment F on Query {{ {field}(value: $v) scalars(int: $n) }}"
    await same(SCHEMA, document, {"v": value})


async def test_each_call_gets_its_own_list_and_object() -> None:
    @strawberry.type
    class Root:
        @strawberry.field
        def change(self, value: Outer, ids: list[int]) -> str:
            value.title += "!"
            ids.append(5)
            return f"{value.title} {ids}"

    document = "query ($v: Outer!, $i: [Int!]!) { a: change(value: $v, ids: $i) b: change(value: $v, ids: $i) }"
    data = await data_of(strawberry.Schema(Root), document, {"v": OUTER, "i": [1]})
    assert data == {"a": "t! [1, 5]", "b": "t! [1, 5]"}
    document = '{ a: change(value: {title: "l", nullable: 1}, ids: [1]) }'
    for _ in range(2):
        assert await data_of(strawberry.Schema(Root), document) == {"a": "l! [1, 5]"}


def test_values_are_objects_of_the_input_classes() -> None:
    for operation in (
        compiled("query ($v: Outer!, $n: Int) { outer(value: $v) scalars(int: $n) }"),
        compiled("query ($v: Outer!, $n: Int) { a: outer(value: $v) b: outer(value: $v) scalars(int: $n) }"),
    ):
        fast = operation.decode_variables(json.dumps({"v": OUTER, "n": 1}).encode()).values
        slow = operation.coerce_variables({"v": OUTER, "n": 1}).values
        assert fast == slow == {"v": Outer(title="t", nullable=None), "n": 1}


def test_value_that_cannot_be_converted_remains_a_dictionary() -> None:
    operation = compiled("query ($v: Wrapped!) { wrapped(value: $v) }")
    assert operation.coerce_variables({"v": {"withId": [{"node": "x"}]}}).values == {
        "v": {"maybe": None, "withId": [{"node": "x"}]}
    }


def test_from_input_that_does_what_strawberry_does_is_not_called() -> None:
    def from_input(type_: Any, given: Any, context: Any) -> Any:
        raise AssertionError

    @strawberry.input
    class Simple:
        a_name: str
        b: int | None = UNSET

    from_input.plain_conversion = True  # type: ignore[attr-defined]
    get_object_definition(Simple, strict=True).from_input = from_input

    @strawberry.type
    class Root:
        @strawberry.field
        def simple(self, value: Simple) -> str:
            return repr(value)

    operation = compile_operation(strawberry.Schema(Root)._schema, parse("query ($v: Simple!) { simple(value: $v) }"))
    assert operation.decode_variables(b'{"v": {"aName": "x"}}').values == {"v": Simple(a_name="x")}
