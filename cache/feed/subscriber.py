"""One subscriber of the feed: its position in the log of events."""

from cache.feed.event_log import MAX_BYTES, MAX_EVENTS, EventLog
from cache.feed.events import FeedEvent


class SubscriberTooSlow(Exception):
    """The log no longer has the next event of a subscriber."""

    def __init__(self) -> None:
        super().__init__(
            f"More than {MAX_EVENTS:,} events or {MAX_BYTES // 2**20} MiB were waiting for this subscriber. Reconnect "
            "with the last rev."
        )


class Subscriber:
    """Receives the events in order, from a position on. `first` is an event for this subscriber alone, before them."""

    def __init__(self, event_log: EventLog, position: int, first: FeedEvent | None = None) -> None:
        self._event_log = event_log
        self._position = position
        self._first = first

    async def take(self) -> FeedEvent:
        """Wait for the next event and return it. Raises `SubscriberTooSlow`."""
        if self._first is not None:
            event, self._first = self._first, None
            return event
        await self._event_log.wait(self._position)
        found = self._event_log.first_from(self._position)
        if found is None:
            raise SubscriberTooSlow
        event, self._position = found
        return event
