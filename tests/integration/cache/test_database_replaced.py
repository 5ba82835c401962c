"""Tests that no read returns what PostgreSQL has lost: after restores, recoveries and promotions."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cache.gate.lease import GateLease
from cache.gate.watcher import GateWatcher
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.connection import Connection
from db.errors import DatabaseError, DatabaseUnavailable
from db.limits import DatabaseLimits
from db.migrations import migrate
from db.pool import Database
from tests.support.consistency import check_indexes
from tests.support.gate_states import wait_until
from tests.support.postgres_copies import (
    back_up,
    dump,
    recover_to,
    replica_of,
    restore_dump,
    start_backup,
    value,
)
from tests.support.postgres_server import PostgresServer
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import new_id

KEPT, LOST = 200, 100
# Of the second process.
END_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'process1'"


class Address:
    """An address that leads to one server after another, as after a failover. Open connections stay."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._link = folder / ".s.PGSQL.5432"
        self.url = server.url.replace(server.host, str(folder))
        self.lead_to(server)

    def lead_to(self, server: PostgresServer) -> None:
        """Let new connections lead to this server."""
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(Path(server.host) / self._link.name)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data of a migrated server, which takes seconds to make. It archives its log if a folder is there."""

    server = PostgresServer(tmp_path_factory.mktemp("prepared"))
    server.start()
    migrate(server.url)
    server.kill()
    with (server.data / "postgresql.auto.conf").open("a") as file:
        file.write("archive_mode = on\narchive_command = 'test ! -d ../archive || cp %p ../archive/%f'\n")
    return server.data


@pytest.fixture
async def server(tmp_path: Path, prepared: Path) -> AsyncIterator[PostgresServer]:
    """Yield a migrated server that the test may kill and replace."""
    server = PostgresServer(tmp_path / "postgres")
    await asyncio.to_thread(shutil.copytree, prepared, server.data)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        await asyncio.to_thread(server.remove)


@pytest.fixture
def addresses(server: PostgresServer) -> Iterator[list[Address]]:
    """Yield an address of the database for each process, which leads to the server."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:  # `tmp_path` is too long
        yield [Address(Path(folder), server) for folder in (one, other)]


# The number of tasks, and whether the lost task is there.
Answer = tuple[int, bool]


class Reader:
    """Reads through one process in a loop, and keeps each answer with the number of answers from before it began."""

    def __init__(self, store: Store, answers: list[tuple[int, Answer]]) -> None:
        self._store, self._answers = store, answers
        self.lost_id = new_id()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            began = len(self._answers)
            with suppress(DatabaseError):  # while no server runs
                self._answers.append((began, await self.read()))
            await asyncio.sleep(0.002)

    async def read(self) -> Answer:
        """Read the total of a page, and the lost task."""
        client = StoreClient(self._store)
        total = (await client.page(PageRange(5))).total
        [task] = await client.tasks_by_id([self.lost_id])
        return total, task is not None


class Service:
    """Two processes over the same stores, each with its own connections and background work, and a reader of each."""

    def __init__(self, stores: list[Store]) -> None:
        self.stores = stores
        self.answers: list[tuple[int, Answer]] = []
        self.readers = [Reader(store, self.answers) for store in stores]

    async def wait_until_redis_is_used(self) -> None:
        await wait_until(lambda: all(store.gate_lease.protocol is not None for store in self.stores))

    async def lose(self, fault: Callable[[], Awaitable[None]], *, total: int = KEPT) -> None:
        """Create tasks and let a fault lose them, or none with another `total`. Check all answers from then on."""
        store = self.stores[0]
        (lost, *_) = await create_uncached_tasks(store, LOST)
        for reader in self.readers:
            reader.lost_id = lost.id
        epoch = epoch_in_use(store)
        reading = [asyncio.create_task(reader.run()) for reader in self.readers]
        await wait_until(lambda: len(self.answers) > 20)
        await fault()
        await wait_until(lambda: all(store.metrics.server_changes + store.metrics.closings for store in self.stores))
        await self.wait_until_redis_is_used()
        seen = len(self.answers)
        await wait_until(lambda: len(self.answers) > seen + 20)
        for task in reading:
            task.cancel()
        await asyncio.wait(reading)
        self.check_order((total, total != KEPT))
        await create_uncached_tasks(self.stores[1], 1)
        for reader, store in zip(self.readers, self.stores, strict=True):
            assert epoch_in_use(store) != epoch
            assert await reader.read() == (total + 1, total != KEPT)
        await check_indexes(store)

    def check_order(self, last: Answer) -> None:
        """Check that no answer from before the fault was given by a read that began after an answer from after it."""
        before = (KEPT + LOST, True)
        first = next((number for number, (_, answer) in enumerate(self.answers) if answer != before), len(self.answers))
        stale = [answer for began, answer in self.answers if began > first and answer != last]
        assert not stale, f"{len(stale)} of {len(self.answers)} answers are stale: {stale[:3]}"
        # A reader may read the total before the fault and the task after it.
        assert {answer for _, answer in self.answers} <= {before, (before[0], last[1]), last}


def epoch_in_use(store: Store) -> int:
    protocol = store.gate_lease.protocol
    assert protocol is not None
    return protocol.gate.epoch


@asynccontextmanager
async def two_processes(urls: list[str], redis_url: str, *, shared_sessions: bool = False) -> AsyncIterator[Service]:
    """Run two processes that use Redis, with the tasks that no test loses."""
    async with AsyncExitStack() as stack:
        stores = []
        for url in urls:
            limits = DatabaseLimits(wait_ms=2_000, shared_sessions=shared_sessions)
            database = await stack.enter_async_context(Database(url, limits))
            redis = await stack.enter_async_context(Redis(redis_url))
            stores.append(Store(database, redis, StoreMetrics()))
            await stack.enter_async_context(maintenance(stores[-1]))
        service = Service(stores)
        await service.wait_until_redis_is_used()
        await create_uncached_tasks(stores[0], KEPT)
        yield service


@pytest.fixture
async def service(addresses: list[Address], redis_url: str) -> AsyncIterator[Service]:
    urls = [f"{address.url}&application_name=process{number}" for number, address in enumerate(addresses)]
    async with two_processes(urls, redis_url) as service:
        yield service


async def test_base_backup_started_at_the_same_address(
    server: PostgresServer, service: Service, tmp_path: Path
) -> None:
    await back_up(server, tmp_path / "backup")
    with capture_logs() as logs:
        await service.lose(lambda: start_backup(server, tmp_path / "backup"))
    events = [entry["event"] for entry in logs if entry["log_level"] == "warning"]
    assert events.count("PostgreSQL was replaced") == events.count("gate closed") == 2


async def test_dump_restored_over_the_live_database(server: PostgresServer, service: Service, tmp_path: Path) -> None:
    await dump(server, tmp_path / "dump")
    await service.lose(lambda: restore_dump(server, tmp_path / "dump"))


async def test_dump_restored_while_one_process_looks_late(
    server: PostgresServer, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that looks first must not show the loss before the other one has stopped reading from Redis."""
    await dump(server, tmp_path / "dump")
    read, late = GateWatcher._read, service.stores[1].gate_lease

    async def read_late(watcher: GateWatcher, connection: Connection, leases: Sequence[GateLease]) -> None:
        await asyncio.sleep(0.6 if late in watcher._leases else 0)
        await read(watcher, connection, leases)

    monkeypatch.setattr(GateWatcher, "_read", read_late)
    await service.lose(lambda: restore_dump(server, tmp_path / "dump"))


async def test_recovery_to_an_earlier_moment(server: PostgresServer, service: Service, tmp_path: Path) -> None:
    archive = server.data.parent / "archive"
    archive.mkdir()
    await back_up(server, tmp_path / "backup")
    await value(server.url, "SELECT pg_create_restore_point('before')")
    await service.lose(lambda: recover_to(server, tmp_path / "backup", archive, "before"))


@pytest.mark.parametrize("is_synchronous", [True, False], ids=["synchronous", "asynchronous"])
async def test_promoted_replica(
    server: PostgresServer, service: Service, addresses: list[Address], tmp_path: Path, *, is_synchronous: bool
) -> None:
    async with replica_of(server, tmp_path / "replica", is_synchronous=is_synchronous) as replica:

        async def fail_over() -> None:
            await asyncio.to_thread(server.kill)
            for address in addresses:
                address.lead_to(replica)
            await value(replica.url, "SELECT pg_promote()")

        await service.lose(fail_over, total=KEPT + LOST if is_synchronous else KEPT)


async def test_demoted_primary_that_still_answers(
    server: PostgresServer, service: Service, addresses: list[Address], tmp_path: Path
) -> None:
    """One process loses its connections to the primary. Another keeps them, and must give them up by itself."""
    async with replica_of(server, tmp_path / "replica", is_synchronous=False) as replica:

        async def fail_over() -> None:
            await value(replica.url, "SELECT pg_promote()")
            for address in addresses:
                address.lead_to(replica)
            await value(server.url, END_CONNECTIONS)

        await service.lose(fail_over)


async def test_process_that_only_a_demoted_primary_answers(
    server: PostgresServer, service: Service, addresses: list[Address], tmp_path: Path
) -> None:
    outdated, current = service.stores
    async with replica_of(server, tmp_path / "replica", is_synchronous=False) as replica:
        await create_uncached_tasks(outdated, LOST)
        assert [await reader.read() for reader in service.readers] == [(KEPT + LOST, False)] * 2
        await value(replica.url, "SELECT pg_promote()")
        addresses[1].lead_to(replica)
        await value(server.url, END_CONNECTIONS)
        await wait_until(lambda: current.metrics.server_changes == 1)
        await wait_until(lambda: current.gate_lease.protocol is not None)
        assert await service.readers[1].read() == (KEPT, False)
        for attempt in (service.readers[0].read, lambda: create_uncached_tasks(outdated, 1)):
            with pytest.raises(DatabaseUnavailable):
                await attempt()
        # Once it reaches the new primary, it works again.
        addresses[0].lead_to(replica)
        await wait_until(lambda: outdated.gate_lease.protocol is not None)
        assert await service.readers[0].read() == (KEPT, False)
