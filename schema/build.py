"""The schema, put together; and its text."""

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
from schema.errors import as_client_sees
from schema.execution.document_cache import BoundedParserCache, BoundedValidationCache
from schema.execution.executor import ExecutionContext
from schema.limits.extension import LimitsExtension, OperationLimits
from schema.resolvers.mutation import Mutation
from schema.resolvers.query import Query
from schema.resolvers.subscription import Subscription
from schema.types.task import Task

DATE_TIME = replace(
    DateTimeDefinition,
    description="A moment, by ISO 8601, like 2026-11-25T08:30:00.123456+00:00. Given in UTC, with as many digits as it "
    "needs: microseconds, an expiry milliseconds. Taken with any offset, in UTC if it has none.",
)


class Schema(strawberry.Schema):
    """A schema whose errors are for people, wherever they come from: parser, validation, or resolvers."""

    suggestions = True

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        """As Strawberry's; `context_value` is our `Context`."""
        context: Context = options["context_value"]
        result = await super().execute(*arguments, **options)
        self._for_people(result, context)
        if context.session.cache.degraded:
            result.extensions = {**(result.extensions or {}), "degraded": True}
        return result

    async def stream(self, *arguments: Any, **options: Any) -> Any:
        """The events of a subscription, as Strawberry's. Raises `SubscriberTooSlow`."""
        context: Context = options["context_value"]
        return self._shown(await super().stream(*arguments, **options), context)

    async def _shown(self, results: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async with aclosing(results):
                async for result in results:
                    for error in result.errors or ():
                        if isinstance(error.original_error, SubscriberTooSlow):
                            raise error.original_error
                    self._for_people(result, context)
                    yield result
        except GraphQLError as error:  # of an extension: Strawberry lets those through here
            refused = PreExecutionError(data=None, errors=[error])
            self._for_people(refused, context)
            yield refused

    def _for_people(self, result: Any, context: Context) -> None:
        if result.errors:
            result.errors = [
                as_client_sees(error, context.request_id, suggestions=self.suggestions) for error in result.errors
            ]


def build(limits: OperationLimits | None = None, *, suggestions: bool = True) -> strawberry.Schema:
    """The schema that the service answers from; errors that suggest other names only with `suggestions`."""
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
    """The schema in GraphQL's definition language, as `schema/schema.graphql` holds it."""
    return build().as_str() + "\n"
