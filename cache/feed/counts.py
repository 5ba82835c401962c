"""How many tasks there are, for those who want to know it whenever it changes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import structlog

from cache.coalesce import CoalescedCall
from cache.errors import StoreUnavailable
from cache.reads.session import Tasks
from cache.store import Store
from db.errors import DatabaseUnavailable
from db.task import Status

log = structlog.get_logger(__name__)
# Seconds between two counts for a listener at least, and without any change: a count may hold a write that was not
# committed then, and a task may have expired.
SHORTEST = 0.25
LONGEST = 2.0

Count = dict[Status | None, int]


class Counts:
    """All who listen share each count."""

    def __init__(self, store: Store) -> None:
        self._count = CoalescedCall(lambda: Tasks(store).counts())
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """Something was changed."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def changes(self) -> AsyncGenerator[Count, None]:
        """How many there are in each view: now, and then whenever that is something else.

        What cannot be counted for the moment is counted later.
        """
        last: Count | None = None
        while True:
            moved = self._moved  # this one, for what changes while it counts
            try:
                count = await self._count()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("counts", reason=str(error))
            else:
                if count != last:
                    last = count
                    yield count
            await asyncio.sleep(SHORTEST)
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST):
                    await moved.wait()
