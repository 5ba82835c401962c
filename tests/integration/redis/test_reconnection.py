"""Tests when the shared connection is opened, replaced and closed."""

import asyncio
import gc
import weakref
from contextvars import ContextVar
from pathlib import Path

import pytest

from cache.errors import CacheUnavailable, OtherRedis
from cache.redis.client import Redis
from tests.faults.proxy import Proxy
from tests.support.redis_reads import (
    WAIT_FOREVER,
    connection_id,
    echo,
    shared,
    wait_until_blocked,
    wait_until_it_answers,
)
from tests.support.redis_server import RedisProcess, redis_process


async def test_callers_that_need_a_connection_share_one(server: RedisProcess, redis: Redis) -> None:
    with server.client() as client:
        before = client.info("stats")["total_connections_received"]
        reading = [asyncio.create_task(echo(redis, str(number))) for number in range(50)]
        await asyncio.sleep(0)
        reading[0].cancel()  # it began to open the connection
        replies = await asyncio.gather(*reading[1:])
        assert replies == [str(number).encode() for number in range(1, 50)]
        assert client.info("stats")["total_connections_received"] == before + 1


async def test_after_any_other_error_reads_use_a_new_connection(server: RedisProcess, redis: Redis) -> None:
    """A server may refuse commands because it is a replica by now. Its address may lead to another server."""
    number = await connection_id(redis)
    blocked = asyncio.create_task(redis.read([("NONSENSE",), ("ECHO", "a")]))
    same_turn = asyncio.create_task(echo(redis, "b"))
    with pytest.raises(CacheUnavailable):
        await blocked
    assert await same_turn == b"b"
    assert await connection_id(redis) != number


async def test_run_id_decides_which_server_may_answer(server: RedisProcess, redis: Redis) -> None:
    first = await redis.run_id()
    assert (await redis.read([("ECHO", "a")], run_id=first), redis.last_run_id) == ([b"a"], first)
    server.restart()
    with server.client() as client:
        second = client.info("server")["run_id"]
        before = client.info("stats")["total_connections_received"]
        reads = (redis.read([("ECHO", "a")], run_id=second) for _ in range(20))
        assert await asyncio.gather(*reads) == [[b"a"]] * 20
        assert client.info("stats")["total_connections_received"] == before + 1
    assert redis.last_run_id == second
    for read in (redis.read([("ECHO", "a")], run_id=first), redis.read_script("counts", [], run_id=first)):
        with pytest.raises(OtherRedis):
            await read
    assert redis.last_run_id == second


async def test_caller_that_expects_another_server_does_not_disturb_reads_in_flight(
    server: RedisProcess, redis: Redis
) -> None:
    run_id = await redis.run_id()
    waiting = asyncio.create_task(redis.read([WAIT_FOREVER], run_id=run_id))
    await wait_until_blocked(server)
    for _ in range(2):
        with pytest.raises(OtherRedis):
            await redis.read([("ECHO", "a")], run_id="f" * 40)
        assert await redis.read([("ECHO", "a")], run_id=run_id) == [b"a"]
    with server.client() as client:
        client.rpush("an empty list", "element")
    assert await waiting == [[b"an empty list", b"element"]]
    while len(shared(redis)._pipelines) > 1:  # noqa: ASYNC110 (until the replaced ones are closed)
        await asyncio.sleep(0)


async def test_closed_client_fails_reads_in_flight_and_later_ones(server: RedisProcess) -> None:
    redis = Redis(server.url)
    async with redis:
        waiting = asyncio.create_task(redis.read([WAIT_FOREVER]))
        await wait_until_blocked(server)
    for read in (waiting, redis.read([("ECHO", "a")]), redis.read_script("counts", [])):
        with pytest.raises(CacheUnavailable):
            await read
    await wait_until_blocked(server, 0)


async def test_client_that_is_closed_while_it_connects_fails_its_callers(server: RedisProcess) -> None:
    proxy = Proxy(server.socket)
    await proxy.start()
    proxy.hold()
    async with Redis(proxy.url, read_timeout=20.0) as redis:
        waiting = asyncio.create_task(echo(redis, "a"))
        await asyncio.sleep(0.05)
    with pytest.raises(CacheUnavailable):
        await waiting
    await proxy.stop()


async def test_connection_does_not_keep_the_context_of_the_request_that_opened_it(redis: Redis) -> None:
    class Request:
        pass

    variable: ContextVar[Request] = ContextVar("request")

    async def open_connection() -> weakref.ref[Request]:
        variable.set(request := Request())
        await echo(redis, "a")
        return weakref.ref(request)

    request = await asyncio.create_task(open_connection())
    await asyncio.sleep(0)  # the event loop still holds the task
    gc.collect()
    assert request() is None


async def test_connection_that_fails_after_its_caller_has_left_is_no_error(server: RedisProcess) -> None:
    proxy = Proxy(server.socket)
    await proxy.start()
    proxy.hold()
    async with Redis(proxy.url, read_timeout=0.05) as redis:
        waiting = asyncio.create_task(echo(redis, "a"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        while shared(redis)._opening is not None:  # noqa: ASYNC110 (until the connection has failed)
            await asyncio.sleep(0.01)
        await proxy.heal()
        await wait_until_it_answers(redis)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await proxy.stop()


async def test_run_id_leaves_a_server_that_became_a_replica(server: RedisProcess, tmp_path: Path) -> None:
    """Its connections stay open, and it still answers."""
    (tmp_path / "other").mkdir()
    proxy = Proxy(server.socket)
    await proxy.start()
    with redis_process(tmp_path / "other") as other:
        async with Redis(proxy.url) as redis:
            await _check_run_id_after_promotion(redis, proxy, server, other)
    await proxy.stop()


async def _check_run_id_after_promotion(redis: Redis, proxy: Proxy, server: RedisProcess, other: RedisProcess) -> None:
    await asyncio.gather(*(redis.send([("PING",)]) for _ in range(3)))
    proxy.move_to(other.socket)
    with server.client() as demoted, other.client() as promoted:
        demoted.replicaof("127.0.0.1", 1)
        with pytest.raises(CacheUnavailable, match="replica"):
            await redis.run_id()
        assert await redis.run_id() == promoted.info("server")["run_id"]
