"""Tests requests that only a raw connection sends: hosts, encodings, redirects, and refused WebSockets."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from api.config.settings import Settings
from tests.support.http_service import listening_service

UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
)


@pytest.fixture
async def port(database_url: str, redis_url: str) -> AsyncIterator[int]:
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        yield urlsplit(url).port or 0


Problems = Callable[[], Awaitable[list[str]]]


@pytest.fixture
def problems(port: int, caplog: pytest.LogCaptureFixture) -> Iterator[Problems]:
    """Yield a function that returns the errors in the log, and the warnings of the HTTP server."""

    async def found() -> list[str]:
        # When this returns, an error of the request before it has been logged.
        await answer(port, "GET /livez HTTP/1.1", "Host: localhost\r\n")
        records = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
        return [record.getMessage() for record in records] + [
            line["event"] for line in lines if line["log_level"] == "error"
        ]

    with capture_logs() as lines:
        yield found


async def answer(port: int, start: str, headers: str = "", body: str = "") -> str:
    """Send one request and return the whole response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    closing = "" if "Upgrade" in headers else "Connection: close\r\n"
    writer.write(f"{start}\r\n{headers}{closing}\r\n{body}".encode())
    received = await reader.read()
    writer.close()
    return received.decode()


async def test_one_host_is_required(port: int) -> None:
    for headers in ("", "Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nHost: other\r\n"):
        received = await answer(port, "GET /livez HTTP/1.1", headers)
        assert received.startswith("HTTP/1.1 400 "), headers
        assert '"BAD_REQUEST"' in received
    assert (await answer(port, "GET /livez HTTP/1.1", "Host: localhost\r\nX: 1\r\nX: 2\r\n")).startswith(
        "HTTP/1.1 200 "
    )
    assert (await answer(port, "GET /livez HTTP/1.0")).startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, identity"])
async def test_compressed_body_is_refused(port: int, encoding: str) -> None:
    headers = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}\r\n"
    received = await answer(port, "POST /graphql HTTP/1.1", headers + "Content-Length: 2\r\n", "{}")
    assert received.startswith("HTTP/1.1 415 ")
    assert '"UNSUPPORTED_MEDIA_TYPE"' in received


async def test_redirect_does_not_use_what_the_client_sent(port: int) -> None:
    headers = "Host: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"
    received = await answer(port, "GET /graphql/?query=%7Ba%7D HTTP/1.1", headers)
    assert received.startswith("HTTP/1.1 307 ")
    assert "\r\nlocation: /graphql?query=%7Ba%7D\r\n" in received
    for path in ("/livez/", "/readyz/", "/metrics/"):
        assert (await answer(port, f"GET {path} HTTP/1.1", headers)).startswith("HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("start", "headers"),
    [
        ("GET /livez HTTP/1.1", ""),
        ("GET /metrics HTTP/1.1", ""),
        ("GET /nowhere HTTP/1.1", ""),
        ("GET /graphql?query=%7B__typename%7D HTTP/1.1", ""),
        ("GET /graphql HTTP/1.1", ""),
        ("DELETE /graphql HTTP/1.1", ""),
        ("POST /graphql HTTP/1.1", "Content-Length: 9999999\r\n"),
        ("GET /livez HTTP/1.1", "X: " + "a" * 20_000 + "\r\n"),
    ],
)
async def test_no_response_is_sniffed(port: int, start: str, headers: str) -> None:
    received = await answer(port, start, "Host: localhost\r\n" + headers)
    assert "\r\nx-content-type-options: nosniff\r\n" in received.partition("\r\n\r\n")[0] + "\r\n"


@pytest.mark.parametrize(
    ("headers", "status"),
    [("Host: localhost\r\nOrigin: http://evil.example\r\n", 403), ("Host: evil.example\r\n", 421)],
)
async def test_refused_websocket_is_not_an_error(port: int, headers: str, status: int, problems: Problems) -> None:
    received = await answer(port, "GET /graphql HTTP/1.1", headers + UPGRADE)
    assert received.startswith(f"HTTP/1.1 {status} ")
    assert await problems() == []


@pytest.mark.parametrize(
    ("start", "headers", "status"),
    [
        ("GET /graphql HTTP/1.1", "Host: localhost\r\nX-Long: " + "x" * 9000 + "\r\n", 431),
        ("GET /graphql/ÿ HTTP/1.1", "Host: localhost\r\n", 400),
    ],
    ids=["long line", "path with any bytes"],
)
async def test_websocket_with_an_unusual_head_is_refused(
    port: int, start: str, headers: str, status: int, problems: Problems
) -> None:
    assert (await answer(port, start, headers + UPGRADE)).startswith(f"HTTP/1.1 {status} ")
    assert await problems() == []


async def test_websocket_does_not_replace_an_event_stream(port: int, problems: Problems) -> None:
    """The stream would otherwise never learn that its client has left."""
    body = json.dumps({"query": "subscription { taskCountsChanged { all } }"})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "Host: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
    writer.write(f"POST /graphql HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    await reader.readuntil(b"event: next")
    writer.write(f"GET /graphql HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n".encode())
    with suppress(ConnectionError):
        assert b"101 Switching" not in await reader.read()
    writer.close()
    async with asyncio.timeout(60):
        while "\nmillitask_streams 0.0" not in await answer(port, "GET /metrics HTTP/1.1", "Host: localhost\r\n"):
            pass
    assert await problems() == []


async def test_client_that_waits_with_a_malformed_body_is_refused(port: int, problems: Problems) -> None:
    headers = "Host: localhost\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n"
    received = await answer(port, "POST /graphql HTTP/1.1", headers, "not a length\r\n")
    assert received.startswith("HTTP/1.1 400 ")
    assert await problems() == []


async def test_client_that_leaves_while_it_signs_in_is_not_an_error(
    port: int, caplog: pytest.LogCaptureFixture, problems: Problems
) -> None:
    caplog.set_level(logging.INFO, "api.access")
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    headers = "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
    writer.write(f"POST /session/token HTTP/1.1\r\n{headers}\r\n{{".encode())
    await writer.drain()
    writer.close()
    async with asyncio.timeout(60):
        while '"status": 499' not in caplog.text:  # noqa: ASYNC110 - a thread writes the log
            await asyncio.sleep(0.01)
    assert await problems() == []
