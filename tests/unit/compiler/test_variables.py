import json
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, build_schema, parse
from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.scalars import JSON
from strawberry.types import get_object_definition

from compiler import CompiledOperation, Rejected, VariableErrors, compile_operation
from tests.unit.compiler.checks import data_of, same


@strawberry.enum
class Named(Enum):
    A = "A"
    B = "B"


@strawberry.enum
class Numbered(Enum):
    ONE = 1
    TWO = strawberry.enum_value(2, name="DEUX")


@strawberry.input
class Inner:
    id: strawberry.ID
    flag: bool = True
    note: str | None = None


@strawberry.input
class Outer:
    title: str
    named: Named = Named.B
    numbered: Numbered | None = UNSET
    inner: Inner | None = None
    many: list[Inner] = strawberry.field(default_factory=list)
    when: datetime | None = UNSET
    price: Decimal | None = None
    weight: float = 1.5
    json: JSON | None = UNSET
    plain: str | None = strawberry.field(name="renamedField", default="plain")
    nullable: int | None


@strawberry.input
class WithMaybe:
    number: strawberry.Maybe[int] = None
    text: strawberry.Maybe[str | None] = None


@strawberry.input
class WithId:
    node: GlobalID | None = None


@strawberry.input
class Wrapped:
    maybe: WithMaybe | None = None
    with_id: list[WithId] | None = None


@strawberry.input(one_of=True)
class Choice:
    a: int | None = UNSET
    b: Inner | None = UNSET


@strawberry.input
class Tree:
    name: str
    children: list["Tree"] | None = None


@strawberry.input
class Custom:
    a: str
    b: int | None = UNSET
    c: list[Inner] | None = None

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(a=None, b=None, c=None)
        self.__dict__.update({**values, "custom": sorted(values)})

    def __repr__(self) -> str:
        return str(self.__dict__)


@strawberry.input
class Converted:
    text: str
    named: Named | None = None
    count: int | None = UNSET


@strawberry.input
class Shelf:
    items: list[Converted]


def _from_input(type_: Any, given: Any, context: Any) -> Any:
    if given["text"] == "needs info":
        given = {**given, "text": context.info.field_name}
    return type_(**{**given, "text": f"{given['text']} {context.path} {context.convert('7', int)}"})


get_object_definition(Converted, strict=True).from_input = _from_input


@strawberry.type
class Query:
    @strawberry.field
    def outer(self, value: Outer) -> str:
        return repr(value)

    @strawberry.field
    def outers(self, value: list[list[Outer] | None] | None = None) -> str:
        return repr(value)

    @strawberry.field
    def wrapped(self, value: Wrapped) -> str:
        return repr(value)

    @strawberry.field
    def choice(self, value: Choice) -> str:
        return repr(value)

    @strawberry.field
    def tree(self, value: Tree) -> str:
        return repr(value)

    @strawberry.field
    async def custom(self, value: Custom) -> str:
        return repr(value)

    @strawberry.field
    async def shelf(self, value: Shelf, other: Converted | None = None) -> str:
        return repr((value, other))

    @strawberry.field
    def scalars(
        self,
        int: int | None = UNSET,  # noqa: A002
        float: float | None = UNSET,  # noqa: A002
        text: str = "default",
        flag: bool | None = None,
        id: strawberry.ID | None = UNSET,  # noqa: A002
        named: Named | None = Named.A,
        when: datetime | None = None,
        json: JSON | None = None,
        ids: list[strawberry.ID] | None = None,
        nodes: list[GlobalID] | None = None,
    ) -> str:
        return repr((int, float, text, flag, id, named, when, json, ids, nodes))


SCHEMA = strawberry.Schema(Query)
INNER: Any = {"id": "1"}
OUTER: Any = {"title": "t", "nullable": None}
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


SCALARS: list[tuple[str, str, list[Any]]] = [
    ("int", "Int", [0, -(2**31), 2**31 - 1, 2**31, 1.0, 1.5, "1", True, None, [1]]),
    ("float", "Float", [0, 1.5, -1e300, 10**30, 2**53, 2**53 + 1, "1.5", True, None]),
    ("text", "String!", ["", "\u2713 🎈 \x00 \x7f", 1, None, True, []]),
    ("flag", "Boolean", [True, False, 0, "true", None]),
    ("id", "ID", ["", "1", 1, 1.0, 1.5, True, None, 10**25]),
    ("named", "Named", ["A", "B", "C", "a", 1, None, {}]),
    ("when", "DateTime", ["2026-01-02T03:04:05+01:00", "2026-01-02", "no", 5, None]),
    ("json", "JSON", [None, 1, 10**40, 1.5, "x", [1, [None]], {"a": {"b": [True]}}]),
    ("ids", "[ID!]", [[], ["1", 2], "1", None, [None], [["1"]]]),
    ("nodes", "[ID!]", [["Qm9vazox"], ["bad"], [], None]),
]


@pytest.mark.parametrize(
    ("argument", "type_", "value"), [(name, type_, value) for name, type_, values in SCALARS for value in values]
)
async def test_scalars(argument: str, type_: str, value: Any) -> None:
    await same(SCHEMA, f"query ($v: {type_}) {{ scalars({argument}: $v) }}", {"v": value})
    await same(
        SCHEMA, f"query ($v: {type_}) {{ x: scalars({argument}: $v) }}", {} if type_[-1] != "!" else {"v": value}
    )


@pytest.mark.parametrize(
    ("definition", "variables"),
    [
        ("$i: Int = 5", {}),
        ("$i: Int = 5", {"i": None}),
        ("$i: Int! = 5", {}),
        ("$i: Int! = 5", {"i": None}),
        ("$i: Int = 5", {"i": 6, "unknown": {}}),
        ("$i: Int", {"i": 6}),
        ("$i: Int!", {}),
    ],
)
async def test_defaults_of_variables(definition: str, variables: dict[str, Any]) -> None:
    await same(SCHEMA, f"query ({definition}) {{ scalars(int: $i) }}", variables)


@pytest.mark.parametrize("variables", [{}, {"o": None}, {"o": [[OUTER]]}, {"t": {"title": "x", "nullable": 1}}])
async def test_defaults_that_are_objects(variables: dict[str, Any]) -> None:
    definition = (
        '$o: [[Outer!]] = [[{title: "d", nullable: 1, many: [{id: 4}]}]], $t: Outer! = {title: "e", nullable: 2}'
    )
    await same(SCHEMA, f"query ({definition}) {{ outers(value: $o) outer(value: $t) }}", variables)


@pytest.mark.parametrize(
    "arguments",
    [
        'scalars(int: 1, float: 2, id: 5, named: B, ids: "one")',
        'scalars(int: null, named: null, text: """block""", json: {a: [1, {b: X}]})',
        'scalars(when: "2026-01-02T03:04:05Z", nodes: ["Qm9vazox"])',
        'outer(value: {title: "t", nullable: null, many: {id: 1}, inner: {id: "x"}, price: "1.5"})',
        "outer(value: {title: $s, nullable: $i, inner: {id: $s, note: $n}, many: [{id: $s}, {id: 2}]})",
        "outers(value: [[{title: $s, nullable: $i}], null])",
        'scalars(ids: [$s, "b"], int: $i, json: {a: $i, b: [$n]})',
        "choice(value: {a: $j})",
        'shelf(value: {items: [{text: $s}, {text: "x", count: $i}]}, other: {text: "needs info"})',
    ],
)
@pytest.mark.parametrize("variables", [{"s": "s", "j": 1}, {"s": "s", "i": 5, "n": None, "j": 2}])
async def test_literals(arguments: str, variables: dict[str, Any]) -> None:
    types = {"s": "$s: ID!", "i": "$i: Int", "n": "$n: String", "j": "$j: Int!"}
    used = [name for name in types if f"${name}" in arguments]
    # An ID may stand for neither String nor Int, so the titles take a variable of their own.
    arguments = arguments.replace("title: $s", "title: $t").replace("text: $s", "text: $t")
    definitions = [types[name] for name in used] + (["$t: String!"] if "$t" in arguments else [])
    definitions = [text for text in definitions if text.split(":")[0] in arguments]
    document = f"query {f'({chr(44).join(definitions)})' if definitions else ''} {{ {arguments} }}"
    await same(SCHEMA, document, {**variables, "t": "t"})


@pytest.fixture(scope="module")
def plain() -> GraphQLSchema:
    schema = build_schema(
        """
        type Query { echo(input: In, list: [In!], kinds: [Kind!] = [A], any: Any): String }
        input In { a: Int! b: [String!] = ["x"] c: Kind = A d: In2 e: Any }
        input In2 { f: Float g: [[Boolean]] }
        input One @oneOf { a: Int b: String }
        extend type Query { one(value: One!): String }
        enum Kind { A B }
        scalar Any
        """
    )
    types: Any = schema.type_map
    types["In"].fields["a"].out_name = "renamed"
    types["In2"].out_type = lambda values: tuple(values.items())
    for name in ("echo", "one"):
        types["Query"].fields[name].resolve = lambda source, info, **given: f"{given} {info.variable_values.coerced}"
    types["Query"].fields["echo"].args["any"].out_name = "anything"
    return schema


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"i": {"a": 1}},
        {"i": {"a": 1, "b": None, "c": "B", "d": {"f": 1, "g": [[True, None], None]}, "e": [1]}},
        {"i": {"a": 1, "d": {}}, "l": [{"a": 2}], "k": ["B"], "x": {"y": 1}},
        {"i": {"a": "1"}},
        {"i": {"a": 1, "d": {"f": float(2**60), "h": 1}}},
        {"l": {"a": 1}, "k": "A"},
        {"k": None, "x": None},
    ],
)
async def test_plain_schema(plain: GraphQLSchema, variables: dict[str, Any]) -> None:
    arguments = "input: $i, list: $l, kinds: $k, any: $x"
    await same(plain, f"query ($i: In, $l: [In!], $k: [Kind!], $x: Any) {{ echo({arguments}) }}", variables)


@pytest.mark.parametrize(
    "value", [{"a": 1}, {"b": "x"}, {"a": None}, {"a": 1, "b": "x"}, {"a": 1, "b": None}, {}, None]
)
async def test_one_of_in_a_plain_schema(plain: GraphQLSchema, value: Any) -> None:
    await same(plain, "query ($v: One!) { one(value: $v) }", {"v": value})


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


def compiled(document: str) -> CompiledOperation:
    return compile_operation(SCHEMA._schema, parse(document))


@pytest.mark.parametrize("raw", [None, b"null", b"{}", b' {"x": 1} '])
def test_operation_without_variables(raw: bytes | None) -> None:
    assert compiled("{ scalars }").decode_variables(raw).values == {}


@pytest.mark.parametrize(
    "raw", [b"[]", b"5", b"", b"{", b'{"v": 1} x', b'{"v": NaN}', b'{"v": "\xff"}', b'{"v": ' + b"[" * 5000, b'"v"']
)
def test_text_that_is_no_json_object_is_rejected(raw: bytes) -> None:
    with pytest.raises(Rejected):
        compiled("query ($v: JSON) { scalars(json: $v) }").decode_variables(raw)


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


def test_errors_of_variables_are_those_of_graphql_core() -> None:
    operation = compiled("query ($i: Int!, $n: Named) { scalars(int: $i, named: $n) }")
    with pytest.raises(Rejected):
        operation.decode_variables(b'{"n": "C"}')
    with pytest.raises(VariableErrors, match="Variable '\\$i'") as caught:
        operation.coerce_variables({"n": "C"})
    assert [error.message.split(" ")[1] for error in caught.value.errors] == ["'$i'", "'$n'"]
