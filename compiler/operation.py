"""The entry of the compiler, and the compiled operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from graphql import DocumentNode, GraphQLError, GraphQLSchema, validate_schema

from compiler.compilation import Compilation
from compiler.document import Document, read_document
from compiler.errors import NotCompiled
from compiler.inputs import InputTypes
from compiler.options import CompilerOptions
from compiler.run import Run, may_await
from compiler.strawberry_inputs import StrawberryInputs
from compiler.strawberry_types import has_resolve_hook, strawberry_schema
from compiler.variables import Variables, VariablesPlan

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Mapping

    import msgspec

    from compiler.completer import Selection

_DEFAULT_OPTIONS = CompilerOptions()


class Execution(NamedTuple):
    """The result of an execution. `data` is a tree of msgspec structs, or None."""

    data: Any
    errors: list[GraphQLError]


class _SchemaTypes:
    """What all operations of a schema share: the decoders of the input types."""

    def __init__(self, schema: GraphQLSchema) -> None:
        if validate_schema(schema):
            raise NotCompiled("the schema is not valid")
        self.hooked = has_resolve_hook(schema)
        self.inputs = InputTypes()
        self.strawberry = None if strawberry_schema(schema) is None else StrawberryInputs(schema, self.inputs)


_types: WeakKeyDictionary[GraphQLSchema, _SchemaTypes] = WeakKeyDictionary()


def compile_operation(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None = None,
    options: CompilerOptions = _DEFAULT_OPTIONS,
) -> CompiledOperation:
    """Compile an operation of a valid document.

    Raises `NotCompiled` with the reason if the standard executor must execute the operation.
    """
    types = _types.get(schema)
    if types is None:
        types = _types[schema] = _SchemaTypes(schema)
    if types.hooked:
        raise NotCompiled("an extension of the schema hooks into every resolver")
    try:
        found = read_document(schema, document, operation_name)
        if 2 ** len(found.conditions) > options.max_variants:
            raise NotCompiled(f"the directives @skip and @include depend on {len(found.conditions)} variables")
        plan = VariablesPlan(schema, found, types.inputs, types.strawberry)
        operation = CompiledOperation(schema, found, options, plan)
        if not found.conditions:
            operation.variant({})
    except RecursionError as error:
        raise NotCompiled("the document is nested too deeply") from error
    return operation


class CompiledOperation:
    """An operation that can be executed any number of times, also concurrently."""

    def __init__(
        self, schema: GraphQLSchema, document: Document, options: CompilerOptions, variables: VariablesPlan
    ) -> None:
        self._schema = schema
        self._document = document
        self._options = options
        self._variables = variables
        self._variants: dict[tuple[Any, ...], Selection] = {}
        self.operation = document.operation

    def decode_variables(self, raw: bytes | msgspec.Raw | None) -> Variables:
        """Return the variables, decoded from a JSON object or null.

        Raises `Rejected` if the decoder does not accept them. They can still be valid: use `coerce_variables`.
        """
        return self._variables.decode(raw)

    def coerce_variables(self, given: Mapping[str, Any]) -> Variables:
        """Return the variables that graphql-core coerces. Raises `VariableErrors`."""
        return self._variables.coerce_given(given)

    def variant(self, given: Mapping[str, Any]) -> Selection:
        """Return the selection for these values of the variables of `@skip` and `@include`."""
        names = self._document.conditions
        key = tuple([given.get(name, _types) for name in names])
        selection = self._variants.get(key)
        if selection is None:
            if len(self._variants) >= self._options.max_variants:
                self._variants.pop(next(iter(self._variants)))
            conditions = {name: given[name] for name in names if name in given}
            compilation = Compilation(self._schema, self._document, self._options, self._variables, conditions)
            selection = self._variants[key] = compilation.root()
        return selection

    async def execute(
        self,
        variables: Variables,
        *,
        context_value: Any = None,
        root_value: Any = None,
        operation_extensions: Mapping[str, Any] | None = None,
    ) -> Execution:
        """Execute the operation. Fields of queries run concurrently, those of mutations one after the other."""
        started = self.start(
            variables,
            context_value=context_value,
            root_value=root_value,
            operation_extensions=operation_extensions,
        )
        return started if isinstance(started, Execution) else await started

    def start(
        self,
        variables: Variables,
        *,
        context_value: Any = None,
        root_value: Any = None,
        operation_extensions: Mapping[str, Any] | None = None,
    ) -> Execution | Coroutine[Any, Any, Execution]:
        """Begin what `execute` does. Return the result if no resolver awaits anything, or else the rest to await."""
        document = self._document
        run = Run(
            self._schema,
            document.operation,
            document.fragments,
            variables,
            context_value,
            root_value,
            operation_extensions,
        )
        try:
            data = self.variant(variables.given).execute(root_value, run, None)
        except GraphQLError as error:
            run.add_error(error, None)
            data = None
        except BaseException:
            run.release()
            raise
        if may_await(data):
            return _finish(data, run)
        run.release()
        return Execution(data, run.errors)


async def _finish(data: Awaitable[Any], run: Run) -> Execution:
    try:
        return Execution(await data, run.errors)
    except GraphQLError as error:
        run.add_error(error, None)
        return Execution(None, run.errors)
    finally:
        run.release()
