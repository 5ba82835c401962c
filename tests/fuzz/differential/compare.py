"""Executes an operation twice, compiled and by graphql-core, and compares what a client would receive."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from compiler import CompilerOptions, NotCompiled, Rejected, VariableErrors, compile_operation


@dataclass(frozen=True)
class Case:
    """An operation to execute."""

    document: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A response: data as JSON text, so that the order of the keys counts, and the errors."""

    data: str
    errors: list[tuple[Any, ...]]


@dataclass(frozen=True)
class Comparison:
    """The two answers, or the reason why the operation was not compiled. `rejected`: by the fast decoder."""

    standard: Answer
    compiled: Answer | None
    reason: str = ""
    rejected: bool = False

    @property
    def equal(self) -> bool:
        return self.compiled is None or self.standard == self.compiled


def error_tuple(error: GraphQLError) -> tuple[Any, ...]:
    """Return everything about an error that a client or the masking of errors can see."""
    locations = [(location.line, location.column) for location in error.locations or ()]
    cause = error.original_error
    return (error.message, error.path, locations, error.extensions, type(cause), str(cause))


def answer(data: Any, errors: list[GraphQLError] | None) -> Answer:
    """Return a response in the form in which two are compared."""
    return Answer(json.dumps(data), [error_tuple(error) for error in errors or ()])


async def execute_standard(
    schema: GraphQLSchema, document: DocumentNode, case: Case, context: Any, root: Any
) -> Answer:
    """Execute an operation with graphql-core, as Strawberry does if the schema is one of Strawberry's."""
    options: dict[str, Any] = {}
    if hasattr(schema, "_strawberry_schema"):
        options = {"executor_class": StrawberryGraphQLCoreExecutionContext, "operation_extensions": None}
    result = execute(
        schema,
        document,
        root_value=root,
        context_value=context,
        variable_values=dict(case.variables),
        operation_name=case.operation_name,
        **options,
    )
    if inspect.isawaitable(result):
        result = await result
    assert isinstance(result, ExecutionResult)
    return answer(result.data, result.errors)


async def execute_compiled(
    schema: GraphQLSchema, document: DocumentNode, case: Case, context: Any, root: Any, options: CompilerOptions
) -> tuple[Answer, bool]:
    """Execute a compiled operation. Returns also whether the fast decoder rejected the variables."""
    operation = compile_operation(schema, document, case.operation_name, options)
    rejected = False
    try:
        try:
            variables = operation.decode_variables(json.dumps(case.variables).encode())
        except Rejected:
            rejected = True
            variables = operation.coerce_variables(case.variables)
    except VariableErrors as error:
        return answer(None, error.errors), rejected
    _ = variables.values
    execution = await operation.execute(variables, context_value=context, root_value=root)
    # As text and back, because the two encoders write floats in different ways.
    return answer(json.loads(msgspec.json.encode(execution.data)), execution.errors), rejected


async def compare(
    schema: GraphQLSchema,
    document: DocumentNode,
    case: Case,
    *,
    options: CompilerOptions | None = None,
    context: Callable[[], Any] = lambda: None,
    root: Callable[[], Any] = lambda: None,
) -> Comparison:
    """Execute an operation twice, each time with a new context and root value."""
    try:
        compiled, rejected = await execute_compiled(
            schema, document, case, context(), root(), options or CompilerOptions()
        )
    except NotCompiled as reason:
        return Comparison(await execute_standard(schema, document, case, context(), root()), None, str(reason))
    return Comparison(await execute_standard(schema, document, case, context(), root()), compiled, rejected=rejected)
