"""Tests that an error names its node of a cluster for the log."""

import pytest

from cache.errors import CacheUnavailable, IndexLost, OtherRedis, StoreUnavailable
from cache.redis.client import Redis
from cache.redis.declared_views import DeclaredViews
from cache.redis.protocol import Protocol
from db.errors import explain
from db.gate import Gate
from tests.support.redis_cluster import ClusterNode, RedisCluster


def name(node: ClusterNode) -> str:
    return f"{node.address}:{node.port}"


async def test_error_names_its_node(cluster: RedisCluster) -> None:
    node, other, _ = cluster.primaries
    workspace = cluster.workspace_on(node)
    async with Redis(cluster.url, timeout=0.5) as shared:
        redis = shared.bound_to(workspace)
        run_id = await redis.run_id()

        async def reason(kind: type[StoreUnavailable], gate: Gate) -> str:
            """Return what the log would say of a read on the index of a gate."""
            with pytest.raises(kind) as raised:
                await Protocol(redis, gate, workspace, DeclaredViews({})).check()
            assert type(raised.value) is kind
            assert str(node.port) not in str(raised.value)
            return explain(raised.value)

        index = Gate("on", 1, run_id)
        assert (await reason(IndexLost, index)).endswith(f" ({name(node)})")
        assert (await reason(OtherRedis, Gate("on", 1, "another run"))).endswith(f" ({name(node)})")
        key = f"{{{workspace}}}:key"
        await redis.send([("SET", key, 1)])
        for send in (redis.send, redis.read):
            with pytest.raises(CacheUnavailable) as raised:
                await send([("LLEN", key)])
            assert f"({name(node)}: WRONGTYPE " in explain(raised.value)
        slot = int(node.run("CLUSTER", "KEYSLOT", key))
        cluster.begin_move(slot, node, other)
        assert f"({name(node)}: ASK {slot} {name(other)})" in await reason(IndexLost, index)
        node.kill()
        assert f"({name(node)}" in await reason(CacheUnavailable, index)
        with pytest.raises(CacheUnavailable) as raised:
            await redis.send([("GET", key)])
        assert f"({name(node)}: " in explain(raised.value)


async def test_error_of_a_lost_cluster_names_the_hosts_of_its_url(cluster: RedisCluster) -> None:
    for node in cluster.nodes:
        node.kill()
    async with Redis(cluster.url) as redis:
        with pytest.raises(CacheUnavailable) as raised:
            await redis.run_id()
    assert f"({', '.join(map(name, cluster.primaries[:2]))}" in explain(raised.value)
