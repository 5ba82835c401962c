"""Tests that a process notices another PostgreSQL server behind PgBouncer, although its connections stay open."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from cache.gate import watcher
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.connection import Connection
from db.limits import DatabaseLimits
from db.pool import Database
from tests.integration.cache.test_database_replaced import (  # noqa: F401 (fixtures)
    Address,
    addresses,
    prepared,
    server,
)
from tests.support.gate_states import wait_until
from tests.support.pgbouncer import PgBouncer, pgbouncer
from tests.support.postgres_copies import replica_of, value
from tests.support.postgres_server import PostgresServer
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks

KEPT, LOST = 20, 10
LIMITS = DatabaseLimits(shared_sessions=True)


@pytest.fixture
def bouncer(addresses: list[Address], tmp_path: Path) -> Iterator[PgBouncer]:  # noqa: F811
    with pgbouncer(addresses[0].url, tmp_path) as running:
        yield running


async def process(stack: AsyncExitStack, url: str, redis_url: str) -> Store:
    """Start a process that uses Redis."""
    database = await stack.enter_async_context(Database(url, LIMITS))
    redis = await stack.enter_async_context(Redis(redis_url))
    store = Store(database, redis, StoreMetrics())
    await stack.enter_async_context(maintenance(store))
    await wait_until(lambda: store.gate_lease.protocol is not None)
    return store


async def test_promoted_replica_behind_pgbouncer(
    server: PostgresServer,  # noqa: F811
    addresses: list[Address],  # noqa: F811
    bouncer: PgBouncer,
    redis_url: str,
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        store = await process(stack, bouncer.url, redis_url)
        await create_uncached_tasks(store, KEPT)
        replica = await stack.enter_async_context(replica_of(server, tmp_path / "replica", is_synchronous=False))
        await create_uncached_tasks(store, LOST)
        await value(replica.url, "SELECT pg_promote()")
        addresses[0].lead_to(replica)
        bouncer.command("RECONNECT")
        await wait_until(lambda: store.metrics.closings == 1)
        await wait_until(lambda: store.gate_lease.protocol is not None)
        assert (await StoreClient(store).page(PageRange(5))).total == KEPT
        # New storage, on the same server.
        async with await psycopg.AsyncConnection.connect(replica.url, autocommit=True) as connection:
            await connection.execute("REINDEX INDEX task_pkey")
        await wait_until(lambda: store.metrics.closings == 2)
        await wait_until(lambda: store.gate_lease.protocol is not None)
        other = await process(stack, bouncer.url, redis_url)
        await other.gate_lease.check_server()
        assert store.metrics.server_changes == 1
        assert store.database.server.start == other.database.server.start


class CountingDatabase(Database):
    """Counts the connections of the gate watcher."""

    opened = 0

    @asynccontextmanager
    async def dedicated_connection(self) -> AsyncIterator[Connection]:
        self.opened += 1
        async with super().dedicated_connection() as connection:
            yield connection


async def test_watcher_pauses_while_its_connections_disagree(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler can lend sessions of two servers in turn. That must not cost one connection after another."""
    monkeypatch.setattr(watcher, "WATCH_INTERVAL_SECONDS", 3600)
    async with CountingDatabase(database_url) as database:
        watching = asyncio.create_task(watcher.GateWatcher(database).run())
        await wait_until(lambda: database.server.start is not None)
        database.server.end()
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert database.opened == 1
        watching.cancel()
