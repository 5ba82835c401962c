"""Partitions between two hosts: packets are dropped, and no end of a connection is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.cluster import Cluster
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, Run
from tests.faults.node import Setup
from tests.faults.two_hosts import DividedRedis

TWO_HOSTS = Setup(two_hosts=True, postgres_proxy=True)
DIVIDED_CLUSTER = Setup(two_hosts=True, redis=DividedRedis)


@asynccontextmanager
async def divided(cluster: Cluster) -> AsyncIterator[DividedRedis]:
    """Partition the hosts of a Redis cluster, each with an API process, until both have a primary of the shard."""
    group, network = cluster.redis, cluster.network
    assert isinstance(group, DividedRedis)
    assert network is not None
    group.victim = group.lone
    network.partition()
    try:
        async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
            while not await asyncio.to_thread(lambda: group.heir.is_primary):  # noqa: ASYNC110 (no event is set)
                await asyncio.sleep(0.02)
        yield group
    finally:
        network.heal()


async def divide_cluster(run: Run) -> None:
    """Partition a Redis cluster until the process beside the new primary uses its index. Then heal the partition."""
    cluster = run.cluster
    _, epoch = await cluster.read_gate()
    async with divided(cluster) as group:
        await cluster.wait_for_epoch_after(epoch, RECOVERY_TIMEOUT_SECONDS)
        await cluster.wait_until_ready(cluster.nodes[1], degraded=False, timeout_seconds=RECOVERY_TIMEOUT_SECONDS)
        await asyncio.sleep(run.random.uniform(0.5, 2.0))
        if not group.lone.is_primary:
            run.violations.append("the lone node is no primary any more, so nothing it holds was stale")
    await run.wait_for_recovery("recovery, s")
    await group.restore()
    await run.wait_for_recovery()


async def cut_off_from_store(run: Run) -> None:
    """Drop the packets between a process and PostgreSQL or Redis in turn: all of them, or only the replies."""
    node, network = run.cluster.nodes[0], run.cluster.network
    assert network is not None
    assert node.postgres is not None
    store = node.postgres if run.injected % 2 == 0 else node.proxy
    first, second = network.hosts
    run.begin_outage(node)
    first.drop("-p", "tcp", "--sport", str(store.port))
    if run.random.random() < 0.5:
        second.drop("-p", "tcp", "--dport", str(store.port))
    await asyncio.sleep(run.random.uniform(1.5, 5.0))
    network.heal()
    await run.wait_for_recovery("recovery, s")
    await asyncio.sleep(run.random.uniform(0.2, 1.0))
