"""Queries of PostgreSQL that concurrent requests share: exact totals, and the outcomes of bulk creates."""

from collections.abc import Collection
from functools import partial
from weakref import WeakValueDictionary

from cache.coalesce import CoalescedCall
from cache.redis.protocol import Protocol
from db.facets import FacetOrder, facet_counts
from db.outcomes import Outcome, outcomes_of
from db.pages import task_count, task_counts
from db.pool import Database
from db.task import Order
from db.views import Dimension, View


class RowTotals:
    """Counts of the tasks of each view, read from PostgreSQL's indexes (R6)."""

    def __init__(self, database: Database, workspace: str) -> None:
        self._database = database
        self._workspace = workspace
        # Calls in progress. Each is forgotten with its last caller.
        self._counts: WeakValueDictionary[tuple[View, Order], CoalescedCall[int]] = WeakValueDictionary()
        self._facets: WeakValueDictionary[
            tuple[Dimension, View, int, FacetOrder], CoalescedCall[list[tuple[str, int]]]
        ] = WeakValueDictionary()
        # Counts the views of all tasks and of each status in one snapshot, in the order of VIEWS.
        self.count_views = CoalescedCall(self._count_views)

    async def count(self, view: View, order: Order = "NEWEST") -> int:
        """Return how many tasks a view has in an order."""
        call = self._counts.setdefault((view, order), CoalescedCall(partial(self._count, view, order)))
        return await call()

    async def facets(self, by: Dimension, view: View, first: int, order: FacetOrder) -> list[tuple[str, int]]:
        """Return up to `first` values of a dimension with the number of tasks in the view that have them."""
        key = (by, view, first, order)
        call = self._facets.setdefault(key, CoalescedCall(partial(self._count_facets, *key)))
        return await call()

    async def _count_facets(self, by: Dimension, view: View, first: int, order: FacetOrder) -> list[tuple[str, int]]:
        async with self._database.shares.counts, self._database.connection() as connection:
            return await facet_counts(connection, self._workspace, by, view, first, order)

    async def _count(self, view: View, order: Order) -> int:
        async with self._database.shares.counts, self._database.connection() as connection:
            return await task_count(connection, self._workspace, view, order)

    async def _count_views(self) -> list[int]:
        async with self._database.shares.counts, self._database.connection() as connection:
            return await task_counts(connection, self._workspace)


class UnsettledCreates:
    """Bulk creates that were recorded in Redis and are not settled: their tasks are in no index yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: set[bytes] = set()
        self._outcomes = CoalescedCall(self._read_outcomes)

    async def settle(self, protocol: Protocol, transactions: Collection[bytes]) -> None:
        """P4, W8: settle those that were committed. A page may leave the others out: nobody can know of their tasks."""
        outcomes = await self.outcomes(transactions)
        for transaction in transactions:
            if outcomes[transaction] == "committed":
                await protocol.settle(transaction, reading=True)

    async def outcomes(self, transactions: Collection[bytes]) -> dict[bytes, Outcome | None]:
        """P4: return the outcome of each transaction. It is read after this call."""
        self._asked.update(transactions)
        return await self._outcomes()

    async def _read_outcomes(self) -> dict[bytes, Outcome | None]:
        asked, self._asked = self._asked, set()
        async with self._database.connection() as connection:
            found = await outcomes_of(connection, [transaction.decode() for transaction in asked])
        return {transaction: found[transaction.decode()] for transaction in asked}
