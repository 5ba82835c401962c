"""The gate watcher: it renews the lease, and sets `closing` to `off` once no process can still hold a lease."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, LiteralString, cast

import pytest
from psycopg.rows import AsyncRowFactory
from structlog.testing import capture_logs

from cache.errors import CacheUnavailable
from cache.gate import closing, watcher
from cache.gate.lease import GATE_LEASE_SECONDS, READY_TIMEOUT_SECONDS, clock
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.connection import Connection, Row
from db.gate import Gate, GateState
from db.pool import Database
from tests.support.gate_states import (
    build_index,
    close_gate,
    committed_gate,
    finish_closing,
    gate_watchers,
    wait_for_gate_state,
    wait_until,
)
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task

# The longest time that the gate stays in the state `closing`.
CLOSING_SECONDS = GATE_LEASE_SECONDS + closing.CLOSING_MARGIN_SECONDS


class UnresponsiveDatabase(Database):
    """A database that does not answer the watcher until `answers` is set."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.answers = asyncio.Event()
        self.answers.set()

    @asynccontextmanager
    async def dedicated_connection(self) -> AsyncIterator[Connection]:
        async with super().dedicated_connection() as connection:
            yield UnresponsiveConnection(connection, self.answers)


class UnresponsiveConnection(Connection):
    """A connection that holds back each result until `answers` is set."""

    def __init__(self, connection: Connection, answers: asyncio.Event) -> None:
        super().__init__(connection.raw, lambda: None, None)
        self._answers = answers

    async def query(
        self, sql: LiteralString, params: Mapping[str, Any], row_factory: AsyncRowFactory[Row]
    ) -> list[Row]:
        result = await super().query(sql, params, row_factory)
        await self._answers.wait()
        return result


@pytest.fixture
async def isolated(database_url: str, redis: Redis) -> AsyncIterator[Store]:
    """Yield a store that stands for another process. A test can make its database unresponsive."""
    async with UnresponsiveDatabase(database_url) as database:
        yield Store(database, redis, StoreMetrics())


async def test_new_process_does_not_use_redis_before_it_has_read_the_gate(bare_store: Store) -> None:
    assert bare_store.gate_lease.protocol is None
    assert not bare_store.gate_lease.ready


@pytest.mark.parametrize("state", ["closing", "off", "building"])
async def test_redis_is_used_only_while_the_gate_is_on(store: Store, state: GateState) -> None:
    on = protocol(store).gate
    store.gate_lease.observe_gate(Gate(state, on.epoch, on.redis_run_id), clock() + 3600)
    assert store.gate_lease.protocol is None
    store.gate_lease.observe_gate(on, clock())
    assert protocol(store).gate == on


async def test_lease_starts_when_its_query_was_sent(store: Store) -> None:
    on = protocol(store).gate
    store.gate_lease.observe_gate(on, clock() - GATE_LEASE_SECONDS - 0.001)
    assert store.gate_lease.protocol is None
    store.gate_lease.observe_gate(on, clock() - GATE_LEASE_SECONDS + 0.5)
    assert store.gate_lease.protocol is not None


async def test_lease_ends_while_postgresql_does_not_answer(store: Store, isolated: Store) -> None:
    task = await StoreClient(store).create_task(new_task())
    answers = cast("UnresponsiveDatabase", isolated.database).answers
    async with gate_watchers(isolated):
        await wait_until(lambda: isolated.gate_lease.protocol is not None)
        first_end = isolated.gate_lease._valid_until
        await wait_until(lambda: isolated.gate_lease._valid_until > first_end)  # the watcher renews the lease
        answers.clear()
        end = isolated.gate_lease._valid_until
        assert end <= clock() + GATE_LEASE_SECONDS
        await wait_until(lambda: isolated.gate_lease.protocol is None)
        assert isolated.gate_lease._valid_until == end
        assert isolated.gate_lease.ready  # the lease is fresh: PostgreSQL answered a moment ago
        request = StoreClient(isolated)
        assert await request.tasks_by_id([task.id]) == [task]
        assert request.degraded
        answers.set()
        await wait_until(lambda: isolated.gate_lease.protocol is not None)
    isolated.gate_lease.observe_gate(protocol(store).gate, clock() - READY_TIMEOUT_SECONDS)
    assert not isolated.gate_lease.ready


async def test_closing_becomes_off_once_every_lease_has_ended(store: Store) -> None:
    async with gate_watchers(store):
        await wait_until(lambda: store.gate_lease.gate == protocol(store).gate)
        began = clock()
        assert await store.gate_lease.close(protocol(store).gate.epoch, CacheUnavailable())
        await wait_for_gate_state(store, "off")
        assert clock() - began > CLOSING_SECONDS
        assert store.gate_lease.protocol is None


async def test_closing_becomes_off_without_the_process_that_closed_the_gate(
    store: Store, database: Database, redis: Redis
) -> None:
    others = [Store(database, redis, StoreMetrics()) for _ in range(3)]
    await close_gate(store)
    began = clock()
    async with gate_watchers(*others):
        await wait_for_gate_state(store, "off")
    assert clock() - began > CLOSING_SECONDS


async def test_late_watcher_waits_from_when_it_saw_the_gate_closing(store: Store) -> None:
    """The watcher measures the wait with its own clock, because clocks differ between machines."""
    await close_gate(store)
    await asyncio.sleep(0.5)
    began = clock()
    async with gate_watchers(store):
        await wait_for_gate_state(store, "off")
    assert clock() - began > CLOSING_SECONDS


async def test_no_process_uses_the_index_once_the_gate_is_off(
    store: Store, isolated: Store, database: Database, redis: Redis
) -> None:
    """A process loses its lease before others write without Redis, even if PostgreSQL's last answer arrives late."""
    other = Store(database, redis, StoreMetrics())
    answers = cast("UnresponsiveDatabase", isolated.database).answers
    async with gate_watchers(isolated, other):
        await wait_until(lambda: isolated.gate_lease.protocol is not None and other.gate_lease.protocol is not None)
        answers.clear()  # the test delays the next answer, which says `on`
        await asyncio.sleep(watcher.WATCH_INTERVAL_SECONDS + 0.05)
        await close_gate(store)
        await wait_for_gate_state(store, "off")
        assert isolated.gate_lease.protocol is None
        answers.set()
        await asyncio.sleep(0)
        assert isolated.gate_lease.protocol is None


async def test_wait_restarts_when_another_gate_closes(store: Store) -> None:
    async with store.database.connection() as connection:
        await close_gate(store)
        seen = await watcher.check_gate(store.gate_lease, connection, None)
        await finish_closing(store)
        await build_index(store)
        await close_gate(store)
        assert seen is not None
        began = clock()
        again = await watcher.check_gate(store.gate_lease, connection, (seen[0], clock() - 60))
        assert again is not None
        assert again[0] == await committed_gate(store)
        assert again[1] >= began
        assert (await committed_gate(store)).state == "closing"


async def test_redis_is_used_again_once_the_watcher_has_reached_it(store: Store) -> None:
    store.gate_lease.redis_answers = False
    assert store.gate_lease.protocol is None
    async with gate_watchers(store):
        await wait_until(lambda: store.gate_lease.protocol is not None)


async def test_watcher_reconnects_when_its_connection_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    backend_pids: list[int] = []
    dedicated_connection = store.database.for_every_workspace().dedicated_connection

    @asynccontextmanager
    async def recorded() -> AsyncIterator[Connection]:
        async with dedicated_connection() as connection:
            backend_pids.append(connection.raw.info.backend_pid)
            yield connection

    monkeypatch.setattr(store.database, "dedicated_connection", recorded)
    async with gate_watchers(store), store.database.connection() as connection:
        for connections in (1, 2, 3):
            store.gate_lease.observe_gate(protocol(store).gate, clock() - GATE_LEASE_SECONDS)
            await wait_until(lambda: store.gate_lease.protocol is not None)
            assert len(backend_pids) == connections
            await connection.raw.execute("SELECT pg_terminate_backend(%s, 5000)", (backend_pids[-1],))


async def test_log_tells_once_that_reads_bypass_redis_and_that_they_use_it_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cache.gate.lease.RECOVERY_SECONDS", 0.0)
    lease, epoch = store.gate_lease, protocol(store).gate.epoch
    async with store.database.connection() as connection:
        with capture_logs() as lines:
            for _ in range(2):
                await watcher.check_gate(lease, connection, None)
            assert lines == []  # an ordinary start
            for _ in range(3):
                lease.record_read_failure(epoch, CacheUnavailable())
            assert lease.protocol is None
            for _ in range(2):
                await watcher.check_gate(lease, connection, None)
    assert [line["event"] for line in lines] == ["reads bypass Redis", "reads use Redis again"]
    assert lines[0]["reason"].startswith("Redis cannot be reached")


async def test_log_does_not_follow_a_redis_that_answers_now_and_then(store: Store) -> None:
    lease, epoch = store.gate_lease, protocol(store).gate.epoch
    with capture_logs() as lines:
        for _ in range(3):
            lease.record_read_failure(epoch, CacheUnavailable())
            lease.use_redis(epoch)
    assert [line["event"] for line in lines] == ["reads bypass Redis"]


async def test_log_tells_that_a_worker_cannot_reach_redis_from_its_start(store: Store, database: Database) -> None:
    async with Redis("redis://127.0.0.1:1/0") as redis:
        isolated = Store(database, redis, StoreMetrics())
        async with database.connection() as connection:
            with capture_logs() as lines:
                for _ in range(2):
                    await watcher.check_gate(isolated.gate_lease, connection, None)
    assert [line["event"] for line in lines] == ["reads bypass Redis"]
