"""A primary with a replica killed or suspended, in a Redis cluster or behind Sentinel, and a slot that moves."""

import asyncio
import time

from tests.faults.fault import CaseResult, Run
from tests.faults.redis_groups import RedisGroup, ShardedRedis

# The limits of the time until an index is in use again, beyond the failover, and of the failover.
MAX_RECOVERY_SECONDS, MAX_FAILOVER_SECONDS = 10.0, 10.0
EPOCH_SECONDS = 60.0


async def kill(run: Run) -> None:
    """Kill the primary. When its replica has the index, start it again as a replica."""
    group = _group(run)
    _, epoch = await run.cluster.read_gate()
    killed = time.monotonic()
    await group.kill()
    await run.cluster.wait_for_epoch_after(epoch, EPOCH_SECONDS)
    await run.wait_for_recovery("index recovery, s", killed)
    await group.restart()
    await group.settle()


async def hang(run: Run) -> None:
    """Suspend the primary, and resume it. By then another server may be the primary, or none was promoted."""
    group = _group(run)
    group.suspend()
    await asyncio.sleep(run.random.uniform(0.3, 4.0))
    group.resume()
    await asyncio.sleep(run.random.uniform(0.0, 1.0))
    await group.settle()
    await run.wait_for_recovery()


async def move_slot(run: Run) -> None:
    """Move the slot of the workspace to another primary."""
    group = _group(run)
    assert isinstance(group, ShardedRedis)
    _, epoch = await run.cluster.read_gate()
    source = group.primary()
    target = run.random.choice([node for node in group.cluster.nodes if node.is_primary and node is not source])
    await group.move(target, run.random.uniform(0.0, 1.0))
    moved = time.monotonic()
    await run.cluster.wait_for_epoch_after(epoch, EPOCH_SECONDS)
    await run.wait_for_recovery("index recovery, s", moved)


def check_recovery_time(result: CaseResult) -> list[str]:
    """Check that the index is in use again in time."""
    slowest = max(result.measurements.get("index recovery, s", [0.0]))
    limit = MAX_RECOVERY_SECONDS + MAX_FAILOVER_SECONDS
    return [] if slowest <= limit else [f"the index recovered after {slowest:.1f} s; the limit is {limit} s"]


def _group(run: Run) -> RedisGroup:
    group = run.cluster.redis
    assert isinstance(group, RedisGroup)
    return group
