"""The limit on subscribers of a worker, WebSocket connections and event streams together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class TooManyStreams(Exception):
    """The worker has reached its limit of subscribers."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The server has reached its limit of {limit:,} subscribers. Try again later.")


class StreamLimit:
    """Counts the open streams of a worker, and notifies them when the worker stops."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.open_streams = 0
        self.stopping = asyncio.Event()

    @contextmanager
    def reserve(self) -> Iterator[None]:
        """Count one more stream for the duration of the block. Raises `TooManyStreams`."""
        if self.open_streams >= self._limit:
            raise TooManyStreams(self._limit)
        self.open_streams += 1
        try:
            yield
        finally:
            self.open_streams -= 1

    def stop(self) -> None:
        """End the event streams, which uvicorn would otherwise wait for. It closes WebSocket connections itself."""
        self.stopping.set()
