"""Tests that a client which sends too large a body receives the response, instead of a reset of its connection."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from api.config.settings import Settings
from tests.support.http_service import listening_service

SIZE = 12_000_000


def head(*lines: str) -> bytes:
    return "\r\n".join(("POST /graphql HTTP/1.1", "Host: localhost", *lines, "", "")).encode()


def chunks(size: int) -> Iterator[bytes]:
    part = b"x" * 60_000
    for _ in range(size // len(part)):
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def exchange(port: int, parts: Iterator[bytes]) -> bytes:
    """Send all parts before reading, as most clients do, and return the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        response = b""
        while received := connection.recv(65536):
            response += received
    return response


@pytest.mark.parametrize("form", ["announced", "chunked", "just over the limit"])
async def test_response_arrives_after_the_whole_body(database_url: str, redis_url: str, form: str) -> None:
    type_ = "Content-Type: application/json"
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        for _ in range(5):
            if form == "announced":
                parts = iter([head(type_, f"Content-Length: {SIZE}"), b"x" * SIZE])
            elif form == "chunked":
                parts = iter([head(type_, "Transfer-Encoding: chunked"), *chunks(SIZE)])
            else:
                parts = iter([head(type_, "Transfer-Encoding: chunked"), *chunks(2**20 + 60_000)])
            response = await asyncio.to_thread(exchange, port, parts)
            assert response.startswith(b"HTTP/1.1 413 ")
            assert b"BODY_TOO_LARGE" in response


async def test_client_that_waits_with_the_body_is_refused_at_once(database_url: str, redis_url: str) -> None:
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        parts = iter([head("Expect: 100-continue", f"Content-Length: {SIZE}")])
        response = await asyncio.to_thread(exchange, port, parts)
    assert response.startswith(b"HTTP/1.1 413 ")
