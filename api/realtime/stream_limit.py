"""The limits on the streams and the subscriptions of a worker."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.realtime.fair_places import End, FairPlaces


class StreamLimitReached(Exception):
    """The worker has as many streams or subscriptions as its limit allows, and the workspace has its part of them.

    `what` names which of them.
    """

    def __init__(self, limit: int, what: str) -> None:
        self.limit = limit
        super().__init__(f"The worker has reached its limit of {limit:,} {what}. Try again later.")


_REPLACED = "Too many connections wait for connection_init. Send it at once, or try again later."


class StreamLimit:
    """Counts the streams and the subscriptions of a worker, and notifies the streams when the worker stops.

    A stream is a WebSocket, which can have several subscriptions, or an event stream, which has one. A WebSocket counts
    once it has said who connects, so that clients without a token take no streams. `FairPlaces` says how workspaces
    share both limits.
    """

    def __init__(self, streams: int, subscriptions: int) -> None:
        self._max_streams = streams
        self._max_subscriptions = subscriptions
        # What closes each WebSocket that has not said who connects, the oldest first. As many as streams may wait, so
        # that all clients can connect again at once.
        self._waiting: dict[object, Callable[[str], None]] = {}
        self._streams, self._subscriptions = FairPlaces(streams), FairPlaces(subscriptions)
        self.stopping = asyncio.Event()

    @property
    def streams(self) -> int:
        """The number of open streams."""
        return self._streams.count

    @property
    def subscriptions(self) -> int:
        """The number of open subscriptions."""
        return self._subscriptions.count

    def check_streams(self, workspace: str) -> None:
        """Raise `StreamLimitReached` if there can be no further stream of a workspace."""
        if not self._streams.allows(workspace):
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
    def reserve_stream(self, workspace: str, end: End) -> Iterator[None]:
        """Count one more stream for the duration of the block. Raises `StreamLimitReached`.

        `end` is called with a reason if the stream must make room for that of another workspace.
        """
        holder = object()
        if not self._streams.take(workspace, holder, end):
            raise StreamLimitReached(self._max_streams, "streams")
        try:
            yield
        finally:
            self._streams.release(workspace, holder)

    @contextmanager
    def reserve_subscription(self, workspace: str, end: End) -> Iterator[None]:
        """Count one more subscription for the duration of the block. Raises `StreamLimitReached`.

        `end` ends the stream of the subscription, as in `reserve_stream`.
        """
        holder = object()
        if not self._subscriptions.take(workspace, holder, end):
            raise StreamLimitReached(self._max_subscriptions, "subscriptions")
        try:
            yield
        finally:
            self._subscriptions.release(workspace, holder)

    def stop(self) -> None:
        """End the event streams, which uvicorn would otherwise wait for. It closes WebSocket connections itself."""
        self.stopping.set()
