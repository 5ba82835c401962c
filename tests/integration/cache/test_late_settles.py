"""Tests reads, writes and the end of a process between the response to a bulk create and its settle."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cache.errors import CacheUnavailable
from cache.metrics import StoreMetrics
from cache.redis.client import Argument, Redis
from cache.redis.index import PageRange
from cache.redis.script_texts import ScriptName
from cache.store import Store
from cache.workspaces import Workspaces
from db.pool import Database
from tests.support.consistency import check_entries, check_indexes
from tests.support.gate_states import grant_gate_lease, wait_until
from tests.support.redis_server import PATIENT_SECONDS
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes, declared_members, expected_members


class HeldRedis(Redis):
    """A Redis that sends the first settle, that of the writer, only after `release`, or never."""

    def __init__(self, url: str) -> None:
        super().__init__(url, read_timeout=PATIENT_SECONDS)
        self.released = asyncio.Event()
        self.breaks = self.is_held = False

    async def script(self, name: ScriptName, keys: Any, *arguments: Argument, run_id: str = "") -> Any:
        if name == "settle" and not self.is_held:
            self.is_held = True
            await self.released.wait()
            if self.breaks:
                raise CacheUnavailable
        return await super().script(name, keys, *arguments, run_id=run_id)


@pytest.fixture
async def held(redis_url: str) -> AsyncIterator[HeldRedis]:
    async with HeldRedis(redis_url) as redis:
        yield redis


@pytest.fixture
async def late(store: Store, held: HeldRedis) -> Store:
    """Return a second store, which stands for a process whose settle is late."""
    late = Store(store.database, held, StoreMetrics())
    await grant_gate_lease(late)
    return late


async def release(late: Store, held: HeldRedis) -> None:
    held.released.set()
    await late.pending_writes.drain()


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("same_process", [False, True])
async def test_reads_after_the_response_have_the_tasks(
    store: Store, late: Store, held: HeldRedis, same_process: bool, breaks: bool
) -> None:
    held.breaks = breaks
    created = await StoreClient(late).create_tasks([new_task(), new_task(status="DONE")], settled=False)
    assert late.pending_writes.in_flight == 1
    reader = late if same_process else store
    request = StoreClient(reader)
    page = await request.page(PageRange(5))
    assert (page.tasks, page.total, request.degraded) == (created[::-1], 2, False)
    assert (await StoreClient(reader).counts())["DONE"] == 1
    events = await protocol(store).last_event()
    await release(late, held)
    assert await protocol(store).last_event() == events == 2
    await check_indexes(store)


async def test_failed_settle_is_left_to_the_next_read(store: Store, late: Store, held: HeldRedis) -> None:
    held.breaks = True
    created = await StoreClient(late).create_tasks([new_task(), new_task()], settled=False)
    await release(late, held)
    assert (await StoreClient(store).page(PageRange(5))).tasks == created[::-1]
    await check_indexes(store)


async def test_writes_after_the_response_stay(store: Store, late: Store, held: HeldRedis) -> None:
    await built_shapes(store)
    new = [new_task(assignee="ann", labels=["all"]) for _ in range(3)]
    await StoreClient(late).create_tasks(new, settled=False)
    updated = await StoreClient(late).update_task(new[0].id, {"status": "DONE", "assignee": "bob"})
    await StoreClient(late).delete_task(new[1].id)
    await release(late, held)
    (kept,) = await StoreClient(store).tasks_by_id([new[2].id])
    assert kept is not None
    assert (await StoreClient(store).page(PageRange(5))).tasks == [kept, updated]
    assert await declared_members(store) == expected_members(store, [updated, kept])
    await check_indexes(store)
    await check_entries(store)


async def test_process_that_ends_waits_for_the_settle(store: Store, database_url: str, held: HeldRedis) -> None:
    async with Workspaces(Database(database_url), held, StoreMetrics()) as workspaces:
        late = workspaces.default.store
        await wait_until(lambda: late.gate_lease.protocol is not None)
        await StoreClient(late).create_tasks([new_task(), new_task()], settled=False)
        asyncio.get_running_loop().call_later(0.1, held.released.set)
    assert await protocol(store).recorded_creates(0.0) == []
    await check_indexes(store)
