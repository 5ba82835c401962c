"""Tests that pages in a declared order are exact while writes are in flight, late, or rolled back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from cache.errors import OrderMoving
from cache.maintenance.rebuild import rebuild
from cache.maintenance.scrub import scrub_all
from cache.maintenance.shapes import shape_steps
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.index_source import INDEX_START
from db.pool import Database
from db.shape_source import next_range, view_batches
from db.task import DeclaredOrder, Task
from db.views import Shapes, View, parse_declaration
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, TRANSACTION_LIMIT, make_marks_overdue
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes, declared_members, expected_members, holding, reordering

SHAPES: Shapes = dict(map(parse_declaration, ("assignee:due+priority", "label:due", "status:priority", "list")))
SOON, LATE = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
ANN = View(assignee="ann")


async def open_store(database: Database, redis: Redis, metrics: StoreMetrics) -> Store:
    """Return a store whose declared shapes have orders."""
    store = Store(database, redis, metrics, shapes=SHAPES)
    await rebuild(store)
    await grant_gate_lease(store)
    return store


@pytest.fixture
async def store(database: Database, redis: Redis, metrics: StoreMetrics) -> Store:
    return await open_store(database, redis, metrics)


async def check(store: Store, *tasks: Task) -> None:
    assert await declared_members(store) == expected_members(store, tasks)
    assert await holding(store) == set()
    assert await reordering(store) == set()


async def read(store: Store, order: DeclaredOrder = "DUE_FIRST", view: View = ANN) -> list[Task]:
    """Return the page of a view, from Redis or from PostgreSQL."""
    return (await StoreClient(store).page(PageRange(10, view=view, order=order))).tasks


async def is_in_doubt(store: Store, order: DeclaredOrder = "DUE_FIRST", view: View = ANN) -> bool:
    try:
        await protocol(store).page(PageRange(10, view=view, order=order))
    except OrderMoving:
        return True
    return False


async def mark(store: Store, before: Task | None, after: Task | None, token: int = EARLIER_TOKEN) -> MarkedWrite:
    """Mark a write that changes a row to another; None for a row that readers cannot see."""
    row = after or before
    assert row is not None
    write = MarkedWrite(token, row, visible=after is not None, before=before)
    await protocol(store).mark([write], transaction=TRANSACTION_LIMIT)
    return write


async def test_orders_follow_every_write(store: Store) -> None:
    client = StoreClient(store)
    first = await client.create_task(new_task(assignee="ann", labels=["a"], due_at=LATE))
    await built_shapes(store)
    second = await client.create_task(new_task(assignee="ann", labels=["a", "b"], priority="HIGH"))
    third = await client.create_task(new_task(assignee="ann", due_at=SOON, expires_at=LATE))
    await check(store, first, second, third)
    assert await read(store) == [third, first, second]
    assert await read(store, "PRIORITY_FIRST") == [second, third, first]
    first = await client.update_task(first.id, {"due_at": None, "priority": "URGENT"})
    second = await client.update_task(second.id, {"due_at": LATE, "labels": ["b"]})
    await check(store, first, second, third)
    assert await read(store) == [third, second, first]
    assert await read(store, "PRIORITY_FIRST", View(status="TODO")) == [first, second, third]
    third = await client.update_task(third.id, {"assignee": "bob", "status": "DONE"})
    await client.delete_task(second.id)
    await check(store, first, third)
    second = await client.restore_task(second.id)
    created = await client.create_tasks([new_task(assignee="ann", due_at=SOON), new_task(labels=["a"], priority="LOW")])
    tasks = [first, second, third, *(task for task in created if isinstance(task, Task))]
    await check(store, *tasks)


async def test_orders_of_tasks_from_before_the_build(store: Store) -> None:
    created = await StoreClient(store).create_tasks(
        [
            new_task(
                assignee="ann",
                labels=["a"],
                due_at=None if number % 3 else SOON + timedelta(days=number),
                priority="URGENT" if number % 2 else "LOW",
                expires_at=LATE if number % 5 == 0 else None,
            )
            for number in range(700)
        ]
    )
    await built_shapes(store)
    await check(store, *(task for task in created if isinstance(task, Task)))


@pytest.mark.parametrize("change", [{"due_at": LATE}, {"priority": "URGENT"}, {"due_at": None, "status": "DONE"}])
async def test_order_is_in_doubt_until_the_write_is_settled(store: Store, change: dict[str, Any]) -> None:
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON))
    other = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON + timedelta(days=1)))
    await mark(store, task, structs.replace(task, **change))
    assert await is_in_doubt(store)
    assert await read(store) == [task, other]
    newest = await protocol(store).page(PageRange(10, view=ANN))
    assert newest.ids == [other.id.bytes, task.id.bytes]
    await protocol(store).abort([MarkedWrite(EARLIER_TOKEN, task)])
    assert not await is_in_doubt(store)
    await check(store, task, other)
    after = await StoreClient(store).update_task(task.id, change)
    await check(store, after, other)


@pytest.mark.parametrize("change", [{"title": "New"}, {"expires_at": LATE}, {"status": "DONE"}, {"assignee": "bob"}])
async def test_order_is_not_in_doubt_while_scores_stay(store: Store, change: dict[str, Any]) -> None:
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON, labels=["a"]))
    await mark(store, task, structs.replace(task, **change))
    assert not await is_in_doubt(store)
    assert not await is_in_doubt(store, "PRIORITY_FIRST", View(status="TODO"))
    assert not await is_in_doubt(store, view=View(label="a"))


async def test_task_that_leaves_a_view_keeps_its_place_there(store: Store) -> None:
    """It moves between views and changes its due date at once. The order is exact before and after the commit."""
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=LATE))
    other = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON + timedelta(days=1)))
    write = await mark(store, task, structs.replace(task, assignee="bob", due_at=SOON))
    assert not await is_in_doubt(store)
    assert await read(store) == [other, task]
    await protocol(store).publish([write])
    await check(store, write.task, other)


async def test_late_mark_of_a_writer_that_knew_another_row(store: Store) -> None:
    """Both of its rows have the same score, but not that of the row: the writer after it has changed the due date."""
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON, labels=["a"]))
    now = await StoreClient(store).update_task(task.id, {"due_at": LATE})
    other = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON + timedelta(days=1)))
    await mark(store, task, structs.replace(task, labels=["b"]))
    assert await is_in_doubt(store)
    assert await read(store) == [other, now]
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    assert not await is_in_doubt(store)
    assert await read(store) == [other, now]
    await check(store, now, other)


async def test_late_delete_keeps_the_order_in_doubt(store: Store) -> None:
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON))
    now = await StoreClient(store).update_task(task.id, {"due_at": LATE})
    await mark(store, task, None)
    assert await is_in_doubt(store)
    assert await read(store) == [now]
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    await check(store, now)


async def test_write_over_the_record_of_a_rolled_back_bulk_create(store: Store) -> None:
    """The record has the score that the write sets, but the row has another one until the commit."""
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON))
    later = structs.replace(task, due_at=LATE)
    await protocol(store).record(b"7", 1, [later])
    write = await mark(store, task, later)
    assert await is_in_doubt(store)
    await protocol(store).publish([write])
    await protocol(store).discard(b"7")
    await check(store, later)


async def test_settled_bulk_create_replaces_the_score_of_a_rolled_back_create(store: Store) -> None:
    await built_shapes(store)
    task = (await StoreClient(store).create_tasks([new_task(assignee="ann", due_at=SOON)]))[0]
    assert isinstance(task, Task)
    gone = structs.replace(task, due_at=LATE, priority="LOW")
    await mark(store, None, gone)
    assert await is_in_doubt(store)
    await protocol(store).record(b"8", LATER_TOKEN, [task])
    await protocol(store).settle(b"8")
    assert not await is_in_doubt(store)
    await check(store, task)


async def test_task_that_a_mark_holds_during_a_build_is_in_doubt(store: Store) -> None:
    """The mark is late: its writer knew a row from before the one that the batch reads."""
    task = await StoreClient(store).create_task(new_task(assignee="ann", due_at=SOON))
    now = await StoreClient(store).update_task(task.id, {"due_at": LATE})
    steps = shape_steps(store, protocol(store))
    generations = {name: number for number, name in enumerate(steps.views.named, 1)}
    await steps.begin(generations)
    await steps.begin_adding(generations)
    await mark(store, task, structs.replace(task, labels=["a"]))
    async with store.database.connection() as connection:
        part = await next_range(connection, store.workspace, INDEX_START, 10)
        assert part is not None
        async with store.redis.bulk(steps.gate.redis_run_id) as bulk:
            for name, shape in steps.views.named.items():
                batch = await view_batches(connection, store.workspace, part, shape, SHAPES[shape])
                commands = list(steps.pack_batches(name, generations[name], batch))
                assert not commands or steps.all_added(await bulk.send(commands))
    assert await steps.finish(generations)
    assert await is_in_doubt(store)
    assert await read(store) == [now]
    await make_marks_overdue(store)
    await scrub_all(store, protocol(store))
    assert not await is_in_doubt(store)
    await check(store, now)


async def test_expired_tasks_leave_their_orders(store: Store) -> None:
    await built_shapes(store)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    kept = await StoreClient(store).create_task(new_task(assignee="ann", due_at=LATE))
    for labels in ([], ["a"]):
        await StoreClient(store).create_task(new_task(assignee="ann", labels=labels, due_at=SOON, expires_at=soon))
    await asyncio.sleep(0.4)
    assert await read(store) == [kept]
    page = await protocol(store).page(PageRange(10, view=ANN, order="PRIORITY_FIRST"))
    assert (page.ids, page.total, page.length) == ([kept.id.bytes], 1, 1)
    await scrub_all(store, protocol(store))
    await check(store, kept)


async def test_order_that_is_not_declared_comes_from_postgresql(store: Store) -> None:
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(labels=["a"], priority="HIGH"))
    for view in (View(), View(label="a"), View(assignee="nobody")):
        tasks = [task] if view.holds(task) else []
        assert await read(store, "PRIORITY_FIRST", view) == tasks
    await check(store, task)
