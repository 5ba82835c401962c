"""Tests bulk creates in flight: no index holds their tasks before the commit, and no commit is missed after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cache.errors import IndexLost
from cache.maintenance.compare import compare_tasks
from cache.maintenance.scrub import scrub_all, settle_creates
from cache.reads.pages import read_counts, read_page
from cache.reads.session import Session
from cache.redis.create_records import MAX_SINGLE_EVENTS
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db import gate
from db.outcomes import queue_transaction
from db.task import Task
from db.task_table import insert_tasks
from tests.support.consistency import check_indexes
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, TRANSACTION_LIMIT, mark_task
from tests.support.redis_state import indexed_ids, indexed_views, marked_ids, protocol, read_entry
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks, with_status
from tests.support.task_factories import in_an_hour, new_task
from tests.support.view_state import built_shapes, declared_members, expected_members, holding

# Later than every transaction of the test database, and earlier than all of them.
FUTURE, FORGOTTEN = b"99999999999", b"3"


@asynccontextmanager
async def bulk_create(store: Store, count: int = 3, **fields: Any) -> AsyncIterator[tuple[bytes, list[Task]]]:
    """Record a bulk create, yield its transaction and tasks, and commit. Its writer dies before it settles."""
    async with store.database.transaction() as connection:
        await gate.enter_gate(connection, store.workspace, None)
        number = queue_transaction(connection)
        new = [new_task(f"Task {n}", **fields) for n in range(count)]
        created, token = await insert_tasks(connection, store.workspace, new)
        transaction, tasks = number.rows[0].encode(), list(created.values())
        await protocol(store).record(transaction, token, tasks)
        yield transaction, tasks


class Died(Exception):
    """The writer died before its commit."""


async def roll_back(store: Store, count: int = 3) -> list[Task]:
    """Roll back a recorded bulk create without clearing anything."""
    with pytest.raises(Died):
        async with bulk_create(store, count) as (_, tasks):
            raise Died
    return tasks


async def test_pages_and_totals_leave_out_a_bulk_create_before_its_commit(store: Store) -> None:
    others = await create_uncached_tasks(store, 12)
    async with bulk_create(store, 7):
        pages = [await StoreClient(store).page(PageRange(4, offset=offset)) for offset in (0, 4, 8)]
        assert [task for page in pages for task in page.tasks] == others
        assert {page.total for page in pages} == {12}
        assert (await read_counts(Session(store)))["TODO"] == 12
    assert (await StoreClient(store).page(PageRange(20))).total == 19


@pytest.mark.parametrize("order", ["NEWEST", "OLDEST", "EXPIRING_SOON"])
async def test_page_has_a_committed_bulk_create_whose_writer_died(store: Store, order: Any) -> None:
    async with bulk_create(store, expires_at=in_an_hour()) as (_, tasks):
        pass
    page = await StoreClient(store).page(PageRange(5, order=order))
    assert ({task.id for task in page.tasks}, page.total) == ({task.id for task in tasks}, 3)
    assert await protocol(store).recorded_creates(0.0) == []
    await check_indexes(store)


async def test_counts_have_a_committed_bulk_create_whose_writer_died(store: Store) -> None:
    async with bulk_create(store, status="DONE"):
        pass
    assert await read_counts(Session(store)) == {None: 3, "TODO": 0, "IN_PROGRESS": 0, "DONE": 3}


async def test_scrub_settles_what_was_committed_and_discards_what_was_rolled_back(store: Store) -> None:
    await roll_back(store)
    async with bulk_create(store) as (_, committed):
        pass
    async with bulk_create(store) as (in_progress, _):
        await settle_creates(store, protocol(store), min_age_seconds=0.0)
        assert await protocol(store).recorded_creates(0.0) == [in_progress]
        assert set(await indexed_ids(store)) == {task.id for task in committed}
        await scrub_all(store, protocol(store))  # leaves a young record to its writer
        assert await protocol(store).recorded_creates(0.0) == [in_progress]
    await settle_creates(store, protocol(store), min_age_seconds=0.0)
    assert len(await indexed_ids(store)) == 6
    await check_indexes(store)


async def test_record_of_a_dead_writer_is_settled_after_two_seconds(store: Store) -> None:
    async with bulk_create(store) as (transaction, committed):
        pass
    names, client = protocol(store).keys, store.redis.client
    now, _ = await client.time()
    await client.zadd(names.unsettled, {transaction: int(now) * 1000 + 60_000})
    await scrub_all(store, protocol(store))
    assert await protocol(store).recorded_creates(-120) == [transaction]
    await client.zadd(names.unsettled, {transaction: int(now) * 1000 - 2000})
    await scrub_all(store, protocol(store))
    assert await protocol(store).recorded_creates(-120) == []
    assert set(await indexed_ids(store)) == {task.id for task in committed}


async def test_discarded_bulk_create_leaves_no_key(store: Store) -> None:
    before = {key async for key in store.redis.client.scan_iter()}
    await roll_back(store)
    await settle_creates(store, protocol(store), min_age_seconds=0.0)
    assert {key async for key in store.redis.client.scan_iter()} == before


async def test_answers_during_a_bulk_create_are_not_kept(store: Store) -> None:
    async with bulk_create(store):
        session = Session(store)
        await read_page(session, PageRange(5))
        assert session.cache.validity is None
        await read_counts(session := Session(store))
        assert session.cache.validity is None
    await StoreClient(store).page(PageRange(5))
    await read_page(session := Session(store), PageRange(5))
    assert session.cache.validity is not None


@pytest.mark.parametrize("deletes", [True, False])
async def test_late_settle_leaves_a_later_write_alone(store: Store, deletes: bool) -> None:
    async with bulk_create(store) as (transaction, tasks):
        pass
    if deletes:
        await StoreClient(store).delete_task(tasks[0].id)
    else:
        await StoreClient(store).update_task(tasks[0].id, {"status": "DONE", "expires_at": in_an_hour()})
    await protocol(store).settle(transaction)
    assert await indexed_views(store, tasks[0].id) == (set() if deletes else {None, "DONE"})
    await protocol(store).settle(transaction)
    await check_indexes(store)


async def test_rolled_back_update_of_an_unsettled_task_keeps_it_indexed(store: Store) -> None:
    async with bulk_create(store) as (_, tasks):
        pass
    token = EARLIER_TOKEN
    await mark_task(store, token, with_status(tasks[0], "DONE"))
    assert await indexed_views(store, tasks[0].id) == {None, "TODO", "DONE"}
    await protocol(store).abort([MarkedWrite(token, tasks[0])])
    assert await indexed_views(store, tasks[0].id) == {None, "TODO"}


async def test_settle_ends_the_mark_of_an_earlier_create_that_was_rolled_back(store: Store) -> None:
    """If the mark stayed, its late abort would remove the id of the task."""
    async with bulk_create(store) as (transaction, tasks):
        await mark_task(store, 0, with_status(tasks[0], "DONE"))
    await protocol(store).settle(transaction)
    await protocol(store).abort([MarkedWrite(0, tasks[0], visible=False)])
    assert await indexed_views(store, tasks[0].id) == {None, "TODO"}
    assert await marked_ids(store) == []
    await check_indexes(store)


async def test_settle_ends_the_lease_of_a_scrub(store: Store) -> None:
    async with bulk_create(store) as (transaction, tasks):
        await protocol(store).lease("a", [tasks[0].id.bytes], scrub=True)
    await protocol(store).settle(transaction)
    await protocol(store).scrub("a", tasks[0].id, None)
    assert await indexed_views(store, tasks[0].id) == {None, "TODO"}
    assert await read_entry(store, tasks[0].id) is None


@pytest.mark.parametrize(("count", "events"), [(MAX_SINGLE_EVENTS, MAX_SINGLE_EVENTS), (MAX_SINGLE_EVENTS + 1, 1)])
async def test_events_of_a_bulk_create_are_emitted_once(store: Store, count: int, events: int) -> None:
    before = await protocol(store).last_event()
    async with bulk_create(store, count) as (transaction, _):
        assert await protocol(store).last_event() == before
    await StoreClient(store).page(PageRange(1))
    await protocol(store).settle(transaction)
    assert await protocol(store).last_event() == before + events


async def test_settle_needs_no_free_memory(store: Store) -> None:
    """The commit cannot be undone, so Redis must not refuse to index its tasks."""
    async with bulk_create(store, 100) as (transaction, _):
        pass
    await store.redis.client.config_set("maxmemory", "1")
    await protocol(store).settle(transaction)
    await store.redis.client.config_set("maxmemory", "64mb")
    assert len(await indexed_ids(store)) == 100


async def test_comparison_does_not_report_an_unsettled_bulk_create(store: Store) -> None:
    async with bulk_create(store) as (_, tasks):
        pass
    assert await compare_tasks(store, protocol(store), [task.id for task in tasks]) == {}


async def test_transaction_that_was_not_assigned_yet_counts_as_in_progress(store: Store) -> None:
    task = await create_uncached_task(store)
    await protocol(store).record(FUTURE, EARLIER_TOKEN, [task])
    assert (await StoreClient(store).page(PageRange(5))).tasks == [task]
    await settle_creates(store, protocol(store), min_age_seconds=0.0)
    assert await protocol(store).recorded_creates(0.0) == [FUTURE]


async def test_rows_decide_about_a_forgotten_transaction(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = (await roll_back(store, 1))[0]
    async with bulk_create(store, 1) as (_, [task]):
        pass
    read_outcomes = store.unsettled_creates.outcomes

    async def forgotten(transactions: Any) -> Any:
        return dict.fromkeys(await read_outcomes(transactions))

    monkeypatch.setattr(store.unsettled_creates, "outcomes", forgotten)
    await settle_creates(store, protocol(store), min_age_seconds=0.0)
    assert await protocol(store).recorded_creates(0.0) == []
    assert await indexed_ids(store) == [task.id] != [missing.id]


async def test_declared_views_of_a_task_that_is_written_before_its_bulk_create_is_settled(store: Store) -> None:
    await built_shapes(store)
    async with bulk_create(store, labels=["all", "ann"], expires_at=in_an_hour()) as (transaction, tasks):
        pass
    write = MarkedWrite(LATER_TOKEN, with_status(tasks[1], "DONE"), before=tasks[1])
    await protocol(store).mark([write], transaction=TRANSACTION_LIMIT)
    assert await holding(store) == {tasks[1].id.bytes}
    await protocol(store).publish([write])
    await protocol(store).settle(transaction)
    assert await declared_members(store) == expected_members(store, [tasks[0], write.task, tasks[2]])
    assert await holding(store) == set()


async def test_lost_record_counts_as_a_lost_index(store: Store) -> None:
    async with bulk_create(store) as (transaction, _):
        pass
    await store.redis.client.delete(protocol(store).keys.record(transaction))
    with pytest.raises(IndexLost):
        await protocol(store).settle(transaction)
