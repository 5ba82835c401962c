"""Execution of a selection: the fields of one object, or of a list of objects column by column."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from compiler.completer import Column, FieldPlan, Selection
from compiler.lists import await_items
from compiler.structs import struct_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.paths import PathLink
    from compiler.run import Run


def concurrent_selection(fields: list[FieldPlan]) -> Selection:
    """Return the selection whose fields are resolved concurrently."""
    struct = struct_type(tuple(field.key for field in fields))
    functions = [field.execute for field in fields]

    def execute(source: Any, run: Run, path: PathLink | None) -> Any:
        before = run.pending
        values: list[Any] = []
        try:
            for function in functions:
                values.append(function(source, run, path))  # noqa: PERF401 - needed if a later field raises
        except Exception:
            if pending := [value for value in values if type(value) is CoroutineType]:
                run.settle_in_background(pending)
            raise
        if run.pending != before:
            awaited = [index for index, value in enumerate(values) if type(value) is CoroutineType]
            if awaited:
                return finish(values, awaited)
        return struct(*values)

    async def finish(values: list[Any], awaited: list[int]) -> Any:
        return struct(*await await_items(values, awaited))

    return Selection(struct, fields, execute, _column(struct, fields))


def serial_selection(fields: list[FieldPlan]) -> Selection:
    """Return the selection whose fields are resolved one after the other."""
    struct = struct_type(tuple(field.key for field in fields))
    functions = [field.execute for field in fields]

    async def execute(source: Any, run: Run, path: PathLink | None) -> Any:
        values = []
        for function in functions:
            value = function(source, run, path)
            values.append(await value if type(value) is CoroutineType else value)
        return struct(*values)

    return Selection(struct, fields, execute, None)


def failing_selection(error: GraphQLError) -> Selection:
    """Return the selection that raises an error found at compile time."""

    def execute(source: Any, run: Run, path: PathLink | None) -> Any:
        raise GraphQLError(error.message, error.nodes)

    return Selection(struct_type(()), [], execute, None)


def _column(struct: Callable[..., Any], fields: list[FieldPlan]) -> Column | None:
    columns = [field.column for field in fields if field.column is not None]
    if len(columns) != len(fields):
        return None
    if not columns:
        return lambda values, run: [struct() for _ in values]

    def column(values: list[Any], run: Run) -> list[Any]:
        return list(map(struct, *[column(values, run) for column in columns]))

    return column
