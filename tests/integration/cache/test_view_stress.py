"""Stress tests of the declared views, which equal the rows afterwards. `make stress` runs the long ones."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from itertools import cycle
from typing import Any
from uuid import UUID

import pytest

from cache.maintenance.audit import audit, audit_sample
from cache.maintenance.runner import maintenance
from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.reads.facets import read_facets
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.errors import ShareBusy
from db.orders import DECLARED_ORDERS, order_score
from db.pages import task_page
from db.pool import Database
from db.task import DeclaredOrder, Task
from db.task_table import tasks_by_id
from db.views import DEFAULT_SHAPES, View, parse_declaration
from tests.support.redis_state import marked_ids, protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes, declared_members, expected_members, holding, reordering

WRITERS = 50
MAX_LABELS = 20
ORDERED_TASKS = 100
ANN = View(assignee="ann")
DUE_DATES = [None, *(datetime(2030, 1, day, tzinfo=UTC) for day in range(1, 5))]
FACETS_PAGE = 1_000


def short_or_long(name: str, short: int, long: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(name, [short, pytest.param(long, marks=pytest.mark.slow)])


async def check(store: Store, ids: Iterable[UUID]) -> None:
    """Assert that the declared views hold exactly these tasks, and that nothing is in flight."""
    await scrub_all(store, protocol(store))
    assert await marked_ids(store) == []
    assert await holding(store) == set()
    assert await reordering(store) == set()
    members = await declared_members(store)
    async with store.database.connection() as connection:
        tasks = await tasks_by_id(connection, store.workspace, list(ids))
    assert members == expected_members(store, tasks.values())


def random_change() -> dict[str, Any]:
    """Return a change of all dimensions but the list."""
    labels = random.sample([f"label {number}" for number in range(2 * MAX_LABELS)], random.randint(0, MAX_LABELS))
    return {
        "labels": sorted(labels),
        "assignee": random.choice([None, "ann", "bob"]),
        "status": random.choice(["TODO", "IN_PROGRESS", "DONE"]),
    }


def random_move() -> dict[str, Any]:
    """Return a change that moves a task in the declared orders, but not between views."""
    return {"due_at": random.choice(DUE_DATES), "priority": random.choice(["NONE", "LOW", "URGENT"])}


async def write_often(
    store: Store, ids: list[UUID], count: int, new_change: Callable[[], dict[str, Any]] = random_change
) -> None:
    for _ in range(count):
        id_, change, written = random.choice(ids), new_change(), False
        while not written:
            try:
                await StoreClient(store).update_task(id_, change)
                written = True
            except ShareBusy:  # as many writes run or wait as a worker takes
                await asyncio.sleep(random.uniform(0.01, 0.05))


async def read_often(store: Store, ids: list[UUID], writing: asyncio.Future[Any]) -> None:
    """Assert that each page of Ann's tasks has them all, in its order by the rows that it shows, during the writes."""
    for order in cycle(DECLARED_ORDERS):
        if writing.done():
            return
        try:
            tasks = (await StoreClient(store).page(PageRange(len(ids), view=ANN, order=order))).tasks
        except ShareBusy:  # as many pages are read from PostgreSQL as a worker takes
            await asyncio.sleep(0.01)
            continue
        assert {task.id for task in tasks} == set(ids)
        assert tasks == in_order(tasks, order)


def in_order(tasks: Iterable[Task], order: DeclaredOrder) -> list[Task]:
    """Return tasks in a declared order."""
    return sorted(tasks, key=lambda task: (order_score(task, order), task.id), reverse=order == "PRIORITY_FIRST")


async def audit_during(store: Store, *writes: Awaitable[None]) -> None:
    """Assert that the audit finds no difference while the writes run."""
    writing, differences = asyncio.gather(*writes), list[tuple[object, str]]()
    while not writing.done():
        await audit(store, lambda about, difference: differences.append((about, difference)))
        await audit_sample(store, protocol(store))
    await writing
    assert differences == []
    assert not store.metrics.differences


async def in_use(store: Store) -> None:
    async with asyncio.timeout(60):
        while store.gate_lease.protocol is None:  # noqa: ASYNC110 -- no event is set
            await asyncio.sleep(0.01)


@short_or_long("writes", 4, 200)
async def test_task_with_many_labels_has_many_writers(bare_store: Store, writes: int) -> None:
    async with maintenance(bare_store):
        await in_use(bare_store)
        labels = sorted(f"label {number}" for number in range(MAX_LABELS))
        task = await StoreClient(bare_store).create_task(new_task(labels=labels))
        await built_shapes(bare_store)
        await asyncio.gather(*(write_often(bare_store, [task.id], writes) for _ in range(WRITERS)))
        await check(bare_store, [task.id])


@short_or_long("writes", 4, 200)
async def test_tasks_in_declared_orders_have_many_writers(database: Database, redis: Redis, writes: int) -> None:
    store = Store(database, redis, StoreMetrics(), shapes=dict([parse_declaration("assignee:due+priority")]))
    async with maintenance(store):
        await in_use(store)
        created = [await StoreClient(store).create_task(new_task(assignee="ann")) for _ in range(ORDERED_TASKS)]
        ids = [task.id for task in created]
        await built_shapes(store)
        writing = asyncio.gather(*(write_often(store, ids, writes, random_move) for _ in range(WRITERS)))
        await asyncio.gather(writing, *(read_often(store, ids, writing) for _ in range(4)))
        await check(store, ids)
        for order in DECLARED_ORDERS:
            client = StoreClient(store)
            async with database.connection() as connection:
                rows = await task_page(connection, store.workspace, count=ORDERED_TASKS, view=ANN, order=order)
            assert (await client.page(PageRange(ORDERED_TASKS, view=ANN, order=order))).tasks == rows.tasks
            assert not client.degraded


@short_or_long("count", 3_000, 100_000)
async def test_facets_of_many_labels_are_exact_and_in_order(bare_store: Store, count: int) -> None:
    """Each label is on a task of its own. A facet of more than 2,000 values takes several scripts."""
    async with maintenance(bare_store):
        await in_use(bare_store)
        await built_shapes(bare_store)
        labels = [f"label {number}" for number in range(count)]
        ids = []
        for start in range(0, count, FACETS_PAGE):
            new = [new_task(labels=[label]) for label in labels[start : start + FACETS_PAGE]]
            created = await StoreClient(bare_store).create_tasks(new)
            ids += [task.id for task in created if isinstance(task, Task)]
        expected = [(label, 1) for label in sorted(labels, key=str.encode)]
        session = StoreClient(bare_store).session
        assert await read_facets(session, "label", View(), count + 1, "NAME") == expected
        assert await read_facets(session, "label", View(), FACETS_PAGE, "COUNT") == expected[:FACETS_PAGE]
        assert not session.cache.degraded
        await check(bare_store, ids)


@short_or_long("rounds", 3, 60)
async def test_shapes_come_and_go_under_load(bare_store: Store, database: Database, redis: Redis, rounds: int) -> None:
    """Workers with fewer shapes write in between, as in a rolling deploy, and drop the shapes of the others."""
    fewer = {shape: orders for shape, orders in DEFAULT_SHAPES.items() if "label" not in shape}
    other = Store(database, redis, StoreMetrics(), shapes=fewer)
    async with maintenance(bare_store):
        await in_use(bare_store)
        ids = [(await StoreClient(bare_store).create_task(new_task(**random_change()))).id for _ in range(50)]
        for _ in range(rounds):
            async with maintenance(other):
                await in_use(other)
                writers = [bare_store, other] * 4
                await audit_during(bare_store, *(write_often(store, ids, 20) for store in writers))
            writes = [write_often(bare_store, ids, 20) for _ in range(4)]
            await audit_during(bare_store, built_shapes(bare_store), *writes)
            await built_shapes(bare_store)
            await check(bare_store, ids)
