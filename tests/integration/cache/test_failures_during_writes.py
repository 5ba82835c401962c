"""Tests writes and reads whose Redis connection breaks at one step, and commits that fail."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cache.errors import CacheUnavailable
from cache.maintenance.scrub import scrub_all, settle_creates
from cache.metrics import StoreMetrics
from cache.redis.client import Argument, Redis
from cache.redis.index import PageRange
from cache.redis.script_texts import ScriptName
from cache.store import Store
from db.connection import Connection
from db.errors import CommitUnknown, DatabaseError
from db.task import Task
from db.views import View
from tests.support.consistency import check_entries, check_indexes
from tests.support.gate_states import (
    build_index,
    committed_gate,
    exhaust_closings,
    finish_closing,
    gate_watchers,
    grant_gate_lease,
    wait_for_gate_state,
    wait_until,
)
from tests.support.protocol_steps import make_marks_overdue
from tests.support.redis_state import indexed_ids, marked_ids, protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks
from tests.support.task_factories import new_task


@asynccontextmanager
async def failing_at(store: Store, redis_url: str, script: ScriptName, *, arrives: bool) -> AsyncIterator[Store]:
    """Yield a second store, which stands for another process. Its Redis connection breaks at one script."""
    async with BreakingRedis(redis_url, script, arrives=arrives) as redis:
        failing = Store(store.database, redis, StoreMetrics())
        await grant_gate_lease(failing)
        yield failing


class BreakingRedis(Redis):
    """A Redis whose connection breaks at one script: before the call arrives, or before the reply arrives."""

    def __init__(self, url: str, breaks_at: ScriptName, *, arrives: bool) -> None:
        super().__init__(url)
        self._breaks_at, self._arrives = breaks_at, arrives

    async def script(self, name: ScriptName, keys: Any, *arguments: Argument, run_id: str = "") -> Any:
        return await self._break(name, super().script(name, keys, *arguments, run_id=run_id))

    async def read_script(self, name: ScriptName, keys: Any, *arguments: Argument, **options: Any) -> Any:
        return await self._break(name, super().read_script(name, keys, *arguments, **options))

    async def _break(self, name: ScriptName, call: Coroutine[Any, Any, Any]) -> Any:
        if name != self._breaks_at:
            return await call
        if self._arrives:
            await call
        else:
            call.close()
        raise CacheUnavailable


@pytest.mark.parametrize("arrives", [False, True])
async def test_write_with_a_failed_publish_is_acknowledged(store: Store, redis_url: str, arrives: bool) -> None:
    task, deleted = await create_uncached_tasks(store, 2)
    await StoreClient(store).page(PageRange(5))
    async with failing_at(store, redis_url, "publish", arrives=arrives) as failing:
        updated = await StoreClient(failing).update_task(task.id, {"title": "Newer", "status": "DONE"})
        await StoreClient(failing).delete_task(deleted.id)
        created = await StoreClient(failing).create_task(new_task())
        assert failing.metrics.publishes_lost == 3
    for _ in range(2):
        request = StoreClient(store)
        assert await request.tasks_by_id([task.id, deleted.id, created.id]) == [updated, None, created]
        assert (await request.page(PageRange(5))).tasks == [created, updated]
        assert (await StoreClient(store).page(PageRange(5, view=View(status="DONE")))).tasks == [updated]
        assert (await StoreClient(store).page(PageRange(5, view=View(status="TODO")))).tasks == [created]
    assert len(await marked_ids(store)) == (0 if arrives else 3)
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    assert (await StoreClient(store).page(PageRange(5))).total == 2
    await check_indexes(store)
    assert await check_entries(store) == 2


@pytest.mark.parametrize("arrives", [False, True])
async def test_write_with_a_failed_mark_is_retried_without_redis_once_the_gate_is_off(
    store: Store, redis_url: str, arrives: bool
) -> None:
    task, deleted = await create_uncached_tasks(store, 2)
    async with failing_at(store, redis_url, "mark", arrives=arrives) as failing:
        writes = [
            asyncio.create_task(StoreClient(failing).update_task(task.id, {"status": "DONE"})),
            asyncio.create_task(StoreClient(failing).create_task(new_task())),
        ]
        deleting = asyncio.create_task(StoreClient(failing).delete_task(deleted.id))
        await wait_for_gate_state(store, "closing")
        assert failing.metrics.closings == 1
        await asyncio.sleep(0.1)
        assert not any(write.done() for write in (*writes, deleting))
        # A process that has not yet read the gate's state `closing` still reads the old tasks.
        assert (await StoreClient(store).page(PageRange(5))).tasks == [task, deleted]
        await finish_closing(store)
        updated, created = await asyncio.gather(*writes)
        await deleting
    assert (await StoreClient(store).page(PageRange(5))).tasks == [created, updated]
    assert await build_index(store) == 2
    assert (await StoreClient(store).page(PageRange(5))).tasks == [created, updated]
    await check_indexes(store)
    await check_entries(store)


@pytest.mark.parametrize("arrives", [False, True])
async def test_write_that_can_neither_mark_nor_close_the_gate_changes_nothing(
    store: Store, redis_url: str, arrives: bool
) -> None:
    await exhaust_closings(store)
    task, other = await create_uncached_tasks(store, 2)
    async with failing_at(store, redis_url, "mark", arrives=arrives) as failing:
        for write in (
            StoreClient(failing).update_task(task.id, {"status": "DONE"}),
            StoreClient(failing).delete_task(other.id),
            StoreClient(failing).create_task(new_task()),
        ):
            with pytest.raises(CacheUnavailable):
                await write
        assert failing.metrics.closings == 0
    assert (await committed_gate(store)).state == "on"
    assert (await StoreClient(store).page(PageRange(5))).tasks == [task, other]
    # A mark that may have arrived is not aborted: a mark still in flight could arrive after the abort.
    assert len(await marked_ids(store)) == (3 if arrives else 0)
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    assert await indexed_ids(store) == [task.id, other.id]
    await check_indexes(store)
    await check_entries(store)


@pytest.mark.parametrize("arrives", [False, True])
async def test_bulk_create_with_a_failed_record_is_retried_without_redis(
    store: Store, redis_url: str, arrives: bool
) -> None:
    new = [new_task() for _ in range(3)]
    async with failing_at(store, redis_url, "record", arrives=arrives) as failing:
        creating = asyncio.create_task(StoreClient(failing).create_tasks(new))
        await wait_for_gate_state(store, "closing")
        await asyncio.sleep(0.1)
        assert (await StoreClient(store).page(PageRange(5))).tasks == []
        assert not creating.done()
        await finish_closing(store)
        created = await creating
    assert [task.id for task in created if isinstance(task, Task)] == [task.id for task in new]
    assert (await StoreClient(store).page(PageRange(5))).total == 3
    assert await build_index(store) == 3
    await check_indexes(store)


@pytest.mark.parametrize("arrives", [False, True])
async def test_bulk_create_that_can_neither_record_nor_close_the_gate_creates_nothing(
    store: Store, redis_url: str, arrives: bool
) -> None:
    await exhaust_closings(store)
    new = [new_task() for _ in range(3)]
    async with failing_at(store, redis_url, "record", arrives=arrives) as failing:
        with pytest.raises(CacheUnavailable):
            await StoreClient(failing).create_tasks(new)
        page = await StoreClient(store).page(PageRange(5))
        assert (page.tasks, page.total) == ([], 0)
        await settle_creates(failing, protocol(failing), min_age_seconds=0.0)
    assert await protocol(store).recorded_creates(0.0) == []
    assert await indexed_ids(store) == []
    await check_indexes(store)
    created = await StoreClient(store).create_tasks(new)
    assert all(isinstance(task, Task) for task in created)
    assert (await StoreClient(store).page(PageRange(5))).total == 3


async def test_failed_fill_does_not_fail_the_read(store: Store, redis_url: str) -> None:
    task = await create_uncached_task(store)
    async with failing_at(store, redis_url, "fill", arrives=False) as failing:
        request = StoreClient(failing)
        assert await request.tasks_by_id([task.id]) == [task]
        await failing.fills.drain()
        assert not request.degraded


@pytest.mark.parametrize("script", ["page", "lease"])
async def test_read_with_a_broken_connection_falls_back_to_postgresql(
    store: Store, redis_url: str, script: ScriptName
) -> None:
    created = await create_uncached_tasks(store, 3)
    async with failing_at(store, redis_url, script, arrives=True) as failing:
        request = StoreClient(failing)
        if script == "lease":  # the page script takes the leases of a page
            assert await request.tasks_by_id([task.id for task in created]) == created
        else:
            page = await request.page(PageRange(2))
            assert (page.tasks, page.total, page.has_after) == (created[:2], 3, True)
        assert request.degraded
        # Later reads do not try Redis until the watcher has reached Redis.
        assert failing.gate_lease.protocol is None
        async with gate_watchers(failing):
            await wait_until(lambda: failing.gate_lease.protocol is not None)
    assert (await committed_gate(store)).state == "on"


@pytest.mark.parametrize("outcome", ["rolled back", "unknown"])
async def test_failed_commit_leaves_index_and_entries_consistent(
    store: Store, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    """After a rollback, the writer aborts its marks. After an unknown outcome, the mark stays until the scrub."""
    task = await create_uncached_task(store)
    error = CommitUnknown if outcome == "unknown" else DatabaseError

    @asynccontextmanager
    async def failing_transaction() -> AsyncIterator[Connection]:
        async with store.database.connection() as connection:
            await connection.raw.execute("BEGIN")
            yield connection
            await connection.flush()
            await connection.raw.execute("COMMIT" if outcome == "unknown" else "ROLLBACK")
            raise error

    with monkeypatch.context() as patched:
        patched.setattr(store.database, "transaction", failing_transaction)
        with pytest.raises(error):
            await StoreClient(store).update_task(task.id, {"status": "DONE"})
    (found,) = await StoreClient(store).tasks_by_id([task.id])
    assert found is not None
    assert found.status == ("DONE" if outcome == "unknown" else "TODO")
    assert len(await marked_ids(store)) == (1 if outcome == "unknown" else 0)
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    await check_indexes(store)
    await check_entries(store)
