"""A subscription to one channel of Redis, on a connection of its own."""

import asyncio
from collections import deque
from typing import Any

from cache.errors import CacheUnavailable
from cache.redis.failures import unavailable
from cache.redis.pipeline import Pipeline, pack_command

# With this many messages waiting, nothing is read from the socket until all of them were taken.
MAX_WAITING_MESSAGES = 1000


class Subscription:
    """Receives the messages of a channel in their order."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._messages: deque[bytes] = deque()
        self._confirmed = False
        self._paused = False
        # Done when something has happened that the caller waits for.
        self._changed: asyncio.Future[None] | None = None
        pipeline.closed.add_done_callback(lambda _: self._wake_up())

    async def subscribe(self, channel: bytes, seconds: float) -> None:
        """Subscribe. Raises `CacheUnavailable` if Redis does not confirm it within `seconds`."""
        self._pipeline.subscribe(pack_command(("SUBSCRIBE", channel)), self._receive)
        await self._wait(seconds)
        if not self._confirmed:
            raise self._failure()

    async def next_message(self, seconds: float) -> bytes | None:
        """Return the next message, or None if none arrives within `seconds`.

        Raises `CacheUnavailable` if the connection is closed and all messages were taken.
        """
        if not self._messages:
            self._resume()
            if self._pipeline.is_open:
                await self._wait(seconds)
        if self._messages:
            return self._messages.popleft()
        if not self._pipeline.is_open:
            raise self._failure()
        return None

    def close(self) -> None:
        """Close the connection."""
        self._pipeline.close(ConnectionError("The subscription has ended."))

    def _failure(self) -> CacheUnavailable:
        reason = self._pipeline.closed_by or TimeoutError()
        error = unavailable(reason)
        error.__cause__ = reason
        return error

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._changed = changed = loop.create_future()
        timer = loop.call_later(seconds, self._wake_up)
        try:
            await changed
        finally:
            timer.cancel()
            self._changed = None

    def _wake_up(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _receive(self, push: list[Any]) -> None:
        """Take a push of the server: `message`, channel, text; or `subscribe`, channel, number of channels."""
        if push[0] == b"message":
            self._messages.append(push[2])
            if len(self._messages) >= MAX_WAITING_MESSAGES and not self._paused:
                self._paused = True
                self._pipeline.pause_reading()
        elif push[0] == b"subscribe":
            self._confirmed = True
        self._wake_up()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._pipeline.resume_reading()
