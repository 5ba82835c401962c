"""Scalars, enums and defaults in variables and arguments, and errors of variables."""

from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from compiler import Rejected, VariableErrors
from tests.unit.compiler.checks import same
from tests.unit.compiler.input_schema import OUTER, SCHEMA, compiled

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


@pytest.mark.parametrize("raw", [None, b"null", b"{}", b' {"x": 1} '])
def test_operation_without_variables(raw: bytes | None) -> None:
    assert compiled("{ scalars }").decode_variables(raw).values == {}


@pytest.mark.parametrize(
    "raw", [b"[]", b"5", b"", b"{", b'{"v": 1} x', b'{"v": NaN}', b'{"v": "\xff"}', b'{"v": ' + b"[" * 5000, b'"v"']
)
def test_text_that_is_no_json_object_is_rejected(raw: bytes) -> None:
    with pytest.raises(Rejected):
        compiled("query ($v: JSON) { scalars(json: $v) }").decode_variables(raw)


def test_errors_of_variables_are_those_of_graphql_core() -> None:
    operation = compiled("query ($i: Int!, $n: Named) { scalars(int: $i, named: $n) }")
    with pytest.raises(Rejected):
        operation.decode_variables(b'{"n": "C"}')
    with pytest.raises(VariableErrors, match="Variable '\\$i'") as caught:
        operation.coerce_variables({"n": "C"})
    assert [error.message.split(" ")[1] for error in caught.value.errors] == ["'$i'", "'$n'"]
