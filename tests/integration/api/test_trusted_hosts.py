"""Tests WebSocket connections that name an unknown host."""

import asyncio
from urllib.parse import urlsplit

from api.config.settings import Settings
from tests.support.http_service import listening_service


async def test_websocket_with_an_unknown_host_is_refused(database_url: str, redis_url: str) -> None:
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
        headers = ("Host: evil.example", "Origin: http://evil.example", "Connection: Upgrade", "Upgrade: websocket")
        more = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        writer.write("\r\n".join(["GET /graphql HTTP/1.1", *headers, *more, "", ""]).encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 421 ")
        writer.close()
