"""Subscriptions over server-sent events, by the graphql-sse protocol in its distinct connections mode."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.graphql.accept import EVENT_STREAM
from api.graphql.json_text import encode_json
from api.graphql.response import OperationRecord
from api.graphql.service import event_body
from api.realtime.stream_limit import StreamLimit
from cache.feed.subscriber import SubscriberTooSlow

# A client that takes longer than this to receive a message is disconnected.
SEND_TIMEOUT_SECONDS = 10.0
# A silent stream carries a comment at this interval, so that proxies keep the connection open.
HEARTBEAT_SECONDS = 12.0
_COMMENT = b":\n\n"


class EventStream(Response):
    """A response that sends the events of a subscription, each as `next`, and then `complete`.

    A stream that ends without `complete` was cut off, because the server stopped or the client was too slow. Its
    client connects again.
    """

    media_type = EVENT_STREAM

    def __init__(self, results: AsyncIterator[Any], streams: StreamLimit, record: OperationRecord) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.record = record
        self._results = results
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response. Raises `TooManyStreams` before anything is sent."""
        with self._streams.reserve(), suppress(TimeoutError):
            await self._stream(receive, send)

    async def _stream(self, receive: Receive, send: Send) -> None:
        async def send_body(body: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await send({"type": "http.response.body", "body": body, "more_body": more})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._messages(receive)) as messages:  # type: ignore[type-var]
            async for message in messages:
                await send_body(message)
        await send_body(b"", more=False)

    async def _messages(self, receive: Receive) -> AsyncIterator[bytes]:
        """Yield encoded messages until the subscription ends, the client disconnects or the worker stops."""
        endings = [
            asyncio.create_task(wait_for_disconnect(receive)),
            asyncio.create_task(self._streams.stopping.wait()),
        ]
        upcoming: asyncio.Task[Any] | None = None
        yield _COMMENT  # tells the client at once that it is connected
        try:
            while True:
                upcoming = upcoming or asyncio.create_task(_next_result(self._results))
                done, _ = await asyncio.wait(
                    {upcoming, *endings}, timeout=HEARTBEAT_SECONDS, return_when="FIRST_COMPLETED"
                )
                if upcoming in done:
                    message, upcoming = _encode_message(upcoming), None
                    yield message
                    if not message.startswith(b"event: next"):
                        return
                elif done:
                    return
                else:
                    yield _COMMENT
        finally:
            tasks = [task for task in (*endings, upcoming) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._results.aclose()  # type: ignore[attr-defined]


def _encode_message(finished: "asyncio.Task[Any]") -> bytes:
    try:
        result = finished.result()
    except StopAsyncIteration:
        return b"event: complete\ndata:\n\n"
    except SubscriberTooSlow as error:
        return b": " + str(error).encode() + b"\n\n"
    return b"event: next\ndata: " + encode_json(event_body(result)) + b"\n\n"


async def _next_result(results: AsyncIterator[Any]) -> Any:
    # A task needs a coroutine, and `anext` returns only an awaitable.
    return await anext(results)


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected. The body of the request must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
