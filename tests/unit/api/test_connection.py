"""Tests of the connections of HTTP/1.1, against uvicorn's own protocol and on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http.connection import Connection
from api.http.exchange import WHOLE_RESPONSE

KEEP_ALIVE_SECONDS = 0.1
BODY = b'{"data": 1}'
WHOLE = {"type": WHOLE_RESPONSE, "status": 200, "head": b"content-length: 11\r\n", "body": BODY}


class Server:
    """A server on a free port, and the scopes of the requests that it received."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.scopes: list[dict[str, Any]] = []
        self.disconnected = asyncio.Event()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer by a whole response, after what the path asks for."""
        self.scopes.append(scope)
        path = scope["path"]
        if path == "/parts":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"11")]})
            await send({"type": "http.response.body", "body": BODY})
            return
        if path == "/slow":
            await asyncio.sleep(2 * KEEP_ALIVE_SECONDS)
        if path == "/wait":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.disconnected.set()
        if path == "/twice":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        if WHOLE_RESPONSE in scope.get("extensions", {}):
            await send(WHOLE)
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"11")]})
            await send({"type": "http.response.body", "body": BODY})


@asynccontextmanager
async def serving(http: type[asyncio.Protocol] = Connection) -> AsyncIterator[Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    config = uvicorn.Config(
        server.app,
        http=http,
        interface="asgi3",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,  # type: ignore[arg-type] # tests cannot wait for a second
    )
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve([listener]))
    while not running.started:  # noqa: ASYNC110 - uvicorn offers no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield server
    finally:
        running.should_exit = True
        await task


async def exchange(server: Server, *requests: bytes) -> bytes:
    """Send requests in one write, and return all that the server sends until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"".join(requests))
    received = await reader.read()
    writer.close()
    return received


def get(target: str, version: str = "1.1", method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode()


async def test_whole_response_has_the_bytes_of_one_in_parts() -> None:
    async with serving() as server:
        whole = await exchange(server, get("/"))
        parts = await exchange(server, get("/parts"))
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert whole.endswith(b"\r\n\r\n" + BODY)
    assert _without_date(whole) == _without_date(parts)
    assert b"\r\ndate: " in whole


@pytest.mark.parametrize(
    "request_",
    [
        get("/"),
        get("/graphql?query=%7Ba%7D&x=%C3%A4"),
        get("/a%20b/%C3%A4?"),
        get("/" + "long" * 200),
        get("http://other/path?x"),
        get("/", "1.0"),
        b"POST /graphql HTTP/1.1\r\nHost: a\r\nX-Twice: 1\r\nx-twice: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
)
async def test_application_sees_what_uvicorn_shows_it(request_: bytes) -> None:
    answers, scopes = [], []
    for http in (HttpToolsProtocol, Connection):
        async with serving(http) as server:
            answers.append(_without_date(await exchange(server, request_)))
            scopes += server.scopes
    expected, scope = scopes
    for each in scopes:
        del each["client"], each["server"]  # the ports differ
        each.pop("extensions", None)
    assert scope == expected
    assert answers[1] == answers[0]


@pytest.mark.parametrize("request_", [b"nonsense\r\n\r\n", b"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n"])
async def test_invalid_request_gets_400(request_: bytes) -> None:
    async with serving() as server:
        assert (await exchange(server, request_)).startswith(b"HTTP/1.1 400 ")


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving() as server:
        received = await exchange(server, get("/slow"), get("/parts"), get("/"))
        assert [scope["path"] for scope in server.scopes] == ["/slow", "/parts", "/"]
    assert received.count(BODY) == 3


async def test_head_has_no_body() -> None:
    async with serving() as server:
        received = await exchange(server, get("/", method="HEAD"))
    assert b"content-length: 11" in received
    assert received.endswith(b"\r\n\r\n")


async def test_old_client_is_told_that_the_connection_closes() -> None:
    async with serving() as server:
        received = await exchange(server, get("/", "1.0"))
    assert b"\r\nconnection: close\r\n\r\n" in received


async def test_idle_connection_closes_and_a_busy_one_does_not() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/"))
        await reader.readuntil(BODY)
        # The timer of the first response expires during the second request.
        writer.write(get("/slow"))
        await reader.readuntil(BODY)
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("behind", [b"", get("/")], ids=["alone", "with another behind it"])
async def test_client_that_disconnects_ends_its_request(behind: bytes) -> None:
    async with serving() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get("/wait") + behind)
        await writer.drain()
        while not server.scopes:  # noqa: ASYNC110 - the application offers no event for this
            await asyncio.sleep(0.01)
        writer.close()
        await asyncio.wait_for(server.disconnected.wait(), 60)


async def test_second_response_to_a_request_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server:
        await exchange(server, get("/twice"))
    assert "after another response had started" in caplog.text


def _without_date(response: bytes) -> list[bytes]:
    return [line for line in response.split(b"\r\n") if not line.startswith(b"date: ")]
