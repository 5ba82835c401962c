"""Rebuilds of the index: two concurrent ones, or one that is killed."""

import asyncio

from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, Run
from tests.faults.node import Node

SLOW_PROXY_DELAY_SECONDS = 0.1


async def rebuild_concurrently(run: Run) -> None:
    """Run `reindex` in two places at once."""
    outputs = await asyncio.gather(*(run.cluster.reindex(node) for node in run.cluster.nodes))
    run.violations += [output for output in outputs if "The index holds" not in output]
    await run.wait_for_recovery("recovery, s")


async def kill_rebuild(run: Run) -> None:
    """Kill a slow `reindex` at a random time after it has closed the gate. The service completes the rebuild."""
    node = run.random.choice(run.cluster.nodes)
    node.proxy.delay_seconds = SLOW_PROXY_DELAY_SECONDS
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS):
        while not await _kill_rebuild(run, node):
            pass
    node.proxy.delay_seconds = 0.0
    await run.wait_for_recovery("recovery, s")


async def _kill_rebuild(run: Run, node: Node) -> bool:
    """Start and kill one rebuild. Return False if it had completed by then."""
    rebuild = await run.cluster.start_reindex(node)
    while rebuild.returncode is None and (await run.cluster.read_gate())[0] == "on":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await asyncio.sleep(run.random.uniform(0.0, 1.5))
    running = rebuild.returncode is None
    if running:
        rebuild.kill()
    await rebuild.communicate()
    return running


async def alternate(run: Run) -> None:
    """Alternate between concurrent rebuilds and a killed one."""
    await (kill_rebuild(run) if run.injected % 2 else rebuild_concurrently(run))
