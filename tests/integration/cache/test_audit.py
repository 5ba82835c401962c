"""The auditor finds whatever differs, says it once, mends it if asked to, and is not misled by writers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from cache.maintenance import audit as auditing
from cache.maintenance.audit import AuditReport, RedisNotInUse, audit_sample
from cache.maintenance.runner import maintenance
from cache.redis.entry import encode
from cache.redis.keys import VIEWS
from cache.store import Store
from db.task import Task
from tests.support.gate_states import switch_gate_off
from tests.support.redis_state import evict_entries, protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_tasks
from tests.support.task_factories import in_an_hour, new_task

TODO, DONE = VIEWS.index("TODO"), VIEWS.index("DONE")


async def audit(store: Store, *, repair: bool = False) -> tuple[AuditReport, dict[UUID, str]]:
    """What it found, each task once."""
    told: list[tuple[UUID, str]] = []
    report = await auditing.audit(store, lambda id_, problem: told.append((id_, problem)), repair=repair)
    assert report.different == len(told) == len(dict(told))
    return report, dict(told)


async def _missing(store: Store, task: Task) -> None:
    await store.redis.client.zrem(protocol(store).keys.indexes[TODO], task.id.bytes)


async def _ghost(store: Store, task: Task) -> None:
    await store.redis.client.zadd(protocol(store).keys.indexes[DONE], {task.id.bytes: 5})


async def _moved(store: Store, task: Task) -> None:
    await store.redis.client.zadd(protocol(store).keys.indexes[0], {task.id.bytes: 5})


async def _expiring(store: Store, task: Task) -> None:
    await store.redis.client.zadd(protocol(store).keys.expiring[TODO], {task.id.bytes: 9e12})


async def _in_doubt(store: Store, task: Task) -> None:
    await store.redis.client.sadd(protocol(store).keys.moving, task.id.bytes)


async def _stale(store: Store, task: Task) -> None:
    await StoreClient(store).update_task(task.id, {"title": "Newer"})
    await store.redis.client.set(protocol(store).keys.entry(task.id), encode(store.workspace, task))


async def _marked(store: Store, task: Task) -> None:
    await store.redis.client.set(protocol(store).keys.entry(task.id), b"M 1 1000")


async def _deleted(store: Store, task: Task) -> None:
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE task SET deleted_at = now() WHERE id = %s", (task.id,))


DAMAGE: dict[str, Callable[[Store, Task], Awaitable[None]]] = {
    "missing from the index of TODO": _missing,
    "in the index of DONE, but its status is TODO": _ghost,
    "has the wrong position in the index of all tasks": _moved,
    "wrong expiry in the index of TODO": _expiring,
    "entry has version 1, but its row has version 2": _stale,
    "stuck in `moving`": _in_doubt,
    "past its deadline": _marked,
    "was deleted or has expired": _deleted,
}


@pytest.mark.parametrize("words", DAMAGE)
async def test_what_differs_is_said_and_mended(store: Store, words: str) -> None:
    made = await create_uncached_tasks(store, 7)
    await create_uncached_tasks(store, 3, status="DONE", expires_at=in_an_hour())
    await StoreClient(store).tasks_by_id([task.id for task in made])
    assert await audit(store) == (AuditReport(rows=10, entries=7), {})
    task = made[3]
    await DAMAGE[words](store, task)
    _, told = await audit(store)
    assert list(told) == [task.id]
    assert words in told[task.id]
    report, told = await audit(store, repair=True)
    assert (list(told), report.different, report.repaired) == ([task.id], 1, 1)
    report, told = await audit(store)
    assert (told, report.different) == ({}, 0)


async def test_an_id_without_any_row_is_found(store: Store) -> None:
    await create_uncached_tasks(store, 3)
    ghost = new_task().id
    await store.redis.client.zadd(protocol(store).keys.indexes[0], {ghost.bytes: 10**15})
    _, told = await audit(store)
    assert list(told) == [ghost]


async def test_it_goes_through_windows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await create_uncached_tasks(store, 23)
    monkeypatch.setattr(auditing, "AUDIT_BATCH_ROWS", 4)
    for task in (made[0], made[11], made[22]):
        await _missing(store, task)
    report, told = await audit(store)
    assert report.rows == 23
    assert set(told) == {made[0].id, made[11].id, made[22].id}


async def test_writers_do_not_mislead_it(store: Store) -> None:
    made = await create_uncached_tasks(store, 20)

    async def busy(task: Task) -> None:
        for number in range(40):
            await StoreClient(store).update_task(task.id, {"status": ("DONE", "TODO")[number % 2]})

    writing = asyncio.gather(*map(busy, made[:6]))
    rounds = 0
    while not writing.done():
        assert (await audit(store))[1] == {}
        rounds += 1
    await writing
    assert rounds


async def test_the_sample_finds_it_and_has_it_mended(bare_store: Store) -> None:
    async with asyncio.timeout(30), maintenance(bare_store):
        while bare_store.gate_lease.protocol is None:  # noqa: ASYNC110 (nobody tells when)
            await asyncio.sleep(0.01)
        made = await create_uncached_tasks(bare_store, 5)
        await _ghost(bare_store, made[2])
        metrics: Any = bare_store.metrics
        while not metrics.differences:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while (await audit(bare_store))[1]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert metrics.verified


async def test_a_sample_of_an_empty_index_is_empty(store: Store) -> None:
    assert await audit_sample(store, protocol(store)) == 0


async def test_without_redis_there_is_nothing_to_verify(store: Store) -> None:
    task = (await create_uncached_tasks(store))[0]
    await evict_entries(store, task.id)
    await switch_gate_off(store)
    with pytest.raises(RedisNotInUse):
        await audit(store)
