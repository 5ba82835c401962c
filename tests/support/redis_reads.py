"""Reads of the shared connection, for tests."""

import asyncio
from typing import Any

from cache.errors import CacheUnavailable
from cache.redis.client import Redis
from cache.redis.shared_connection import SharedConnection
from tests.support.redis_server import RedisProcess

# Redis answers this command once the list has an element.
WAIT_FOREVER = ("BLPOP", "an empty list", 0)


def shared(redis: Redis) -> SharedConnection:
    """Return the shared connection to a server at a fixed address."""
    server = redis._route.current
    assert server is not None
    return server.shared


async def echo(redis: Redis, text: str) -> Any:
    (reply,) = await redis.read([("ECHO", text)])
    return reply


async def connection_id(redis: Redis) -> int:
    (number,) = await redis.read([("CLIENT", "ID")])
    return int(number)


async def wait_until_blocked(server: RedisProcess, count: int = 1) -> None:
    """Wait until this many connections wait for a list."""
    with server.client() as client:
        while client.info("clients")["blocked_clients"] != count:  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.01)


async def wait_until_it_answers(redis: Redis) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                assert await echo(redis, "back") == b"back"
            except CacheUnavailable:
                continue
            return
