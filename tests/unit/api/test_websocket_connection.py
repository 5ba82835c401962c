"""Tests of WebSocket connections on real sockets: what they hold for clients that send parts, and read nothing."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, cast

import pytest
import uvicorn
from websockets.frames import Frame, Opcode

from api.http.connection import Connection
from api.http.connection_limits import ConnectionLimits, ConnectionLoad
from api.http.websocket_connection import WebSocketConnection
from tests.support.gate_states import wait_until
from tests.support.raw_client import frame

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
LIMIT_BYTES, MESSAGE_BYTES = 2**20, 100_000
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Server:
    """A server on a free port with a limit on unfinished messages, and the texts that it received."""

    state: uvicorn.server.ServerState

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[str] = []

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Accept a connection, and answer `echo` with a large message."""
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            self.received.append(message["text"])
            if message["text"] == "echo":
                await send({"type": "websocket.send", "text": "e" * MESSAGE_BYTES})

    @property
    def connections(self) -> list[WebSocketConnection]:
        return [each for each in self.state.connections if isinstance(each, WebSocketConnection)]

    @asynccontextmanager
    async def client(self, **options: Any) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **options)
        writer.write(UPGRADE)
        assert b"101" in await reader.readuntil(b"\r\n\r\n")
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    load = ConnectionLoad(ConnectionLimits(unfinished_bytes=LIMIT_BYTES))
    config = uvicorn.Config(
        server.app,
        http=cast("type[asyncio.Protocol]", partial(Connection, load=load)),
        ws=cast("type[asyncio.Protocol]", partial(WebSocketConnection, load=load)),
        interface="asgi3",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
    )
    running = uvicorn.Server(config)
    server.state = running.server_state
    task = asyncio.create_task(running.serve(sockets=[listener]))
    await wait_until(lambda: running.started)
    yield server
    running.should_exit = True
    await task


def variables_of(generator: Any) -> Iterator[Any]:
    """Yield the variables of a generator, and of those from which it yields."""
    while generator is not None:
        yield from generator.gi_frame.f_locals.values()
        generator = generator.gi_yieldfrom


@pytest.mark.parametrize("part", [frame(b" " * MESSAGE_BYTES, last=False), frame(b" " * MESSAGE_BYTES)[:-1]])
async def test_unfinished_messages_of_all_connections_are_bounded(server: Server, part: bytes) -> None:
    """The first parts come from the oldest connections, which are closed."""
    clients = [server.client() for _ in range(20)]
    opened = [await each.__aenter__() for each in clients]
    for number, (_, writer) in enumerate(opened, 1):
        writer.write(part)
        await wait_until_held(server, min(number, 9) * (MESSAGE_BYTES - 1))
    await wait_until(lambda: len(server.connections) == LIMIT_BYTES // MESSAGE_BYTES)
    assert load_of(server) <= LIMIT_BYTES
    with suppress(OSError):
        assert await opened[0][0].read() == b""
    for each in clients:
        await each.__aexit__(None, None, None)
    await wait_until(lambda: not server.connections)


async def wait_until_held(server: Server, held_bytes: int) -> None:
    await wait_until(lambda: load_of(server) >= held_bytes)


def load_of(server: Server) -> int:
    return next(iter(server.connections))._load._received_bytes


async def test_complete_messages_are_not_counted(server: Server) -> None:
    async with server.client() as (_, writer):
        for _ in range(30):
            writer.write(frame(b"p" * 125, Opcode.PING) * 500)
            writer.write(frame(b" " * MESSAGE_BYTES, last=False) + frame(b"", Opcode.CONT))
        writer.write(frame(b"end"))
        await wait_until(lambda: server.received[-1:] == ["end"])
        assert len(server.received) == 31
        assert load_of(server) == 0


async def test_parser_keeps_no_message(server: Server) -> None:
    async with server.client() as (_, writer):
        writer.write(frame(b" " * MESSAGE_BYTES))
        await wait_until(lambda: server.received != [])
        [connection] = server.connections
        frames = [value for value in variables_of(connection.conn.parser) if isinstance(value, Frame)]
        assert [each.data for each in frames] == [b""]


async def test_client_that_reads_nothing_cannot_queue_answers_to_pings(server: Server) -> None:
    """The client sends until the buffers of the system are full. The server then holds no more than one read."""
    async with server.client(limit=1024) as (reader, writer):
        pings = frame(b"p" * 125, Opcode.PING) * 1000
        sent = 0
        with suppress(TimeoutError):
            while sent < 2**26:
                writer.write(pings)
                sent += len(pings)
                await asyncio.wait_for(writer.drain(), 1)
        [connection] = server.connections
        assert connection.unsent_bytes() < 2**20
        # A client that reads again gets all answers.
        answers = sent // len(pings) * 1000 * 127
        assert len(await asyncio.wait_for(reader.readexactly(answers), 60)) == answers


@pytest.mark.parametrize("after", [b"", frame(b"\xff"), frame(b"", Opcode.CLOSE), frame(b"text")])
async def test_text_that_is_not_utf_8_is_an_error_of_the_client(
    server: Server, caplog: pytest.LogCaptureFixture, after: bytes
) -> None:
    async with server.client() as (reader, writer):
        writer.write(frame(b"\xc3\x28", last=False) + frame(b"", Opcode.CONT) + after)
        received = await asyncio.wait_for(reader.read(), 60)
    assert received[:1] == bytes([0x80 | Opcode.CLOSE])
    assert server.received == []
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_slow_client_receives_every_answer(server: Server) -> None:
    async with server.client(limit=1024) as (reader, writer):
        writer.write(frame(b"echo") * 100 + frame(b"p", Opcode.PING))
        [connection] = server.connections
        await wait_until(lambda: not connection.writable.is_set())
        await reader.readexactly(100 * (MESSAGE_BYTES + 10) + 3)
        assert len(server.received) == 100
