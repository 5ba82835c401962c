"""A load generator for HTTP/1.1 on the loopback interface that leaves the CPU to the server.

Requests are bytes that were built before the measurement. Of a response, the generator reads the status and
Content-Length and counts the rest. It reads the body of every 64th response only, to look for GraphQL errors.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop

CHECK_EVERY = 64
_STALLED_SECONDS = 120.0
_OK = b"HTTP/1.1 200"
_LENGTH = b"\r\ncontent-length:"
_ERRORS = b'"errors"'


def post(body: bytes, path: str = "/graphql") -> bytes:
    """Return the bytes of a POST request with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def get(path: str) -> bytes:
    """Return the bytes of a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode()


class LoadError(Exception):
    """A response that the measurement cannot use."""


@dataclass
class LoadResult:
    """What the connections of one load counted. Times are in seconds."""

    requests: int = 0
    failed: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return the responses per second."""
        return self.requests / self.seconds

    def add(self, other: "LoadResult") -> None:
        """Add what another load counted, as if both were one."""
        self.requests += other.requests
        self.failed += other.failed
        self.seconds += other.seconds
        self.cpu_seconds += other.cpu_seconds
        self.latencies += other.latencies
        self.bodies += other.bodies

    @property
    def cpu_share(self) -> float:
        """Return the share of one core that the generator itself used."""
        return self.cpu_seconds / self.seconds


@dataclass
class _Run:
    """What the connections of one load share. `deadline` is a time of `time.perf_counter`."""

    requests: Iterator[bytes]
    deadline: float
    keep_bodies: bool
    tolerant: bool
    result: LoadResult = field(default_factory=LoadResult)

    def next_request(self) -> bytes | None:
        """Return the next request, or None after the deadline or the last request."""
        return None if time.perf_counter() >= self.deadline else next(self.requests, None)


class _Connection(asyncio.Protocol):
    """A keep-alive connection that sends the next request as soon as a response is complete."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._received = bytearray()
        self._missing = -1  # bytes of the body that have not arrived, or -1 while the header is incomplete
        self._body: bytearray | None = None
        self._failed = False
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's class is not a subclass

    def send_next(self) -> None:
        """Send the next request, or finish."""
        request = self._run.next_request()
        if request is None:
            self._finish()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            if self._received:
                self._received += data
                data = bytes(self._received)
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if not self._received:
                    self._received += data
                return
            self._received.clear()
            try:
                self._read_head(data[:end])
            except LoadError as error:
                self._finish(error)
                return
            data = data[end + 4 :]
        if self._body is not None:
            self._body += data
        self._missing -= len(data)
        if self._missing == 0:
            self._complete()

    def _read_head(self, head: bytes) -> None:
        run = self._run
        ok = head.startswith(_OK)
        if not ok and not run.tolerant:
            raise LoadError(f"the status is {head[9:40].decode(errors='replace')!r}, not 200")
        at = head.lower().find(_LENGTH)
        if at < 0:
            raise LoadError("the response has no Content-Length")
        line_end = head.find(b"\r\n", at + 2)
        self._missing = int(head[at + len(_LENGTH) : line_end if line_end > 0 else len(head)])
        self._failed = not ok
        number = run.result.requests
        kept = run.keep_bodies or run.tolerant or number % CHECK_EVERY == 0
        self._body = bytearray() if kept else None

    def _complete(self) -> None:
        run, result = self._run, self._run.result
        result.latencies.append(time.perf_counter() - self._sent_at)
        self._missing = -1
        result.requests += 1
        if self._body is not None:
            if _ERRORS in self._body:
                self._failed = True
                if not run.tolerant:
                    self._finish(LoadError(f"the response has errors: {bytes(self._body[:300]).decode()}"))
                    return
            if run.keep_bodies:
                result.bodies.append(bytes(self._body))
        result.failed += self._failed
        self.send_next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._finish(LoadError(f"the server closed the connection{f': {error}' if error else ''}"))

    def _finish(self, error: LoadError | None = None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
        self._transport.close()


async def drive(
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float = float("inf"),
    keep_bodies: bool = False,
    tolerant: bool = False,
) -> LoadResult:
    """Send requests until the time is over or the iterator ends, and return what the connections counted.

    Raises `LoadError` for a response that is not 200, or has errors. `tolerant` counts such a response as failed, and
    reads every body. `keep_bodies` returns all bodies. Requests in flight at the end still count.
    """
    loop = asyncio.get_running_loop()
    run = _Run(requests, time.perf_counter() + seconds, keep_bodies, tolerant)
    opened = [
        (await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    began, cpu_began = time.perf_counter(), time.process_time()
    run.deadline = began + seconds
    for connection in opened:
        connection.send_next()
    async with asyncio.timeout(None if seconds == float("inf") else seconds + _STALLED_SECONDS):
        await asyncio.gather(*(connection.done for connection in opened))
    run.result.seconds = time.perf_counter() - began
    run.result.cpu_seconds = time.process_time() - cpu_began
    return run.result


def load(
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float = float("inf"),
    keep_bodies: bool = False,
) -> LoadResult:
    """Run `drive` in an event loop of its own."""
    return uvloop.run(drive(port, requests, connections=connections, seconds=seconds, keep_bodies=keep_bodies))
