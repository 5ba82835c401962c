"""Tests the counts of declared views for subscribers, and which events of the feed reach the subscribers of a view."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from cache.feed.counts import CountsFeed
from cache.feed.events import FeedEvent
from cache.feed.feed import Feed
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.reads.session import Session
from cache.reads.view_counts import Counted, cached_view_counts, read_view_counts, row_view_counts
from cache.redis import view_counts
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from db.views import View
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, TRANSACTION_LIMIT
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import with_status
from tests.support.task_factories import new_task
from tests.support.view_state import built_shapes

ANN, BOB = View(assignee="ann"), View(assignee="bob")
VIEWS = [
    *(Counted(view, by_status) for view in (ANN, BOB, View(assignee="nobody")) for by_status in (True, False)),
    Counted(View(assignee="ann", status="DONE")),
    Counted(View(label="x"), by_status=False),
]
COUNTS = [
    {None: 3, "TODO": 2, "IN_PROGRESS": 0, "DONE": 1},
    {None: 3, "TODO": 0, "IN_PROGRESS": 0, "DONE": 0},
    {None: 1, "TODO": 1, "IN_PROGRESS": 0, "DONE": 0},
    {None: 1, "TODO": 0, "IN_PROGRESS": 0, "DONE": 0},
    dict.fromkeys((None, "TODO", "IN_PROGRESS", "DONE"), 0),
    dict.fromkeys((None, "TODO", "IN_PROGRESS", "DONE"), 0),
    {None: 1, "TODO": 0, "IN_PROGRESS": 0, "DONE": 1},
    {None: 2, "TODO": 0, "IN_PROGRESS": 0, "DONE": 0},
]


async def create(store: Store) -> None:
    await StoreClient(store).create_tasks(
        [
            *(new_task(assignee="ann", labels=["x"]) for _ in range(2)),
            new_task(assignee="ann", status="DONE"),
            new_task(assignee="bob"),
            new_task(assignee="bob", labels=["x"], expires_at=datetime.now(UTC) + timedelta(milliseconds=200)),
        ]
    )
    await asyncio.sleep(0.3)


async def test_one_script_counts_many_views_exactly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await built_shapes(store)
    await create(store)
    for most in (1000, 3):
        monkeypatch.setattr(view_counts, "VIEWS_PER_CALL", most)
        found = await cached_view_counts(Session(store), VIEWS)
        assert [found[counted] for counted in VIEWS] == COUNTS


async def test_postgresql_counts_views_that_redis_does_not_hold(store: Store) -> None:
    await create(store)
    assert await cached_view_counts(Session(store), VIEWS) == {}
    assert [await row_view_counts(store, counted) for counted in VIEWS] == COUNTS
    await built_shapes(store)
    await store.redis.client.hdel(protocol(store).keys.shapes, "assignee+status")
    cached = await cached_view_counts(Session(store), VIEWS)
    assert set(cached) == {counted for counted in VIEWS if not counted.by_status}
    assert [await read_view_counts(Session(store), counted) for counted in VIEWS] == COUNTS


async def test_lost_view_is_not_counted_as_empty(store: Store) -> None:
    await built_shapes(store)
    await create(store)
    keys = protocol(store).keys
    generation = await store.redis.client.hget(keys.shapes, "assignee")
    assert isinstance(generation, bytes)
    await store.redis.client.delete(*keys.view_sets(generation, b"ann"))
    counted = Counted(ANN, by_status=False)
    assert await cached_view_counts(Session(store), [counted]) == {}
    assert await store.redis.client.hget(keys.shapes, "assignee") is None
    assert (await read_view_counts(Session(store), counted))[None] == 3


async def test_write_in_another_view_pushes_no_count(store: Store) -> None:
    await built_shapes(store)
    feed = Feed(store)
    try:
        async with aclosing(feed.counts.subscribe(Counted(ANN))) as ann, asyncio.timeout(30):
            assert (await anext(ann))[None] == 0
            await StoreClient(store).create_task(new_task(assignee="bob"))
            await StoreClient(store).create_task(new_task(assignee="ann"))
            assert (await anext(ann))[None] == 1
            assert set(feed.counts._latest) == {Counted(ANN)}
        assert feed.counts._latest == {}
    finally:
        await feed.aclose()


class Received:
    """The events of one subscriber to a view."""

    def __init__(self, feed: Feed, view: View) -> None:
        self.events = feed.subscribe(None, view)

    async def next(self) -> FeedEvent:
        async with asyncio.timeout(30):
            return await anext(self.events)


@pytest.fixture
async def feed(store: Store) -> AsyncIterator[Feed]:
    feed = Feed(store)
    async with maintenance(store), aclosing(feed):
        async with aclosing(feed.subscribe()) as events:
            async for event in events:
                if event.rev.epoch:
                    break
        yield feed


async def test_expiry_reaches_only_the_views_of_the_task(store: Store, feed: Feed) -> None:
    ann, bob = Received(feed, ANN), Received(feed, BOB)
    assert {(await each.next()).kind for each in (ann, bob)} == {"RESYNC"}
    soon = datetime.now(UTC) + timedelta(seconds=1)
    task = await StoreClient(store).create_task(new_task(assignee="ann", expires_at=soon))
    assert ((await ann.next()).kind, (await ann.next()).kind) == ("CREATED", "EXPIRED")
    other = await StoreClient(store).create_task(new_task(assignee="bob"))
    found = await bob.next()
    assert (found.kind, found.id) == ("CREATED", other.id)
    assert task.id != other.id


async def test_write_over_the_mark_of_a_dead_writer_is_reported_to_every_view(store: Store, feed: Feed) -> None:
    """The dead writer has moved the task out of a view. Nobody else knows that."""
    ann = Received(feed, ANN)
    assert (await ann.next()).kind == "RESYNC"
    task = await StoreClient(store).create_task(new_task(assignee="ann"))
    assert (await ann.next()).kind == "CREATED"
    moved = await StoreClient(store).update_task(task.id, {"assignee": "bob"})
    assert (await ann.next()).task == moved
    await protocol(store).mark([MarkedWrite(EARLIER_TOKEN, moved, before=task)], transaction=TRANSACTION_LIMIT)
    done = MarkedWrite(LATER_TOKEN, with_status(moved, "DONE"), before=moved)
    await protocol(store).mark([done], transaction=TRANSACTION_LIMIT)
    await protocol(store).publish([done])
    event = await ann.next()
    assert (event.id, event.before, event.is_in(ANN)) == (task.id, None, False)


async def test_counts_of_views_continue_without_redis(store: Store) -> None:
    unindexed = Store(store.database, store.redis, StoreMetrics())
    async with aclosing(CountsFeed(unindexed, Feed(unindexed).turns).subscribe(Counted(ANN))) as counts:
        async with asyncio.timeout(30):
            assert (await anext(counts))[None] == 0
            await StoreClient(store).create_task(new_task(assignee="ann"))
            assert (await anext(counts))[None] == 1
