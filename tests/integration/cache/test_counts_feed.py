"""Tests the counts for subscribers, also after a failed count."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import psycopg

from cache.feed.counts import CountsFeed
from cache.feed.turns import Turns
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.limits import DatabaseLimits
from db.pool import Database
from tests.support.store_factories import create_uncached_tasks


@asynccontextmanager
async def counting(database_url: str, redis_url: str) -> AsyncIterator[tuple[Store, CountsFeed]]:
    """Yield a store, and a feed whose counts fail after 500 ms. Without a gate lease, PostgreSQL counts."""
    async with (
        Database(database_url) as database,
        Database(database_url, DatabaseLimits(statement_timeout_ms=500)) as impatient,
        Redis(redis_url) as redis,
    ):
        feed = CountsFeed(Store(impatient, redis, StoreMetrics()), Turns())
        yield Store(database, redis, StoreMetrics()), feed


async def test_counts_continue_after_a_failed_count(database_url: str, redis_url: str) -> None:
    async with (
        counting(database_url, redis_url) as (store, feed),
        aclosing(feed.subscribe()) as counts,
        asyncio.timeout(30),
    ):
        assert (await anext(counts))[None] == 0
        with psycopg.connect(database_url) as locking:
            locking.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
            next_counts = asyncio.create_task(anext(counts))
            await asyncio.sleep(3.5)  # long enough for at least one count to reach its statement timeout
        assert not next_counts.done()
        await create_uncached_tasks(store, 3)
        assert (await next_counts)[None] == 3


async def test_counts_of_earlier_subscribers_are_forgotten(database_url: str, redis_url: str) -> None:
    async with counting(database_url, redis_url) as (store, feed), asyncio.timeout(30):
        async with aclosing(feed.subscribe()) as counts:
            assert (await anext(counts))[None] == 0
            await create_uncached_tasks(store, 1)
            assert (await anext(counts))[None] == 1
        with psycopg.connect(database_url) as locking:
            locking.execute("LOCK TABLE task IN ACCESS EXCLUSIVE MODE")
            async with aclosing(feed.subscribe()) as counts:
                next_counts = asyncio.create_task(anext(counts))
                await asyncio.sleep(1.5)  # long enough for the first count to reach its statement timeout
                assert not next_counts.done()
                locking.rollback()
                assert (await next_counts)[None] == 1
