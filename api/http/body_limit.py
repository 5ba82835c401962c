"""The limit on the size of request bodies."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.graphql.deadline import ClientDisconnected
from api.http.errors import error_response

# No length has more digits. Python refuses to convert very long numbers.
_MAX_DIGITS = 20
# How much of a refused body is read, and for how long.
_DISCARD_BYTES, _DISCARD_SECONDS = 16 * 2**20, 5.0


class BodyTooLarge(Exception):
    """A request body is over the limit. `size_bytes` is a lower bound if `unread`: the rest has not been read."""

    def __init__(self, size_bytes: int, *, unread: bool) -> None:
        super().__init__(size_bytes)
        self.size_bytes = size_bytes
        self.unread = unread


class BodyLimit:
    """Reads bodies up to the limit, and answers 413 to a larger one without reading all of it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes

    def check_announced(self, headers: Mapping[bytes, bytes]) -> None:
        """Check the header Content-Length. Raises `BodyTooLarge`."""
        announced = headers.get(b"content-length")
        if announced is None:
            return
        is_number = announced.isdigit() and len(announced) <= _MAX_DIGITS
        announced_bytes = int(announced) if is_number else self._limit_bytes + 1
        if announced_bytes > self._limit_bytes:
            raise BodyTooLarge(announced_bytes, unread=True)

    async def read(self, receive: Receive) -> bytes:
        """Return the body of a request. Raises `BodyTooLarge` and `ClientDisconnected`."""
        message = await receive()
        body = _content(message)
        if not message.get("more_body", False) and len(body) <= self._limit_bytes:
            return body
        parts = bytearray(body)
        while len(parts) <= self._limit_bytes and message.get("more_body", False):
            message = await receive()
            parts += _content(message)
        if len(parts) > self._limit_bytes:
            raise BodyTooLarge(len(parts), unread=message.get("more_body", False))
        return bytes(parts)

    def refusal(self, error: BodyTooLarge) -> "Refusal":
        """Return the response 413."""
        response = error_response(
            413,
            f"The request body has at least {error.size_bytes:,} bytes, and the limit is {self._limit_bytes:,} bytes. "
            "Send fewer tasks in each request.",
            "BODY_TOO_LARGE",
            {"Connection": "close"},
            limit=self._limit_bytes,
            requested=error.size_bytes,
        )
        return Refusal(response, error)


class Refusal:
    """A response to a body that is too large.

    The rest of the body is read first, unless it is huge or the client waits with it. A connection that closes with
    data unread is reset, and most clients and proxies then report the reset instead of the response.
    """

    def __init__(self, response: Response, error: BodyTooLarge) -> None:
        self._response = response
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        waits = any(name == b"expect" for name, _ in scope["headers"])
        if self._error.unread and self._error.size_bytes <= _DISCARD_BYTES and not waits:
            with suppress(TimeoutError):
                async with asyncio.timeout(_DISCARD_SECONDS):
                    await _discard(receive)
        await self._response(scope, receive, send)


async def _discard(receive: Receive) -> None:
    """Read the rest of a body. Raises `ClientDisconnected`."""
    left, more = _DISCARD_BYTES, True
    while more and left > 0:
        message = await receive()
        left -= len(_content(message))
        more = message.get("more_body", False)


def _content(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    content: bytes = message.get("body", b"")
    return content
