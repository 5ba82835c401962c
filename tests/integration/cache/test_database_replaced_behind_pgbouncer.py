"""Tests that a process notices another PostgreSQL server behind PgBouncer, although its connections stay open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.abc import PQGen

from cache.gate import watcher
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.connection import Connection
from db.errors import CommitUnknown, DatabaseUnavailable
from db.gate import queue_enter_gate
from db.limits import DatabaseLimits
from db.pool import Database
from db.session_connection import SessionConnection
from db.task_table import tasks_by_id
from tests.integration.cache.test_database_replaced import (  # noqa: F401 (fixtures)
    Address,
    addresses,
    prepared,
    server,
    two_processes,
)
from tests.support.gate_states import wait_until
from tests.support.pgbouncer import PgBouncer, pgbouncer
from tests.support.postgres_copies import replica_of, value
from tests.support.postgres_server import PostgresServer
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import WORKSPACE

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


async def test_no_read_returns_what_a_promoted_replica_has_lost(
    server: PostgresServer,  # noqa: F811
    addresses: list[Address],  # noqa: F811
    bouncer: PgBouncer,
    redis_url: str,
    tmp_path: Path,
) -> None:
    """PgBouncer is not paused, so a process can meet the new server before the leases of the other one have ended."""
    async with (
        two_processes([bouncer.url, bouncer.url], redis_url, shared_sessions=True) as service,
        replica_of(server, tmp_path / "replica", is_synchronous=False) as replica,
    ):

        async def fail_over() -> None:
            await value(replica.url, "SELECT pg_promote()")
            addresses[0].lead_to(replica)
            await asyncio.to_thread(bouncer.command, "RECONNECT")

        await service.lose(fail_over)


Attempt = Callable[[Database], Awaitable[None]]


async def read(database: Database) -> None:
    async with database.connection() as connection:
        await tasks_by_id(connection, WORKSPACE, [])


async def read_in_a_transaction(database: Database) -> None:
    async with database.transaction() as connection:
        await tasks_by_id(connection, WORKSPACE, [])
        await tasks_by_id(connection, WORKSPACE, [])


async def write(database: Database) -> None:
    """Begin, write and commit in one round trip."""
    async with database.transaction() as connection:
        queue_enter_gate(connection, WORKSPACE, None)


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Return a list to which every connection appends an item for each round trip."""
    counted, wait_for_answers = list[None](), SessionConnection.wait_for_answers

    async def wait(self: SessionConnection, statements: PQGen[None], seconds: float | None) -> None:
        counted.append(None)
        await wait_for_answers(self, statements, seconds)

    monkeypatch.setattr(SessionConnection, "wait_for_answers", wait)
    return counted


async def cost(attempt: Attempt, database: Database, statements: list[None], round_trips: list[None]) -> list[int]:
    """Return how many statements and round trips an attempt needs on an open connection."""
    await attempt(database)
    statements.clear()
    round_trips.clear()
    await attempt(database)
    return [len(statements), len(round_trips)]


async def test_each_session_of_the_pooler_is_asked_for_its_server(
    server: PostgresServer,  # noqa: F811
    addresses: list[Address],  # noqa: F811
    bouncer: PgBouncer,
    tmp_path: Path,
    round_trips: list[None],
) -> None:
    """It costs a statement, no round trip, and nothing without a pooler. The watcher does not run here."""
    attempts, statements = (read, read_in_a_transaction, write), list[None]()
    async with AsyncExitStack() as stack:

        async def opened(url: str, limits: DatabaseLimits) -> Database:
            database = await stack.enter_async_context(Database(url, limits, lambda: statements.append(None)))
            async with database.connection() as connection:
                database.server.adopt(connection.raw.server_start)
            return database

        direct = await opened(server.url, DatabaseLimits())
        pooled = [await opened(bouncer.url, LIMITS) for _ in attempts]
        for attempt, database in zip(attempts, pooled, strict=True):
            asked, answered = await cost(attempt, direct, statements, round_trips)
            assert await cost(attempt, database, statements, round_trips) == [asked + 1, answered]
        replica = await stack.enter_async_context(replica_of(server, tmp_path / "replica", is_synchronous=False))
        await value(replica.url, "SELECT pg_promote()")
        addresses[0].lead_to(replica)
        async with pooled[0].transaction() as connection:  # keeps its session
            await tasks_by_id(connection, WORKSPACE, [])
            bouncer.command("RECONNECT")
            await tasks_by_id(connection, WORKSPACE, [])
        for attempt, database in zip(attempts, pooled, strict=True):
            with pytest.raises(CommitUnknown if attempt is write else DatabaseUnavailable):
                await attempt(database)
            assert database.server.contested


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
