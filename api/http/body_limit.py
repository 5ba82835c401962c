"""Middleware that limits the size of request bodies."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import error_response


class BodyLimit:
    """Answers 413 to a body over the limit, without reading all of it."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        announced_bytes = int(announced) if announced.isdigit() else None
        if announced_bytes is None or announced_bytes > self._limit_bytes:
            await self._refuse(announced_bytes or self._limit_bytes + 1, scope, receive, send)
            return
        body = await self._read(receive)
        if body is None:
            return
        if len(body) > self._limit_bytes:
            await self._refuse(len(body), scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replay, send)

    async def _read(self, receive: Receive) -> bytes | None:
        """Return the body, cut off soon after the limit, or None if the client disconnected."""
        body, more = b"", True
        while more and len(body) <= self._limit_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return body

    async def _refuse(self, size_bytes: int, scope: Scope, receive: Receive, send: Send) -> None:
        # The size is a lower bound, because the rest of the body was not read.
        response = error_response(
            413,
            f"The request body has at least {size_bytes:,} bytes, and the limit is {self._limit_bytes:,} bytes. "
            "Send fewer tasks in each request.",
            "BODY_TOO_LARGE",
            {"Connection": "close"},
            limit=self._limit_bytes,
            requested=size_bytes,
        )
        await response(scope, receive, send)
