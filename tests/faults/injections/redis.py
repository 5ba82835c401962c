"""Redis fails: killed, stopped, emptied in part, or out of reach of one process."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.faults.fault import BACK_SECONDS, Case, Run

# Seconds that the p99 of reads stays below, while Redis is stopped now and then.
P99 = 1.5
# Seconds within which the index is back, for up to a million tasks.
BACK = 10.0


async def killed(run: Run) -> None:
    """Killed, and started again without anything."""
    _, epoch = await run.cluster.gate()
    await run.cluster.redis.kill()
    await asyncio.sleep(run.chance.uniform(0.0, 1.5))
    await run.cluster.redis.start()
    began = time.monotonic()
    await run.cluster.until_epoch_after(epoch)
    await run.recovered("index back, s", began)


def stopped(seconds: float) -> Callable[[Run], Awaitable[None]]:
    """It takes connections, and does not answer."""

    async def stop(run: Run) -> None:
        run.cluster.redis.freeze()
        await asyncio.sleep(seconds)
        run.cluster.redis.thaw()
        await run.recovered("index back, s")

    return stop


def slow(case: Case) -> list[str]:
    """Readers wait for a Redis that does not answer, but not for long."""
    return [f"the p99 of reads is {case.p99_read:.2f} s"] if case.p99_read >= P99 else []


def late(case: Case) -> list[str]:
    """The index is there again before long."""
    back = max(case.measured.get("index back, s", [0.0]))
    return [f"the index was back after {back:.1f} s"] if back > BACK else []


# All of it, an index, that of a view, the beacon of all, and what is beside the indexes.
PARTS = ("", "rev", "index", "index:TODO", "expiring", "moving")


async def emptied(run: Run) -> None:
    """The run of the server is the same, so that nothing else tells; the next who looks there notices."""
    epoch = await lose(run, PARTS[run.injected % len(PARTS)])
    began = time.monotonic()
    await run.cluster.until_epoch_after(epoch)
    await run.recovered("index back, s", began)


async def lose(run: Run, ending: str) -> int:
    """Deletes a key of the index in use, or all; returns its epoch. It may be under way to a new one at first."""
    async with asyncio.timeout(BACK_SECONDS):
        while True:
            state, epoch = await run.cluster.gate()
            if state == "on" and not ending:
                await run.cluster.redis.empty()
                return epoch
            if state == "on" and await run.cluster.redis.lose(f"{{default}}:{epoch}:{ending}"):
                return epoch
            await asyncio.sleep(0.02)


async def cut_off(run: Run) -> None:
    """One process says that it does without Redis; the others use it again; in the end all do."""
    cut = run.chance.choice(run.cluster.nodes)
    await cut.proxy.cut()
    await run.cluster.until(cut, degraded=True, seconds=BACK_SECONDS)
    for other in run.cluster.nodes:
        if other is not cut:
            await run.cluster.until(other, degraded=False, seconds=BACK_SECONDS)
    await asyncio.sleep(run.chance.uniform(0.2, 1.0))
    await cut.proxy.heal()
    await run.recovered("back, s")
