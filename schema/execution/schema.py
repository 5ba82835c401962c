"""The schema class: runs operations by their plans, and masks the errors of every result."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from typing import Any

import strawberry
from graphql import Executor, GraphQLError
from msgspec import Raw
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.execution import ExecutionResult, PreExecutionError

from compiler import CompiledOperation, Execution, Rejected, Variables
from schema.context import Context
from schema.execution.answer import Answer
from schema.execution.masking import client_error
from schema.execution.plan import Plan, Planner
from schema.execution.plan_extension import cost_extension

# Reading takes 20 to 90 µs for each character: measured with documents of 150 to 9,000 characters, on one core.
FREE_CHARACTERS, CHARACTERS_PER_POINT = 100, 10


class Schema(strawberry.Schema):
    """A schema that passes every error of the parser, the validation and the resolvers through `client_error`."""

    planner: Planner
    max_cost: int
    suggestions = True

    def start_compiled(
        self, plan: Plan, raw_variables: Raw | None, context: Context
    ) -> Answer | Coroutine[Any, Any, Answer] | None:
        """Begin to run a compiled query or mutation. Return the answer, or the rest to await before there is one.

        Returns None, with nothing done, if the operation is not compiled, costs too much, or if its variables have
        errors: `execute` then has the answer.
        """
        if plan.compiled is None or plan.cost is None:
            return None
        try:
            variables = plan.compiled.decode_variables(raw_variables)
        except Rejected:
            return None
        requested = plan.cost.cost(variables.values)
        if requested > self.max_cost:
            return None
        if not context.allowance.take(requested):
            return self._answer_after_draw(plan.compiled, variables, requested, context)
        execution = plan.compiled.start(variables, context_value=context)
        if isinstance(execution, Execution):
            return self._answer(execution, requested, context)
        return self._awaited_answer(execution, requested, context)

    async def _answer_after_draw(
        self, compiled: CompiledOperation, variables: Variables, requested: int, context: Context
    ) -> Answer:
        await context.allowance.spend(requested)
        execution = compiled.start(variables, context_value=context)
        return self._answer(execution if isinstance(execution, Execution) else await execution, requested, context)

    async def _awaited_answer(
        self, execution: Coroutine[Any, Any, Execution], requested: int, context: Context
    ) -> Answer:
        return self._answer(await execution, requested, context)

    def _answer(self, execution: Execution, requested: int, context: Context) -> Answer:
        data, errors = execution
        extensions = cost_extension(requested, self.max_cost)
        if context.session.cache.degraded:
            extensions["degraded"] = True
        return Answer(
            data, self.client_errors(errors, context.request_id) if errors else errors, extensions, _ran(data, errors)
        )

    async def run(self, document: str, context: Context, **options: Any) -> Answer:
        """Run a query or mutation by the standard executor. The options are those of `strawberry.Schema.execute`.

        Raises `RateLimited`.
        """
        plan = self.planner.plan(document, options.get("operation_name"))
        await context.allowance.spend(self.points_of(plan, options.get("variable_values")))
        result = await self.execute(document, context_value=context, **options)
        errors = result.errors or []
        return Answer(result.data, errors, result.extensions or {}, _ran(result.data, errors))

    def reading_points(self, document: str) -> int:
        """Return the points to take before a document is read that is not known: it can be long and not valid."""
        return min(max(0, len(document) - FREE_CHARACTERS) // CHARACTERS_PER_POINT, self.max_cost)

    def points_of(self, plan: Plan, variables: dict[str, Any] | None) -> int:
        """Return the points to take for an operation; 0 if it is not valid or costs too much to run."""
        requested = 0 if plan.cost is None else plan.cost.cost(variables or {})
        return requested if requested <= self.max_cost else 0

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        """Execute a query or mutation by the standard executor. `context_value` must be a `Context`."""
        context: Context = options["context_value"]
        result = await super().execute(*arguments, **options)
        self._mask_errors(result, context)
        if context.session.cache.degraded:
            result.extensions = {**(result.extensions or {}), "degraded": True}
        return result

    def executor(
        self, plan: Plan, variables: dict[str, Any] | None, context: Context
    ) -> list[GraphQLError] | Executor[Any]:
        """Return the standard executor of an operation, or the errors in its variables."""
        assert plan.document is not None
        return StrawberryGraphQLCoreExecutionContext.build(
            self._schema,
            plan.document,
            context_value=context,
            raw_variable_values=variables,
            operation_name=plan.name,
        )

    async def stream(self, *arguments: Any, **options: Any) -> Any:
        """Start a subscription by Strawberry, and mask the errors of its results."""
        context: Context = options["context_value"]
        return self._masked_results(await super().stream(*arguments, **options), context)

    async def _masked_results(self, results: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async with aclosing(results):
                async for result in results:
                    self._mask_errors(result, context)
                    yield result
        except GraphQLError as error:
            # Strawberry does not catch errors that extensions raise before a subscription starts.
            rejected = PreExecutionError(data=None, errors=[error])
            self._mask_errors(rejected, context)
            yield rejected

    def _mask_errors(self, result: ExecutionResult, context: Context) -> None:
        if result.errors:
            result.errors = self.client_errors(result.errors, context.request_id)

    def client_errors(self, errors: list[GraphQLError], request_id: str) -> list[GraphQLError]:
        """Return the errors that a client receives."""
        return [client_error(error, request_id, suggestions=self.suggestions) for error in errors]


def _ran(data: Any, errors: list[GraphQLError]) -> bool:
    """Return whether an operation ran: an error without a path stopped it before its first field."""
    return data is not None or any(error.path for error in errors)
