"""Tests that idle connections stay open. By default, uvicorn closes them after 5 s."""

import asyncio

from api.config.settings import Settings
from tests.support.http_service import listening_service


async def test_idle_connection_is_kept_open(database_url: str, redis_url: str) -> None:
    async with listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url:
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for pause_seconds in (0, 7):
            await asyncio.sleep(pause_seconds)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
        writer.close()
        await writer.wait_closed()
