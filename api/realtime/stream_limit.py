"""The limits on the streams and the subscriptions of a worker."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class StreamLimitReached(Exception):
    """The worker has as many streams or subscriptions as its limit allows. `what` names which of them."""

    def __init__(self, limit: int, what: str) -> None:
        self.limit = limit
        super().__init__(f"The worker has reached its limit of {limit:,} {what}. Try again later.")


class StreamLimit:
    """Counts the streams and the subscriptions of a worker, and notifies the streams when the worker stops.

    A stream is a WebSocket, which can have several subscriptions, or an event stream, which has one.
    """

    def __init__(self, streams: int, subscriptions: int) -> None:
        self._max_streams = streams
        self._max_subscriptions = subscriptions
        self.streams = self.subscriptions = 0
        self.stopping = asyncio.Event()

    @contextmanager
    def reserve_stream(self) -> Iterator[None]:
        """Count one more stream for the duration of the block. Raises `StreamLimitReached`."""
        if self.streams >= self._max_streams:
            raise StreamLimitReached(self._max_streams, "streams")
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1

    @contextmanager
    def reserve_subscription(self) -> Iterator[None]:
        """Count one more subscription for the duration of the block. Raises `StreamLimitReached`."""
        if self.subscriptions >= self._max_subscriptions:
            raise StreamLimitReached(self._max_subscriptions, "subscriptions")
        self.subscriptions += 1
        try:
            yield
        finally:
            self.subscriptions -= 1

    def stop(self) -> None:
        """End the event streams, which uvicorn would otherwise wait for. It closes WebSocket connections itself."""
        self.stopping.set()
