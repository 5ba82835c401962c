"""Assertions that a compiled operation answers as graphql-core does."""

import json
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema, parse, validate

from compiler import CompilerOptions
from tests.fuzz.differential.compare import Answer, Case, Comparison, compare


async def compared(
    schema: Any,
    document: str,
    variables: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    options: CompilerOptions | None = None,
    root: Any = None,
    context: Any = None,
    valid: bool = True,
) -> Comparison:
    """Execute a document twice and compare the answers. The schema is one of graphql-core or Strawberry."""
    core: GraphQLSchema = getattr(schema, "_schema", schema)
    parsed = parse(document)
    assert not valid or validate(core, parsed) == []
    case = Case(document, name, variables or {})
    found = await compare(core, parsed, case, options=options, root=lambda: root, context=lambda: context)
    assert found.compiled is None or found.compiled == found.standard
    return found


async def same(schema: Any, document: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Answer:
    """Return the answer of both executors. Fails if the operation is not compiled."""
    found = await compared(schema, document, variables, **more)
    assert found.compiled is not None, found.reason
    return found.compiled


async def data_of(schema: Any, document: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Any:
    """Return the data of both executors. Fails if there are errors."""
    found = await same(schema, document, variables, **more)
    assert found.errors == []
    return json.loads(found.data)


async def reason_of(schema: Any, document: str, variables: Mapping[str, Any] | None = None, **more: Any) -> str:
    """Return why an operation is not compiled."""
    found = await compared(schema, document, variables, **more)
    assert found.compiled is None
    return found.reason


def paths(found: Answer) -> list[list[str | int]]:
    return [error[1] for error in found.errors]


def messages(found: Answer) -> list[str]:
    return [error[0] for error in found.errors]
