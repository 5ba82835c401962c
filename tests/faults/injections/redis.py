"""Redis killed, suspended, emptied in whole or in part, or unreachable from one process."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, CaseResult, Run

# The limit of the p99 of reads while Redis is suspended from time to time.
MAX_P99_READ_SECONDS = 1.5
# The limit of the time until an index of up to a million tasks is in use again.
MAX_INDEX_RECOVERY_SECONDS = 10.0


async def kill(run: Run) -> None:
    """Kill Redis, and start it again with an empty data set."""
    _, epoch = await run.cluster.read_gate()
    await run.cluster.redis.kill()
    await asyncio.sleep(run.random.uniform(0.0, 1.5))
    await run.cluster.redis.start()
    restarted = time.monotonic()
    await run.cluster.wait_for_epoch_after(epoch)
    await run.wait_for_recovery("index recovery, s", restarted)


def suspend(seconds: float) -> Callable[[Run], Awaitable[None]]:
    """Return an injection that suspends Redis: it accepts connections, but does not answer."""

    async def inject(run: Run) -> None:
        run.cluster.redis.suspend()
        await asyncio.sleep(seconds)
        run.cluster.redis.resume()
        await run.wait_for_recovery("index recovery, s")

    return inject


def check_read_latency(result: CaseResult) -> list[str]:
    """Check that reads do not wait long for a Redis that does not answer."""
    p99 = result.p99_read_seconds
    return (
        [f"the p99 of reads is {p99:.2f} s; the limit is {MAX_P99_READ_SECONDS} s"]
        if p99 >= MAX_P99_READ_SECONDS
        else []
    )


def check_recovery_time(result: CaseResult) -> list[str]:
    """Check that the index is in use again in time."""
    slowest = max(result.measurements.get("index recovery, s", [0.0]))
    if slowest <= MAX_INDEX_RECOVERY_SECONDS:
        return []
    return [f"the index recovered after {slowest:.1f} s; the limit is {MAX_INDEX_RECOVERY_SECONDS} s"]


# The suffixes of the keys to delete in turn: all keys, the epoch's beacon, two indexes, and two other sets.
KEY_SUFFIXES = ("", "rev", "index", "index:TODO", "expiring", "moving")


async def lose_keys(run: Run) -> None:
    """Delete a key, or all keys. The run id stays the same, so only the next access can notice."""
    epoch = await delete_key_of_current_index(run, KEY_SUFFIXES[run.injected % len(KEY_SUFFIXES)])
    deleted = time.monotonic()
    await run.cluster.wait_for_epoch_after(epoch)
    await run.wait_for_recovery("index recovery, s", deleted)


async def delete_key_of_current_index(run: Run, suffix: str) -> int:
    """Delete a key of the index in use, or all keys, once the gate is on. Return the epoch of that index."""
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
        while True:
            state, epoch = await run.cluster.read_gate()
            if state == "on" and not suffix:
                await run.cluster.redis.flush()
                return epoch
            if state == "on" and await run.cluster.redis.delete_key(f"{{default}}:{epoch}:{suffix}"):
                return epoch
            await asyncio.sleep(0.02)


async def cut_off_one_process(run: Run) -> None:
    """Cut one process off from Redis. It becomes degraded, the others use Redis again, and finally all do."""
    cut_off = run.random.choice(run.cluster.nodes)
    await cut_off.proxy.cut()
    await run.cluster.wait_until_ready(cut_off, degraded=True, timeout_seconds=RECOVERY_TIMEOUT_SECONDS)
    for node in run.cluster.nodes:
        if node is not cut_off:
            await run.cluster.wait_until_ready(node, degraded=False, timeout_seconds=RECOVERY_TIMEOUT_SECONDS)
    await asyncio.sleep(run.random.uniform(0.2, 1.0))
    await cut_off.proxy.heal()
    await run.wait_for_recovery("recovery, s")
