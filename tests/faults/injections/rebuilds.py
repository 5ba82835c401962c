"""Rebuilds: two at once, and one that is killed midway."""

import asyncio

from tests.faults.fault import BACK_SECONDS, Run
from tests.faults.node import Node


async def twice(run: Run) -> None:
    """By hand, from two places."""
    said = await asyncio.gather(*(run.cluster.reindex(node) for node in run.cluster.nodes))
    run.wrong += [text for text in said if "The index holds" not in text]
    await run.recovered("back, s")


async def killed(run: Run) -> None:
    """By hand, slowly, and killed at any moment once the gate is closing. The service ends what it has begun."""
    node = run.chance.choice(run.cluster.nodes)
    node.proxy.delay = 0.1
    async with asyncio.timeout(BACK_SECONDS):
        while not await _killed(run, node):
            pass
    node.proxy.delay = 0.0
    await run.recovered("back, s")


async def _killed(run: Run, node: Node) -> bool:
    """Whether it was in the midst of it, and had not ended."""
    rebuild = await run.cluster.begin_reindex(node)
    while rebuild.returncode is None and (await run.cluster.gate())[0] == "on":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await asyncio.sleep(run.chance.uniform(0.0, 1.5))
    under_way = rebuild.returncode is None
    if under_way:
        rebuild.kill()
    await rebuild.communicate()
    return under_way


async def either(run: Run) -> None:
    """In turn."""
    await (killed(run) if run.injected % 2 else twice(run))
