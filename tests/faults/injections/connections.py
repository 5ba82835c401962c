"""Connections cut at one step of a write or a read: before the store receives the request, or before its reply arrives.

In about half of the cuts the first half of the request, or of the reply, still arrives."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, get_args

from cache.redis.script_texts import ScriptName, script_sha
from tests.faults.fault import Run
from tests.faults.proxy import When

Step = Literal["mark", "commit", "publish", "page"]
STEPS: tuple[Step, ...] = get_args(Step)
# Some client makes a write and reads a page within this time.
NEXT_REQUEST_TIMEOUT_SECONDS = 180.0
# The script of each step; the commit is a statement of PostgreSQL.
SCRIPTS: dict[Step, ScriptName | None] = {"mark": "mark", "commit": None, "publish": "publish", "page": "page"}


def cut(step: Step, when: When) -> Callable[[Run], Awaitable[None]]:
    """Return an injection that cuts the connection of one process at its next request of this step.

    At the step "page", all reads that wait on the connection fail together, because they share it.
    """
    script = SCRIPTS[step]

    async def inject(run: Run) -> None:
        # Alternate: a process that has just lost Redis does not use it for a moment.
        node = run.cluster.nodes[run.injected % len(run.cluster.nodes)]
        proxy = node.proxy if script is not None else node.postgres
        assert proxy is not None
        half = run.random.random() < 0.5
        lost = proxy.cut_at(b"COMMIT" if script is None else script_sha(script).encode(), when, half=half)
        async with asyncio.timeout(NEXT_REQUEST_TIMEOUT_SECONDS):
            await lost.triggered.wait()

    return inject
