"""The number of tasks in each view, for subscribers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import structlog

from cache.coalesce import CoalescedCall
from cache.errors import StoreUnavailable
from cache.reads.pages import read_counts
from cache.reads.session import Session
from cache.store import Store
from db.errors import DatabaseUnavailable, explain
from db.task import Status

log = structlog.get_logger(__name__)
# The shortest time between two counts for one subscriber.
MIN_INTERVAL_SECONDS = 0.25
# The longest time between two counts, even without an event: a task may have expired, or a counted write may have been
# rolled back.
MAX_INTERVAL_SECONDS = 2.0

CountsByView = dict[Status | None, int]


class CountsFeed:
    """Counts the tasks when something has changed. All subscribers share each count."""

    def __init__(self, store: Store) -> None:
        self._count: CoalescedCall[CountsByView] = CoalescedCall(lambda: read_counts(Session(store)))
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Count again, because a task has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def subscribe(self) -> AsyncGenerator[CountsByView, None]:
        """Yield the current counts, then the counts whenever they differ.

        While the stores cannot be read, nothing is yielded.
        """
        last: CountsByView | None = None
        while True:
            changed = self._changed  # bound before the count, to notice a change during it
            try:
                counts = await self._count()
            except (StoreUnavailable, DatabaseUnavailable) as error:
                log.warning("cannot count tasks", reason=explain(error))
            else:
                if counts != last:
                    last = counts
                    yield counts
            await asyncio.sleep(MIN_INTERVAL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_INTERVAL_SECONDS):
                    await changed.wait()
