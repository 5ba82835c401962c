"""A connection that was silent for a while is still there: uvicorn ends it after 5 s unless it is told otherwise."""

import asyncio

import pytest

from api.config.settings import Settings
from tests.support.log_capture import listening


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url)


async def test_a_silent_connection_is_kept(settings: Settings) -> None:
    async with listening(settings) as url:
        host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for pause in (0, 7):
            await asyncio.sleep(pause)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
        writer.close()
        await writer.wait_closed()
