"""Tests a workspace whose slot stays half moved, as `redis-cli --cluster reshard` leaves it when it is interrupted."""

import asyncio

from redis.crc import key_slot
from structlog.testing import capture_logs

from cache.metrics import StoreMetrics
from cache.rates.limits import RateLimits, RatePolicy
from db.caller import Caller
from tests.support.cluster_load import Load, check_all_indexes, process
from tests.support.redis_cluster import ClusterNode, RedisCluster
from tests.support.redis_state import protocol

STEPS = 20


def keys_in(slot: int, node: ClusterNode) -> list[bytes]:
    found: list[bytes] = node.run("CLUSTER", "GETKEYSINSLOT", slot, 1000)
    return found


async def test_postgresql_answers_while_a_slot_is_half_moved(database_url: str, cluster: RedisCluster) -> None:
    """Every key is on one of two nodes, so Redis answers ASK or TRYAGAIN. The service follows neither."""
    source, target, _ = cluster.primaries
    async with asyncio.timeout(120), process(database_url, cluster) as (workspaces, stores):
        load = Load(stores[0])
        for _ in range(STEPS):
            await load.step()
        assert load.degraded == 0
        before, slot = [protocol(store).gate for store in stores], key_slot(stores[0].workspace.encode())
        cluster.begin_move(slot, source, target)
        source.run("MIGRATE", target.address, target.port, "", 0, 5000, "KEYS", *keys_in(slot, source)[::2])

        with capture_logs() as logs:
            # The index cannot be built, although each attempt asks where the slot is.
            await load.run(lambda: sum(line.get("job") == "rebuild" for line in logs) >= 2)
        reasons = [line["reason"] for line in logs if line.get("job") == "rebuild"]
        assert all(": ASK " in reason or ": TRYAGAIN " in reason for reason in reasons)
        degraded = load.degraded
        for _ in range(STEPS):
            await load.step()
        assert load.degraded == degraded + STEPS
        limits = RateLimits(workspaces.redis, RatePolicy(points_per_minute=600), StoreMetrics())
        await limits.allowance(Caller("a", stores[0].workspace, frozenset())).spend(1)
        await limits.aclose()
        assert keys_in(slot, source)
        assert keys_in(slot, target)

        await asyncio.to_thread(cluster.finish_move, slot, source, target)
        await load.run(lambda: stores[0].gate_lease.protocol is not None)
        degraded = load.degraded
        await load.step()
        assert (load.degraded, load.refused) == (degraded, 0)
        after = [protocol(store).gate for store in stores]
        assert after[0].redis_run_id == before[1].redis_run_id
        assert after[1:] == before[1:]
        await check_all_indexes(stores)
