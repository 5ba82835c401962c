"""Tests the exact totals from PostgreSQL, and the sizes of the indexes."""

import asyncio

from cache.redis.index import index_sizes
from cache.store import Store
from db.views import View
from tests.support.redis_state import protocol
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import in_an_hour


async def test_concurrent_requests_share_a_count(store: Store) -> None:
    await create_uncached_tasks(store, 7)
    before = store.metrics.sql_queries
    assert await asyncio.gather(*(store.totals.count(View()) for _ in range(20))) == [7] * 20
    assert store.metrics.sql_queries - before == 1
    of_statuses = [store.totals.count(View(status="TODO")), store.totals.count(View(status="DONE"))]
    assert list(await asyncio.gather(*of_statuses)) == [7, 0]
    assert store.metrics.sql_queries - before == 3


async def test_size_of_each_index_is_known_by_its_name(store: Store) -> None:
    await create_uncached_tasks(store, 2, expires_at=in_an_hour())
    sizes = await index_sizes(store.redis, protocol(store).keys)
    views = ("", ":TODO", ":IN_PROGRESS", ":DONE")
    assert set(sizes) == {f"{kind}{view}" for kind in ("index", "expiring") for view in views}
    assert sizes["index:TODO"] > sizes["index:DONE"] > 0
