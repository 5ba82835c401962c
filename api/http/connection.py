"""Connections of HTTP/1.1: uvicorn's protocol with less work for each request, and with limits."""

import asyncio
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

import httptools

from api.http.connection_limits import MAX_PIPELINED
from api.http.exchange import EXTENSIONS, Exchange
from api.http.limited_connection import LimitedConnection
from api.http.refusals import head_too_large, malformed, too_many_headers

# Clients send few different targets. The two bounds keep the cache below 256 KB.
_MAX_CACHED_TARGETS, _MAX_CACHED_BYTES = 256, 256


class _Trailers(list[tuple[bytes, bytes]]):
    """What takes the trailers of a request, which come after its body and are ignored."""

    def append(self, trailer: tuple[bytes, bytes]) -> None:
        """Ignore a trailer."""


_TRAILERS = _Trailers()


class Connection(LimitedConnection):
    """A connection to a client. The setting `limit_concurrency` of uvicorn has no effect."""

    def on_headers_complete(self) -> None:
        """Start the application for a request, as soon as the requests before it have been answered."""
        limits, headers = self._limits, self.headers
        if len(headers) > limits.headers:
            raise too_many_headers(limits.headers)
        # The first part is cheap, and false for most requests.
        if self._framing_bytes + self._read_bytes > limits.head_bytes and _size(self.url, headers) > limits.head_bytes:
            raise head_too_large(limits.head_bytes)
        parser, scope = self.parser, cast("dict[str, Any]", self.scope)
        if parser.should_upgrade():
            # The protocol of WebSockets would take the connection from a request that is being answered, which would
            # then never learn that the client has left. It fails for a path that is not ASCII.
            if self._should_upgrade() and (self._answering or self.pipeline or not self.url.isascii()):
                raise malformed()
            self._answering = True
            super().on_headers_complete()
            return
        self.headers = _TRAILERS
        http_version = scope["http_version"] = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        url = self.url
        target = _cached_target(url) if len(url) <= _MAX_CACHED_BYTES else _target(url)
        scope["path"], scope["raw_path"], scope["query_string"] = target
        scope["extensions"] = EXTENSIONS
        cycle = self.cycle = Exchange(
            self.scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            False,
            self.server_state.default_headers,
            asyncio.Event(),
            self.expect_100_continue,
            http_version != "1.0" and parser.should_keep_alive() and not self._load.closing,
            self.on_response_complete,
        )
        if not self._answering and self._blocked_since is None:
            self._answering, self._exchange = True, cycle
            self._start_asgi_task(cycle, self.app)
        else:
            if len(self.pipeline) >= MAX_PIPELINED:
                raise malformed()
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        """Start the next pipelined request, or let the connection be idle."""
        self.server_state.total_requests += 1
        self._answering = False
        if self.transport.is_closing() or self._blocked_since is not None:
            return
        self._continue()

    def resume_writing(self) -> None:
        """Continue after the client has taken what was sent."""
        super().resume_writing()
        self._blocked_since = None
        self._load.end_sending(self)
        if not self._answering and not self.transport.is_closing():
            self._continue()

    def _continue(self) -> None:
        """Start the next pipelined request, or wait for one."""
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._answering, self._exchange = True, cast("Exchange", cycle)
            self._start_asgi_task(cycle, app)
            return
        self._idle_since = self.loop.time()
        if self._receiving_since is not None:  # the client could not send while the service was answering
            self._receiving_since = self._idle_since


def _size(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    return len(url) + sum(len(name) + len(value) for name, value in headers)


def _target(url: bytes) -> tuple[str, bytes, bytes]:
    """Return the path of a request, decoded and as it was sent, and its query string."""
    parsed = httptools.parse_url(url)
    raw_path: bytes = parsed.path
    path = raw_path.decode("ascii")
    if "%" in path:
        path = unquote(path)
    return path, raw_path, parsed.query or b""


_cached_target = lru_cache(_MAX_CACHED_TARGETS)(_target)
