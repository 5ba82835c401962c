"""Tests that the compiler decodes the inputs of mutations to the objects that graphql-core and Strawberry create."""

import json
import random

import pytest
from graphql import parse

from compiler import Rejected, compile_operation
from schema.build import create_schema
from tests.fuzz.differential.literals import ValueGenerator, ValuePools

SCHEMA = create_schema()._schema
MUTATIONS = list(SCHEMA.mutation_type.fields) if SCHEMA.mutation_type else []
POOLS: ValuePools = {
    "DateTime": ["2100-01-01T00:00:00Z", "2100-01-01T00:00:00.123456+05:30", "2100-01-01t00:00:00z"],
    "JSONObject": [{}, {"a": [1, 2.5, None, {"b": True}]}],
    # A single label in the place of the list is coerced by graphql-core only.
    **{f"{name}TaskInput.labels": [[], ["a"], ["a", "b"]] for name in ("Create", "Update")},
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_decoded_input_equals_the_coerced_one(name: str) -> None:
    assert SCHEMA.mutation_type is not None
    type_ = SCHEMA.mutation_type.fields[name].args["input"].type
    operation = compile_operation(
        SCHEMA, parse(f"mutation ($input: {type_}) {{ {name}(input: $input) {{ __typename }} }}")
    )
    generator, decoded = ValueGenerator(random.Random(name), POOLS), 0
    for _ in range(50):
        given = {"input": generator.value(type_, name)}
        try:
            fast = operation.decode_variables(json.dumps(given).encode())
        except Rejected:  # a single item in the place of a list
            continue
        decoded += 1
        assert fast.values == operation.coerce_variables(given).values
        assert vars(fast.values["input"]) == vars(operation.coerce_variables(given).values["input"])
    assert decoded > 25
