"""Subscriptions to channels of one server. All of a process share one connection."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from cache.errors import CacheUnavailable
from cache.redis.failures import unavailable
from cache.redis.pipeline import Pipeline, pack_command

# What may wait for the subscriber of one channel. Further messages are dropped, because the socket carries those of
# other channels too. The numbers of the messages tell the subscriber that it has missed some.
MAX_WAITING_MESSAGES = 10_000
MAX_WAITING_BYTES = 8 * 2**20


class Subscription:
    """Receives the messages of a channel in their order."""

    def __init__(self, pipeline: Pipeline, channel: bytes) -> None:
        self.channel = channel
        self.confirmed = False
        self._pipeline = pipeline
        self._messages: deque[bytes] = deque()
        self._bytes = 0
        # Done when something has happened that the caller waits for.
        self._changed: asyncio.Future[None] | None = None

    async def confirm(self, seconds: float) -> None:
        """Wait until Redis has confirmed it. Raises `CacheUnavailable` after `seconds`."""
        if not self.confirmed:
            await self._wait(seconds)
        if not self.confirmed:
            raise self._failure()

    async def next_message(self, seconds: float) -> bytes | None:
        """Return the next message, or None if none arrives within `seconds`.

        Raises `CacheUnavailable` if the connection is closed and all messages were taken.
        """
        if not self._messages and self._pipeline.is_open:
            await self._wait(seconds)
        if self._messages:
            message = self._messages.popleft()
            self._bytes -= len(message)
            return message
        if not self._pipeline.is_open:
            raise self._failure()
        return None

    def receive(self, message: bytes) -> None:
        """Add a message, or drop it if too much is waiting."""
        if len(self._messages) < MAX_WAITING_MESSAGES and self._bytes < MAX_WAITING_BYTES:
            self._messages.append(message)
            self._bytes += len(message)
        self.wake_up()

    def wake_up(self) -> None:
        """Let the caller look at what has changed."""
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _failure(self) -> CacheUnavailable:
        reason = self._pipeline.closed_by or TimeoutError()
        error = unavailable(reason, self._pipeline.server)
        error.__cause__ = reason
        return error

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._changed = changed = loop.create_future()
        timer = loop.call_later(seconds, self.wake_up)
        try:
            await changed
        finally:
            timer.cancel()
            self._changed = None


class Subscriptions:
    """Opens a connection for the first subscription and closes it after the last one.

    connect: opens a connection, or raises `CacheUnavailable`. sharded: the channels belong to shards of a cluster.
    """

    def __init__(self, connect: Callable[[], Awaitable[Pipeline]], *, sharded: bool = False) -> None:
        self._connect = connect
        self._prefix = "S" if sharded else ""
        # The kinds of pushes that confirm a subscription and that carry a message.
        self._confirmation, self._message = (b"ssubscribe", b"smessage") if sharded else (b"subscribe", b"message")
        self._connecting = asyncio.Lock()
        self._pipeline: Pipeline | None = None
        self._channels: dict[bytes, list[Subscription]] = {}

    async def subscribe(self, channel: bytes, seconds: float) -> Subscription:
        """Subscribe to a channel. Raises `CacheUnavailable` if Redis does not confirm it within `seconds`."""
        async with self._connecting:
            if self._pipeline is None or not self._pipeline.is_open:
                self._adopt(await self._connect())
            pipeline = self._pipeline
        assert pipeline is not None
        subscription = Subscription(pipeline, channel)
        known = self._channels.setdefault(channel, [])
        known.append(subscription)
        try:
            if len(known) == 1:
                pipeline.subscribe(pack_command((f"{self._prefix}SUBSCRIBE", channel)), self._receive)
            subscription.confirmed = known[0].confirmed
            await subscription.confirm(seconds)
        except BaseException:
            self.unsubscribe(subscription)
            raise
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription."""
        channel = subscription.channel
        known = self._channels.get(channel, [])
        if subscription not in known:  # its connection was replaced
            return
        known.remove(subscription)
        if known:
            return
        del self._channels[channel]
        assert self._pipeline is not None
        if not self._channels:
            self._pipeline.close(ConnectionError("The subscription has ended."))
            self._pipeline = None
            return
        with suppress(CacheUnavailable):
            self._pipeline.subscribe(pack_command((f"{self._prefix}UNSUBSCRIBE", channel)), self._receive)

    def _adopt(self, pipeline: Pipeline) -> None:
        # The subscriptions on the connection before have failed, and subscribe again.
        channels: dict[bytes, list[Subscription]] = {}
        self._pipeline, self._channels = pipeline, channels

        def wake_up(_: object) -> None:
            for subscription in [each for known in channels.values() for each in known]:
                subscription.wake_up()

        pipeline.closed.add_done_callback(wake_up)

    def _receive(self, push: list[Any]) -> None:
        """Take a push of the server: `message`, channel, text; or `subscribe`, channel, number of channels."""
        for subscription in self._channels.get(push[1], ()):
            if push[0] == self._message:
                subscription.receive(push[2])
            elif push[0] == self._confirmation:
                subscription.confirmed = True
                subscription.wake_up()
