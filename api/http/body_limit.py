"""The limit on the size of request bodies."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Message, Receive

from api.graphql.deadline import ClientDisconnected
from api.http.errors import error_response

# No length has more digits. Python refuses to convert very long numbers.
_MAX_DIGITS = 20


class BodyTooLarge(Exception):
    """A request body is over the limit. `size_bytes` is a lower bound, because the rest of the body is not read."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(size_bytes)
        self.size_bytes = size_bytes


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
            raise BodyTooLarge(announced_bytes)

    async def read(self, receive: Receive) -> bytes:
        """Return the body of a request. Raises `BodyTooLarge` and `ClientDisconnected`."""
        message = await receive()
        body = _content(message)
        while len(body) <= self._limit_bytes and message.get("more_body", False):
            message = await receive()
            body += _content(message)
        if len(body) > self._limit_bytes:
            raise BodyTooLarge(len(body))
        return body

    def refusal(self, error: BodyTooLarge) -> Response:
        """Return the response 413."""
        return error_response(
            413,
            f"The request body has at least {error.size_bytes:,} bytes, and the limit is {self._limit_bytes:,} bytes. "
            "Send fewer tasks in each request.",
            "BODY_TOO_LARGE",
            {"Connection": "close"},
            limit=self._limit_bytes,
            requested=error.size_bytes,
        )


def _content(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientDisconnected
    content: bytes = message.get("body", b"")
    return content
