"""Rebuilds: two at once, and one that is killed midway."""

import asyncio

from tests.faults.fault import Run


async def twice(run: Run) -> None:
    """By hand, from two places."""
    said = await asyncio.gather(*(run.cluster.reindex(node) for node in run.cluster.nodes))
    run.wrong += [text for text in said if "The index holds" not in text]
    await run.recovered("back, s")


async def killed(run: Run) -> None:
    """By hand, slowly, and killed at any moment: closing, off, building, on. The service ends what it has begun."""
    node = run.chance.choice(run.cluster.nodes)
    node.proxy.delay = 0.1
    rebuild = await run.cluster.begin_reindex(node)
    await asyncio.sleep(run.chance.uniform(0.5, 4.0))
    if rebuild.returncode is None:
        rebuild.kill()
    await rebuild.wait()
    node.proxy.delay = 0.0
    await run.recovered("back, s")


async def either(run: Run) -> None:
    """In turn."""
    await (killed(run) if run.injected % 2 else twice(run))
