"""Housekeeping: purges rows and writes words, in open workspaces soon and in all others eventually."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog

from cache.maintenance.visits import OpenStores
from cache.metrics import StoreMetrics
from db.due_work import due_work, next_workspaces
from db.errors import DatabaseError, explain
from db.pool import Database
from db.purge import purge_tasks
from db.word_index import BATCH_ROWS, write_due_words

log = structlog.get_logger(__name__)

PURGE_BATCH_ROWS = 500
OPEN_INTERVAL_SECONDS = 1.0
# Each round looks at the next hundred of all workspaces: ten thousand take a quarter of an hour.
ALL_INTERVAL_SECONDS = 10.0
ALL_BATCH = 100


class Housekeeping:
    """Finds the workspaces with work by one query for many of them, and does a batch of it for each."""

    def __init__(self, database: Database, metrics: StoreMetrics, retention: timedelta) -> None:
        self._database = database
        self._metrics = metrics
        self._retention = retention
        self._after = ""

    async def run(self, open_stores: OpenStores) -> None:
        """Work for the lifetime of the process."""
        next_all = time.monotonic()
        while True:
            workspaces = [store.workspace for store in open_stores()]
            pause = OPEN_INTERVAL_SECONDS
            try:
                if time.monotonic() >= next_all:
                    next_all += ALL_INTERVAL_SECONDS
                    workspaces = list({*workspaces, *await self._next_of_all()})
                while await self._work(workspaces):
                    pass
            except DatabaseError as error:
                log.warning("maintenance failed", job="housekeeping", reason=explain(error), retry_seconds=pause)
            except Exception:
                log.exception("maintenance failed", job="housekeeping")
            await asyncio.sleep(pause)

    async def _next_of_all(self) -> Sequence[str]:
        async with self._database.connection() as connection:
            found = await next_workspaces(connection, self._after, ALL_BATCH)
        self._after = found[-1] if len(found) == ALL_BATCH else ""
        return found

    async def _work(self, workspaces: Sequence[str]) -> bool:
        """Do a batch of the work that is due in each workspace. Return whether more is due.

        It pauses after each batch for as long as the batch took, so that it uses half of one connection.
        """
        if not workspaces:
            return False
        async with self._database.connection() as connection:
            due = await due_work(connection, workspaces, self._retention)
        has_more = False
        for workspace, purge, words in due:
            started = time.monotonic()
            if purge:
                async with self._database.connection() as connection:
                    purged = await purge_tasks(connection, workspace, self._retention, PURGE_BATCH_ROWS)
                self._metrics.purged += purged
                has_more |= purged == PURGE_BATCH_ROWS
            if words:
                has_more |= await write_due_words(self._database, workspace) == BATCH_ROWS
            await asyncio.sleep(time.monotonic() - started)
        return has_more
