"""Fixtures: each test has a store on its own PostgreSQL database and Redis database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cache.maintenance.rebuild import rebuild
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database
from tests.support.gate_states import grant_gate_lease
from tests.support.redis_cluster import RedisCluster, redis_cluster
from tests.support.redis_server import PATIENT_SECONDS
from tests.support.store_client import StoreClient


@pytest.fixture
def metrics() -> StoreMetrics:
    return StoreMetrics()


@pytest.fixture
async def database(database_url: str, metrics: StoreMetrics) -> AsyncIterator[Database]:
    async with Database(database_url, count=metrics.count_query) as database:
        yield database


@pytest.fixture
def read_timeout() -> float:
    """Return how long readers wait for Redis, in seconds: so long that a busy machine does not exceed it."""
    return PATIENT_SECONDS


@pytest.fixture
async def redis(redis_url: str, metrics: StoreMetrics, read_timeout: float) -> AsyncIterator[Redis]:
    async with Redis(redis_url, read_timeout=read_timeout, count=metrics.count_round_trip) as redis:
        yield redis


@pytest.fixture
async def bare_store(database: Database, redis: Redis, metrics: StoreMetrics) -> Store:
    """Return a store without an index."""
    return Store(database, redis, metrics)


@pytest.fixture
async def store(bare_store: Store) -> Store:
    """Return a store that uses an empty index."""
    await rebuild(bare_store)
    await grant_gate_lease(bare_store)
    return bare_store


@pytest.fixture
def tasks(store: Store) -> StoreClient:
    """Return the client of one request. `StoreClient(store)` creates the client of another request."""
    return StoreClient(store)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    """Yield a cluster of three primaries."""
    with redis_cluster(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def steady_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """Yield a cluster whose nodes and slots stay."""
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def replicated_cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    """Yield a cluster of three primaries and a replica of each."""
    with redis_cluster(tmp_path, replicas=True) as running:
        yield running
