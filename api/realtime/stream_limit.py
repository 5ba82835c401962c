"""The limits on the streams and the subscriptions of a worker."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StreamLimitReached(Exception):
    """The worker has as many streams or subscriptions as its limit allows. `what` names which of them."""

    def __init__(self, limit: int, what: str) -> None:
        self.limit = limit
        super().__init__(f"The worker has reached its limit of {limit:,} {what}. Try again later.")


_REPLACED = "Too many connections wait for connection_init. Send it at once, or try again later."


class StreamLimit:
    """Counts the streams and the subscriptions of a worker, and notifies the streams when the worker stops.

    A stream is a WebSocket, which can have several subscriptions, or an event stream, which has one. A WebSocket counts
    once it has said who connects, so that clients without a token take no streams.
    """

    def __init__(self, streams: int, subscriptions: int) -> None:
        self._max_streams = streams
        self._max_subscriptions = subscriptions
        # What closes each WebSocket that has not said who connects, the oldest first. As many as streams may wait, so
        # that all clients can connect again at once.
        self._waiting: dict[object, Callable[[str], None]] = {}
        self.streams = self.subscriptions = 0
        self.stopping = asyncio.Event()

    def check_streams(self) -> None:
        """Raise `StreamLimitReached` if there can be no further stream."""
        if self.streams >= self._max_streams:
            raise StreamLimitReached(self._max_streams, "streams")

    @contextmanager
    def waiting(self, connection: object, close: Callable[[str], None]) -> Iterator[None]:
        """Count a WebSocket that has not said who connects. Of too many, the oldest is closed with a reason.

        An honest client takes milliseconds.
        """
        self._waiting[connection] = close
        if len(self._waiting) > self._max_streams:
            self._waiting.pop(next(iter(self._waiting)))(_REPLACED)
        try:
            yield
        finally:
            self.end_waiting(connection)

    def end_waiting(self, connection: object) -> None:
        """Forget a WebSocket that has said who connects, or that has ended."""
        self._waiting.pop(connection, None)

    @contextmanager
    def reserve_stream(self) -> Iterator[None]:
        """Count one more stream for the duration of the block. Raises `StreamLimitReached`."""
        self.check_streams()
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
