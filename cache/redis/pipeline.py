"""One socket to Redis on which many requests are in flight at once. Redis answers them in the order of sending."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, cast

import hiredis

from cache.errors import CacheUnavailable
from cache.redis.failures import unavailable
from db.errors import name_server

pack_command: Callable[[tuple[bytes | str | int, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]

_INCOMPLETE = object()
_NEVER = float("inf")
# Takes the replies to a request whose caller was cancelled.
Dropped = Callable[[list[Any]], None]
# The future of a request, the replies received so far, the number of replies, the time at which the request fails, and
# what takes the replies if the caller was cancelled.
_Request = tuple[asyncio.Future[list[Any]], list[Any], int, float, Dropped | None]


class Pipeline(asyncio.Protocol):
    """Writes the requests of one iteration of the event loop together, and hands each its own replies.

    The reply to a request whose caller was cancelled is read and dropped. A request that waits longer than
    `timeout_seconds` closes the socket, because replies behind it would not arrive either.
    """

    def __init__(self, timeout_seconds: float, number: int = 0) -> None:
        self.timeout_seconds = timeout_seconds
        # How many connections the process had opened before this one.
        self.number = number
        self.run_id = ""
        # The name of the server, for the log.
        self.server = ""
        # How many requests were sent.
        self.sent = 0
        self.is_open = True
        self._loop = asyncio.get_running_loop()
        self.closed_by: Exception | None = None
        # Done once the socket is closed.
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader(notEnoughData=_INCOMPLETE)
        self._in_flight: deque[_Request] = deque()
        self._unsent: list[bytes] = []
        self._may_write = True
        self._receive_push: Callable[[list[Any]], None] = lambda _: None
        # In the context of a request, the timer would keep the request in memory.
        self._context = copy_context()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER

    @property
    def socket(self) -> socket.socket:
        """The socket, while it is open."""
        assert self._transport is not None
        opened: socket.socket = self._transport.get_extra_info("socket")
        return opened

    def send(
        self,
        packed: bytes,
        replies: int,
        fails_at: float | None = None,
        dropped: Dropped | None = None,
        *,
        at_once: bool = False,
    ) -> asyncio.Future[list[Any]]:
        """Send packed commands and return a future of their replies, which may be instances of `ReplyError`.

        `dropped` is called with the replies if the future was cancelled before they came. `at_once` does not wait for
        other requests of this iteration of the event loop. The future raises `CacheUnavailable` if the socket closes
        first, at the latest at `fails_at` by the clock of the event loop.
        """
        if not self.is_open:
            raise name_server(CacheUnavailable(), self.server)
        if fails_at is None:
            fails_at = self._loop.time() + self.timeout_seconds
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        self._in_flight.append((future, [], replies, fails_at, dropped))
        self.sent += 1
        self._unsent.append(packed)
        if at_once:
            self._flush()
        elif len(self._unsent) == 1:
            self._loop.call_soon(self._flush)
        if fails_at < self._timer_at:
            self._set_timer(fails_at)
        return future

    def subscribe(self, packed: bytes, receive: Callable[[list[Any]], None]) -> None:
        """Send packed commands that Redis answers by pushes, and call `receive` with every push from now on."""
        if not self.is_open:
            raise name_server(CacheUnavailable(), self.server)
        self._receive_push = receive
        self._unsent.append(packed)
        self._flush()

    def retire(self) -> None:
        """Accept no new requests, and close the socket once those in flight have their replies."""
        self.is_open = False
        if not self._in_flight:
            self.close(ConnectionError("The connection was replaced."))

    def close(self, reason: Exception) -> None:
        """Close the socket. All requests in flight fail."""
        self.is_open = False
        self.closed_by = self.closed_by or reason
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, _NEVER
        self._unsent.clear()
        requests, self._in_flight = self._in_flight, deque()
        for future, *_ in requests:
            if not future.done():
                error = unavailable(reason, self.server)
                error.__cause__ = reason
                future.set_exception(error)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: the transports of uvloop are of other classes.
        self._transport = cast("asyncio.Transport", transport)
        if not self.is_open:  # closed while the socket was being opened
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.close(exc or ConnectionResetError("Redis closed the connection."))
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        reader, in_flight = self._reader, self._in_flight
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not _INCOMPLETE:
                if type(reply) is hiredis.PushNotification:
                    self._receive_push(reply)
                    continue
                if type(reply) is hiredis.ReplyError:
                    name_server(reply, self.server)
                    if not in_flight:  # the refusal of a subscription
                        raise reply
                future, replies, number, _, dropped = in_flight[0]
                replies.append(reply)
                if len(replies) == number:
                    in_flight.popleft()
                    if not future.done():
                        future.set_result(replies)
                    elif dropped is not None:
                        dropped(replies)
        except (hiredis.HiredisError, IndexError) as error:  # IndexError: a reply that no request waits for
            self.close(error)
        else:
            if not self.is_open and not in_flight:
                self.close(ConnectionError("The connection was replaced."))

    def pause_writing(self) -> None:
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        self._flush()

    def _flush(self) -> None:
        if self._unsent and self._may_write and self._transport is not None:
            packed = b"".join(self._unsent)
            self._unsent.clear()
            self._transport.write(packed)

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._close_if_overdue, context=self._context)
        self._timer_at = at

    def _close_if_overdue(self) -> None:
        """Close the socket if a request is overdue, otherwise wait for the one that will be overdue next.

        There is one timer for all requests, so it fires once in `timeout_seconds` and not once for each request. The
        event loop reads the socket before it calls timers: a reply that has arrived is never overdue.
        """
        self._timer, self._timer_at = None, _NEVER
        at = min((request[3] for request in self._in_flight), default=_NEVER)
        if at <= self._loop.time():
            self.close(TimeoutError(f"Redis did not answer within {self.timeout_seconds} s."))
        elif at < _NEVER:
            self._set_timer(at)
