"""Writes that run to their end even if the client disconnects."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class PendingWrites:
    """The writes in flight in this process."""

    def __init__(self) -> None:
        self._writes: set[asyncio.Task[Any]] = set()

    @property
    def in_flight(self) -> int:
        """The number of writes in flight."""
        return len(self._writes)

    async def finish(self, write: Coroutine[Any, Any, Result]) -> Result:
        """Run a write to its end, even if the caller is cancelled."""
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait for the writes in flight."""
        if self._writes:
            await asyncio.wait(self._writes)
