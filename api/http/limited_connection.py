"""The limits of a connection: a client that is too slow, sends too much or sends nothing is cut off."""

import asyncio
from typing import Any

import httptools
import structlog
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.connection_limits import ConnectionLimits, ConnectionLoad
from api.http.exchange import Exchange
from api.http.refusals import RefusedRequest, head_too_large, malformed, too_many_connections, too_slow

log = structlog.get_logger(__name__)
# After a refusal, the client has this long to read the response while what it still sends is ignored.
_LINGER_SECONDS = 1.0
# What the head of a pipelined request may have, while the request before it is answered.
_PIPELINED_HEAD_BYTES = 1024


class LimitedConnection(HttpToolsProtocol):
    """A connection within `ConnectionLimits`. One timer watches the client, instead of one for each request."""

    def __init__(self, *arguments: Any, load: ConnectionLoad | None = None, **options: Any) -> None:
        """`load` counts what all connections of the worker hold. None is for a connection on its own."""
        super().__init__(*arguments, **options)
        self._load = load or ConnectionLoad(ConnectionLimits())
        self._limits = self._load.limits
        self._timer_seconds = min(self.timeout_keep_alive, self._limits.receive_seconds, self._limits.send_seconds)
        self._timer: asyncio.TimerHandle | None = None
        # By the clock of the event loop: when the last response ended, and when the client stopped to take responses.
        self._idle_since: float | None = None
        self._blocked_since: float | None = None
        # From the first byte of a request until its body has arrived. The time is None if one read brought all of it.
        self._request_open = False
        self._receiving_since: float | None = None
        # The sizes of the last read, of all bodies until now, and of all that is not body in the open request.
        self._read_bytes = self._body_bytes = self._framing_bytes = 0
        self._open_body_bytes = 0
        # The request that the application has begun to answer last.
        self._exchange: Exchange | None = None
        # Whether the application is answering a request, and whether what the client sends is ignored.
        self._answering = self._refused = False

    @property
    def waiting_since(self) -> float | None:
        """Since when the service has waited for the client to send something; None if it does not wait."""
        if self._answering and (self.pipeline or not self.cycle.more_body):
            return None
        return self._receiving_since if self._request_open else self._idle_since

    def unsent_bytes(self) -> int:
        """Return the bytes of responses that wait for the client.

        The transport counts the rest that it has not sent, but holds the whole body in memory until it has sent all.
        """
        body_bytes = 0 if self._exchange is None else self._exchange.response_bytes
        return max(self.transport.get_write_buffer_size(), body_bytes)

    def drop(self) -> None:
        """Close the connection without waiting for the client. A request in progress receives `http.disconnect`."""
        self._refused = True
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer, or refuse the connection if there are too many."""
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._timer = self.loop.call_later(self._timer_seconds, self._check)
        if len(self.connections) > self._limits.connections and not self._load.make_room(self, self.connections):
            self._refuse(too_many_connections(self._limits.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer. A request in progress then receives `http.disconnect`."""
        self._forget()
        exchange = self._exchange
        if exchange is not None and not exchange.response_complete:  # the base class knows the last pipelined one only
            exchange.disconnected = True
            exchange.message_event.set()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the protocol of WebSockets."""
        self._forget()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Parse what the client sent."""
        if self._refused:
            return
        body_bytes_before = self._body_bytes
        self._read_bytes = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            else:
                self._unsupported_upgrade_warning()
            return
        except httptools.HttpParserError as error:
            self._refuse(error.__context__ if isinstance(error.__context__, RefusedRequest) else malformed())
            return
        if self._request_open:
            self._receive(len(data), self._body_bytes - body_bytes_before)

    def on_message_begin(self) -> None:
        """Note that a request has begun."""
        self._request_open = True
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Give a part of the body to the application."""
        self._body_bytes += len(body)
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Note that the request has arrived."""
        self._request_open = False
        if self._receiving_since is not None:
            self._end_receiving()
        cycle = self.cycle
        # An upgrade to a WebSocket has no cycle of its own.
        if cycle is not None and not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def pause_writing(self) -> None:
        """Note that the client takes the response more slowly than the service sends it."""
        super().pause_writing()
        self._blocked_since = self.loop.time()
        self._load.send(self)

    def _receive(self, read_bytes: int, body_bytes: int) -> None:
        """Count what has arrived of a request that is not complete."""
        if self._receiving_since is None:
            self._receiving_since = self.loop.time()
        self._framing_bytes += read_bytes - body_bytes
        self._open_body_bytes += body_bytes
        limit = self._limits.head_bytes
        if self._framing_bytes > limit + self._open_body_bytes + _PIPELINED_HEAD_BYTES * len(self.pipeline):
            self._refuse(head_too_large(limit))
        else:
            self._load.receive(self, read_bytes)

    def _end_receiving(self) -> None:
        self._receiving_since = None
        self._framing_bytes = self._open_body_bytes = 0
        self._load.end_receiving(self)

    def _forget(self) -> None:
        """Stop the timer, and count nothing for this connection any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._load.end_receiving(self)
        self._load.end_sending(self)

    def _check(self) -> None:
        """Cut off a client that is too slow or has been idle for too long."""
        now = self.loop.time()
        if self._refused:
            self.drop()
        elif self.transport.is_closing() and self._blocked_since is None:
            self._blocked_since = now  # the connection closes once the client has taken the response
        if (at := self._deadline()) is not None and at - now <= 0.001:  # the clock counts in milliseconds
            self._expire()
            at = None
        seconds = self._timer_seconds if at is None else min(at - now, self._timer_seconds)
        self._timer = self.loop.call_later(seconds, self._check)

    def _deadline(self) -> float | None:
        if self._blocked_since is not None:
            return self._blocked_since + self._limits.send_seconds
        if (since := self.waiting_since) is None:
            return None
        return since + (self._limits.receive_seconds if self._request_open else self.timeout_keep_alive)

    def _expire(self) -> None:
        if self._blocked_since is not None:
            self.drop()
        elif self._request_open:
            self._refuse(too_slow(round(self._limits.receive_seconds * 1000)))
        else:
            self.timeout_keep_alive_handler()

    def _refuse(self, refusal: RefusedRequest) -> None:
        """Send a refusal if the client can still receive one, and close the connection."""
        log.info("request refused", status=refusal.status, code=refusal.code)
        self._refused = True
        if self.pipeline or self._blocked_since is not None or (self._answering and self.cycle.response_started):
            self.drop()
            return
        if self._answering:
            self.cycle.disconnected = True
            self.cycle.waiting_for_100_continue = False  # nothing can be written after the refusal
            self.cycle.message_event.set()
        self.transport.write(refusal.response())
        # Closing at once would reset the connection, and with it the response, if the client is still sending.
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
