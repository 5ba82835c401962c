"""Subscriptions over server-sent events, by the graphql-sse protocol in its distinct connections mode."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing, suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.graphql.accept import EVENT_STREAM
from api.graphql.response import OperationRecord
from api.graphql.shared_events import SubscriptionEvent
from api.realtime.stream_limit import StreamLimit
from cache.feed.subscriber import SubscriberTooSlow

# A silent stream carries a comment at this interval, so that proxies keep the connection open.
HEARTBEAT_SECONDS = 12.0
_COMMENT = b":\n\n"


class EventStream(Response):
    """A response that sends the events of a subscription, each as `next`, and then `complete`.

    A stream that ends without `complete` was cut off, because the server stopped, the client was too slow, its token
    is no longer valid, or other workspaces have fewer streams. The client connects again.
    """

    media_type = EVENT_STREAM

    def __init__(
        self,
        events: AsyncGenerator[SubscriptionEvent, None],
        streams: StreamLimit,
        record: OperationRecord,
        watching: Callable[[Callable[[str], None]], AbstractContextManager[None]],
        workspace: str,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.record = record
        self._events = events
        self._streams = streams
        # Calls the given function with a reason when the caller may no longer have a stream.
        self._watching = watching
        self._workspace = workspace
        self._ended = asyncio.Event()
        self._end_reason = ""
        # By the clock of the event loop.
        self._sent_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. Raises `StreamLimitReached` before anything is sent."""
        async with aclosing(self._events):
            with (
                self._streams.reserve_stream(self._workspace, self._end),
                self._streams.reserve_subscription(self._workspace, self._end),
                self._watching(self._end),
            ):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await self._send(send, _COMMENT)  # tells the client at once that it is connected
                await self._send_until_end(receive, send)
                await send({"type": "http.response.body", "body": b""})

    async def _send_until_end(self, receive: Receive, send: Send) -> None:
        """Send messages until the subscription ends, the client disconnects or the worker stops."""
        sending = asyncio.create_task(self._send_events(send))
        others = [
            asyncio.create_task(wait_for_disconnect(receive)),
            asyncio.create_task(self._streams.stopping.wait()),
            asyncio.create_task(self._ended.wait()),
            asyncio.create_task(self._send_heartbeats(send)),
        ]
        try:
            await asyncio.wait({sending, *others}, return_when="FIRST_COMPLETED")
        finally:
            for task in (sending, *others):
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            with suppress(asyncio.CancelledError):
                await sending
        if self._end_reason:
            await self._send(send, b": " + self._end_reason.encode() + b"\n\n")

    def _end(self, reason: str) -> None:
        self._end_reason = reason
        self._ended.set()

    async def _send_events(self, send: Send) -> None:
        try:
            async for event in self._events:
                await self._send(send, b"event: next\ndata: " + event.body + b"\n\n")
        except SubscriberTooSlow as error:
            await self._send(send, b": " + str(error).encode() + b"\n\n")
        else:
            await self._send(send, b"event: complete\ndata:\n\n")

    async def _send_heartbeats(self, send: Send) -> None:
        while True:
            silent_seconds = asyncio.get_running_loop().time() - self._sent_at
            if silent_seconds >= HEARTBEAT_SECONDS:
                await self._send(send, _COMMENT)
                silent_seconds = 0.0
            await asyncio.sleep(HEARTBEAT_SECONDS - silent_seconds)

    async def _send(self, send: Send, message: bytes) -> None:
        self._sent_at = asyncio.get_running_loop().time()
        await send({"type": "http.response.body", "body": message, "more_body": True})


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected. The body of the request must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
