"""Tests the counts for subscribers, also after a failed count."""

import asyncio
from contextlib import aclosing

import psycopg

from cache.feed.counts import CountsFeed
from cache.feed.turns import Turns
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.limits import DatabaseLimits
from db.pool import Database
from tests.support.store_factories import create_uncached_tasks


async def test_counts_continue_after_a_failed_count(database_url: str, redis_url: str) -> None:
    async with Database(database_url, DatabaseLimits(statement_timeout_ms=500)) as database, Redis(redis_url) as redis:
        store = Store(database, redis, StoreMetrics())  # without a gate lease, PostgreSQL counts
        async with aclosing(CountsFeed(store, Turns()).subscribe()) as counts, asyncio.timeout(30):
            assert (await anext(counts))[None] == 0
            with psycopg.connect(database_url) as locking:
                locking.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
                next_counts = asyncio.create_task(anext(counts))
                await asyncio.sleep(3.5)  # long enough for at least one count to reach its statement timeout
            assert not next_counts.done()
            await create_uncached_tasks(store, 3)
            assert (await next_counts)[None] == 3
