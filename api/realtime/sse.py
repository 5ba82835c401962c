"""Subscriptions over server-sent events, and how many streams of either kind a worker may have."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.types.execution import PreExecutionError

from api.graphql.accept import EVENTS
from api.http.middleware import RETRY_AFTER, error_response
from cache.feed.subscriber import SubscriberTooSlow

_encode = msgspec.json.Encoder().encode
# Seconds that a client may take to take what was sent, and of silence after which it is sent a comment.
PATIENCE = 10.0
HEARTBEAT = 12.0


class TooManyStreams(Exception):
    """The worker has as many subscribers as it may; the message says how many."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The server has {limit:,} subscribers, which is as many as it may. Try again later.")


class StreamLimit:
    """The streams that are open."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.open = 0
        self.closing = asyncio.Event()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """One more, while the block runs. Raises `TooManyStreams`."""
        if self.open >= self._limit:
            raise TooManyStreams(self._limit)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def close(self) -> None:
        """Ends those that nobody else ends when the worker stops."""
        self.closing.set()


class EventStream(Response):
    """A subscription's events, each a `next`, by the protocol of graphql-sse (distinct connections mode).

    A stream that ends without a `complete` was cut off, so that its client comes again: when the server stops, and when
    the client was too slow.
    """

    media_type = EVENTS

    def __init__(self, results: AsyncIterator[Any], streams: StreamLimit) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._results = results
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            with self._streams.entered(), suppress(TimeoutError):
                await self._stream(receive, send)
        except TooManyStreams as error:
            response = error_response(503, str(error), "BUSY", {"Retry-After": RETRY_AFTER}, limit=error.limit)
            await response(scope, receive, send)

    async def _stream(self, receive: Receive, send: Send) -> None:
        async def patiently(body: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(PATIENCE):
                await send({"type": "http.response.body", "body": body, "more_body": more})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._events(receive)) as events:  # type: ignore[type-var]
            async for event in events:
                await patiently(event)
        await patiently(b"", more=False)

    async def _events(self, receive: Receive) -> AsyncIterator[bytes]:
        """What is sent, until there is no more, the client has gone or the server stops."""
        ends = [asyncio.create_task(_gone(receive)), asyncio.create_task(self._streams.closing.wait())]
        following: asyncio.Task[Any] | None = None
        yield b":\n\n"  # so that a client knows at once that it is connected
        try:
            while True:
                following = following or asyncio.create_task(_next(self._results))
                done, _ = await asyncio.wait({following, *ends}, timeout=HEARTBEAT, return_when="FIRST_COMPLETED")
                if following in done:
                    event, following = _event(following), None
                    yield event
                    if not event.startswith(b"event: next"):
                        return
                elif done:
                    return
                else:
                    yield b":\n\n"
        finally:
            tasks = [task for task in (*ends, following) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._results.aclose()  # type: ignore[attr-defined]


def _event(following: "asyncio.Task[Any]") -> bytes:
    try:
        result = following.result()
    except StopAsyncIteration:
        return b"event: complete\ndata:\n\n"
    except SubscriberTooSlow as error:
        return b": " + str(error).encode() + b"\n\n"
    return b"event: next\ndata: " + _encode(shown(result)) + b"\n\n"


async def _next(results: AsyncIterator[Any]) -> Any:
    """In a coroutine, for a task; a `StopAsyncIteration` may leave that, but no `StopIteration`."""
    return await anext(results)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def shown(result: Any) -> dict[str, Any]:
    """An event as a client sees it."""
    # What was not run has no data, as by POST; what was run and failed has null.
    body: dict[str, Any] = {} if isinstance(result, PreExecutionError) else {"data": result.data}
    if result.errors:
        body["errors"] = [dict(error.formatted) for error in result.errors]
    return body
