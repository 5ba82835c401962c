"""The counts that subscribers are told: whenever they change, also after a time in which nobody could count."""

import asyncio
from contextlib import aclosing

import psycopg

from cache.feed.counts import CountsFeed
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database, DatabaseLimits
from tests.support.store_factories import create_uncached_tasks


async def test_they_go_on_after_a_count_that_failed(database_url: str, redis_url: str) -> None:
    async with Database(database_url, DatabaseLimits(statement_timeout_ms=500)) as database, Redis(redis_url) as redis:
        store = Store(database, redis, StoreMetrics())  # its gate was never on, so PostgreSQL counts
        async with aclosing(CountsFeed(store).subscribe()) as counts, asyncio.timeout(30):
            assert (await anext(counts))[None] == 0
            with psycopg.connect(database_url) as other:
                other.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
                coming = asyncio.create_task(anext(counts))
                await asyncio.sleep(3.5)  # one count at least, whatever changes, and the end of its time
            assert not coming.done()
            await create_uncached_tasks(store, 3)
            assert (await coming)[None] == 3
