"""Tests that the audit of the declared views reports no difference about views in use that are as they should be."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cache.maintenance import audit as auditing
from cache.maintenance import view_compare
from cache.maintenance.audit import audit_sample
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.task import Task
from tests.integration.cache.test_view_audit import ALL_SHAPES, audit, create_tasks, remove_id
from tests.support.protocol_steps import EARLIER_TOKEN
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks, with_status


async def test_shapes_that_are_not_built_are_no_difference(store: Store) -> None:
    await create_uncached_tasks(store, 2, assignee="ann")
    report, reported = await audit(store)
    assert (reported, report.views, set(report.unused)) == ([], 0, ALL_SHAPES)


async def test_shape_that_is_dropped_during_the_audit_is_no_difference(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker without the shapes writes between two comparisons, and commits what the views miss."""
    task = (await create_tasks(store))[0]
    await remove_id(store, task)
    compare = view_compare.compare_views

    async def write_and_compare(*arguments: object) -> object:
        await store.redis.send([("INCR", protocol(store).keys.rev)])
        return await compare(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(auditing, "compare_views", write_and_compare)
    report, reported = await audit(store)
    assert (reported, set(report.unused)) == ([], ALL_SHAPES)


async def test_task_in_flight_is_no_difference(store: Store) -> None:
    """The mark adds it to the views of both outcomes."""
    task = (await create_tasks(store))[0]
    write = MarkedWrite(EARLIER_TOKEN, structs.replace(with_status(task, "DONE"), labels=["c"]), before=task)
    await protocol(store).mark([write], transaction=timedelta(seconds=2))
    assert (await audit(store))[1] == []
    await audit_sample(store, protocol(store))
    assert not store.metrics.differences


async def test_expired_tasks_are_no_difference(store: Store) -> None:
    """They are in their views until the sweep of the base index, and then until E2."""
    await create_tasks(store)
    soon = datetime.now(UTC) + timedelta(milliseconds=400)
    await create_uncached_tasks(store, 3, assignee="eve", labels=["e"], expires_at=soon)
    await asyncio.sleep(0.5)
    assert (await audit(store))[1] == []


async def test_concurrent_writes_are_no_difference(store: Store) -> None:
    tasks = await create_tasks(store)

    async def update_repeatedly(task: Task) -> None:
        for number in range(40):
            change = {"status": ("DONE", "TODO")[number % 2], "labels": [str(number % 3)], "assignee": str(number % 2)}
            await StoreClient(store).update_task(task.id, change)

    writing = asyncio.gather(*map(update_repeatedly, tasks))
    audits, steps = 0, protocol(store)
    while not writing.done():
        assert (await audit(store))[1] == []
        await audit_sample(store, steps)
        audits += 1
    await writing
    assert audits
    assert not store.metrics.differences
