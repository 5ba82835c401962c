"""Tests the audit of the declared views: each difference is reported, repaired on request, and found by the samples."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cache.maintenance import audit as auditing
from cache.maintenance import view_audit
from cache.maintenance.audit import AuditReport, audit_sample
from cache.maintenance.scrub import scrub_all
from cache.maintenance.shapes import shape_steps
from cache.redis.view_reads import Place
from cache.store import Store
from db.task import Task
from tests.support.redis_state import protocol
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import in_an_hour
from tests.support.view_state import built_shapes, declared_members, holding, view_keys_of

ALL_SHAPES = {"list", "list+status", "assignee", "assignee+status", "label"}


async def audit(store: Store, *, repair: bool = False) -> tuple[AuditReport, list[tuple[UUID | Place, str]]]:
    """Run the audit, and return its report and the differences."""
    reported: list[tuple[UUID | Place, str]] = []
    report = await auditing.audit(store, lambda about, difference: reported.append((about, difference)), repair=repair)
    assert report.different == len(reported) == len({about for about, _ in reported})
    return report, reported


async def sets(store: Store, shape: str, key: str) -> tuple[bytes, bytes]:
    return await view_keys_of(store, shape, key)


async def registry(store: Store, shape: str, dimension: int) -> bytes:
    index, _ = await sets(store, shape, "")
    return index.removesuffix(b"i:") + b"values:%d" % dimension


async def remove_id(store: Store, task: Task) -> None:
    await store.redis.client.zrem((await sets(store, "label", "a"))[0], task.id.bytes)


async def _add_id(store: Store, task: Task) -> None:
    await store.redis.client.zadd((await sets(store, "assignee+status", "bob\0DONE"))[0], {task.id.bytes: 5})


async def _add_unknown_expiry(store: Store, task: Task) -> None:
    await store.redis.client.zadd((await sets(store, "label", "b"))[1], {task.id.bytes: 9e12})


async def _change_expiry(store: Store, task: Task) -> None:
    await store.redis.client.zadd((await sets(store, "assignee", "ann"))[1], {task.id.bytes: 9e12})


async def _change_position(store: Store, task: Task) -> None:
    await store.redis.client.zadd((await sets(store, "assignee", "ann"))[0], {task.id.bytes: 5})


async def _hold(store: Store, task: Task) -> None:
    await store.redis.client.hset(protocol(store).keys.holding, task.id.bytes, b"\x90")


async def _delete_row(store: Store, task: Task) -> None:
    """Delete the row without the base index, which has an audit of its own."""
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE task SET deleted_at = now() WHERE id = %s", (task.id,))
    keys = protocol(store).keys
    for key in (*keys.indexes, *keys.expiring):
        await store.redis.client.zrem(key, task.id.bytes)


# Each function makes the declared views differ from the row of a task of ann with the label a. The key is a part of the
# description of the difference.
DAMAGE: dict[str, Callable[[Store, Task], Awaitable[None]]] = {
    "missing from the view label 'a'": remove_id,
    "in the view assignee+status 'bob' 'DONE', but does not belong there": _add_id,
    "in the view label 'b', but does not belong there": _add_unknown_expiry,
    "wrong expiry in the view assignee 'ann'": _change_expiry,
    "wrong position in the view assignee 'ann'": _change_position,
    "no write is in flight": _hold,
    "was deleted or has expired": _delete_row,
}


async def create_tasks(store: Store) -> list[Task]:
    """Build the shapes over some tasks of ann and bob. Return those of ann."""
    tasks = await create_uncached_tasks(store, 5, assignee="ann", labels=["a"])
    await create_uncached_tasks(store, 3, assignee="bob", labels=["a", "b"], status="DONE", expires_at=in_an_hour())
    await built_shapes(store)
    return tasks


async def sample_until_found(store: Store) -> None:
    steps = protocol(store)
    async with asyncio.timeout(30):
        while not store.metrics.differences:
            await audit_sample(store, steps)


@pytest.mark.parametrize("description", DAMAGE)
async def test_task_in_the_wrong_views_is_reported_and_repaired(store: Store, description: str) -> None:
    task = (await create_tasks(store))[2]
    views = await declared_members(store)
    assert await audit(store) == (AuditReport(rows=8, views=6), [])
    await DAMAGE[description](store, task)
    _, [(about, difference)] = await audit(store)
    assert about == task.id
    assert description in difference
    report, [(about, _)] = await audit(store, repair=True)
    assert (about, report.different, report.repaired) == (task.id, 1, 1)
    assert (await audit(store))[1] == []
    assert await holding(store) == set()
    if DAMAGE[description] is not _delete_row:
        assert await declared_members(store) == views


@pytest.mark.parametrize("description", DAMAGE)
async def test_sample_finds_a_task_in_the_wrong_views(store: Store, description: str) -> None:
    task = (await create_tasks(store))[2]
    await DAMAGE[description](store, task)
    await sample_until_found(store)
    steps = protocol(store)
    async with asyncio.timeout(30):
        while store.repair_queue.ids or (await audit(store))[1]:
            await scrub_all(store, steps)
            await audit_sample(store, steps)


async def _lose_sets(store: Store) -> None:
    await store.redis.client.delete(*await sets(store, "label", "b"))


async def _lose_expiring(store: Store) -> None:
    await store.redis.client.delete((await sets(store, "label", "b"))[1])


async def _leave_registered(store: Store) -> None:
    await store.redis.client.zadd(await registry(store, "label", 1), {"nobody": 0})


async def _leave_registered_by_assignee(store: Store) -> None:
    await store.redis.client.zadd(await registry(store, "assignee+status", 1), {b"DONE\0nobody": 0})


async def _unregister(store: Store) -> None:
    await store.redis.client.zrem(await registry(store, "label", 1), "b")


async def _leave_empty(store: Store) -> None:
    index, expiring = await sets(store, "label", "c")
    await store.redis.client.zadd(index, {"": "-inf"})
    await store.redis.client.zadd(expiring, {"": "+inf"})
    await store.redis.client.zadd(await registry(store, "label", 1), {"c": 0})


BROKEN: dict[Callable[[Store], Awaitable[None]], tuple[Place, str]] = {
    _lose_sets: (Place("label", "b"), "its sets were lost"),
    _lose_expiring: (Place("label", "b"), "its sets were lost"),
    _leave_registered: (Place("label", "nobody"), "its sets were lost"),
    _leave_registered_by_assignee: (Place("assignee+status", "nobody\0DONE"), "its sets were lost"),
    _unregister: (Place("label", "b"), "it is missing from the registry of values"),
    _leave_empty: (Place("label", "c"), "it has no tasks"),
}


@pytest.mark.parametrize("damage", BROKEN)
async def test_broken_view_is_reported_and_built_again(
    store: Store, damage: Callable[[Store], Awaitable[None]]
) -> None:
    await create_tasks(store)
    views = await declared_members(store)
    await damage(store)
    assert (await audit(store))[1] == [BROKEN[damage]]
    report, reported = await audit(store, repair=True)
    assert (reported, report.repaired, report.unused) == ([BROKEN[damage]], 1, [])
    report, reported = await audit(store)
    assert (reported, report.unused) == ([], [BROKEN[damage][0].shape])
    await built_shapes(store)
    assert await audit(store) == (AuditReport(rows=8, views=6), [])
    assert await declared_members(store) == views


@pytest.mark.parametrize("damage", BROKEN)
async def test_sample_ends_the_use_of_a_shape_with_a_broken_view(
    store: Store, damage: Callable[[Store], Awaitable[None]]
) -> None:
    await create_tasks(store)
    await damage(store)
    steps, shape = protocol(store), BROKEN[damage][0].shape
    async with asyncio.timeout(30):
        while shape in await shape_steps(store, steps).shapes():
            await audit_sample(store, steps)
    assert (await audit(store))[0].unused == [shape]


async def test_registry_without_its_beacon_is_reported(store: Store) -> None:
    await create_tasks(store)
    await store.redis.client.zrem(await registry(store, "label", 1), "")
    expected = [(Place("label", ""), "the beacon of its registry was lost")]
    assert (await audit(store))[1] == expected
    report, reported = await audit(store, repair=True)
    assert (reported, report.repaired) == (expected, 1)
    assert (await audit(store))[0].unused == ["label"]


async def test_task_is_removed_from_every_wrong_view(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each view is found on its own, and the task is reported once."""
    monkeypatch.setattr(view_audit, "BATCH_ROWS", 2)
    task = (await create_tasks(store))[0]
    await _add_id(store, task)
    await _add_unknown_expiry(store, task)
    report, reported = await audit(store, repair=True)
    assert ([about for about, _ in reported], report.repaired) == ([task.id], 1)
    assert (await audit(store))[1] == []


async def test_expired_task_that_no_sweep_will_find_is_reported(store: Store) -> None:
    await create_tasks(store)
    soon = datetime.now(UTC) + timedelta(milliseconds=400)
    [task] = await create_uncached_tasks(store, 1, labels=["a"], expires_at=soon)
    await asyncio.sleep(0.5)
    await protocol(store).sweep()
    await store.redis.client.delete(protocol(store).keys.swept)
    _, [(about, difference)] = await audit(store, repair=True)
    assert about == task.id
    assert "was deleted or has expired" in difference
    assert (await audit(store))[1] == []


async def test_every_batch_is_compared(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_audit, "BATCH_ROWS", 2)
    tasks = await create_tasks(store)
    for task in (tasks[0], tasks[2], tasks[4]):
        await remove_id(store, task)
    _, reported = await audit(store)
    assert {about for about, _ in reported} == {tasks[0].id, tasks[2].id, tasks[4].id}
