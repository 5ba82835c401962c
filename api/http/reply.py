"""Sending of responses: the headers that every response has, and the compression of long ones."""

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from api.graphql.accept import GRAPHQL_JSON, JSON
from api.graphql.response import OperationRecord, ResponseBody
from api.http.endpoint import GraphQLResponse
from api.http.exchange import WHOLE_RESPONSE
from api.http.request_trace import RESPONSE_HEADER, RequestTrace

# Shorter bodies are not compressed. From the second bound on, a thread compresses.
COMPRESS_FROM_BYTES, _COMPRESS_IN_THREAD_FROM_BYTES = 1024, 128 * 1024
# Without it, a browser could take JSON with parts of a title for HTML or a script.
_NO_SNIFF = (b"x-content-type-options", b"nosniff")
_GZIP = (b"content-encoding", b"gzip")

Headers = list[tuple[bytes, bytes]]


def _headers(vary: bytes) -> dict[str, Headers]:
    """Return the headers that all responses of a media type have."""
    # A cached response could be older than a write that the client has made since.
    common = [(b"cache-control", b"no-store"), (b"vary", vary), _NO_SNIFF]
    return {type_: [(b"content-type", f"{type_}; charset=utf-8".encode()), *common] for type_ in (JSON, GRAPHQL_JSON)}


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%s: %s\r\n" % header for header in headers)


_SHORT, _LONG = _headers(b"Accept"), _headers(b"Accept, Accept-Encoding")
_SHORT_LINES, _LONG_LINES = ({type_: _lines(headers) for type_, headers in each.items()} for each in (_SHORT, _LONG))
_GZIP_LINE = _lines([_GZIP])


class Reply:
    """The `send` of one request. It adds the request id to the response, and notes what the log tells of it.

    status: None until the response starts. record: None for a request that is not for /graphql. streamed: whether the
    response is an event stream. received_bytes, sent_bytes: the sizes of the bodies.
    """

    __slots__ = ("_id", "_send", "received_bytes", "record", "sent_bytes", "status", "streamed", "trace")

    def __init__(self, send: Send, request_id: str, trace: RequestTrace | None = None) -> None:
        self._send = send
        self._id = request_id
        self.trace = trace
        self.status: int | None = None
        self.record: OperationRecord | None = None
        self.streamed = False
        self.received_bytes = self.sent_bytes = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._id
            headers.setdefault("X-Content-Type-Options", "nosniff")
            if self.trace is not None and self.trace.response_header:
                headers[RESPONSE_HEADER] = self.trace.response_header
        else:
            self.sent_bytes += len(message.get("body", b""))
        await self._send(message)

    def end_trace(self) -> None:
        """End the span of the request. Has no effect after the first call."""
        if self.trace is not None:
            self.trace.end(self._id, self.status, self.record)

    async def send(
        self, response: GraphQLResponse, accept_encoding: bytes, *, whole: bool, send: Send | None = None
    ) -> None:
        """Send a response, compressed if the client accepts gzip and the body is not short.

        whole: whether the server has the extension `WHOLE_RESPONSE`. send: middleware that adds to the response; None
        for no middleware.
        """
        status, result, media_type, extra = response.status, response.body, response.media_type, response.headers
        if send is None and self.trace is not None and self.trace.response_header:
            extra = {**(extra or {}), RESPONSE_HEADER: self.trace.response_header}
        body = result.body
        is_long = len(body) >= COMPRESS_FROM_BYTES
        gzip = is_long and b"gzip" in accept_encoding
        if gzip:
            body = await _compressed(result)
        self.status = status
        if send is None:  # else `send` passes on to this object, which counts
            self.sent_bytes = len(body)
        if whole and send is None:
            head = b"%scontent-length: %d\r\nx-request-id: %s\r\n" % (
                (_LONG_LINES if is_long else _SHORT_LINES)[media_type],
                len(body),
                self._id.encode(),
            )
            if gzip:
                head += _GZIP_LINE
            if extra:
                head += "".join([f"{name.lower()}: {value}\r\n" for name, value in extra.items()]).encode()
            await self._send({"type": WHOLE_RESPONSE, "status": status, "head": head, "body": body})
            return
        headers = (_LONG if is_long else _SHORT)[media_type].copy()
        if gzip:
            headers.append(_GZIP)
        headers += ((b"content-length", b"%d" % len(body)), (b"x-request-id", self._id.encode()))
        if extra:
            headers += [(name.lower().encode(), value.encode()) for name, value in extra.items()]
        send = send or self._send
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _compressed(result: ResponseBody) -> bytes:
    if len(result.body) < _COMPRESS_IN_THREAD_FROM_BYTES or result.is_compressed:
        return result.compressed()
    return await asyncio.to_thread(result.compressed)
