"""A store of the test's own: a database, a Redis and the index between them, all real and open."""

from collections.abc import AsyncIterator

import pytest

from cache.accounting import Accounting
from cache.rebuild import rebuild
from cache.redis import Redis
from cache.store import Store
from cache.tasks import Tasks
from db.pool import Database
from tests.cache.samples import look


@pytest.fixture
def accounting() -> Accounting:
    return Accounting()


@pytest.fixture
async def database(database_url: str, accounting: Accounting) -> AsyncIterator[Database]:
    async with Database(database_url, count=accounting.count_query) as database:
        yield database


@pytest.fixture
async def redis(redis_url: str, accounting: Accounting) -> AsyncIterator[Redis]:
    async with Redis(redis_url, count=accounting.count_round_trip) as redis:
        yield redis


@pytest.fixture
async def bare_store(database: Database, redis: Redis, accounting: Accounting) -> Store:
    """A store whose index nobody has built."""
    return Store(database, redis, accounting)


@pytest.fixture
async def store(bare_store: Store) -> Store:
    """A store whose index stands and is empty."""
    await rebuild(bare_store)
    await look(bare_store)
    return bare_store


@pytest.fixture
def tasks(store: Store) -> Tasks:
    """The view of one request. `Tasks(store)` makes another."""
    return Tasks(store)
