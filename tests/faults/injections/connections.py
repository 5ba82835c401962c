"""Connections cut at one step of a write: before the store receives the request, or before its reply arrives.

In about half of the cuts the first half of the request, or of the reply, still arrives."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from cache.redis.client import ScriptName, script_sha
from tests.faults.fault import Run
from tests.faults.proxy import When

Step = Literal["mark", "commit", "publish"]
# Some client makes a write within this time.
NEXT_WRITE_TIMEOUT_SECONDS = 180.0
# The script of each step; the commit is a statement of PostgreSQL.
SCRIPTS: dict[Step, ScriptName | None] = {"mark": "mark", "commit": None, "publish": "publish"}


def cut(step: Step, when: When) -> Callable[[Run], Awaitable[None]]:
    """Return an injection that cuts the connection of one process's next write at this step."""
    script = SCRIPTS[step]

    async def inject(run: Run) -> None:
        # Alternate: a process that has just lost Redis sets no marks for a moment.
        node = run.cluster.nodes[run.injected % len(run.cluster.nodes)]
        proxy = node.proxy if script is not None else node.postgres
        assert proxy is not None
        half = run.random.random() < 0.5
        lost = proxy.cut_at(b"COMMIT" if script is None else script_sha(script).encode(), when, half=half)
        async with asyncio.timeout(NEXT_WRITE_TIMEOUT_SECONDS):
            await lost.triggered.wait()

    return inject
