"""Shares of the connection pool: how much of it each class of work can take. The rest is left to all others."""

import asyncio
from typing import Literal

from db.errors import ShareBusy

ShareName = Literal["searches", "deep_pages", "writes"]

# A page that skips fewer rows in PostgreSQL costs about as much as the first page.
DEEP_ROWS = 10_000


class Share:
    """A bounded number of turns for one class of work, each with one connection, and a bounded queue for them.

    Over the bound, work is refused at once, so that waiting work does not take the request slots of other classes.
    Raises `ShareBusy`.
    """

    def __init__(self, name: ShareName, connections: int, in_flight: int, wait_seconds: float) -> None:
        self.name = name
        self.in_flight = 0
        self.limit = max(connections, in_flight)
        self._turns = asyncio.Semaphore(connections)
        self._wait_seconds = wait_seconds

    async def __aenter__(self) -> None:
        if self.in_flight >= self.limit:
            raise ShareBusy(self.name, self.limit)
        self.in_flight += 1
        try:
            if self._turns.locked():
                async with asyncio.timeout(self._wait_seconds):
                    await self._turns.acquire()
            else:
                await self._turns.acquire()
        except TimeoutError as error:
            self.in_flight -= 1
            raise ShareBusy(self.name, self.limit) from error
        except BaseException:
            self.in_flight -= 1
            raise

    async def __aexit__(self, *_error: object) -> None:
        self._turns.release()
        self.in_flight -= 1


class Shares:
    """The shares of one worker. Pages and single tasks have no limit: what the shares leave is theirs.

    From six connections on, the shares leave at least one; an eighth of the request slots is always left.
    """

    def __init__(self, connections: int, in_flight: int, wait_seconds: float) -> None:
        tenth, quarter, eighth = connections // 10, in_flight // 4, in_flight // 8
        self.searches = Share("searches", max(1, connections // 5), quarter, wait_seconds)
        # Numbered pages and page numbers that PostgreSQL has to count while Redis is not in use.
        self.deep_pages = Share("deep_pages", max(1, tenth), eighth, wait_seconds)
        self.writes = Share("writes", max(1, connections * 2 // 5), in_flight // 2, wait_seconds)
        self.limited = (self.searches, self.deep_pages, self.writes)
        # Counts of whole views. Callers share each, so there are few of them, and none is refused.
        self.counts = asyncio.Semaphore(max(1, tenth))
