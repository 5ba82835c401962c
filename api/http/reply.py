"""Sending of responses: the headers that every response has, and the compression of long ones."""

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from api.graphql.accept import GRAPHQL_JSON, JSON
from api.graphql.response import ResponseBody
from api.http.endpoint import GraphQLResponse

# Shorter bodies are not compressed. From the second bound on, a thread compresses.
COMPRESS_FROM_BYTES, _COMPRESS_IN_THREAD_FROM_BYTES = 1024, 128 * 1024
_GZIP = (b"content-encoding", b"gzip")

Headers = list[tuple[bytes, bytes]]


def _headers(vary: bytes) -> dict[str, Headers]:
    """Return the headers that all responses of a media type have."""
    # A cached response could be older than a write that the client has made since.
    common = [(b"cache-control", b"no-store"), (b"vary", vary)]
    return {type_: [(b"content-type", f"{type_}; charset=utf-8".encode()), *common] for type_ in (JSON, GRAPHQL_JSON)}


_SHORT, _LONG = _headers(b"Accept"), _headers(b"Accept, Accept-Encoding")


class Reply:
    """The `send` of one request. It adds the request id to the response, and notes the status."""

    __slots__ = ("_id", "_send", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._id = request_id
        # None until the response starts.
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-Id"] = self._id
        await self._send(message)

    async def send(self, response: GraphQLResponse, accept_encoding: bytes, send: Send | None = None) -> None:
        """Send a response, compressed if the client accepts gzip and the body is not short.

        send: middleware that adds to the response; None for no middleware.
        """
        status, result, media_type, extra = response
        body = result.body
        if len(body) < COMPRESS_FROM_BYTES:
            headers = _SHORT[media_type].copy()
        else:
            headers = _LONG[media_type].copy()
            if b"gzip" in accept_encoding:
                body = await _compressed(result)
                headers.append(_GZIP)
        headers += ((b"content-length", b"%d" % len(body)), (b"x-request-id", self._id.encode()))
        if extra:
            headers += [(name.lower().encode(), value.encode()) for name, value in extra.items()]
        self.status = status
        send = send or self._send
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _compressed(result: ResponseBody) -> bytes:
    if len(result.body) < _COMPRESS_IN_THREAD_FROM_BYTES or result.is_compressed:
        return result.compressed()
    return await asyncio.to_thread(result.compressed)
