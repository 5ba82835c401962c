"""Tests the load generator against a server that sends given bytes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from benchmarks.http_load import CHECK_EVERY, LoadError, drive, get, post

OK = b"HTTP/1.1 200 OK\r\ndate: now\r\nContent-Length: 11\r\nx: y\r\n\r\n" + b'{"data": 1}'
FAILED = b'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"errors": []}'
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy"


class Server:
    """Answers each request with the next response, in pieces of `piece` bytes."""

    def __init__(self, responses: Iterator[bytes], piece: int) -> None:
        self.received: list[bytes] = []
        self.port = 0
        self._responses = responses
        self._piece = piece

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._read(reader.readuntil, b"\r\n\r\n"):
            body = await reader.readexactly(int(head.rpartition(b"Content-Length: ")[2])) if b"POST" in head else b""
            self.received.append(head + body)
            response = next(self._responses, None)
            if response is None:
                break
            for at in range(0, len(response), self._piece):
                writer.write(response[at : at + self._piece])
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    async def _read(self, read: Callable[..., object], separator: bytes) -> bytes:
        try:
            return await read(separator)  # type: ignore[misc, no-any-return]
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return b""


@asynccontextmanager
async def server(responses: Iterator[bytes], piece: int = 1000) -> AsyncIterator[Server]:
    running = Server(responses, piece)
    async with await asyncio.start_server(running.serve, "127.0.0.1", 0) as listening:
        running.port = listening.sockets[0].getsockname()[1]
        yield running


@pytest.mark.parametrize("piece", [1, 7, 60, 1000])
async def test_every_response_is_counted_however_it_arrives(piece: int) -> None:
    async with server(repeat(OK), piece) as running:
        done = await drive(running.port, iter([post(b"{}")] * 9), connections=2, keep_bodies=True)
    assert (done.requests, done.failed, done.bodies) == (9, 0, [b'{"data": 1}'] * 9)
    assert len(done.latencies) == 9
    assert done.rate > 0
    assert running.received == [post(b"{}")] * 9


async def test_requests_are_sent_until_the_time_is_over() -> None:
    async with server(repeat(OK)) as running:
        done = await drive(running.port, repeat(get("/")), connections=3, seconds=0.05)
    assert done.requests == len(running.received) > 3
    assert done.seconds >= 0.05


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        ([BUSY], "503"),
        ([FAILED], "errors"),
        ([OK] * CHECK_EVERY + [FAILED], "errors"),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"], "Content-Length"),
        ([], "closed the connection"),
    ],
)
async def test_response_that_is_not_an_answer_ends_the_load(responses: list[bytes], message: str) -> None:
    async with server(iter(responses)) as running:
        with pytest.raises(LoadError, match=message):
            await drive(running.port, repeat(get("/")), connections=1)


async def test_tolerant_load_counts_failures() -> None:
    async with server(iter([OK, BUSY, FAILED, OK])) as running:
        done = await drive(running.port, iter([get("/")] * 4), connections=1, tolerant=True)
    assert (done.requests, done.failed) == (4, 2)


async def test_load_without_connections_sends_nothing() -> None:
    async with server(repeat(OK)) as running:
        done = await drive(running.port, repeat(get("/")), connections=0)
    assert (done.requests, running.received) == (0, [])
