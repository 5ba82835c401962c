"""Tests the exact totals from PostgreSQL."""

import asyncio

from cache.store import Store
from tests.support.store_factories import create_uncached_tasks


async def test_concurrent_requests_share_a_count(store: Store) -> None:
    await create_uncached_tasks(store, 7)
    before = store.metrics.sql_queries
    assert await asyncio.gather(*(store.totals.count(None) for _ in range(20))) == [7] * 20
    assert store.metrics.sql_queries - before == 1
    assert list(await asyncio.gather(store.totals.count("TODO"), store.totals.count("DONE"))) == [7, 0]
    assert store.metrics.sql_queries - before == 3
