"""The proxy does to a connection what it says, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import TimeoutError as NoAnswer

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
    client = redis.Redis.from_url(proxy.url, socket_timeout=0.2, retry=Retry(NoBackoff(), 0))
    yield client
    await client.aclose()


async def test_it_forwards(client: redis.Redis, server: RedisServer) -> None:
    value = b"x" * 1_000_000
    await client.set("key", value)
    assert await server.client.get("key") == value
    assert await client.get("key") == value


async def test_it_cuts_and_heals_at_the_same_port(client: redis.Redis, proxy: Proxy) -> None:
    await client.ping()
    port = proxy.port
    await proxy.cut()
    for _ in range(3):
        with pytest.raises(Broken):
            await client.ping()
    await proxy.heal()
    assert proxy.port == port
    assert await client.ping()


async def test_it_holds_and_forwards_later(client: redis.Redis, proxy: Proxy, server: RedisServer) -> None:
    await client.ping()
    proxy.hold()
    with pytest.raises(NoAnswer):
        await client.incr("count")
    assert await server.client.get("count") is None
    await proxy.heal()
    assert await client.ping()


async def test_it_loses_a_reply_to_what_was_done(client: redis.Redis, proxy: Proxy, server: RedisServer) -> None:
    await client.ping()
    proxy.lose_replies(1)
    with pytest.raises(Broken):
        await client.incr("count")
    assert await server.client.get("count") == b"1"
    assert await client.incr("count") == 2


@pytest.mark.parametrize("half", [False, True])
async def test_it_loses_one_request_or_its_reply(
    client: redis.Redis, proxy: Proxy, server: RedisServer, *, half: bool
) -> None:
    await client.ping()
    cuts: list[tuple[When, bytes | None]] = [("before", None), ("after", b"1")]
    for when, done in cuts:
        lost = proxy.cut_at(b"count", when, half=half)
        with pytest.raises(Broken):
            await client.incr("count")
        assert lost.done.is_set()
        assert await server.client.get("count") == done


async def test_half_of_a_reply_comes(proxy: Proxy, server: RedisServer) -> None:
    await server.client.set("key", "0123456789")
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    lost = proxy.cut_at(b"key", "after", half=True)
    writer.write(b"GET key\r\n")
    await lost.done.wait()
    assert await reader.read(8) == b"$10\r\n012"
    writer.close()


async def test_it_delays(client: redis.Redis, proxy: Proxy) -> None:
    await client.ping()
    proxy.delay = 0.05
    began = asyncio.get_running_loop().time()
    await client.ping()
    assert asyncio.get_running_loop().time() - began >= 0.1


async def test_a_server_that_is_stopped_or_killed_is_noticed(client: redis.Redis, server: RedisServer) -> None:
    await client.set("key", "value")
    server.freeze()
    with pytest.raises(NoAnswer):
        await client.get("key")
    server.thaw()
    assert await client.get("key") == b"value"
    await server.kill()
    with pytest.raises(Broken):
        await client.get("key")
    await server.start()
    assert await client.get("key") is None


async def test_it_cuts_the_request_that_it_is_told_to(client: redis.Redis, proxy: Proxy, server: RedisServer) -> None:
    await client.ping()
    for when, count in (("before", None), ("after", b"1")):
        await server.client.delete("count")
        cut = proxy.cut_at(b"count", when)  # type: ignore[arg-type]
        assert await client.get("another") is None
        assert not cut.done.is_set()
        with pytest.raises(Broken):
            await client.incr("count")
        assert cut.done.is_set()
        assert await server.client.get("count") == count
    assert await client.incr("count") == 2
