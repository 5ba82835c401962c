"""Tests the feed: subscribers receive each committed change once and in order, or receive a RESYNC."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from cache.feed.events import FeedEvent, Rev
from cache.feed.feed import Feed
from cache.gate.lease import GATE_LEASE_SECONDS, clock
from cache.maintenance.runner import maintenance
from cache.redis.create_records import MAX_SINGLE_EVENTS
from cache.redis.index import PageRange
from cache.redis.protocol import MarkedWrite
from cache.store import Store
from cache.writes.edits import Edit
from db.views import View
from tests.integration.cache.test_bulk_creates import bulk_create
from tests.support.gate_states import exhaust_closings, switch_gate_off
from tests.support.protocol_steps import EARLIER_TOKEN, LATER_TOKEN, make_marks_overdue, mark_task
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient, decoded
from tests.support.store_factories import create_uncached_task, create_uncached_tasks
from tests.support.task_factories import new_task


class Subscription:
    """Returns the events of one subscriber, one at a time."""

    def __init__(self, events: AsyncIterator[FeedEvent]) -> None:
        self._events = events

    async def next(self, seconds: float = 60.0) -> FeedEvent:
        async with asyncio.timeout(seconds):
            return await anext(self._events)

    async def until_resync(self) -> FeedEvent:
        while (event := await self.next()).kind != "RESYNC":
            pass
        return event

    async def is_silent(self) -> bool:
        """Return whether no event arrives within 0.3 seconds."""
        try:
            await self.next(0.3)
        except TimeoutError:
            return True
        return False


@pytest.fixture
async def feed(store: Store) -> AsyncIterator[Feed]:
    feed = Feed(store)
    async with maintenance(store), aclosing(feed):
        async with aclosing(feed.subscribe()) as events:
            async for event in events:
                if event.rev.epoch:
                    break
        yield feed


@pytest.fixture
async def subscription(feed: Feed) -> Subscription:
    subscription = Subscription(feed.subscribe())
    assert (await subscription.next()).kind == "RESYNC"
    return subscription


async def test_each_change_has_an_event_with_its_task(store: Store, subscription: Subscription) -> None:
    tasks = StoreClient(store)
    task = await tasks.create_task(new_task(title="a"))
    created = await subscription.next()
    done = await tasks.update_task(task.id, {"status": "DONE"})
    updated = await subscription.next()
    await tasks.delete_task(task.id)
    deleted = await subscription.next()
    undeleted = await tasks.restore_task(task.id)
    restored = await subscription.next()
    events = [created, updated, deleted, restored]
    assert [(event.kind, decoded(event.task)) for event in events] == [
        ("CREATED", task),
        ("UPDATED", done),
        ("DELETED", None),
        ("RESTORED", undeleted),
    ]
    assert {event.id for event in events} == {task.id}
    first = created.rev
    assert [event.rev for event in events] == [Rev(first.epoch, first.number + n) for n in range(4)]


async def test_update_that_changes_nothing_has_no_event(store: Store, subscription: Subscription) -> None:
    task = await create_uncached_task(store)
    await subscription.next()
    await StoreClient(store).update_task(task.id, {"title": task.title})
    assert await subscription.is_silent()


async def test_task_that_a_bulk_edit_does_not_change_has_no_event(store: Store, subscription: Subscription) -> None:
    same, other = await create_uncached_tasks(store, 2)
    assert {(await subscription.next()).id for _ in range(2)} == {same.id, other.id}
    edits = [Edit(same.id, change=lambda task: task), Edit(other.id, change=lambda task: replace(task, title="New"))]
    await StoreClient(store).edit_tasks("update", edits)
    assert (await subscription.next()).id == other.id
    assert await subscription.is_silent()


async def test_small_bulk_create_has_an_event_per_task_and_a_large_one_a_single_event(
    store: Store, subscription: Subscription
) -> None:
    new = sorted((new_task() for _ in range(MAX_SINGLE_EVENTS)), key=lambda task: task.id)
    few = await StoreClient(store).create_tasks(new)
    assert [(event.kind, decoded(event.task)) for event in [await subscription.next() for _ in few]] == [
        ("CREATED", task) for task in few
    ]
    await StoreClient(store).create_tasks([new_task() for _ in range(MAX_SINGLE_EVENTS + 1)])
    assert (await subscription.next()).kind == "MANY"
    assert await subscription.is_silent()


async def test_large_bulk_edit_has_a_single_event(store: Store, subscription: Subscription) -> None:
    created = await StoreClient(store).create_tasks([new_task() for _ in range(MAX_SINGLE_EVENTS + 1)])
    await subscription.next()
    await StoreClient(store).edit_tasks("delete", [Edit(task.id) for task in created])  # type: ignore[union-attr]
    assert (await subscription.next()).kind == "MANY"
    assert await subscription.is_silent()


async def test_write_with_a_lost_publish_is_announced_by_the_scrub(store: Store, subscription: Subscription) -> None:
    task = await create_uncached_task(store)
    await subscription.next()
    await mark_task(store, 1_000_001, task)
    await make_marks_overdue(store)
    event = await subscription.next()
    assert (event.kind, decoded(event.task)) == ("UPDATED", task)


async def test_rollback_announces_the_change_of_a_writer_that_died(store: Store, subscription: Subscription) -> None:
    task = await create_uncached_task(store)
    await subscription.next()
    await mark_task(store, EARLIER_TOKEN, task)
    await mark_task(store, LATER_TOKEN, task)
    await protocol(store).abort([MarkedWrite(LATER_TOKEN, task)])
    event = await subscription.next()
    assert (event.kind, decoded(event.task), event.before) == ("UPDATED", task, None)


async def test_rollback_announces_a_bulk_create_whose_record_it_took(store: Store, subscription: Subscription) -> None:
    """Its settle announces only the tasks that are still in the record."""
    async with bulk_create(store) as (_, [task, *_others]):
        pass
    await mark_task(store, LATER_TOKEN, task)
    await protocol(store).abort([MarkedWrite(LATER_TOKEN, task)])
    event = await subscription.next()
    assert (event.kind, decoded(event.task), event.before) == ("UPDATED", task, None)


async def test_event_of_an_overtaken_publish_is_completed_from_the_row(
    store: Store, subscription: Subscription
) -> None:
    task = await create_uncached_task(store)
    await subscription.next()
    await protocol(store).publish([MarkedWrite(5, task, visible=False, event="d")])
    event = await subscription.next()
    assert (event.kind, decoded(event.task)) == ("UPDATED", task)


async def test_expiry_has_an_event(store: Store, subscription: Subscription) -> None:
    task = await create_uncached_task(store, expires_at=datetime.now(UTC) + timedelta(seconds=1))
    await subscription.next()
    event = await subscription.next()
    assert (event.kind, event.id, event.task) == ("EXPIRED", task.id, None)


@pytest.mark.parametrize(
    ("expired", "events"), [(1, 1), (MAX_SINGLE_EVENTS, MAX_SINGLE_EVENTS), (MAX_SINGLE_EVENTS + 1, 1)]
)
async def test_page_that_removes_expired_tasks_emits_their_events(store: Store, expired: int, events: int) -> None:
    await create_uncached_tasks(store, expired, expires_at=datetime.now(UTC) + timedelta(seconds=1))
    await asyncio.sleep(1.1)
    before = await protocol(store).last_event()
    assert (await StoreClient(store).page(PageRange(5, view=View(status="TODO")))).tasks == []
    assert await protocol(store).last_event() == before  # a filtered page leaves the expired task to the sweep
    assert (await StoreClient(store).page(PageRange(5))).tasks == []
    assert await protocol(store).last_event() == before + events
    await protocol(store).sweep()
    assert await protocol(store).last_event() == before + events


async def test_reconnecting_subscriber_gets_the_events_it_missed(
    store: Store, feed: Feed, subscription: Subscription
) -> None:
    for _ in range(3):
        await create_uncached_task(store)
    events = [await subscription.next() for _ in range(3)]
    reconnected = Subscription(feed.subscribe(events[0].rev))
    assert [await reconnected.next(), await reconnected.next()] == events[1:]


@pytest.mark.parametrize("after", [Rev(0, 0), Rev(10**9, 1)], ids=["other epoch", "future epoch"])
async def test_subscriber_after_an_unknown_rev_gets_a_resync(store: Store, feed: Feed, after: Rev) -> None:
    await create_uncached_task(store)
    assert (await Subscription(feed.subscribe(after)).next()).kind == "RESYNC"


async def test_subscriber_that_reconnects_while_the_feed_is_disconnected_gets_a_resync(
    store: Store, feed: Feed, subscription: Subscription
) -> None:
    await create_uncached_task(store)
    rev = (await subscription.next()).rev
    assert await Subscription(feed.subscribe(rev)).is_silent()
    await exhaust_closings(store)
    await switch_gate_off(store)
    while feed._connected:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert (await Subscription(feed.subscribe(rev)).next()).kind == "RESYNC"


async def test_subscriber_gets_a_resync_after_redis_was_emptied(
    store: Store, feed: Feed, subscription: Subscription
) -> None:
    before = feed._rev
    await store.redis.client.flushall()
    while (await subscription.until_resync()).rev.epoch == before.epoch:
        pass
    task = await create_uncached_task(store)
    while (event := await subscription.next()).kind == "RESYNC":
        pass
    assert (event.kind, decoded(event.task)) == ("CREATED", task)


async def test_lapsed_gate_lease_causes_no_resync(store: Store, subscription: Subscription) -> None:
    """A gate lease can lapse on a busy machine. The subscriber misses no event as long as the gate is unchanged."""
    assert store.gate_lease.gate is not None
    for _ in range(3):
        writing, receiving = asyncio.create_task(create_uncached_task(store)), asyncio.create_task(subscription.next())
        while not (writing.done() and receiving.done()):
            store.gate_lease.observe_gate(store.gate_lease.gate, clock() - GATE_LEASE_SECONDS - 1)
            await asyncio.sleep(0)
        assert (await receiving).kind == "CREATED"


async def test_missed_message_is_detected_by_the_number_of_the_next_one(
    store: Store, feed: Feed, subscription: Subscription
) -> None:
    await create_uncached_task(store)
    await subscription.next()
    await store.redis.client.incr(protocol(store).keys.changes)
    await create_uncached_task(store)
    event = await subscription.next()
    assert (event.kind, event.rev.number) == ("RESYNC", feed._rev.number)


async def test_missed_message_is_detected_without_a_next_one(store: Store, subscription: Subscription) -> None:
    await store.redis.client.incr(protocol(store).keys.changes)
    assert (await subscription.next()).kind == "RESYNC"


async def test_counts_are_sent_first_and_after_a_change(store: Store, feed: Feed) -> None:
    counts = feed.counts.subscribe()
    async with asyncio.timeout(60):
        assert (await anext(counts))[None] == 0
        await create_uncached_task(store, status="DONE")
        count = await anext(counts)
    assert count == {None: 1, "TODO": 0, "IN_PROGRESS": 0, "DONE": 1}


async def test_closed_subscription_is_removed(feed: Feed) -> None:
    events = feed.subscribe()
    await anext(events)
    assert feed.followers == 1
    await events.aclose()
    assert feed.followers == 0
