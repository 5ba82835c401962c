"""The faults of the proxy, and those of the Redis server behind it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.faults.proxy import Proxy, When
from tests.faults.stores import RedisServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    server = RedisServer(tmp_path)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def proxy(server: RedisServer) -> AsyncIterator[Proxy]:
    proxy = Proxy(server.socket)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[redis.Redis]:
    client = redis.Redis.from_url(proxy.url, socket_timeout=2.0, retry=Retry(NoBackoff(), 0))
    yield client
    await client.aclose()


async def test_proxy_forwards(client: redis.Redis, server: RedisServer) -> None:
    value = b"x" * 1_000_000
    await client.set("key", value)
    assert await server.client.get("key") == value
    assert await client.get("key") == value


async def test_cut_proxy_heals_on_the_same_port(client: redis.Redis, proxy: Proxy) -> None:
    await client.ping()
    port = proxy.port
    await proxy.cut()
    for _ in range(3):
        with pytest.raises(RedisConnectionError):
            await client.ping()
    await proxy.heal()
    assert proxy.port == port
    assert await client.ping()


async def test_held_proxy_forwards_nothing_until_healed(client: redis.Redis, proxy: Proxy, server: RedisServer) -> None:
    await client.ping()
    proxy.hold()
    with pytest.raises(RedisTimeoutError):
        await client.incr("count")
    assert await server.client.get("count") is None
    await proxy.heal()
    assert await client.ping()


async def test_dropped_reply_belongs_to_an_executed_command(
    client: redis.Redis, proxy: Proxy, server: RedisServer
) -> None:
    await client.ping()
    proxy.drop_replies(1)
    with pytest.raises(RedisConnectionError):
        await client.incr("count")
    assert await server.client.get("count") == b"1"
    assert await client.incr("count") == 2


@pytest.mark.parametrize("half", [False, True])
async def test_cut_drops_a_request_or_its_reply(
    client: redis.Redis, proxy: Proxy, server: RedisServer, *, half: bool
) -> None:
    await client.ping()
    cuts: list[tuple[When, bytes | None]] = [("before", None), ("after", b"1")]
    for when, expected in cuts:
        cut = proxy.cut_at(b"count", when, half=half)
        with pytest.raises(RedisConnectionError):
            await client.incr("count")
        assert cut.triggered.is_set()
        assert await server.client.get("count") == expected


async def test_half_of_a_cut_reply_arrives(proxy: Proxy, server: RedisServer) -> None:
    await server.client.set("key", "0123456789")
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    cut = proxy.cut_at(b"key", "after", half=True)
    writer.write(b"GET key\r\n")
    await cut.triggered.wait()
    assert await reader.read(8) == b"$10\r\n012"
    writer.close()


async def test_proxy_delays_both_directions(client: redis.Redis, proxy: Proxy) -> None:
    await client.ping()
    proxy.delay_seconds = 0.05
    started = asyncio.get_running_loop().time()
    await client.ping()
    assert asyncio.get_running_loop().time() - started >= 0.1


async def test_suspended_or_killed_server_is_noticed(client: redis.Redis, server: RedisServer) -> None:
    await client.set("key", "value")
    server.suspend()
    with pytest.raises(RedisTimeoutError):
        await client.get("key")
    server.resume()
    assert await client.get("key") == b"value"
    await server.kill()
    with pytest.raises(RedisConnectionError):
        await client.get("key")
    await server.start()
    assert await client.get("key") is None


async def test_cut_waits_for_a_request_with_its_pattern(client: redis.Redis, proxy: Proxy, server: RedisServer) -> None:
    await client.ping()
    for when, count in (("before", None), ("after", b"1")):
        await server.client.delete("count")
        cut = proxy.cut_at(b"count", when)  # type: ignore[arg-type]
        assert await client.get("another") is None
        assert not cut.triggered.is_set()
        with pytest.raises(RedisConnectionError):
            await client.incr("count")
        assert cut.triggered.is_set()
        assert await server.client.get("count") == count
    assert await client.incr("count") == 2
