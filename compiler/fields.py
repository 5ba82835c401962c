"""Resolution and completion of one selected field."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from compiler.arguments import Arguments
from compiler.completer import Column, Complete, Execute, FieldPlan, Scope
from compiler.errors import Irregular
from compiler.paths import PathLink
from compiler.resolvers import Resolve, strawberry_resolver
from compiler.run import FieldInfo, Run, may_await
from compiler.strawberry_types import basic_field, resolver_field
from compiler.values import ValueCompleter, value_completer

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import FieldNode, GraphQLObjectType

    from compiler.options import BatchResolver

TYPENAME = "__typename"


def compile_field(key: str, nodes: list[FieldNode], type_: GraphQLObjectType, scope: Scope) -> FieldPlan | None:
    """Return the plan of a field, or None if the type has no such field."""
    name = nodes[0].name.value
    if name == TYPENAME:
        type_name = type_.name
        return FieldPlan(key, lambda source, run, path: type_name, lambda values, run: [type_name] * len(values))
    definition = type_.fields.get(name)
    if definition is None:
        return None
    field = FieldInfo(key, nodes, definition, type_)
    value = value_completer(definition.type, field, scope)
    basic = basic_field(definition)
    if basic is not None and basic.default_resolver is getattr:
        plan = _attribute(field, attrgetter(basic.python_name), value)
    elif basic is not None:
        default, attribute = basic.default_resolver, basic.python_name
        plan = FieldPlan(key, _resolved(field, lambda source, run, path: default(source, attribute), value))
    else:
        plan = FieldPlan(key, _resolved(field, _resolver(field, scope), value))
    batch = scope.options.batch_resolvers.get((type_.name, name))
    if batch is not None and value.column is not None and not definition.args:
        plan.column = _batch_column(batch, value.column)
    return plan


def _resolver(field: FieldInfo, scope: Scope) -> Resolve:
    """Return a function that resolves a field as graphql-core would, given the path of the field."""
    own = resolver_field(field.definition, scope.schema)
    if own is not None:
        return strawberry_resolver(own, field, scope)
    arguments = Arguments(field.definition, field.nodes[0], scope)
    resolve = field.definition.resolve
    if resolve is None:
        name = field.name

        def resolve_default(source: Any, run: Run, path: PathLink) -> Any:
            given = arguments.coerce(run)
            value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
            return value(run.info_of(field, path), **given) if callable(value) else value

        return resolve_default

    def resolve_field(source: Any, run: Run, path: PathLink) -> Any:
        given = arguments.coerce(run)
        return resolve(source, run.info_of(field, path), **given)

    return resolve_field


def _attribute(field: FieldInfo, getter: Callable[[Any], Any], value: ValueCompleter) -> FieldPlan:
    """Return the plan of a field that reads an attribute."""
    column = None if value.column is None else _attribute_column(getter, value.column)
    exact, nullable, finish = value.exact, value.nullable, _finisher(field, value)
    key, type_name = field.key, field.parent_type.name

    def execute(source: Any, run: Run, path: PathLink | None) -> Any:
        try:
            found = getter(source)
        except Exception as error:
            return field.fail(error, nullable, run, (path, key, type_name))
        if exact is not None and type(found) is exact:
            return found
        return finish(found, run, (path, key, type_name))

    return FieldPlan(key, execute, column)


def _attribute_column(getter: Callable[[Any], Any], complete: Column) -> Column:
    def column(values: list[Any], run: Run) -> list[Any]:
        read = list(map(getter, values))
        try:
            return complete(read, run)
        except Exception:
            _close_coroutines(values, read, getter)
            raise

    return column


def _close_coroutines(values: list[Any], read: list[Any], getter: Callable[[Any], Any]) -> None:
    """Close the coroutines that properties have created, because the attributes will be read again."""
    for source, value in zip(values, read, strict=True):
        if type(value) is CoroutineType:
            again = getter(source)
            if again is not value:
                value.close()
                again.close()


def _batch_column(batch: BatchResolver, complete: Column) -> Column:
    def column(values: list[Any], run: Run) -> list[Any]:
        resolved = list(batch(values))
        if len(resolved) != len(values):
            raise Irregular
        return complete(resolved, run)

    return column


def _resolved(field: FieldInfo, resolve: Resolve, value: ValueCompleter) -> Execute:
    """Return a function that resolves and completes a field, and locates its errors."""
    key, type_name, nullable, finish = field.key, field.parent_type.name, value.nullable, _finisher(field, value)

    def execute(source: Any, run: Run, path: PathLink | None) -> Any:
        own_path = (path, key, type_name)
        try:
            found = resolve(source, run, own_path)
        except Exception as error:
            return field.fail(error, nullable, run, own_path)
        return finish(found, run, own_path)

    return execute


def _finisher(field: FieldInfo, value: ValueCompleter) -> Complete:
    """Return a function that completes a resolved value, which may be awaitable, and locates the errors."""
    complete, nullable, leaf = value.complete, value.nullable, value.leaf

    def finish(found: Any, run: Run, path: PathLink) -> Any:
        before = run.pending
        if hasattr(type(found), "__await__"):
            run.pending = before + 1
            return complete_awaitable(found, run, path)
        try:
            completed = complete(found, run, path)
        except Exception as error:
            return field.fail(error, nullable, run, path)
        # Only a scalar can be awaitable without having been counted.
        if (leaf or run.pending != before) and may_await(completed):
            run.pending += 1
            return guard(completed, run, path)
        return completed

    async def complete_awaitable(awaitable: Any, run: Run, path: PathLink) -> Any:
        try:
            completed = complete(await awaitable, run, path)
            return await completed if may_await(completed) else completed
        except Exception as error:
            return field.fail(error, nullable, run, path)

    async def guard(completed: Any, run: Run, path: PathLink) -> Any:
        try:
            return await completed
        except Exception as error:
            return field.fail(error, nullable, run, path)

    return finish
