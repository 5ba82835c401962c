"""Exact totals from PostgreSQL, for when Redis is not in use. Concurrent requests share a count."""

from functools import partial
from typing import get_args

from cache.coalesce import CoalescedCall
from cache.redis.keys import VIEWS
from db.pages import task_count, task_counts
from db.pool import Database
from db.task import Order, Status


class RowTotals:
    """Counts of the tasks of each view, read from PostgreSQL's indexes (R6)."""

    def __init__(self, database: Database, workspace: str) -> None:
        self._database = database
        self._workspace = workspace
        self._counts = {
            (view, order): CoalescedCall(partial(self._count, view, order))
            for view in VIEWS
            for order in get_args(Order)
        }
        # Counts every view in one snapshot, in the order of VIEWS.
        self.count_views = CoalescedCall(self._count_views)

    async def count(self, view: Status | None, order: Order = "NEWEST") -> int:
        """Return how many tasks a view has in an order."""
        return await self._counts[view, order]()

    async def _count(self, view: Status | None, order: Order) -> int:
        async with self._database.connection() as connection:
            return await task_count(connection, self._workspace, view, order)

    async def _count_views(self) -> list[int]:
        async with self._database.connection() as connection:
            return await task_counts(connection, self._workspace)
