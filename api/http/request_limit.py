"""Middleware that limits the requests in flight."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import RETRY_AFTER, error_response


class RequestLimit:
    """Answers 503 with Retry-After to requests over the limit, so that they do not queue.

    The limit applies to paths that start with `path`.
    """

    def __init__(self, app: ASGIApp, limit: int, path: str) -> None:
        self._app = app
        self._limit = limit
        self._path = path
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._path):
            await self._app(scope, receive, send)
            return
        if self._in_flight >= self._limit:
            response = error_response(
                503,
                f"The server has reached its limit of {self._limit} requests in flight. Try again.",
                "BUSY",
                RETRY_AFTER,
                limit=self._limit,
            )
            await response(scope, receive, send)
            return
        counted = 1
        self._in_flight += counted

        async def send_uncounted_streams(message: Message) -> None:
            nonlocal counted
            if message["type"] == "http.response.start" and _is_event_stream(message):
                self._in_flight -= counted
                counted = 0
            await send(message)

        try:
            await self._app(scope, receive, send_uncounted_streams)
        finally:
            self._in_flight -= counted


def _is_event_stream(start: Message) -> bool:
    # An event stream can stay open for days. It has a limit of its own, `StreamLimit`.
    return Headers(raw=start["headers"]).get("content-type", "").startswith("text/event-stream")
