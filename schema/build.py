"""Assembly of the GraphQL schema, and its text in SDL."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.execution import PreExecutionError

from cache.feed.subscriber import SubscriberTooSlow
from schema.context import Context
from schema.execution.document_cache import BoundedParserCache, BoundedValidationCache
from schema.execution.executor import ExecutionContext
from schema.execution.masking import client_error
from schema.limits.extension import LimitsExtension
from schema.limits.operation_limits import OperationLimits
from schema.resolvers.mutation import Mutation
from schema.resolvers.query import Query
from schema.resolvers.subscription import Subscription
from schema.types.task import Task

DATE_TIME = replace(
    DateTimeDefinition,
    description="A date and time in ISO 8601, such as 2026-11-25T08:30:00.123456+00:00. Returned in UTC; fractional "
    "seconds of zero are left out. Accepted with any UTC offset; a time without an offset is read as UTC.",
)


class Schema(strawberry.Schema):
    """A schema that passes every error of the parser, the validation and the resolvers through `client_error`."""

    suggestions = True

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        """Execute a query or mutation. `context_value` must be a `Context`."""
        context: Context = options["context_value"]
        result = await super().execute(*arguments, **options)
        self._mask_errors(result, context)
        if context.session.cache.degraded:
            result.extensions = {**(result.extensions or {}), "degraded": True}
        return result

    async def stream(self, *arguments: Any, **options: Any) -> Any:
        """Start a subscription and return the iterator of its events, which raises `SubscriberTooSlow`."""
        context: Context = options["context_value"]
        return self._mask_events(await super().stream(*arguments, **options), context)

    async def _mask_events(self, results: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async with aclosing(results):
                async for result in results:
                    for error in result.errors or ():
                        if isinstance(error.original_error, SubscriberTooSlow):
                            raise error.original_error
                    self._mask_errors(result, context)
                    yield result
        except GraphQLError as error:
            # Strawberry does not catch errors that extensions raise before a subscription starts.
            rejected = PreExecutionError(data=None, errors=[error])
            self._mask_errors(rejected, context)
            yield rejected

    def _mask_errors(self, result: Any, context: Context) -> None:
        if result.errors:
            result.errors = [
                client_error(error, context.request_id, suggestions=self.suggestions) for error in result.errors
            ]


def create_schema(limits: OperationLimits | None = None, *, suggestions: bool = True) -> strawberry.Schema:
    """Return the schema that the service executes.

    limits: the default limits if None.
    suggestions: whether errors suggest other names ("Did you mean …?"), which reveals names of the schema.
    """
    limits = limits or OperationLimits()
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Task],
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME}),
        execution_context_class=ExecutionContext,
        extensions=[
            lambda: LimitsExtension(limits),
            BoundedParserCache,
            BoundedValidationCache,
        ],
    )
    schema.suggestions = suggestions
    return schema


def sdl() -> str:
    """Return the schema in GraphQL's schema definition language, as in `schema/schema.graphql`."""
    return create_schema().as_str() + "\n"
