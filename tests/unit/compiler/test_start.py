"""Tests of the beginning of an execution: an operation without asynchronous resolvers has its result at once."""

from collections.abc import Coroutine
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse

from compiler import Execution, compile_operation


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema("type Query { now(x: Int): Int later: Int! failing: Int! }")


class Root:
    """A root value whose fields are functions."""

    def now(self, _info: Any, x: int = 1) -> int:
        return x

    async def later(self, _info: Any) -> int:
        return 2

    def failing(self, _info: Any) -> int:
        raise ValueError("no")


def start(schema: GraphQLSchema, text: str, variables: bytes | None = None) -> Any:
    operation = compile_operation(schema, parse(text))
    return operation.start(operation.decode_variables(variables), root_value=Root())


@pytest.mark.parametrize("variables", [None, b"null", b"{}", b'{"unknown": 1}'])
def test_synchronous_operation_has_its_result_at_once(schema: GraphQLSchema, variables: bytes | None) -> None:
    execution = start(schema, "{ __typename now }", variables)
    assert isinstance(execution, Execution)
    assert (execution.data.f0, execution.data.f1, execution.errors) == ("Query", 1, [])


@pytest.mark.parametrize(("variables", "expected"), [(b"null", 7), (b'{"x": 3}', 3)])
def test_default_of_a_variable_applies_without_variables(
    schema: GraphQLSchema, variables: bytes, expected: int
) -> None:
    assert start(schema, "query ($x: Int = 7) { now(x: $x) }", variables).data.f0 == expected


def test_synchronous_error_is_in_the_result(schema: GraphQLSchema) -> None:
    execution = start(schema, "{ failing }")
    assert isinstance(execution, Execution)
    assert execution.data is None
    assert [(error.message, error.path) for error in execution.errors] == [("no", ["failing"])]


async def test_asynchronous_operation_is_awaited(schema: GraphQLSchema) -> None:
    started = start(schema, "{ now later }")
    assert isinstance(started, Coroutine)
    execution = await started
    assert (execution.data.f0, execution.data.f1) == (1, 2)


async def test_error_after_waiting_is_in_the_result(schema: GraphQLSchema) -> None:
    async def wrong(_info: Any) -> None:
        return None

    operation = compile_operation(schema, parse("{ later }"))
    execution = await operation.start(operation.decode_variables(None), root_value={"later": wrong})  # type: ignore[misc]
    assert execution.data is None
    assert [error.path for error in execution.errors] == [["later"]]
