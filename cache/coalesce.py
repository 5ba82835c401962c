"""Coalescing of concurrent calls to an expensive query."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class CoalescedCall(Generic[Result]):
    """Runs a query at most once at a time. Concurrent callers share the run that starts after they called.

    A caller never shares a run that started before it called: the answer of such a run may be older than a write that
    the caller already knows of.
    """

    def __init__(self, run: Callable[[], Awaitable[Result]]) -> None:
        self._run = run
        self._running = asyncio.Lock()
        self._next: asyncio.Task[Result] | None = None

    async def __call__(self) -> Result:
        """Return the result of a run that starts after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._run_next())
            # Retrieve the exception even if every caller was cancelled, so that asyncio does not log it.
            self._next.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._next)

    async def _run_next(self) -> Result:
        async with self._running:
            self._next = None  # later callers share the following run
            return await self._run()
