"""Events of subscriptions: a worker renders an event once for all subscribers with the same selection."""

from collections.abc import AsyncGenerator, AsyncIterator, Hashable
from contextlib import aclosing
from typing import Any, NamedTuple

from strawberry.types.execution import PreExecutionError

from api.graphql.json_text import encode_json
from api.graphql.response import body_of
from cache.feed.subscriber import SubscriberTooSlow
from schema.execution.answer import Answer
from schema.execution.subscription import RunningSubscription, Selection

# The bytes of rendered events that a worker keeps. An evicted event is rendered again for each slow subscriber.
MAX_BYTES = 8 * 2**20
# The bytes that an event takes in addition to its body.
_EVENT_BYTES = 500


class SubscriptionEvent(NamedTuple):
    """The JSON of an event, the same for every transport. errors: why the operation cannot run; None if it runs."""

    body: bytes
    errors: list[dict[str, Any]] | None = None


class SharedEvents:
    """The bodies of the last events, by the selection and the origin of the payload. Evicts the oldest.

    An answer with errors is not shared, because an error can name the request of its subscriber.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        # The keys identify the origins without keeping them in memory: an event can have a large task and a small body.
        self._bodies: dict[tuple[Selection, Hashable], bytes] = {}
        self.bytes = 0

    async def events(self, subscription: RunningSubscription) -> AsyncGenerator[SubscriptionEvent, None]:
        """Yield the events of a subscription until it ends. Raises `SubscriberTooSlow`."""
        source = await subscription.source()
        if isinstance(source, Answer):
            yield event_of(source)
            return
        try:
            async with aclosing(source):
                async for payload in source:
                    yield SubscriptionEvent(await self._body(subscription, payload))
        except SubscriberTooSlow:
            raise
        except Exception as error:
            yield event_of(subscription.failure(error))

    async def _body(self, subscription: RunningSubscription, payload: Any) -> bytes:
        key = subscription.selection, payload.origin
        found = self._bodies.get(key)
        if found is not None:
            return found
        answer = await subscription.answer(payload)
        body = event_of(answer).body
        if not answer.errors and key not in self._bodies:
            self._keep(key, body)
        return body

    def _keep(self, key: tuple[Selection, Hashable], body: bytes) -> None:
        self._bodies[key] = body
        self.bytes += _EVENT_BYTES + len(body)
        while self.bytes > self._max_bytes:
            self.bytes -= _EVENT_BYTES + len(self._bodies.pop(next(iter(self._bodies))))


def event_of(answer: Answer) -> SubscriptionEvent:
    """Return the event for an answer, without the extensions of the answer."""
    content = body_of(answer._replace(extensions={}))
    return SubscriptionEvent(encode_json(content), None if answer.executed else content["errors"])


async def events_of(results: AsyncIterator[Any]) -> AsyncGenerator[SubscriptionEvent, None]:
    """Yield the results of an operation that the schema refuses to run. Each has the errors."""
    async for result in results:
        yield event_of(Answer(result.data, result.errors or [], {}, executed=not isinstance(result, PreExecutionError)))
