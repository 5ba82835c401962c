"""Tests that the scripts keep the declared views as the rows are."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cache.maintenance import shapes as building
from cache.maintenance.scrub import scrub_all, scrub_if_due
from cache.maintenance.shapes import ShapeBuilds, shape_steps
from cache.metrics import StoreMetrics
from cache.reads.facets import read_facets
from cache.redis import shape_steps as stepping
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.connection import Connection
from db.pool import Database
from db.shape_source import shape_rows
from db.task import Task
from db.views import Shapes, View
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import with_status
from tests.support.task_factories import new_task
from tests.support.view_builds import begin_build, finish_build, read_batches
from tests.support.view_state import built_shapes, declared_members, expected_members, holding


async def check(store: Store, *tasks: Task) -> None:
    assert await declared_members(store) == expected_members(store, tasks)
    assert await holding(store) == set()


async def test_views_follow_every_write(store: Store) -> None:
    await built_shapes(store)
    client = StoreClient(store)
    first = await client.create_task(new_task(assignee="ann", labels=["a", "b"]))
    second = await client.create_task(new_task(assignee="ann", labels=["b"], status="DONE"))
    await check(store, first, second)
    first = await client.update_task(first.id, {"labels": ["b", "c"], "assignee": None})
    await check(store, first, second)
    first = await client.update_task(first.id, {"title": "Other"})
    await check(store, first, second)
    second = await client.update_task(second.id, {"expires_at": datetime(2199, 1, 1, tzinfo=UTC), "status": "TODO"})
    await check(store, first, second)
    await client.delete_task(first.id)
    await check(store, second)
    first = await client.restore_task(first.id)
    await check(store, first, second)


async def test_bulk_creates_enter_their_views(store: Store) -> None:
    await built_shapes(store)
    client = StoreClient(store)
    created = await client.create_tasks([new_task(assignee=name, labels=[name, "all"]) for name in ("ann", "bob")])
    await check(store, *(task for task in created if isinstance(task, Task)))


async def test_tasks_from_before_the_build_are_in_their_views(store: Store) -> None:
    client = StoreClient(store)
    far = datetime(2199, 1, 1, tzinfo=UTC)
    tasks = [await client.create_task(new_task(assignee="ann", labels=["a"], expires_at=far)) for _ in range(3)]
    await built_shapes(store)
    await check(store, *tasks)


async def test_build_in_many_batches_and_commands(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "BATCH_ROWS", 7)
    monkeypatch.setattr(building, "SENT_COMMANDS", 2)
    monkeypatch.setattr(stepping, "ENLIST_TASKS", 3)
    client = StoreClient(store)
    far = datetime(2199, 1, 1, tzinfo=UTC)
    new = [
        new_task(assignee="ann" if n % 3 else "bob", labels=["all", f"{n % 2}"], expires_at=far if n % 5 else None)
        for n in range(17)
    ]
    tasks = [await client.create_task(task) for task in new]
    await built_shapes(store)
    await check(store, *tasks)


async def test_build_keeps_the_session_of_its_lock_in_use(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "KEEP_SECONDS", 0)
    monkeypatch.setattr(building, "SENT_COMMANDS", 1)
    monkeypatch.setattr(stepping, "ENLIST_TASKS", 1)
    keep_session, backends = Connection.keep_session, list[int]()

    async def kept(connection: Connection) -> None:
        await keep_session(connection)
        backends.append(connection.raw.pgconn.backend_pid)

    monkeypatch.setattr(Connection, "keep_session", kept)
    client = StoreClient(store)
    tasks = [await client.create_task(new_task(assignee="ann")) for _ in range(3)]
    await built_shapes(store)
    assert len(backends) >= 3
    assert len(set(backends)) == 1
    await check(store, *tasks)


async def test_tasks_written_between_the_reading_and_the_adding_of_a_batch(store: Store) -> None:
    client, far = StoreClient(store), datetime(2199, 1, 1, tzinfo=UTC)
    tasks = [
        await client.create_task(
            new_task(assignee="ann", labels=["a", str(number)], expires_at=far if number % 2 else None)
        )
        for number in range(4)
    ]
    build = await begin_build(store)
    batches = await read_batches(store, build)
    assert batches["assignee"]
    tasks[0] = await client.update_task(tasks[0].id, {"assignee": "bob", "labels": ["b"]})
    tasks[1] = await client.update_task(tasks[1].id, {"status": "DONE", "expires_at": None})
    await finish_build(store, build, batches)
    await check(store, *tasks)


async def test_marked_task_is_in_its_old_and_new_views(store: Store) -> None:
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann"))
    done = with_status(task, "DONE")
    write = MarkedWrite(EARLIER_TOKEN, done, before=task)
    await protocol(store).mark([write], transaction=timedelta(seconds=2))
    views = await declared_members(store)
    assert set(views) == {
        ("assignee", "ann"), ("assignee+status", "ann\0TODO"), ("assignee+status", "ann\0DONE")
    }  # fmt: skip
    assert await holding(store) == {task.id.bytes}
    await protocol(store).abort([MarkedWrite(EARLIER_TOKEN, task)])
    await check(store, task)


async def test_publish_removes_what_the_mark_before_it_has_added(store: Store) -> None:
    """The first writer dies. The row is still in its old state when the second one marks it."""
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(assignee="ann"))
    dead = MarkedWrite(EARLIER_TOKEN, with_status(task, "DONE"), before=task)
    await protocol(store).mark([dead], transaction=timedelta(seconds=2))
    same = MarkedWrite(LATER_TOKEN, task, before=task)
    await protocol(store).mark([same], transaction=timedelta(seconds=2))
    await protocol(store).publish([same])
    await check(store, task)


async def test_page_of_a_view_comes_from_redis(store: Store) -> None:
    await built_shapes(store)
    client = StoreClient(store)
    tasks = [await client.create_task(new_task(labels=["a", str(number)])) for number in range(5)]
    part = PageRange(2, view=View(label="a"), offset=1)
    page = await StoreClient(store).page(part)
    assert (page.tasks, page.total, page.rank) == ([tasks[3], tasks[2]], 5, 1)
    assert not StoreClient(store).degraded
    empty = await StoreClient(store).page(PageRange(2, view=View(label="none")))
    assert (empty.tasks, empty.total) == ([], 0)


async def test_expired_tasks_leave_their_views(store: Store) -> None:
    await built_shapes(store)
    client = StoreClient(store)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    kept = await client.create_task(new_task(labels=["a"]))
    await client.create_task(new_task(labels=["a", "b"], expires_at=soon))
    await asyncio.sleep(0.5)
    page = await StoreClient(store).page(PageRange(5, view=View(label="a")))
    assert (page.tasks, page.total) == ([kept], 1)
    assert await protocol(store).sweep() == 1  # Redis may fail before the step that follows
    await scrub_if_due(store, protocol(store))
    await check(store, kept)


async def test_more_expired_tasks_than_one_step_removes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "SWEPT_IDS", 2)
    await built_shapes(store)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    for _ in range(5):
        await StoreClient(store).create_task(new_task(labels=["a"], expires_at=soon))
    await asyncio.sleep(0.4)
    await scrub_all(store, protocol(store))
    assert await shape_steps(store, protocol(store)).swept() == {}
    await check(store)


async def test_task_whose_expiry_was_cleared_stays_in_its_views(store: Store) -> None:
    """The write began before the expiry, and ended between the reading and the removal of the swept id."""
    await built_shapes(store)
    soon = datetime.now(UTC) + timedelta(milliseconds=300)
    task = await StoreClient(store).create_task(new_task(labels=["a"], expires_at=soon))
    await asyncio.sleep(0.4)
    await protocol(store).sweep()
    steps = shape_steps(store, protocol(store))
    swept = await steps.swept()
    async with store.database.connection() as connection:
        rows = await shape_rows(connection, store.workspace, list(swept))
    write = MarkedWrite(LATER_TOKEN, structs.replace(task, expires_at=None), before=task)
    await protocol(store).mark([write], transaction=timedelta(seconds=2))
    await protocol(store).publish([write])
    assert await steps.unlist(swept, rows)
    await check(store, write.task)


@pytest.mark.parametrize("shapes", [{}, {("list",): ()}], ids=["none", "other"])
async def test_sets_of_a_removed_shape_are_deleted(
    store: Store, database: Database, redis: Redis, metrics: StoreMetrics, shapes: Shapes
) -> None:
    """Nothing else needs to be built then."""
    await built_shapes(store)
    await StoreClient(store).create_task(new_task(labels=["a"]))
    other = Store(database, redis, metrics, shapes=shapes)
    await grant_gate_lease(other)
    await StoreClient(other).create_task(new_task(labels=["a"]))  # the first write drops the shapes
    steps = shape_steps(other, protocol(other))
    stale = await steps.stale_generations()
    assert stale
    builds = ShapeBuilds()
    assert builds.wanted(other)
    await builds.build(other)
    assert await steps.stale_generations() == []
    patterns = [steps.keys.all_view_sets.replace(b"*", generation + b":*") for generation in stale]
    assert [key for pattern in patterns async for key in redis.client.scan_iter(match=pattern)] == []


async def test_write_by_a_worker_without_the_shapes_ends_their_use(store: Store) -> None:
    """Such as one of the release before: its scripts raise `rev` alone."""
    await built_shapes(store)
    task = await StoreClient(store).create_task(new_task(labels=["a"]))
    await store.redis.send([("INCR", protocol(store).keys.rev)])
    page = await StoreClient(store).page(PageRange(5, view=View(label="a")))
    assert page.tasks == [task]
    with pytest.raises(AssertionError):
        await declared_members(store)
    await built_shapes(store)
    await check(store, task)


async def test_facets_count_the_values_of_a_dimension(store: Store) -> None:
    await built_shapes(store)
    client = StoreClient(store)
    for labels, assignee, status in ((["a", "b"], "ann", "TODO"), (["b"], "bob", "DONE"), (["b"], "ann", "DONE")):
        await client.create_task(new_task(labels=labels, assignee=assignee, status=status))
    session = StoreClient(store).session
    assert await read_facets(session, "label", View(), 10, "COUNT") == [("b", 3), ("a", 1)]
    assert await read_facets(session, "label", View(), 10, "NAME") == [("a", 1), ("b", 3)]
    assert await read_facets(session, "status", View(assignee="ann"), 10, "NAME") == [("DONE", 1), ("TODO", 1)]
    assert await read_facets(session, "assignee", View(status="DONE"), 1, "NAME") == [("ann", 1)]
    assert session.cache.validity is not None  # so the answers came from Redis
