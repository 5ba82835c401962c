"""Calls of Strawberry resolvers without Strawberry's wrappers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from strawberry.types.arguments import convert_argument

from compiler.arguments import Arguments
from compiler.strawberry_types import is_plain_leaf, strawberry_schema

if TYPE_CHECKING:
    from strawberry.types.field import StrawberryField

    from compiler.completer import Scope
    from compiler.paths import PathLink
    from compiler.run import FieldInfo, Run

# Resolves a field of an object, given the path of the field.
Resolve = Callable[[Any, "Run", "PathLink"], Any]


def strawberry_resolver(own: StrawberryField, field: FieldInfo, scope: Scope) -> Resolve:
    """Return a function that calls the resolver of a field with the arguments that Strawberry gives it.

    An asynchronous resolver converts its arguments when it is awaited, as Strawberry's wrapper does.
    """
    base: Any = own.base_resolver
    function = base.wrapped_func
    arguments = _StrawberryArguments(own, field, scope)
    takes_self = base.self_parameter is not None
    parents = [parameter.name for parameter in (base.parent_parameter, base.root_parameter) if parameter is not None]
    info_name = None if base.info_parameter is None else base.info_parameter.name
    info_class = strawberry_schema(scope.schema).config.info_class
    needs_info = info_name is not None or arguments.conversions

    def call(source: Any, run: Run, path: PathLink, given: dict[str, Any]) -> Any:
        if needs_info:
            info = info_class(_raw_info=run.info_of(field, path), _field=own)
            if arguments.conversions:
                arguments.convert(given, run, info)
            if info_name is not None:
                given[info_name] = info
        for name in parents:
            given[name] = source
        return function(source, **given) if takes_self else function(**given)

    async def call_async(source: Any, run: Run, path: PathLink, given: dict[str, Any]) -> Any:
        result = call(source, run, path, given)
        return await result if hasattr(type(result), "__await__") else result

    if own.is_async and arguments.conversions:
        return lambda source, run, path: call_async(source, run, path, arguments.coerce(run))
    return lambda source, run, path: call(source, run, path, arguments.coerce(run))


class _StrawberryArguments:
    """The arguments of a Strawberry resolver. `conversions` are those that depend on Strawberry's conversion."""

    def __init__(self, own: StrawberryField, field: FieldInfo, scope: Scope) -> None:
        self._schema = strawberry_schema(scope.schema).schema_converter
        config = self._schema.config
        names = {config.name_converter.from_argument(argument): argument for argument in own.arguments}
        self._arguments = Arguments(
            field.definition,
            field.nodes[0],
            scope,
            {name: argument.python_name for name, argument in names.items()},
            converted=True,
        )
        self.coerce = self._arguments.coerce
        registry = self._schema.scalar_registry
        self.conversions = [
            (argument.python_name, name, argument.type, self._arguments.variables.get(argument.python_name))
            for name, argument in names.items()
            if not is_plain_leaf(argument.type, registry)
        ]

    def convert(self, given: dict[str, Any], run: Run, info: Any) -> None:
        """Convert arguments in place. Raises Strawberry's errors."""
        converted = run.variables.converted
        for python_name, name, type_, variable in self.conversions:
            if python_name in given and variable not in converted:
                given[python_name] = convert_argument(
                    given[python_name],
                    type_,
                    scalar_registry=self._schema.scalar_registry,
                    config=self._schema.config,
                    info=info,
                    path=(name,),
                )
