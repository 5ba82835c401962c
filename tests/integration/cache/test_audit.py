"""Tests the audit: it reports each difference once, repairs it on request, and ignores tasks with a write in flight."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from cache.errors import IndexLost
from cache.maintenance import audit as auditing
from cache.maintenance.audit import AuditReport, RedisNotInUse, TooManyDifferences, audit_sample
from cache.maintenance.runner import maintenance
from cache.redis.encoded_task import encode
from cache.redis.keys import VIEWS
from cache.redis.view_reads import Place
from cache.store import Store
from db.task import Task
from tests.support.gate_states import switch_gate_off
from tests.support.redis_state import evict_entries, protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks
from tests.support.task_factories import in_an_hour, new_task

TODO, DONE = VIEWS.index("TODO"), VIEWS.index("DONE")


async def audit(store: Store, *, repair: bool = False) -> tuple[AuditReport, dict[UUID, str]]:
    """Run the audit, and return its report and the differences by id. Assert that no task is reported twice."""
    reported: dict[UUID, str] = {}

    def on_difference(about: UUID | Place, difference: str) -> None:
        assert isinstance(about, UUID)
        assert about not in reported
        reported[about] = difference

    report = await auditing.audit(store, on_difference, repair=repair)
    assert report.different == len(reported)
    return report, reported


async def truncate(store: Store) -> None:
    async with store.database.connection() as connection:
        await connection.raw.execute("TRUNCATE task")


async def test_sample_of_an_index_without_rows_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "INDEX_REPLY_IDS", 10)
    monkeypatch.setattr(auditing, "SAMPLE_ROWS", 10)
    await create_uncached_tasks(store, 200)
    await truncate(store)
    await audit_sample(store, protocol(store))
    assert 0 < len(store.repair_queue.ids) <= 11


async def test_sample_finds_that_the_index_is_lost(store: Store) -> None:
    await create_uncached_task(store)
    await store.redis.send([("UNLINK", protocol(store).keys.indexes[0])])
    with pytest.raises(IndexLost):
        await audit_sample(store, protocol(store))


@pytest.mark.parametrize("kept", [0, 1, 7])
async def test_audit_repairs_an_index_of_lost_rows(store: Store, monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    """All tasks of a bulk create have the same time, so their ids alone order them."""
    monkeypatch.setattr(auditing, "INDEX_REPLY_IDS", 6)
    monkeypatch.setattr(auditing, "AUDIT_BATCH_ROWS", 5)
    tasks = await create_uncached_tasks(store, 30) + await create_uncached_tasks(store, 3)
    async with store.database.connection() as connection:
        await connection.raw.execute(
            "DELETE FROM task WHERE NOT id = ANY(%s)", ([task.id for task in tasks[::4][:kept]],)
        )
    report, differences = await audit(store, repair=True)
    assert (report.rows, report.different, report.repaired) == (kept, 33 - kept, 33 - kept)
    assert differences.keys() == {task.id for task in tasks} - {task.id for task in tasks[::4][:kept]}
    assert (await audit(store))[1] == {}


async def _remove_from_index(store: Store, task: Task) -> None:
    await store.redis.client.zrem(protocol(store).keys.indexes[TODO], task.id.bytes)


async def _add_to_wrong_view(store: Store, task: Task) -> None:
    await store.redis.client.zadd(protocol(store).keys.indexes[DONE], {task.id.bytes: 5})


async def _change_position(store: Store, task: Task) -> None:
    await store.redis.client.zadd(protocol(store).keys.indexes[0], {task.id.bytes: 5})


async def _change_expiry(store: Store, task: Task) -> None:
    await store.redis.client.zadd(protocol(store).keys.expiring[TODO], {task.id.bytes: 9e12})


async def _leave_in_moving(store: Store, task: Task) -> None:
    await store.redis.client.sadd(protocol(store).keys.moving, task.id.bytes)


async def _restore_old_entry(store: Store, task: Task) -> None:
    await StoreClient(store).update_task(task.id, {"title": "Newer"})
    await store.redis.client.set(protocol(store).keys.entry(task.id), encode(store.workspace, task).value)


async def _leave_overdue_mark(store: Store, task: Task) -> None:
    await store.redis.client.set(protocol(store).keys.entry(task.id), b"M 1 1000")


async def _delete_row(store: Store, task: Task) -> None:
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE task SET deleted_at = now() WHERE id = %s", (task.id,))


# Each function makes Redis differ from a task's row. The key is a part of the audit's description of the difference.
DAMAGE: dict[str, Callable[[Store, Task], Awaitable[None]]] = {
    "missing from the index of TODO": _remove_from_index,
    "in the index of DONE, but its status is TODO": _add_to_wrong_view,
    "has the wrong position in the index of all tasks": _change_position,
    "wrong expiry in the index of TODO": _change_expiry,
    "entry has version 1, but its row has version 2": _restore_old_entry,
    "stuck in `moving`": _leave_in_moving,
    "past its deadline": _leave_overdue_mark,
    "was deleted or has expired": _delete_row,
}


@pytest.mark.parametrize("description", DAMAGE)
async def test_difference_is_reported_and_repaired(store: Store, description: str) -> None:
    created = await create_uncached_tasks(store, 7)
    await create_uncached_tasks(store, 3, status="DONE", expires_at=in_an_hour())
    await StoreClient(store).tasks_by_id([task.id for task in created])
    assert await audit(store) == (AuditReport(rows=10, entries=7, unused=sorted(store.gate_lease.views.named)), {})
    task = created[3]
    await DAMAGE[description](store, task)
    _, differences = await audit(store)
    assert list(differences) == [task.id]
    assert description in differences[task.id]
    report, differences = await audit(store, repair=True)
    assert (list(differences), report.different, report.repaired) == ([task.id], 1, 1)
    report, differences = await audit(store)
    assert (differences, report.different) == ({}, 0)


async def test_indexed_id_without_a_row_is_reported(store: Store) -> None:
    await create_uncached_tasks(store, 3)
    unknown = new_task().id
    await store.redis.client.zadd(protocol(store).keys.indexes[0], {unknown.bytes: 10**15})
    _, differences = await audit(store)
    assert list(differences) == [unknown]


async def test_audit_reads_the_rows_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    created = await create_uncached_tasks(store, 23)
    monkeypatch.setattr(auditing, "AUDIT_BATCH_ROWS", 4)
    for task in (created[0], created[11], created[22]):
        await _remove_from_index(store, task)
    report, differences = await audit(store)
    assert report.rows == 23
    assert set(differences) == {created[0].id, created[11].id, created[22].id}


async def test_concurrent_writes_are_not_reported(store: Store) -> None:
    created = await create_uncached_tasks(store, 20)

    async def update_repeatedly(task: Task) -> None:
        for number in range(40):
            await StoreClient(store).update_task(task.id, {"status": ("DONE", "TODO")[number % 2]})

    writing = asyncio.gather(*map(update_repeatedly, created[:6]))
    audits = 0
    while not writing.done():
        assert (await audit(store))[1] == {}
        audits += 1
    await writing
    assert audits


async def test_background_sample_finds_and_repairs_a_difference(bare_store: Store) -> None:
    async with asyncio.timeout(30), maintenance(bare_store):
        while bare_store.gate_lease.protocol is None:  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.01)
        created = await create_uncached_tasks(bare_store, 5)
        await _add_to_wrong_view(bare_store, created[2])
        metrics: Any = bare_store.metrics
        while not metrics.differences:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while (await audit(bare_store))[1]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert metrics.verified


async def test_samples_reach_every_task(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    created = await create_uncached_tasks(store, 5)
    monkeypatch.setattr(auditing, "SAMPLE_ROWS", 1)
    for task in (created[0], created[2]):
        await _remove_from_index(store, task)
    for _ in range(500):
        if len(store.repair_queue.ids) == 2:
            break
        await audit_sample(store, protocol(store))
    assert store.repair_queue.ids.keys() == {created[0].id, created[2].id}


async def test_audit_repairs_nothing_unless_it_is_told_to(store: Store) -> None:
    [task] = await create_uncached_tasks(store)
    await _remove_from_index(store, task)
    for _ in range(2):
        report = await auditing.audit(store, lambda *_: None)
        assert (report.different, report.repaired) == (1, 0)


async def test_audit_stops_after_too_many_differences(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    created = await create_uncached_tasks(store, 3)
    monkeypatch.setattr(auditing, "MAX_DIFFERENCES", 2)
    for number, task in enumerate(created):
        await _remove_from_index(store, task)
        if number < 2:
            assert len((await audit(store))[1]) == number + 1
    with pytest.raises(TooManyDifferences):
        await audit(store)


async def test_sample_of_an_empty_index_reads_no_task(store: Store) -> None:
    assert await audit_sample(store, protocol(store)) == 0


async def test_audit_is_refused_while_redis_is_not_in_use(store: Store) -> None:
    task = await create_uncached_task(store)
    await evict_entries(store, task.id)
    await switch_gate_off(store)
    with pytest.raises(RedisNotInUse):
        await audit(store)


async def test_audit_compares_the_rows_of_every_batch(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "AUDIT_BATCH_ROWS", 2)
    tasks = await create_uncached_tasks(store, 5)
    await _remove_from_index(store, tasks[0])
    report, differences = await audit(store)
    assert (report.rows, set(differences)) == (5, {tasks[0].id})
