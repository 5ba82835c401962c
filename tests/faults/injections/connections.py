"""A connection breaks at one step of a write: before the store has the request, or after it has done it.

At times half of the request has come by then, or of the reply."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from cache.redis.client import ScriptName, script_sha
from tests.faults.fault import Run
from tests.faults.proxy import When

# Within so many seconds some client writes.
SOON = 180.0
STEPS: dict[Literal["mark", "commit", "publish"], ScriptName | None] = {
    "mark": "mark",
    "commit": None,
    "publish": "publish",
}


def cut(step: Literal["mark", "commit", "publish"], when: When) -> Callable[[Run], Awaitable[None]]:
    """The next write of one process loses its connection there. It goes on at once: others are under way."""
    verb = STEPS[step]

    async def lose(run: Run) -> None:
        # In turn, for a process that has lost Redis marks nothing for a moment.
        node = run.cluster.nodes[run.injected % len(run.cluster.nodes)]
        proxy = node.proxy if verb is not None else node.postgres
        assert proxy is not None
        half = run.chance.random() < 0.5
        lost = proxy.cut_at(b"COMMIT" if verb is None else script_sha(verb).encode(), when, half=half)
        async with asyncio.timeout(SOON):
            await lost.done.wait()

    return lose
