"""Tests the connection for much data: its replies, its errors, and that a cancelled transfer ends."""

import asyncio

import pytest

from cache.errors import CacheUnavailable, OtherRedis, RedisFull
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.pipeline import pack_command
from tests.support.redis_server import RedisProcess

LARGE = b"x" * 5_000_000


async def test_much_data_is_sent_in_one_round_trip(redis: Redis, metrics: StoreMetrics) -> None:
    run_id = await redis.run_id()
    before = metrics.redis_round_trips
    async with redis.bulk(run_id) as bulk:
        commands = [pack_command(("SET", f"key {number}", LARGE)) for number in range(4)]
        assert await bulk.send(commands) == [b"OK"] * 4
        assert await bulk.send([pack_command(("STRLEN", "key 3")), pack_command(("DBSIZE",))]) == [len(LARGE), 4]
    assert metrics.redis_round_trips == before + 2


@pytest.mark.parametrize("options", ["db=3", "client_name=reader", "protocol=2&db=1"])
async def test_options_of_the_url_apply(server: RedisProcess, options: str) -> None:
    async with Redis(f"unix://{server.socket}?{options}") as redis:
        (shared,) = await redis.read([("CLIENT", "INFO")])
        async with redis.bulk(await redis.run_id()) as bulk:
            (info,) = await bulk.send([pack_command(("CLIENT", "INFO"))])
    for field in ("db", "name", "resp", "user"):
        found, expected = (dict(part.split("=", 1) for part in text.decode().split()) for text in (info, shared))
        assert found[field] == expected[field]


async def test_another_run_of_the_server_is_refused(redis: Redis) -> None:
    with pytest.raises(OtherRedis):
        async with redis.bulk("another run"):
            pass


async def test_server_that_does_not_answer(redis: Redis, server: RedisProcess) -> None:
    run_id = await redis.run_id()
    async with redis.bulk(run_id) as bulk:
        server.stop()
        with pytest.raises(CacheUnavailable):
            await bulk.send([pack_command(("SET", "key", LARGE))])
    with pytest.raises(CacheUnavailable):
        async with redis.bulk(run_id):
            pass


async def test_server_without_memory(redis: Redis) -> None:
    await redis.client.config_set("maxmemory", 1)
    async with redis.bulk(await redis.run_id()) as bulk:
        with pytest.raises(RedisFull):
            await bulk.send([pack_command(("SET", "key", LARGE))])


INSERT = pack_command(("RPUSH", "list", "a" * 1000))


async def test_no_command_is_executed_after_an_error(redis: Redis) -> None:
    """A rebuild that failed clears the index, and nothing may add to it later."""
    async with redis.bulk(await redis.run_id()) as bulk:
        with pytest.raises(CacheUnavailable):
            await bulk.send([pack_command(("GET",)), *[INSERT] * 20_000])
    assert await redis.send([("LLEN", "list")]) == [20_000]


async def test_no_command_is_executed_after_a_cancellation(redis: Redis) -> None:
    async with redis.bulk(await redis.run_id()) as bulk:
        sending = asyncio.create_task(bulk.send([INSERT] * 20_000))
        while await redis.send([("EXISTS", "list")]) == [0]:  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
    assert await redis.send([("LLEN", "list")]) == [20_000]


async def test_cancelled_transfer_to_a_server_that_hangs_ends(redis: Redis, server: RedisProcess) -> None:
    """The thread of a transfer to a server that hangs would otherwise keep the process from ending."""
    async with redis.bulk(await redis.run_id()) as bulk:
        server.suspend()
        sending = asyncio.create_task(bulk.send([pack_command(("SET", "key", LARGE))]))
        await asyncio.sleep(0.1)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        server.resume()
