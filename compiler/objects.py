"""Completion of objects, interfaces and unions."""

from collections.abc import Callable, Iterator
from types import CoroutineType, NoneType
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLObjectType,
    Undefined,
    default_type_resolver,
    is_object_type,
)
from graphql.pyutils import inspect

from compiler.completer import Column, Completer, Scope, Selection
from compiler.encoded import EncodedCompleter
from compiler.errors import Irregular
from compiler.leaves import irregular
from compiler.paths import PathLink, field_path
from compiler.run import FieldInfo, Run, may_await


def object_completer(
    type_: GraphQLObjectType, selection: Selection, field: FieldInfo, encoded: EncodedCompleter | None
) -> Completer:
    """Return the completer of an object type. Objects that carry their JSON are cut out of it by `encoded`."""
    is_type_of = type_.is_type_of
    select = selection.execute

    def complete(value: Any, run: Run, path: PathLink) -> Any:
        if encoded is not None and type(value) is encoded.python_type:
            try:
                return encoded.cut(value)
            except Exception:
                return select(value, run, path)
        if isinstance(value, Exception):
            raise value
        if value is None or value is Undefined:
            return None
        if is_type_of is not None:
            verdict = is_type_of(value, run.info_of(field, field_path(path)))
            if may_await(verdict):
                run.pending += 1
                return _select_if(verdict, value, run, path)
            if not verdict:
                raise _wrong_type(type_, value, field)
        return select(value, run, path)

    async def _select_if(verdict: Any, value: Any, run: Run, path: PathLink) -> Any:
        if not await verdict:
            raise _wrong_type(type_, value, field)
        completed = select(value, run, path)
        return await completed if may_await(completed) else completed

    return Completer(complete, lambda nullable: _object_column(type_, selection, nullable, encoded, field))


def _wrong_type(type_: GraphQLObjectType, value: Any, field: FieldInfo) -> GraphQLError:
    return GraphQLError(f"Expected value of type '{type_}' but got: {inspect(value)}.", field.nodes)


def _object_column(
    type_: GraphQLObjectType, selection: Selection, nullable: bool, encoded: EncodedCompleter | None, field: FieldInfo
) -> Column | None:
    """Return the column of an object type, for lists whose objects are all of the same kind."""
    select = selection.column
    is_type_of = type_.is_type_of
    if select is None and encoded is None:
        return None

    def complete(values: list[Any], kinds: set[type], run: Run) -> list[Any]:
        if encoded is not None and encoded.python_type in kinds:
            if len(kinds) > 1:
                raise Irregular
            return encoded.cut_all(values)
        if select is None or any(map(irregular, kinds)):
            raise Irregular
        if is_type_of is not None:
            info = run.info_without_path(field)
            for value in values:
                verdict = is_type_of(value, info)
                if verdict is not True:
                    raise discard(verdict)
        return select(values, run)

    return null_aware(complete, nullable)


def null_aware(complete: Callable[[list[Any], set[type], Run], list[Any]], nullable: bool) -> Column:
    """Return the column that completes all values but the nulls. Also passes the set of their types."""

    def column(values: list[Any], run: Run) -> list[Any]:
        kinds = set(map(type, values))
        if NoneType not in kinds:
            return complete(values, kinds, run) if values else []
        if not nullable:
            raise Irregular
        kinds.discard(NoneType)
        given = [value for value in values if value is not None]
        completed = iter(complete(given, kinds, run) if given else ())
        return [None if value is None else next(completed) for value in values]

    return column


def discard(result: Any) -> Irregular:
    """Return the exception to raise for a result that is not of the usual kind, and close it if it is a coroutine."""
    if type(result) is CoroutineType:
        result.close()
    return Irregular()


def _no_column(values: list[Any], run: Run) -> list[Any]:
    raise Irregular


def abstract_completer(type_: GraphQLAbstractType, field: FieldInfo, scope: Scope) -> Completer:
    """Return the completer of an interface or a union."""
    completion = _AbstractCompletion(type_, field, scope)
    return Completer(completion.complete, completion.column)


class _AbstractCompletion:
    """Completes a value by the object type that the schema resolves for it."""

    def __init__(self, type_: GraphQLAbstractType, field: FieldInfo, scope: Scope) -> None:
        self._type = type_
        self._field = field
        self._scope = scope
        self._completers: dict[str, Completer] = {}
        self._columns: dict[str, Column] = {}
        self._encoded: dict[type, GraphQLObjectType] = {}
        for name, encoded in scope.options.encoded_types.items():
            object_type = scope.schema.get_type(name)
            if is_object_type(object_type) and scope.schema.is_sub_type(type_, object_type):
                self._encoded[encoded.python_type] = object_type

    def complete(self, value: Any, run: Run, path: PathLink) -> Any:
        object_type = self._encoded.get(type(value))
        if object_type is not None:
            return self._of(object_type).complete(value, run, path)
        if isinstance(value, Exception):
            raise value
        if value is None or value is Undefined:
            return None
        info = run.info_of(self._field, field_path(path))
        name = (self._type.resolve_type or default_type_resolver)(value, info, self._type)
        if may_await(name):
            run.pending += 1
            return self._complete_awaitable(name, value, run, path)
        return self._of(self._valid(name, value)).complete(value, run, path)

    async def _complete_awaitable(self, name: Any, value: Any, run: Run, path: PathLink) -> Any:
        completed = self._of(self._valid(await name, value)).complete(value, run, path)
        return await completed if may_await(completed) else completed

    def column(self, nullable: bool) -> Column:
        """Return the column for lists of objects, which may be of several types."""
        resolve_type = self._type.resolve_type or default_type_resolver

        def complete(values: list[Any], kinds: set[type], run: Run) -> list[Any]:
            if kinds <= self._encoded.keys() and len(kinds) == 1:
                return self._column_of(self._encoded[next(iter(kinds))])(values, run)
            if any(map(irregular, kinds)) or not kinds.isdisjoint(self._encoded):
                raise Irregular
            info = run.info_without_path(self._field)
            names: list[str] = []
            for value in values:
                name: Any = resolve_type(value, info, self._type)
                if type(name) is not str:
                    raise discard(name)
                names.append(name)
            by_name: dict[str, Iterator[Any]] = {}
            for type_name in set(names):
                of_type = [value for value, name in zip(values, names, strict=True) if name == type_name]
                by_name[type_name] = iter(self._column_of(self._valid(type_name, of_type[0]))(of_type, run))
            return [next(by_name[name]) for name in names]

        return null_aware(complete, nullable)

    def _column_of(self, object_type: GraphQLObjectType) -> Column:
        column = self._columns.get(object_type.name)
        if column is None:
            column = self._columns[object_type.name] = self._of(object_type).column(False) or _no_column
        return column

    def _of(self, object_type: GraphQLObjectType) -> Completer:
        completer = self._completers.get(object_type.name)
        if completer is None:
            completer = self._completers[object_type.name] = self._scope.object_completer(object_type, self._field)
        return completer

    def _valid(self, name: Any, value: Any) -> GraphQLObjectType:
        """Return the object type with this name. Raises the errors of graphql-core if it cannot be the type."""
        schema, type_, field = self._scope.schema, self._type, self._field
        must = f"Abstract type '{type_}' must resolve to an Object type at runtime"
        if name is None:
            problem = (
                f"{must} for field '{field.parent_type}.{field.name}'. Either the '{type_}' type should provide a "
                "'resolve_type' function or each possible type should provide an 'is_type_of' function."
            )
        elif not isinstance(name, str):
            problem = (
                f"{must} for field '{field.parent_type}.{field.name}' with value {inspect(value)}, received "
                f"'{inspect(name)}', which is not a valid Object type name."
            )
        else:
            object_type = schema.get_type(name)
            if object_type is None:
                problem = (
                    f"Abstract type '{type_}' was resolved to a type '{name}' that does not exist inside the schema."
                )
            elif not is_object_type(object_type):
                problem = f"Abstract type '{type_}' was resolved to a non-object type '{name}'."
            elif not schema.is_sub_type(type_, object_type):
                problem = f"Runtime Object type '{object_type}' is not a possible type for '{type_}'."
            else:
                return object_type
        raise GraphQLError(problem, field.nodes)
