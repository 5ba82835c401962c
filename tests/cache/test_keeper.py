"""The keeper builds what is missing, and always ends when it is told to."""

import asyncio
from collections.abc import Callable

import pytest

from cache.accounting import Accounting
from cache.keeper import keeper
from cache.redis import Redis
from cache.store import Store
from db.pool import Database


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 5, 8, 13, 21, 34])
async def test_it_ends_whenever_it_is_told_to(database_url: str, redis_url: str, milliseconds: int) -> None:
    async with asyncio.timeout(30), Database(database_url) as database, Redis(redis_url) as redis:
        store = Store(database, redis, Accounting())
        task = keeper(store)
        await task.__aenter__()
        await asyncio.sleep(milliseconds / 1000)
        await task.__aexit__(None, None, None)


async def test_an_index_that_is_missed_is_built_again(database_url: str, redis_url: str) -> None:
    async with Database(database_url) as database, Redis(redis_url) as redis:
        store = Store(database, redis, Accounting())
        async with asyncio.timeout(30), keeper(store):
            await until(lambda: store.ready)
            await redis.client.flushdb()
            store.index_missing.set()
            await until(lambda: store.ready and store.accounting.rebuilds == 2)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 (nobody tells when)
        await asyncio.sleep(0.01)
