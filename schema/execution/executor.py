"""The executor that Strawberry uses, of which one that serves a subscription does not grow with each event."""

from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class ExecutionContext(StrawberryGraphQLCoreExecutionContext):
    """graphql-core 3.3.2 remembers the selection of every event's fields, by the identity of a list that is made anew
    for each event, for as long as the subscription lasts: 1.4 KB an event."""

    def build_per_event_executor(self, payload: Any) -> Any:
        """For one event, with a memory of its own."""
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor
