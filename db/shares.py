"""Shares of the connection pool: how many connections each class of work can take. Other work has the rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from db.errors import ShareBusy
from db.fair_slots import FairPermits, FairSlots

ShareName = Literal["searches", "deep_pages", "writes"]

# A page that skips fewer rows in PostgreSQL costs about as much as the first page.
DEEP_ROWS = 10_000


class Share:
    """Permits for one class of work, each for one connection, and a bounded queue for them.

    connections: the number of permits. in_flight: how much work may hold or await a permit. Work beyond that is refused
    at once, so that it does not take the request slots of other classes. wait_seconds: how long work may wait.
    Workspaces get the permits in turn. Each may have its part of the queue, even if another workspace has filled it.
    """

    def __init__(self, name: ShareName, connections: int, in_flight: int, wait_seconds: float) -> None:
        self.name = name
        self._slots = FairSlots(max(1, in_flight))
        self._permits = FairPermits(connections)
        self._wait_seconds = wait_seconds

    @property
    def limit(self) -> int:
        """How much work may run or wait."""
        return self._slots.limit

    @property
    def in_flight(self) -> int:
        """How much work runs or waits."""
        return self._slots.in_flight

    @asynccontextmanager
    async def permit(self, workspace: str) -> AsyncIterator[None]:
        """Hold a permit for work of a workspace for the duration of the block. Raises `ShareBusy`."""
        if not self._slots.enter(workspace):
            raise ShareBusy(self.name, self.limit)
        try:
            await self._acquire(workspace)
            try:
                yield
            finally:
                self._permits.release()
        finally:
            self._slots.leave(workspace)

    async def _acquire(self, workspace: str) -> None:
        if self._permits.try_acquire():
            return
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._permits.acquire(workspace)
        except TimeoutError as error:
            raise ShareBusy(self.name, self.limit) from error


class Shares:
    """The shares of one worker. Pages and single tasks have all connections and request slots that the shares leave.

    The shares leave at least one of six or more connections, and at least an eighth of eight or more request slots.
    """

    def __init__(self, connections: int, in_flight: int, wait_seconds: float) -> None:
        tenth, quarter, eighth = connections // 10, in_flight // 4, in_flight // 8
        self.searches = Share("searches", max(1, connections // 5), quarter, wait_seconds)
        # Pages and ranks for which PostgreSQL reads many rows, because Redis is not in use.
        self.deep_pages = Share("deep_pages", max(1, tenth), eighth, wait_seconds)
        self.writes = Share("writes", max(1, connections * 2 // 5), in_flight // 2, wait_seconds)
        self.limited = (self.searches, self.deep_pages, self.writes)
        # Counts of whole views. Concurrent callers share a count, so there are few counts, and none is refused.
        self.counts = asyncio.Semaphore(max(1, tenth))
