"""Tests that a declared order whose state was lost, or that another worker does not know, is read from PostgreSQL."""

from datetime import timedelta

import pytest
from msgspec import structs

from cache.errors import ShapeUnbuilt
from cache.maintenance.scrub import scrub_all
from cache.maintenance.shapes import shape_steps
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from db.pool import Database
from db.views import View
from tests.integration.cache.test_declared_orders import ANN, LATE, SOON, check, mark, open_store, read
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import make_marks_overdue
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes


@pytest.fixture
async def store(database: Database, redis: Redis, metrics: StoreMetrics) -> Store:
    return await open_store(database, redis, metrics)


async def is_unbuilt(store: Store, view: View = ANN) -> bool:
    try:
        await protocol(store).page(PageRange(10, view=view, order="DUE_FIRST"))
    except ShapeUnbuilt:
        return True
    return False


@pytest.mark.parametrize("write", [False, True])
async def test_lost_set_of_an_order_ends_the_use_of_its_shape(store: Store, write: bool) -> None:
    await built_shapes(store)
    tasks = [await StoreClient(store).create_task(new_task(assignee="ann", due_at=due)) for due in (SOON, LATE)]
    steps = shape_steps(store, protocol(store))
    generation = (await steps.shapes())["assignee:due+priority"]
    await store.redis.send([("DEL", steps.keys.order_sets(generation, b"ann")[0])])
    if write:  # must not make the set look complete again
        tasks[0] = await StoreClient(store).update_task(tasks[0].id, {"due_at": LATE + timedelta(days=1)})
    assert await is_unbuilt(store)
    assert set(await steps.shapes()) == {"label:due", "status:priority", "list"}
    assert [task.id for task in await read(store)] == [task.id for task in (tasks[::-1] if write else tasks)]
    await built_shapes(store)
    await check(store, *tasks)


@pytest.mark.parametrize("built_between", [False, True])
async def test_lost_reordering_ends_the_use_of_all_orders(store: Store, built_between: bool) -> None:
    """Also if a build of another shape comes before the next page: marks that the set had may still stand."""
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON, labels=["a"]))
    await mark(store, task, structs.replace(task, due_at=LATE))
    names = protocol(store).keys
    await store.redis.send([("DEL", names.reordering)])
    if built_between:
        await store.redis.send([("HDEL", names.shapes, "label:due")])
        steps = shape_steps(store, protocol(store))
        await steps.begin({"label:due": 1000})
        assert set(await steps.shapes()) == {"label:due", "list"}
    assert await is_unbuilt(store)
    assert await read(store) == [task]
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    for _ in range(2):  # the first build drops all shapes with orders
        await built_shapes(store)
    await check(store, task)


async def test_worker_with_other_orders_ends_the_use_of_a_shape(
    store: Store, database: Database, redis: Redis, metrics: StoreMetrics
) -> None:
    await built_shapes(store)
    other = Store(database, redis, metrics, shapes={("assignee",): ("DUE_FIRST",), ("list",): ()})
    await grant_gate_lease(other)
    task = await StoreClient(other).create_task(new_task(assignee="ann", due_at=SOON))
    assert set(await shape_steps(store, protocol(store)).shapes()) == {"list"}
    assert await is_unbuilt(store)
    assert await read(store) == [task]
    await built_shapes(store)
    await check(store, task)
