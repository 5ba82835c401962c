"""Tests many workspaces in one process: what opens, what is forgotten, dropped and built again, and what is shared."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from pathlib import Path
from typing import LiteralString

import pytest

from cache import workspaces as module
from cache.gate.lease import clock
from cache.maintenance import runner
from cache.maintenance.idle_indexes import IdleIndexes
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from cache.workspaces import Workspaces
from db.due_work import due_work
from db.gate import NEVER_BUILT
from db.pool import Database
from db.purge import DEFAULT_RETENTION
from tests.support.gate_states import build_index, close_gate, committed_gate, wait_until
from tests.support.redis_server import redis_server
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes

OpenWorkspaces = Callable[..., AbstractAsyncContextManager[Workspaces]]


@pytest.fixture
def open_workspaces(database_url: str, redis_url: str) -> OpenWorkspaces:
    """Return a function that starts what a process runs, with connections of its own."""

    @asynccontextmanager
    async def start(index_idle_seconds: float = 0.0) -> AsyncIterator[Workspaces]:
        metrics = StoreMetrics()
        database = Database(database_url, count=metrics.count_query)
        redis = Redis(redis_url, count=metrics.count_round_trip)
        async with Workspaces(database, redis, metrics, index_idle_seconds=index_idle_seconds) as workspaces:
            yield workspaces

    return start


async def first_page(store: Store) -> tuple[int, bool]:
    """Return the number of tasks on the first page, and whether PostgreSQL answered it."""
    request = StoreClient(store)
    page = await request.page(PageRange(5))
    return len(page.tasks), request.degraded


async def use(workspaces: Workspaces, *ids: str) -> list[Store]:
    """Open the workspaces and wait until their indexes are in use."""
    stores = [(await workspaces.open(id_)).store for id_ in ids]
    await wait_until(lambda: all(store.gate_lease.protocol is not None for store in stores))
    return stores


async def test_postgresql_answers_until_the_index_of_a_workspace_is_built(open_workspaces: OpenWorkspaces) -> None:
    async with open_workspaces() as workspaces:
        store = (await workspaces.open("a")).store
        assert await first_page(store) == (0, True)
        await wait_until(lambda: store.gate_lease.protocol is not None)
        await StoreClient(store).create_task(new_task())
        assert await first_page(store) == (1, False)


async def test_first_request_uses_an_index_that_another_process_has_built(open_workspaces: OpenWorkspaces) -> None:
    async with open_workspaces() as first, open_workspaces() as second:
        await use(first, "a", "default")
        await use(second, "default")  # its watcher runs
        assert await first_page((await second.open("a")).store) == (0, False)


async def test_all_gates_are_read_in_one_query_per_round(open_workspaces: OpenWorkspaces) -> None:
    async with open_workspaces(3600) as workspaces:
        names = [f"w{number}" for number in range(20)]
        await use(workspaces, *names)
        for name in names:
            await built_shapes((await workspaces.open(name)).store)
        await asyncio.sleep(1)
        before, began = workspaces.metrics.sql_queries, clock()
        await asyncio.sleep(1)
        # Four rounds in a second, one look for due work, and the sample of one audit.
        assert workspaces.metrics.sql_queries - before <= 4 + 6 * (clock() - began)


async def test_unused_workspace_is_forgotten_unless_it_is_followed(
    open_workspaces: OpenWorkspaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FORGET_SECONDS", 0.3)
    monkeypatch.setattr(module, "FORGET_INTERVAL_SECONDS", 0.05)
    async with open_workspaces() as workspaces:
        followed = await workspaces.open("followed")
        async with aclosing(followed.feed.subscribe()) as events:
            await anext(events)
            await workspaces.open("unused")
            await wait_until(lambda: len(workspaces) == 2)
            assert {store.workspace for store in workspaces.stores()} == {"default", "followed"}
        await wait_until(lambda: len(workspaces) == 1)
        assert await workspaces.open("default") is workspaces.default
        [store] = await use(workspaces, "unused")
        assert await first_page(store) == (0, False)


async def test_index_that_no_process_uses_is_dropped_and_built_again_at_the_next_use(
    open_workspaces: OpenWorkspaces, redis: Redis
) -> None:
    async with open_workspaces(2.0) as first, open_workspaces(2.0) as second:
        used, idle = await use(first, "used", "idle")
        await StoreClient(idle).create_task(new_task())

        async def use_one() -> None:
            while (await committed_gate(idle)).redis_run_id:
                await second.open("used")
                await asyncio.sleep(0.1)

        async with asyncio.timeout(20):
            await use_one()
        gate = await committed_gate(idle)
        assert (gate.state, gate.redis_run_id) == ("off", "")
        assert [key async for key in redis.client.scan_iter("{idle}*") if b":task:" not in key] == []
        assert (await committed_gate(used)).state == "on"
        assert await first_page((await first.open("idle")).store) == (1, True)
        await wait_until(lambda: idle.gate_lease.protocol is not None)
        assert await first_page(idle) == (1, False)


async def test_drop_of_a_process_that_died_is_finished_by_another(store: Store) -> None:
    database = store.database.for_every_workspace()
    idle, live = IdleIndexes(database, store.redis, 0.001), IdleIndexes(database, store.redis, 3600)
    await live.drop()
    assert (await committed_gate(store)).state == "on"
    await idle.drop()
    assert (await committed_gate(store)).state == "closing"
    survivor = IdleIndexes(database, store.redis, 0.001, store.metrics.count_drops)
    async with asyncio.timeout(10):
        while not store.metrics.drops:
            await survivor.drop()
            await asyncio.sleep(0.1)
    assert await store.redis.client.exists(protocol(store).keys.rev) == 0
    await build_index(store)
    assert await first_page(store) == (0, False)


# More tasks than fit into the memory that is left.
MANY_TASKS, FREE_BYTES = 20_000, 2 * 2**20
INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, words_version)
    SELECT 'large', uuidv7(), 'Row ' || n, 1 FROM generate_series(1, %s) AS n
"""


async def test_workspaces_in_trouble_do_not_affect_the_others(database_url: str, tmp_path: Path) -> None:
    """One index is lost, one is rebuilt on request, and one does not fit into Redis."""
    metrics = StoreMetrics()
    with redis_server(tmp_path) as url:
        async with Workspaces(Database(database_url), Redis(url), metrics) as workspaces:
            async with workspaces.database.connection() as connection:
                for _ in range(10):
                    await connection.raw.execute(INSERT, (MANY_TASKS // 10,))
            small, lost, rebuilt = await use(workspaces, "small", "lost", "rebuilt")
            epochs = [protocol(store).gate.epoch for store in (small, lost, rebuilt)]
            await StoreClient(small).create_task(new_task())
            used = (await workspaces.redis.client.info("memory"))["used_memory"]
            await workspaces.redis.client.config_set("maxmemory", used + FREE_BYTES)
            large = (await workspaces.open("large")).store
            await wait_until(lambda: large.gate_lease.index_too_large)
            await workspaces.redis.client.delete(protocol(lost).keys.rev)
            await first_page(lost)
            await close_gate(rebuilt)
            rebuilt.gate_lease.observe_gate(await committed_gate(rebuilt), 0.0)

            def is_built() -> bool:
                gates = [store.gate_lease.protocol and protocol(store).gate.epoch for store in (lost, rebuilt)]
                return all(epoch is not None and epoch not in epochs for epoch in gates)

            async with asyncio.timeout(20):
                while not is_built():
                    assert await first_page(small) == (1, False)
                    await asyncio.sleep(0.02)
            await StoreClient(small).create_task(new_task())
            assert await first_page(small) == (2, False)
            assert protocol(small).gate.epoch == epochs[0]
            assert (workspaces.degraded, workspaces.too_large, workspaces.ready) == (1, 1, True)
            assert await first_page(large) == (5, True)


async def test_small_workspace_is_rebuilt_beside_a_large_one(
    bare_store: Store, database: Database, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "SMALL_TASKS", 2)
    large, small = bare_store, Store(database, redis, StoreMetrics(), "small")
    for store, tasks in ((large, 3), (small, 2)):
        await StoreClient(store).create_tasks([new_task() for _ in range(tasks)])
        store.gate_lease.observe_gate(NEVER_BUILT, 0.0)
    rebuilds = runner.Rebuilds(0)
    async with rebuilds._large:  # another large workspace is being rebuilt
        assert await rebuilds.rebuild(large) == runner.LARGE_RETRY_SECONDS
        await rebuilds.rebuild(small)
    assert [(await committed_gate(store)).state for store in (large, small)] == ["off", "on"]
    await rebuilds.rebuild(large)
    assert (await committed_gate(large)).state == "on"


async def test_rows_of_a_workspace_that_is_never_opened_are_purged_and_become_searchable(
    open_workspaces: OpenWorkspaces, database: Database
) -> None:
    async with database.connection() as connection:
        await connection.raw.execute("INSERT INTO workspace (id, name) VALUES ('unopened', 'Unopened')")
        await connection.raw.execute(
            "INSERT INTO task (workspace_id, id, title, deleted_at) "
            "VALUES ('unopened', uuidv7(), 'Old', '2020-01-01Z'), ('unopened', uuidv7(), 'New', NULL)"
        )
    async with open_workspaces() as workspaces:
        await wait_until(lambda: workspaces.metrics.purged == 1)
        async with asyncio.timeout(20), database.connection() as connection:
            while await due_work(connection, ["unopened"], DEFAULT_RETENTION):  # noqa: ASYNC110 (no event is set)
                await asyncio.sleep(0.05)
            rows = await (await connection.raw.execute("SELECT title, words::text FROM task")).fetchall()
        assert [(title, "new" in words) for title, words in rows] == [("New", True)]
        assert len(workspaces) == 1
