"""Writes that run to their end even if the client disconnects."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

# How many last steps may be in flight in a workspace without a write that waits for them. Redis executes one at a time,
# and readers wait behind them.
MAX_STEPS_IN_FLIGHT = 8


class PendingWrites:
    """The writes in flight in this process."""

    def __init__(self) -> None:
        self._writes: set[asyncio.Task[Any]] = set()
        self._last_steps: set[asyncio.Task[Any]] = set()

    @property
    def in_flight(self) -> int:
        """The number of writes in flight."""
        return len(self._writes)

    async def finish(self, write: Coroutine[Any, Any, Result]) -> Result:
        """Run a write to its end, even if the caller is cancelled."""
        return await asyncio.shield(self._start(write))

    async def finish_later(self, step: Coroutine[Any, Any, None]) -> None:
        """Start the last step of a write, which may end after the write. Wait for it if too many are in flight."""
        if len(self._last_steps) == MAX_STEPS_IN_FLIGHT:
            await step
            return
        task = self._start(step)
        self._last_steps.add(task)
        task.add_done_callback(self._last_steps.discard)

    async def drain(self) -> None:
        """Wait for the writes in flight and their last steps."""
        while self._writes:
            await asyncio.wait(self._writes)

    def _start(self, write: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return task
