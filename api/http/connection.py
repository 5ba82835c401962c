"""Connections of HTTP/1.1: uvicorn's protocol with less work for each request."""

import asyncio
from functools import lru_cache
from typing import Any, cast
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

# The extension of ASGI by which an application sends a whole response in one message. Its members: `status`; `head`,
# the lines of the headers; and `body`, whose length one of the headers announces. Nothing checks the headers.
WHOLE_RESPONSE = "millitask.response"
_EXTENSIONS: dict[str, dict[str, Any]] = {WHOLE_RESPONSE: {}}
# Clients send few different targets. The two bounds keep the cache below 256 KB.
_MAX_CACHED_TARGETS, _MAX_CACHED_BYTES = 256, 256


class Connection(HttpToolsProtocol):
    """A connection to a client.

    Unlike in uvicorn, one timer closes the connection when it is idle, instead of one for each request. The setting
    `limit_concurrency` has no effect.
    """

    # When the last response ended, by the clock of the event loop. None from the first byte of the next request on.
    _idle_since: float | None = None
    _idle_timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer. A request in progress then receives `http.disconnect`."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        super().connection_lost(exc)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def on_headers_complete(self) -> None:
        """Start the application for a request, as soon as the requests before it have been answered."""
        parser, scope = self.parser, cast("dict[str, Any]", self.scope)
        if parser.should_upgrade():
            super().on_headers_complete()
            return
        http_version = scope["http_version"] = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        url = self.url
        target = _cached_target(url) if len(url) <= _MAX_CACHED_BYTES else _target(url)
        scope["path"], scope["raw_path"], scope["query_string"] = target
        scope["extensions"] = _EXTENSIONS
        previous = self.cycle
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
            http_version != "1.0" and parser.should_keep_alive(),
            self.on_response_complete,
        )
        if previous is None or previous.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_response_complete(self) -> None:
        """Start the next pipelined request, or let the connection be idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._close_if_idle)

    def _close_if_idle(self) -> None:
        idle_seconds = 0.0 if self._idle_since is None else self.loop.time() - self._idle_since
        # The clock of the event loop counts in milliseconds.
        remaining_seconds = self.timeout_keep_alive - idle_seconds
        if remaining_seconds > 0.001:
            self._idle_timer = self.loop.call_later(remaining_seconds, self._close_if_idle)
        else:
            self._idle_timer = None
            self.timeout_keep_alive_handler()


class Exchange(RequestResponseCycle):
    """One request and its response, which can be sent in one message and then takes one call of the system."""

    async def send(self, message: Any) -> None:
        """Send a message of ASGI or of the extension `WHOLE_RESPONSE`."""
        if message["type"] != WHOLE_RESPONSE:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("A whole response was sent after another response had started.")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        head = [STATUS_LINE[message["status"]]]
        for name, value in self.default_headers:
            head += (name, b": ", value, b"\r\n")
        head += (message["head"], b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        self.transport.writelines((b"".join(head), b"" if self.scope["method"] == "HEAD" else message["body"]))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _target(url: bytes) -> tuple[str, bytes, bytes]:
    """Return the path of a request, decoded and as it was sent, and its query string."""
    parsed = httptools.parse_url(url)
    raw_path: bytes = parsed.path
    path = raw_path.decode("ascii")
    if "%" in path:
        path = unquote(path)
    return path, raw_path, parsed.query or b""


_cached_target = lru_cache(_MAX_CACHED_TARGETS)(_target)
