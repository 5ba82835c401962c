"""The state of one execution of a compiled operation: errors, pending work, and the info for resolvers."""

from __future__ import annotations

from asyncio import Future, gather, get_running_loop
from types import CoroutineType
from typing import TYPE_CHECKING, Any, cast

from graphql import FieldNode, GraphQLError, GraphQLResolveInfo, located_error
from graphql.pyutils import gather_with_cancel
from graphql.pyutils.is_awaitable import is_awaitable
from graphql.type import GraphQLResolveInfoHelpers

from compiler.errors import Irregular
from compiler.paths import info_path, path_list

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from graphql import FragmentDefinitionNode, GraphQLField, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode

    from compiler.paths import PathLink
    from compiler.variables import Variables


class Run:
    """One execution. `pending` counts the coroutines that fields have returned so far."""

    __slots__ = (
        "_helpers",
        "_info_field",
        "_info_path",
        "_nulled",
        "background",
        "context_value",
        "errors",
        "fragments",
        "info",
        "operation",
        "operation_extensions",
        "pending",
        "root_value",
        "schema",
        "strawberry",
        "variables",
    )

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        variables: Variables,
        context_value: Any,
        root_value: Any,
        operation_extensions: Mapping[str, Any] | None,
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = fragments
        self.variables = variables
        self.context_value = context_value
        self.root_value = root_value
        self.operation_extensions = operation_extensions
        self.strawberry = hasattr(schema, "_strawberry_schema")
        self.errors: list[GraphQLError] = []
        self.pending = 0
        self.background: set[Future[Any]] = set()
        self.info: Any = None
        self._info_path: PathLink | None = None
        self._info_field: FieldInfo | None = None
        self._nulled: set[PathLink | None] = set()
        self._helpers: GraphQLResolveInfoHelpers | None = None

    def release(self) -> None:
        """End the execution: without these references, an info and this object do not form a cycle.

        A cycle would keep everything that the execution has read in memory until Python looks for cycles.
        """
        self.info = self._info_path = self._info_field = self._helpers = None

    def add_error(self, error: GraphQLError, path: PathLink | None) -> None:
        """Record an error that made the value at `path` null, unless a value around it is null already."""
        nulled = self._nulled
        if nulled:
            link = path
            while link is not None:
                if link in nulled:
                    return
                link = link[0]
            if None in nulled:
                return
        nulled.add(path)
        self.errors.append(error)

    def settle_in_background(self, awaitables: Sequence[Awaitable[Any]]) -> None:
        """Let coroutines finish whose results are no longer needed, because a sibling has failed."""
        try:
            get_running_loop()
        except RuntimeError:
            for awaitable in awaitables:
                if isinstance(awaitable, CoroutineType):
                    awaitable.close()
            return
        future = gather(*awaitables, return_exceptions=True)
        self.background.add(future)
        future.add_done_callback(self.background.discard)

    def info_of(self, field: FieldInfo, path: PathLink) -> Any:
        """Return the info of a field, the same object for all calls for the same path."""
        if self._info_path is not path or self._info_field is not field:
            self._info_path, self._info_field = path, field
            self.info = ResolveInfo._make(self._info_members(field, path))
        return self.info

    def info_without_path(self, field: FieldInfo) -> Any:
        """Return an info for all objects of a list that is completed by columns. Reading its path stops that."""
        return InfoWithoutPath._make(self._info_members(field, None, _stop_at_awaitable))

    def _info_members(
        self, field: FieldInfo, path: PathLink | None, is_awaitable: Callable[[Any], bool] = is_awaitable
    ) -> tuple[Any, ...]:
        return (
            field.name,
            field.nodes,
            field.definition.type,
            field.parent_type,
            path,
            self.schema,
            self.fragments,
            self.root_value,
            self.operation,
            self,
            self.context_value,
            is_awaitable,
            None,
            None,
        )

    @property
    def helpers(self) -> GraphQLResolveInfoHelpers:
        """Return the helpers of the info for asynchronous work."""
        if self._helpers is None:
            self._helpers = GraphQLResolveInfoHelpers(gather=self._gather, track=self._track)
        return self._helpers

    def _gather(self, values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
        return gather_with_cancel(*values)

    def _track(self, values: Sequence[Any]) -> None:
        if awaitables := [value for value in values if is_awaitable(value)]:
            self.settle_in_background(awaitables)


class FieldInfo:
    """What is known about a selected field at compile time."""

    __slots__ = ("definition", "key", "name", "nodes", "parent_type")

    def __init__(
        self,
        key: str,
        nodes: list[FieldNode],
        definition: GraphQLField,
        parent_type: GraphQLObjectType,
    ) -> None:
        self.key = key
        self.name = nodes[0].name.value
        self.nodes = nodes
        self.definition = definition
        self.parent_type = parent_type

    def fail(self, error: Exception, nullable: bool, run: Run, path: PathLink) -> None:
        """Record an error of the value at `path`, or raise it with its path if the value must not be null."""
        located = located_error(error, self.nodes, path_list(path))
        if not nullable:
            raise located
        run.add_error(located, path)


class ResolveInfo(GraphQLResolveInfo[Any]):
    """The info for resolvers. Has also the members that Strawberry adds."""

    __slots__ = ()

    # The path and the helpers are created only for the few resolvers that read them.

    @property
    def path(self) -> Any:
        """Return the path as graphql-core's type."""
        return info_path(cast("PathLink | None", self[4]))

    @property
    def async_helpers(self) -> Any:
        """Return the helpers for asynchronous work."""
        return cast("Run", self[9]).helpers

    @property
    def variable_values(self) -> Any:
        """Return the coerced variables: for Strawberry as a dictionary, otherwise as graphql-core does."""
        run = cast("Run", self[9])
        values = run.variables.coerced
        return values.coerced if run.strawberry else values

    @property
    def operation_extensions(self) -> Any:
        """Return the extensions of the request."""
        run = cast("Run", self[9])
        return run.operation_extensions


def _stop_at_awaitable(value: Any) -> bool:
    """Return False. Raises `Irregular` if the value is awaitable, because columns have nothing to await."""
    if not is_awaitable(value):
        return False
    if isinstance(value, CoroutineType):
        value.close()
    raise Irregular


class InfoWithoutPath(ResolveInfo):
    """An info for functions that are called for many objects and hardly ever read the path."""

    __slots__ = ()

    @property
    def path(self) -> Any:
        """Raise `Irregular`, so that each object is completed with its own info."""
        raise Irregular


def may_await(value: Any) -> bool:
    """Return whether a value is awaitable. Asks its type, because reading an attribute of a value can be expensive."""
    kind = type(value)
    return kind is CoroutineType or hasattr(kind, "__await__")
