"""The watch on the gate: the lease, and how `closing` becomes `off` once nobody can still trust the index."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString, cast

import pytest
from psycopg.abc import Params
from psycopg.rows import AsyncRowFactory

from cache.errors import CacheUnavailable
from cache.gate import watcher
from cache.gate.lease import GATE_LEASE_SECONDS, READY_TIMEOUT_SECONDS, clock
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.gate import Gate, GateState
from db.pool import Connection, Database, Row
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

LONGEST = GATE_LEASE_SECONDS + watcher.CLOSING_MARGIN_SECONDS


class Deaf(Database):
    """A PostgreSQL that, from some moment on, does not answer the watch."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.hears = asyncio.Event()
        self.hears.set()

    @asynccontextmanager
    async def dedicated_connection(self) -> AsyncIterator[Connection]:
        async with super().dedicated_connection() as connection:
            yield Muffled(connection, self.hears)


class Muffled(Connection):
    """Its answers come when they may."""

    def __init__(self, connection: Connection, hears: asyncio.Event) -> None:
        super().__init__(connection.raw, lambda: None)
        self._hears = hears

    async def query(self, sql: LiteralString, params: Params, row_factory: AsyncRowFactory[Row]) -> list[Row]:
        answer = await super().query(sql, params, row_factory)
        await self._hears.wait()
        return answer


@pytest.fixture
async def deaf(database_url: str, redis: Redis) -> AsyncIterator[Store]:
    """A process of its own; `deaf.database.hears` may be cleared."""
    async with Deaf(database_url) as database:
        yield Store(database, redis, StoreMetrics())


async def test_nobody_trusts_what_nobody_has_read(bare_store: Store) -> None:
    assert bare_store.gate_lease.protocol is None
    assert not bare_store.gate_lease.ready


@pytest.mark.parametrize("state", ["closing", "off", "building"])
async def test_redis_is_read_only_while_the_gate_is_on(store: Store, state: GateState) -> None:
    on = protocol(store).gate
    store.gate_lease.observe_gate(Gate(state, on.epoch, on.redis_run_id), clock() + 3600)
    assert store.gate_lease.protocol is None
    store.gate_lease.observe_gate(on, clock())
    assert protocol(store).gate == on


async def test_a_lease_is_good_from_the_moment_it_was_asked_for(store: Store) -> None:
    on = protocol(store).gate
    store.gate_lease.observe_gate(on, clock() - GATE_LEASE_SECONDS - 0.001)
    assert store.gate_lease.protocol is None
    store.gate_lease.observe_gate(on, clock() - GATE_LEASE_SECONDS + 0.5)
    assert store.gate_lease.protocol is not None


async def test_a_lease_runs_out_when_postgresql_does_not_answer(store: Store, deaf: Store) -> None:
    task = await StoreClient(store).create_task(new_task())
    hears = cast("Deaf", deaf.database).hears
    async with gate_watchers(deaf):
        await wait_until(lambda: deaf.gate_lease.protocol is not None)
        await asyncio.sleep(GATE_LEASE_SECONDS + 0.1)
        assert deaf.gate_lease.protocol is not None  # renewed
        hears.clear()
        began = clock()
        await wait_until(lambda: deaf.gate_lease.protocol is None)
        assert clock() - began <= GATE_LEASE_SECONDS + 0.05
        assert deaf.gate_lease.ready  # for it was heard of a moment ago
        request = StoreClient(deaf)
        assert await request.tasks_by_id([task.id]) == [task]
        assert request.degraded
        hears.set()
        await wait_until(lambda: deaf.gate_lease.protocol is not None)
    deaf.gate_lease.observe_gate(protocol(store).gate, clock() - READY_TIMEOUT_SECONDS)
    assert not deaf.gate_lease.ready


async def test_closing_becomes_off_when_no_lease_can_last_any_longer(store: Store) -> None:
    async with gate_watchers(store):
        await wait_until(lambda: store.gate_lease.gate == protocol(store).gate)
        began = clock()
        assert await store.gate_lease.close(protocol(store).gate.epoch, CacheUnavailable())
        await wait_for_gate_state(store, "off")
        assert LONGEST < clock() - began < LONGEST + 1
        assert store.gate_lease.protocol is None


async def test_it_does_so_too_when_whoever_closed_it_is_gone(store: Store, database: Database, redis: Redis) -> None:
    others = [Store(database, redis, StoreMetrics()) for _ in range(3)]
    await close_gate(store)
    began = clock()
    async with gate_watchers(*others):
        await wait_for_gate_state(store, "off")
    assert clock() - began > LONGEST


async def test_who_comes_late_waits_from_when_it_saw_it_closing(store: Store) -> None:
    """It cannot know how long it has been so: its clock is its own."""
    await close_gate(store)
    await asyncio.sleep(0.5)
    began = clock()
    async with gate_watchers(store):
        await wait_for_gate_state(store, "off")
    assert clock() - began > LONGEST


async def test_nobody_trusts_the_index_any_more_when_it_is_off(
    store: Store, deaf: Store, database: Database, redis: Redis
) -> None:
    """Whatever a process was told last, and however late: its lease is over before the others go past Redis."""
    other = Store(database, redis, StoreMetrics())
    hears = cast("Deaf", deaf.database).hears
    async with gate_watchers(deaf, other):
        await wait_until(lambda: deaf.gate_lease.protocol is not None and other.gate_lease.protocol is not None)
        hears.clear()  # the next answer, `on`, is under way for as long as this lasts
        await asyncio.sleep(watcher.WATCH_INTERVAL_SECONDS + 0.05)
        await close_gate(store)
        await wait_for_gate_state(store, "off")
        assert deaf.gate_lease.protocol is None
        hears.set()
        await asyncio.sleep(0)
        assert deaf.gate_lease.protocol is None


async def test_another_gate_that_closes_is_waited_for_anew(store: Store) -> None:
    async with store.database.connection() as connection:
        await close_gate(store)
        seen = await watcher.check_gate(store.gate_lease, connection, store.workspace, None)
        await finish_closing(store)
        await build_index(store)
        await close_gate(store)
        assert seen is not None
        again = await watcher.check_gate(store.gate_lease, connection, store.workspace, (seen[0], clock() - 60))
        assert again is not None
        assert again[0] == await committed_gate(store)
        assert clock() - again[1] < 1
        assert (await committed_gate(store)).state == "closing"


async def test_redis_is_used_again_once_it_answers(store: Store) -> None:
    store.gate_lease.redis_answers = False
    assert store.gate_lease.protocol is None
    async with gate_watchers(store):
        await wait_until(lambda: store.gate_lease.protocol is not None)


async def test_the_watch_goes_on_when_its_connection_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    dedicated_connection = store.database.dedicated_connection

    @asynccontextmanager
    async def recorded() -> AsyncIterator[Connection]:
        async with dedicated_connection() as connection:
            used.append(connection.raw.info.backend_pid)
            yield connection

    monkeypatch.setattr(store.database, "dedicated_connection", recorded)
    async with gate_watchers(store), store.database.connection() as connection:
        for times in (1, 2, 3):
            store.gate_lease.observe_gate(protocol(store).gate, clock() - GATE_LEASE_SECONDS)
            await wait_until(lambda: store.gate_lease.protocol is not None)
            assert len(used) == times
            await connection.raw.execute("SELECT pg_terminate_backend(%s, 5000)", (used[-1],))
