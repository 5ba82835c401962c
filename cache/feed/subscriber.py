"""One subscriber of the feed: a bounded queue of events."""

import asyncio
from collections import deque

from cache.feed.events import FeedEvent

# Events that may wait for one subscriber. A slower subscriber is disconnected.
MAX_QUEUED_EVENTS = 1000


class SubscriberTooSlow(Exception):
    """The queue of a subscriber has overflowed."""

    def __init__(self) -> None:
        super().__init__(
            f"More than {MAX_QUEUED_EVENTS:,} events were waiting for this subscriber. Reconnect with the last rev."
        )


class Subscriber:
    """Receives the events in order."""

    def __init__(self) -> None:
        self._queue: deque[FeedEvent] = deque()
        self._not_empty = asyncio.Event()
        self._overflowed = False

    def put(self, event: FeedEvent) -> None:
        """Queue an event. A RESYNC replaces the queued events, which the client will fetch again anyway."""
        if event.kind == "RESYNC":
            self._queue.clear()
        if len(self._queue) >= MAX_QUEUED_EVENTS:
            self._overflowed = True
        else:
            self._queue.append(event)
        self._not_empty.set()

    async def take(self) -> FeedEvent:
        """Wait for the next event and return it. Raises `SubscriberTooSlow`."""
        while not self._queue and not self._overflowed:
            self._not_empty.clear()
            await self._not_empty.wait()
        if self._overflowed:
            raise SubscriberTooSlow
        return self._queue.popleft()
