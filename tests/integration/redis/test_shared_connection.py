"""Tests the shared connection: who gets which reply, and what happens if the caller, the socket or the server fails."""

import asyncio
import random
from typing import Any

import pytest

from cache.errors import CacheUnavailable, RedisFull
from cache.metrics import StoreMetrics, separate_counters
from cache.redis.client import Redis
from cache.redis.keys import Keys
from tests.faults.proxy import Proxy
from tests.support.redis_reads import (
    WAIT_FOREVER,
    connection_id,
    echo,
    shared,
    wait_until_blocked,
    wait_until_it_answers,
)
from tests.support.redis_server import RedisProcess

IMPATIENT_SECONDS = 0.2


async def test_cancelled_callers_never_shift_the_replies_of_others(redis: Redis) -> None:
    rng = random.Random(1)
    number = await connection_id(redis)
    cancelled = 0

    async def call(caller: int) -> None:
        nonlocal cancelled
        call = 0
        while cancelled < 1000:
            call += 1
            text = f"{caller}-{call}"
            reading = asyncio.create_task(redis.read([("ECHO", text), ("ECHO", text.upper())]))
            for _ in range(rng.randrange(4)):
                await asyncio.sleep(0)
            if rng.random() < 0.3:
                await asyncio.sleep(rng.random() * 0.001)
            if rng.random() < 0.8:
                reading.cancel()
            try:
                assert await reading == [text.encode(), text.upper().encode()]
            except asyncio.CancelledError:
                cancelled += 1

    await asyncio.gather(*(call(caller) for caller in range(16)))
    assert await connection_id(redis) == number


async def test_commands_of_one_turn_arrive_together(server: RedisProcess, redis: Redis) -> None:
    await echo(redis, "connect")

    def reads_of_sockets(client: Any) -> int:
        return int(client.info("stats")["total_reads_processed"])

    with server.client() as client:
        first, second = reads_of_sockets(client), reads_of_sockets(client)
        await asyncio.gather(*(echo(redis, str(number)) for number in range(100)))
        assert reads_of_sockets(client) - second == second - first + 1


async def test_hanging_server_fails_every_waiting_read_and_is_used_again_later(server: RedisProcess) -> None:
    async with Redis(server.url, read_timeout=IMPATIENT_SECONDS) as redis:
        await wait_until_it_answers(redis)
        server.suspend()
        for _ in range(3):  # on the old connection, then on new ones that the kernel accepts
            reading = [echo(redis, str(number)) for number in range(20)]
            results = await asyncio.gather(*reading, return_exceptions=True)
            assert {type(result) for result in results} == {CacheUnavailable}
        server.resume()
        await wait_until_it_answers(redis)
        assert len(shared(redis)._pipelines) == 1


async def test_hanging_connection_is_replaced(server: RedisProcess) -> None:
    """The network drops the packets of one connection. A new one works."""
    proxy = Proxy(server.socket)
    await proxy.start()
    async with Redis(proxy.url, read_timeout=IMPATIENT_SECONDS) as redis:
        await wait_until_it_answers(redis)
        proxy.stall_connections()
        with pytest.raises(CacheUnavailable):
            await echo(redis, "lost")
        await wait_until_it_answers(redis)

        proxy.hold()  # from now on new connections hang as well
        for _ in range(2):
            with pytest.raises(CacheUnavailable):
                await echo(redis, "lost")
        await proxy.heal()
        await wait_until_it_answers(redis)
    await proxy.stop()


async def test_killed_connection_fails_the_reads_in_flight_only(server: RedisProcess, redis: Redis) -> None:
    answered = await connection_id(redis)
    waiting = [asyncio.create_task(redis.read([WAIT_FOREVER])), *(asyncio.create_task(echo(redis, "a")) for _ in "ab")]
    await wait_until_blocked(server)
    waiting[1].cancel()
    with server.client() as client:
        client.client_kill_filter(_id=str(answered))
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [CacheUnavailable, asyncio.CancelledError, CacheUnavailable]
    assert await connection_id(redis) != answered


async def test_large_replies_arrive_whole_and_in_order(server: RedisProcess, redis: Redis) -> None:
    value = random.Random(2).randbytes(8_000_000)
    with server.client() as client:
        client.set("large", value)
    reads = [redis.read([("GET", "large"), ("ECHO", str(number))]) for number in range(3)]
    assert await asyncio.gather(*reads) == [[value, str(number).encode()] for number in range(3)]


async def test_requests_that_do_not_fit_into_the_socket_stay_in_order(server: RedisProcess, redis: Redis) -> None:
    await echo(redis, "connect")
    server.suspend()
    texts = [str(number) * 500_000 for number in range(20)]
    reading = []
    for text in texts:
        reading.append(asyncio.create_task(echo(redis, text)))
        await asyncio.sleep(0.002)
    server.resume()
    assert await asyncio.gather(*reading) == [text.encode() for text in texts]


async def test_script_that_redis_does_not_know_is_sent_in_full(
    server: RedisProcess, redis: Redis, metrics: StoreMetrics
) -> None:
    keys = Keys("default", 1).prelude
    for _ in range(2):
        with server.client() as client:
            client.script_flush()
        before = metrics.redis_round_trips
        assert await redis.read_script("counts", keys) == b"LOST"
        assert metrics.redis_round_trips == before + 2
        assert await redis.read_script("counts", keys) == b"LOST"
        assert metrics.redis_round_trips == before + 3


async def test_each_request_counts_its_own_round_trips(redis: Redis, metrics: StoreMetrics) -> None:
    async def request(reads: int) -> int:
        with separate_counters() as trace:
            for _ in range(reads):
                await echo(redis, "a")
            await redis.read_script("counts", Keys("default", 1).prelude)
        return trace.redis_round_trips - reads

    assert sorted(await asyncio.gather(*map(request, range(4)))) in ([1, 1, 1, 2], [1, 1, 2, 2])
    assert metrics.redis_round_trips >= 11


async def test_redis_out_of_memory_keeps_the_connection(server: RedisProcess, redis: Redis) -> None:
    number = await connection_id(redis)
    with server.client() as client:
        client.config_set("maxmemory", 1)
    with pytest.raises(RedisFull):
        await redis.read([("SET", "key", "value")])
    with pytest.raises(RedisFull):
        await redis.read([("EVAL", "return redis.call('SET', KEYS[1], 1)", 1, "key")])
    assert await connection_id(redis) == number
