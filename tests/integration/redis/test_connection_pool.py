"""Tests the connections of writes: each request has one of its own, is sent once, and reaches one run of the server."""

import asyncio
import gc
import threading
import weakref
from contextlib import suppress
from contextvars import ContextVar

import pytest

from cache.errors import CacheUnavailable, OtherRedis, RedisFull
from cache.redis.client import Redis
from tests.support.redis_server import RedisProcess

VALUE: ContextVar[object] = ContextVar("value")


def connections_received(server: RedisProcess) -> int:
    with server.client() as client:
        return int(client.info("stats")["total_connections_received"])


async def test_request_does_not_wait_for_the_reply_to_another(redis: Redis) -> None:
    waiting = asyncio.create_task(redis.send([("BLPOP", "list", 0)]))
    await asyncio.sleep(0.05)
    assert await redis.send([("RPUSH", "list", "a")]) == [1]
    assert await waiting == [[b"list", b"a"]]


async def test_connection_is_used_again(redis: Redis, server: RedisProcess) -> None:
    await redis.send([("ECHO", "a")])
    before = connections_received(server)
    for _ in range(20):
        assert await redis.send([("ECHO", "a"), ("ECHO", "b")]) == [b"a", b"b"]
    assert connections_received(server) == before + 1  # that of the test


async def test_number_of_connections_is_bounded(server: RedisProcess) -> None:
    async with Redis(server.url, connections=2) as redis:
        before = connections_received(server)
        assert await asyncio.gather(*(redis.send([("ECHO", number)]) for number in range(50))) == [
            [b"%d" % number] for number in range(50)
        ]
        assert connections_received(server) == before + 3


async def test_wait_for_a_free_connection_is_limited(server: RedisProcess) -> None:
    async with Redis(server.url, connections=1, timeout=1.0) as redis:
        waiting = [asyncio.create_task(redis.send([("BLPOP", "list", 0)])) for _ in range(2)]
        for request in waiting:
            with pytest.raises(CacheUnavailable):
                await request
        assert await redis.send([("ECHO", "a")]) == [b"a"]


async def test_nobody_gets_the_reply_to_a_cancelled_request(redis: Redis, server: RedisProcess) -> None:
    await redis.send([("ECHO", "a")])
    server.suspend()
    sending = asyncio.create_task(redis.send([("ECHO", "late")]))
    await asyncio.sleep(0.05)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    server.resume()
    assert await redis.send([("ECHO", "b")]) == [b"b"]


async def test_unexpected_error_closes_the_connection(redis: Redis, server: RedisProcess) -> None:
    """The address may lead to a replica or to another server by now, which refuses writes."""
    await redis.send([("SET", "text", "a")])
    before = connections_received(server)
    with pytest.raises(CacheUnavailable) as raised:
        await redis.send([("ECHO", "a"), ("INCR", "text"), ("ECHO", "b")])
    assert "not an integer" in str(raised.value.__cause__)
    assert await redis.send([("ECHO", "c")]) == [b"c"]
    assert connections_received(server) == before + 2


async def test_lack_of_memory_keeps_the_connection(redis: Redis, server: RedisProcess) -> None:
    await redis.send([("CONFIG", "SET", "maxmemory", 1)])
    before = connections_received(server)
    with pytest.raises(RedisFull):
        await redis.send([("SET", "text", "a")])
    await redis.send([("CONFIG", "SET", "maxmemory", "64mb")])
    assert connections_received(server) == before + 1


async def test_request_for_another_run_of_the_server_is_not_sent(redis: Redis, server: RedisProcess) -> None:
    run_id = await redis.run_id()
    assert await redis.send([("SET", "a", "1")], run_id=run_id) == [b"OK"]
    assert redis.last_run_id == run_id
    server.restart()
    with pytest.raises(OtherRedis):
        await send_again(redis, ("SET", "a", "2"), run_id)
    assert await redis.send([("GET", "a")], run_id=await redis.run_id()) == [None]


async def send_again(redis: Redis, request: tuple[str, ...], run_id: str) -> None:
    """Send a request until the event loop has noticed that the connection of an earlier one has ended."""
    while True:
        with suppress(CacheUnavailable):
            await redis.send([request], run_id=run_id)


async def test_closed_client_sends_nothing(server: RedisProcess) -> None:
    async with Redis(server.url) as redis:
        waiting = asyncio.create_task(redis.send([("BLPOP", "list", 0)]))
        await asyncio.sleep(0.05)
    with pytest.raises(CacheUnavailable):
        await waiting
    with pytest.raises(CacheUnavailable):
        await redis.send([("ECHO", "a")])


async def test_connection_does_not_keep_the_request_that_opened_it(redis: Redis) -> None:
    kept: list[weakref.ref[object]] = []

    async def request() -> None:
        value = threading.Event()  # any object that supports weak references
        kept.append(weakref.ref(value))
        VALUE.set(value)
        await redis.send([("ECHO", "a")])

    await asyncio.create_task(request())
    await redis.send([("ECHO", "a")])  # on the same connection
    gc.collect()
    assert kept[0]() is None


async def test_cancelled_request_leaves_no_connection_behind(server: RedisProcess) -> None:
    async with Redis(server.url, connections=3) as redis:
        for turns in range(40):
            request = asyncio.create_task(redis.send([("ECHO", "a")]))
            for _ in range(turns % 20):
                await asyncio.sleep(0)
            request.cancel()
            await asyncio.wait({request})
            await asyncio.sleep(0.002)
        await asyncio.gather(*(redis.send([("ECHO", "a")]) for _ in range(10)))
        assert len(await redis.client.client_list()) <= 3 + 1  # that of the client that asks
