"""Tests what the preflight says of a Redis cluster, and how a cluster without some of its nodes or slots fails."""

import asyncio
from contextlib import suppress

import pytest
from redis.crc import key_slot

from cache.errors import CacheUnavailable
from cache.metrics import StoreMetrics
from cache.redis.access import RIGHTS, access_problem
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.preflight import primaries_problems, redis_warnings
from cache.store import Store
from db.pool import Database
from tests.support.gate_states import build_index, wait_until
from tests.support.redis_cluster import RedisCluster
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task


async def test_problem_of_any_primary_is_reported(steady_cluster: RedisCluster) -> None:
    node = steady_cluster.primaries[2]
    node.run("CONFIG", "SET", "maxmemory-policy", "noeviction")
    async with Redis(steady_cluster.url) as redis:
        [problem] = await primaries_problems(redis)
        assert f"127.0.0.1:{node.port}: maxmemory-policy is noeviction" in problem
        node.run("CONFIG", "SET", "maxmemory-policy", "volatile-lfu")
        assert await primaries_problems(redis) == []


async def test_shards_that_stop_each_other_are_warned_of(steady_cluster: RedisCluster) -> None:
    node = steady_cluster.primaries[1]
    async with Redis(steady_cluster.url) as redis:
        assert await redis_warnings(redis) == []
        node.run("CONFIG", "SET", "cluster-require-full-coverage", "yes")
        [warning] = await redis_warnings(redis)
        assert warning.startswith(f"127.0.0.1:{node.port}: cluster-require-full-coverage is yes")
        node.run("CONFIG", "SET", "cluster-require-full-coverage", "no")


async def test_documented_rights_suffice(database: Database, steady_cluster: RedisCluster) -> None:
    rights = (*RIGHTS.split(), "+cluster|slots")
    for node in steady_cluster.primaries:
        node.run("ACL", "SETUSER", "guest", "RESET", "ON", ">sesame", "~{default}:*", "&{default}:*", *rights)
    async with Redis(steady_cluster.url.replace("://", "://guest:sesame@")) as redis:
        assert await primaries_problems(redis) == []
        store = Store(database, redis, StoreMetrics())
        await build_index(store)
        task = await StoreClient(store).create_task(new_task())
        request = StoreClient(store)
        assert ((await request.page(PageRange(5))).tasks, request.degraded) == ([task], False)


async def test_wrong_password_is_a_problem(steady_cluster: RedisCluster) -> None:
    async with Redis(steady_cluster.url.replace("://", "://guest:wrong@")) as redis:
        [problem] = await primaries_problems(redis)
    assert problem.startswith("Redis refuses the connection: invalid username-password pair")


async def test_slot_without_a_node_is_unavailable(cluster: RedisCluster) -> None:
    workspace = cluster.workspace_on(cluster.primaries[0])
    cluster.delete_slot(key_slot(workspace.encode()))
    async with Redis(cluster.url) as redis:
        bound = redis.bound_to(workspace)
        for call in (bound.run_id(), bound.read([("ECHO", "a")])):
            with pytest.raises(CacheUnavailable, match="No node of the Redis cluster serves the slot"):
                await call


async def test_cluster_that_is_down_is_no_problem_of_the_url(cluster: RedisCluster) -> None:
    """The advice to set REDIS_URL to the URL of a cluster is for nodes that a redis:// URL names."""
    first, *others = cluster.primaries
    workspace = cluster.workspace_on(first)
    async with Redis(cluster.url) as redis:
        first.run("CONFIG", "SET", "cluster-require-full-coverage", "yes")
        cluster.delete_slot(key_slot(cluster.workspace_on(others[0]).encode()))
        await wait_until(lambda: b"cluster_state:fail" in first.run("CLUSTER", "INFO"))
        with pytest.raises(CacheUnavailable):
            await access_problem(redis.bound_to(workspace), workspace)


async def test_cluster_that_was_down_is_found_again(cluster: RedisCluster) -> None:
    async with Redis(cluster.url) as redis, asyncio.timeout(60):
        first = await redis.run_id()
        for node in cluster.primaries:
            node.kill()
        with pytest.raises(CacheUnavailable):
            await redis.run_id()
        for node in cluster.primaries:
            node.start()
        second = ""
        while not second:
            with suppress(CacheUnavailable):
                second = await redis.run_id()
        assert second != first


async def test_cluster_that_cannot_be_reached_is_named() -> None:
    async with Redis("redis+cluster://127.0.0.1:1,127.0.0.1:2") as redis:
        for call in (redis.run_id(), redis.read([("ECHO", "a")])):
            with pytest.raises(CacheUnavailable, match="No known node names the slots of the Redis cluster"):
                await call
    with pytest.raises(ValueError, match="only the database 0"):
        Redis("redis+cluster://127.0.0.1:1/3")
