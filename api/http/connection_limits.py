"""The limits on the connections of a worker, and what all of them together hold in memory."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, cast

import structlog

log = structlog.get_logger(__name__)
# The pipelined requests that a connection may have. Browsers and the usual libraries do not pipeline at all.
MAX_PIPELINED = 16
# At the limit of connections, this share of them is closed at once, so that not every new one has to search.
_CLOSED_SHARE = 16
_LOG_SECONDS = 10.0


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits of each connection, and of all connections of a worker together.

    head_bytes: the target and the headers of a request, and also chunk sizes and trailers beyond the length of its
    body. receive_seconds: how long a request may take to arrive. send_seconds: how long a client may take to receive
    a response or an event. unfinished_bytes: requests that are arriving. unsent_bytes: responses and events that
    clients have not received.
    """

    connections: int = 4096
    head_bytes: int = 16 * 2**10
    headers: int = 100
    receive_seconds: float = 30.0
    send_seconds: float = 30.0
    unfinished_bytes: int = 32 * 2**20
    unsent_bytes: int = 32 * 2**20


class Client(Protocol):
    """A connection, as the worker's limits see it."""

    def unsent_bytes(self) -> int: ...

    def drop(self) -> None: ...


class ConnectionLoad:
    """What the connections of a worker hold. Over a limit, the connection that took longest is closed.

    An honest client takes milliseconds to send a request or to receive a response, so the longest is a slow one.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        # Whether each response ends its connection, because the worker is about to stop.
        self.closing = False
        # Connections whose request is arriving, and those whose client has not received everything, the longest first.
        self._receiving: dict[Client, int] = {}
        self._received_bytes = 0
        self._sending: dict[Client, None] = {}
        self._closed = self._refused = 0
        self._logged_at = float("-inf")

    def receive(self, client: Client, new_bytes: int) -> None:
        """Count bytes of a request that is not complete."""
        self._receiving[client] = self._receiving.get(client, 0) + new_bytes
        self._received_bytes += new_bytes
        while self._received_bytes > self.limits.unfinished_bytes:
            self._drop(next(iter(self._receiving)), self.end_receiving)

    def end_receiving(self, client: Client) -> None:
        """Forget the bytes of a request that is complete, or whose connection ends."""
        self._received_bytes -= self._receiving.pop(client, 0)

    def send(self, client: Client) -> None:
        """Count a connection whose client does not receive as fast as the service sends."""
        self._sending[client] = None
        while sum(each.unsent_bytes() for each in self._sending) > self.limits.unsent_bytes:
            self._drop(next(iter(self._sending)), self.end_sending)

    def end_sending(self, client: Client) -> None:
        """Forget a connection whose client has received everything, or that ends."""
        self._sending.pop(client, None)

    def make_room(self, newcomer: object, connections: Iterable[object]) -> bool:
        """Close the connections that have waited longest for their client. Return whether there were any."""
        waiting = [each for each in connections if each is not newcomer and _waiting_since(each) is not None]
        waiting.sort(key=_waiting_since)  # type: ignore[arg-type]
        closing = cast("list[Client]", waiting[: max(1, self.limits.connections // _CLOSED_SHARE)])
        for each in closing:
            each.drop()
        self._closed += len(closing)
        self._refused += not closing
        self._log()
        return bool(closing)

    def _drop(self, client: Client, forget: Callable[[Client], None]) -> None:
        forget(client)
        client.drop()
        self._closed += 1
        self._log()

    def _log(self) -> None:
        now = time.monotonic()
        if now - self._logged_at >= _LOG_SECONDS:
            self._logged_at = now
            log.warning("connections over the limits", closed=self._closed, refused=self._refused)
            self._closed = self._refused = 0


def _waiting_since(connection: object) -> float | None:
    """Return since when a connection has waited for its client. Connections of WebSockets have no such time."""
    since: float | None = getattr(connection, "waiting_since", None)
    return since
