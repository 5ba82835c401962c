"""Tests of the limits of connections, on real sockets: slow, silent and too many clients."""

import asyncio
from functools import partial
from typing import Any, cast

import pytest

from api.http.connection import Connection
from api.http.connection_limits import MAX_PIPELINED, ConnectionLimits, ConnectionLoad
from tests.support.gate_states import wait_until
from tests.unit.api.test_connection import BODY, Server, exchange, get, serving

SLOW = ConnectionLimits(receive_seconds=0.1, send_seconds=0.1)
POST = b"POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"


def limited(limits: ConnectionLimits) -> type[asyncio.Protocol]:
    return cast("type[asyncio.Protocol]", partial(Connection, load=ConnectionLoad(limits)))


async def answer_to(server: Server, *parts: bytes) -> bytes:
    """Send parts, and return what the server sends until it closes the connection."""
    return await exchange(server, *parts)


async def test_connection_that_never_sends_is_closed() -> None:
    async with serving() as server:
        assert await answer_to(server) == b""


@pytest.mark.parametrize("part", [b"G", b"GET / HTTP/1.1\r\nHost: a\r\n", POST, b"\r\n\r\n"])
async def test_request_that_does_not_arrive_is_refused(part: bytes) -> None:
    async with serving(limited(SLOW)) as server:
        received = await answer_to(server, part)
    # Blank lines before a request are no request, and the connection is idle.
    assert received.startswith(b"HTTP/1.1 408 " if part.strip() else b"")
    assert (b"RECEIVE_TIMEOUT" in received) == bool(part.strip())


async def test_time_of_the_answer_does_not_count_for_the_next_request() -> None:
    async with serving(limited(SLOW)) as server:
        # The answer to /slow takes twice as long as a request may take to arrive.
        received = await answer_to(server, get("/slow"), get("/")[:-2])
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in received


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000,
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x: y\r\n" * 100 + b"\r\n",
    ],
    ids=["value", "value without end", "target", "count"],
)
async def test_head_over_a_limit_is_refused(request_: bytes) -> None:
    async with serving() as server:
        received = await answer_to(server, request_)
        assert server.scopes == []
    assert received.startswith(b"HTTP/1.1 431 ")
    assert b"HEADERS_TOO_LARGE" in received


async def test_large_body_and_small_chunks_are_within_the_limits() -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving() as server:
        for request_ in (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000,
            chunked + b"40\r\n" + b"\r\n40\r\n".join([b"x" * 64] * 5000) + b"\r\n0\r\n\r\n",
        ):
            assert (await answer_to(server, request_)).startswith(b"HTTP/1.1 200 ")


async def test_trailers_do_not_become_headers() -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Late: 1\r\n\r\n"
    async with serving() as server:
        await answer_to(server, chunked)
        [scope] = server.scopes
    assert [name for name, _ in scope["headers"]] == [b"host", b"transfer-encoding"]


async def test_endless_pipeline_is_refused() -> None:
    async with serving() as server:
        received = await answer_to(server, get("/slow") * (MAX_PIPELINED + 2))
        assert len(server.scopes) <= 1
    assert received == b""


class Writer:
    """An application whose responses are larger than what the network takes without a reader."""

    body = b"x" * 8_000_000

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        head = b"content-length: %d\r\n" % len(self.body)
        await send({"type": "millitask.response", "status": 200, "head": head, "body": self.body})


async def unread(server: Server, count: int = 1) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    clients = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
        writer.write(get("/"))
        clients.append((reader, writer))
    return clients


async def received_bytes(client: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> int:
    reader, writer = client
    total = 0
    try:
        while part := await reader.read(2**20):
            total += len(part)
    except ConnectionError:
        pass
    writer.close()
    return total


async def test_client_that_does_not_read_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "app", Writer.__call__)
    monkeypatch.setattr(Server, "body", Writer.body, raising=False)
    async with serving(limited(SLOW)) as server:
        [client] = await unread(server)
        await asyncio.sleep(0.5)
        assert await received_bytes(client) < len(Writer.body)


async def test_unsent_responses_of_all_clients_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "app", Writer.__call__)
    monkeypatch.setattr(Server, "body", Writer.body, raising=False)
    limits = ConnectionLimits(unsent_bytes=12_000_000)
    async with serving(limited(limits)) as server:
        clients = await unread(server, 4)
        await asyncio.sleep(0.5)
        complete = [await received_bytes(client) > len(Writer.body) for client in clients]
    # The ones that waited longest were closed.
    assert not complete[0]
    assert complete[-1]


async def test_unfinished_requests_of_all_clients_are_bounded() -> None:
    async with serving(limited(ConnectionLimits(unfinished_bytes=100_000))) as server:
        clients: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

        def closed() -> list[bool]:
            return [reader.at_eof() or reader.exception() is not None for reader, _ in clients]

        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + b"x" * 40_000)
            clients.append((reader, writer))
            await asyncio.sleep(0.05)
        await wait_until(lambda: sum(closed()) >= 2)
        assert closed() == [True, True, False, False]
        for _, writer in clients:
            writer.close()


async def test_connection_over_the_limit_replaces_the_one_that_is_idle_longest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving(limited(ConnectionLimits(connections=2))) as server:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        await asyncio.sleep(0.02)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/"))
        assert (await reader.readuntil(BODY)).startswith(b"HTTP/1.1 200 ")
        assert [each.at_eof() or each.exception() is not None for each, _ in idle] == [True, False]
        for _, each in (*idle, (reader, writer)):
            each.close()
    assert "connections over the limits" in capsys.readouterr().out


async def test_connection_over_the_limit_is_refused_while_all_are_busy() -> None:
    async with serving(limited(ConnectionLimits(connections=1))) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/wait"))
        while not server.scopes:  # noqa: ASYNC110 - the application offers no event for this
            await asyncio.sleep(0.01)
        received = await answer_to(server)
        writer.close()
    assert received.startswith(b"HTTP/1.1 503 ")
    assert b"BUSY" in received
