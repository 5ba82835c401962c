"""Tests that no read returns what PostgreSQL has lost: after restores, recoveries and promotions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.errors import DatabaseError
from db.migrations import migrate
from db.pool import Database
from tests.faults.stores import PostgresServer
from tests.support.consistency import check_indexes
from tests.support.gate_states import wait_until
from tests.support.postgres_copies import back_up, start_backup
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks

KEPT, LOST = 200, 100


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PostgresServer]:
    """Yield a migrated server that the test may kill and replace."""
    server = PostgresServer(tmp_path / "postgres")
    try:
        await server.start()
        await asyncio.to_thread(migrate, server.url)
        yield server
    finally:
        await server.remove()


class Reader:
    """Reads the total and a lost task in a loop, through one process, and keeps the answers with their order."""

    def __init__(self, store: Store, answers: list[tuple[int, int, bool]]) -> None:
        self._store, self._answers = store, answers
        self.lost_id: UUID | None = None

    async def run(self) -> None:
        """Read until cancelled. An answer has the number of answers that came before it began."""
        while True:
            began = len(self._answers)
            with suppress(DatabaseError):  # while no server runs
                client = StoreClient(self._store)
                total = (await client.page(PageRange(5))).total
                [task] = await client.tasks_by_id([self.lost_id]) if self.lost_id is not None else [None]
                self._answers.append((began, total, task is not None))
            await asyncio.sleep(0.002)


class Service:
    """Two processes over the same stores, each with its own connections and background work, and a reader of each."""

    def __init__(self, stores: list[Store]) -> None:
        self.stores = stores
        self.answers: list[tuple[int, int, bool]] = []
        self.readers = [Reader(store, self.answers) for store in stores]

    async def wait_until_redis_is_used(self) -> None:
        await wait_until(lambda: all(store.gate_lease.protocol is not None for store in self.stores))

    async def lose(self, fault: Callable[[], Awaitable[None]]) -> None:
        """Create tasks, lose them, and check all answers from then on."""
        store = self.stores[0]
        (lost, *_) = await create_uncached_tasks(store, LOST)
        for reader in self.readers:
            reader.lost_id = lost.id
        lease = store.gate_lease.protocol
        assert lease is not None
        reading = [asyncio.create_task(reader.run()) for reader in self.readers]
        await wait_until(lambda: len(self.answers) > 20)
        await fault()
        await wait_until(lambda: self.answers[-1][1:] == (KEPT, False))
        await self.wait_until_redis_is_used()
        seen = len(self.answers)
        await wait_until(lambda: len(self.answers) > seen + 20)
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)
        self.check_order()
        for store in self.stores:
            found = store.gate_lease.protocol
            assert found is not None
            assert found.gate.epoch != lease.gate.epoch
        await check_indexes(store)

    def check_order(self) -> None:
        """Check that no answer has a lost task if it began after an answer without it."""
        first = next(number for number, (_, total, _) in enumerate(self.answers) if total == KEPT)
        stale = [answer for answer in self.answers if answer[0] > first and answer[1:] != (KEPT, False)]
        assert not stale, f"{len(stale)} of {len(self.answers)} answers are stale: {stale[:3]}"
        assert {answer[1] for answer in self.answers} == {KEPT, KEPT + LOST}


@pytest.fixture
async def service(server: PostgresServer, redis_url: str) -> AsyncIterator[Service]:
    """Yield two processes that use Redis, with the tasks that no test loses."""
    async with AsyncExitStack() as stack:
        stores = []
        for _ in range(2):
            database = await stack.enter_async_context(Database(server.url))
            redis = await stack.enter_async_context(Redis(redis_url))
            stores.append(Store(database, redis, StoreMetrics()))
            await stack.enter_async_context(maintenance(stores[-1]))
        service = Service(stores)
        await service.wait_until_redis_is_used()
        await create_uncached_tasks(stores[0], KEPT)
        yield service


async def test_base_backup_started_at_the_same_address(
    server: PostgresServer, service: Service, tmp_path: Path
) -> None:
    await back_up(server, tmp_path / "backup")
    with capture_logs() as logs:
        await service.lose(lambda: start_backup(server, tmp_path / "backup"))
    events = [entry["event"] for entry in logs if entry["log_level"] == "warning"]
    assert events.count("PostgreSQL was replaced") == events.count("gate closed") == 2
