"""The shape of operations, and access to the parts of a document."""

import pytest
from graphql import get_introspection_query, parse

from schema.limits.checks import MAX_INTROSPECTION_DEPTH
from schema.limits.document import fragments_of, operation_of
from schema.limits.shape import OperationShape, ShapeMeter


def shape(text: str) -> OperationShape:
    document = parse(text)
    operation = operation_of(document, None)
    assert operation is not None
    return ShapeMeter(fragments_of(document)).operation(operation)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ a }", OperationShape(1)),
        ("{ a { b { c } } d { e } }", OperationShape(3)),
        ("{ a { ...F } } fragment F on T { ... { b { c } } }", OperationShape(3)),
        ("{ x: a y: a { z: b } }", OperationShape(2, aliases=3)),
        ("{ ...F ...F } fragment F on Q { x: a }", OperationShape(1, aliases=2)),
        ("query ($v: Int @d) @d { a @d ... @d { b @d } }", OperationShape(1, directives=5)),
        ("{ ...F @d ...F } fragment F on Q @d { a @d }", OperationShape(1, directives=5)),
        ("{ a { b } x: __type(name: 1) { fields { name } } }", OperationShape(2, 2, aliases=1)),
        ("{ ...Missing }", OperationShape()),
        ("{ a { ...F } } fragment F on T { b { ...F } }", OperationShape(2)),
    ],
)
def test_shape(text: str, expected: OperationShape) -> None:
    assert shape(text) == expected


def test_introspection_of_clients_is_within_the_limit() -> None:
    assert shape(get_introspection_query()).introspection_depth <= MAX_INTROSPECTION_DEPTH


def test_fragment_bomb_is_measured_without_expanding_it() -> None:
    levels = " ".join(f"fragment F{n} on Q {{ ...F{n + 1} ...F{n + 1} }}" for n in range(100))
    assert shape(f"{{ ...F0 }} {levels} fragment F100 on Q {{ x: a }}") == OperationShape(1, aliases=2**100)


def test_operation_is_chosen_by_name() -> None:
    document = parse("query A { a } query B { b } fragment F on Q { c }")
    assert operation_of(document, "B") is document.definitions[1]
    assert operation_of(document, "C") is None


def test_only_operation_is_chosen_without_a_name() -> None:
    for text in ("query A { a } fragment F on Q { c }", "{ a } fragment F on Q { c }"):
        document = parse(text)
        assert operation_of(document, None) is document.definitions[0]
    for text in ("query A { a } query B { b }", "fragment F on Q { c }"):
        assert operation_of(parse(text), None) is None


def test_operation_without_a_name_beside_others_is_left_to_the_validation() -> None:
    document = parse("query A { a } { b }")
    assert operation_of(document, None) is document.definitions[0]


def test_fragments_are_found_by_name() -> None:
    assert set(fragments_of(parse("{ ...F } fragment F on Q { a } fragment G on Q { b }"))) == {"F", "G"}
