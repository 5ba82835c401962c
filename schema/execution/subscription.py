"""Subscriptions that run: the payloads of their source, and the answer to each payload."""

from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from inspect import isawaitable
from typing import Any, NamedTuple, cast

from graphql import ExecutionResult, Executor, GraphQLError, OperationType, create_source_event_stream

from schema.context import Context
from schema.execution.answer import Answer
from schema.execution.plan import Plan
from schema.execution.schema import Schema


class Selection(NamedTuple):
    """What an answer depends on, except its payload: the workspace, the number of the plan, and some variables."""

    workspace: str
    plan: int
    variables: Hashable


class RunningSubscription:
    """A subscription that keeps little, because there can be thousands: no executor and no session of the store.

    new_context: returns a context with a request id, for the source or for one event.
    """

    __slots__ = ("_new_context", "_plan", "_request_id", "_schema", "_variables", "selection")

    def __init__(
        self,
        schema: Schema,
        plan: Plan,
        variables: dict[str, Any],
        request_id: str,
        new_context: Callable[[str], Context],
    ) -> None:
        self._schema = schema
        self._plan = plan
        self._variables = variables
        self._request_id = request_id
        self._new_context = new_context
        self.selection = selection_of(new_context(request_id).caller.workspace, plan, variables)

    async def source(self) -> AsyncGenerator[Any, None] | Answer:
        """Return the payloads for this subscriber, or an answer with the errors that prevent them."""
        executor = self._executor()
        if isinstance(executor, list):
            return self._rejection(executor)
        created: Any = create_source_event_stream(executor)
        source = await created if isawaitable(created) else created
        if isinstance(source, ExecutionResult):
            return self._rejection(source.errors or [])
        return cast("AsyncGenerator[Any, None]", source)

    async def answer(self, payload: Any) -> Answer:
        """Return the answer to a payload. Without errors it is the same for all subscriptions of the selection."""
        executor = self._executor()
        if isinstance(executor, list):
            return self._rejection(executor)
        running: Any = executor.build_per_event_executor(payload).execute_operation(False)
        result = await running if isawaitable(running) else running
        return Answer(result.data, self._masked(result.errors) if result.errors else [], {})

    def failure(self, error: Exception) -> Answer:
        """Return the answer that ends a subscription whose source has failed."""
        known = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        return Answer(None, self._masked([known]), {})

    def _rejection(self, errors: list[GraphQLError]) -> Answer:
        return Answer(None, self._masked(errors), {}, executed=False)

    def _executor(self) -> list[GraphQLError] | Executor[Any]:
        return self._schema.executor(self._plan, self._variables, self._new_context(self._request_id))

    def _masked(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return self._schema.client_errors(errors, self._request_id)


def start_subscription(
    schema: Schema,
    plan: Plan,
    variables: dict[str, Any] | None,
    request_id: str,
    new_context: Callable[[str], Context],
) -> RunningSubscription | None:
    """Return a subscription. Returns None if it must not run: `Schema.subscribe` then has the errors.

    The subscription keeps only the variables that its operation defines.
    """
    if plan.kind is not OperationType.SUBSCRIPTION or plan.cost is None:
        return None
    if plan.cost.cost(variables or {}) > schema.max_cost:
        return None
    kept = {name: value for name, value in (variables or {}).items() if name in plan.variable_names}
    return RunningSubscription(schema, plan, kept, request_id, new_context)


def selection_of(workspace: str, plan: Plan, variables: Mapping[str, Any]) -> Selection:
    """Return what the answers of a subscription with these variables depend on. An absent variable is not null."""
    names = sorted(plan.event_variables)
    values = tuple((name, repr(variables[name])) for name in names if name in variables)
    return Selection(workspace, plan.number, values)
