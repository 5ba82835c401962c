"""One run of a dear query for all who ask at the same time, without anybody getting an answer from before it asked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class CoalescedCall(Generic[Result]):
    """Runs a query when asked to, and never two at once. Who comes while it runs waits for the next run, and shares
    that: the one that was already sent may have been answered from before it came.
    """

    def __init__(self, run: Callable[[], Awaitable[Result]]) -> None:
        self._run = run
        self._running = asyncio.Lock()
        self._next: asyncio.Task[Result] | None = None

    async def __call__(self) -> Result:
        """What a run that began after this call found."""
        if self._next is None:
            self._next = asyncio.create_task(self._run_next())
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._next)

    async def _run_next(self) -> Result:
        async with self._running:
            self._next = None  # whoever comes from here on waits for the one after
            return await self._run()
