import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from cache.feed.events import FeedEvent, Rev, parse_event
from cache.feed.feed import Feed
from cache.feed.subscriber import MAX_QUEUED_EVENTS, Subscriber, SubscriberTooSlow
from cache.gate.lease import GATE_LEASE_SECONDS, clock
from cache.maintenance.runner import maintenance
from cache.redis.index import PageRange
from cache.redis.protocol import MAX_SINGLE_EVENTS, MarkedWrite
from cache.store import Store
from cache.writes.edits import Edit
from tests.support.gate_states import exhaust_closings, switch_gate_off
from tests.support.protocol_steps import LATER_TOKEN, PAST_TRANSACTION_LIMIT, make_marks_overdue, mark_task
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.store_factories import create_uncached_task, create_uncached_tasks, uncommitted_task
from tests.support.task_factories import new_task


class Heard:
    """What a listener has heard, one by one."""

    def __init__(self, changes: AsyncIterator[FeedEvent]) -> None:
        self._changes = changes

    async def next(self, seconds: float = 10.0) -> FeedEvent:
        async with asyncio.timeout(seconds):
            return await anext(self._changes)

    async def until_resync(self) -> FeedEvent:
        while (change := await self.next(20)).kind != "RESYNC":
            pass
        return change

    async def nothing(self) -> bool:
        try:
            await self.next(0.3)
        except TimeoutError:
            return True
        return False


@pytest.fixture
async def feed(store: Store) -> AsyncIterator[Feed]:
    feed = Feed(store)
    async with maintenance(store, feed=feed):
        async for change in feed.subscribe():
            if change.rev.epoch:
                break
        yield feed


@pytest.fixture
async def heard(feed: Feed) -> Heard:
    heard = Heard(feed.subscribe())
    assert (await heard.next()).kind == "RESYNC"
    return heard


async def test_each_change_is_told_with_its_task(store: Store, heard: Heard) -> None:
    tasks = StoreClient(store)
    made = await tasks.create_task(new_task(title="a"))
    created = await heard.next()
    done = await tasks.update_task(made.id, {"status": "DONE"})
    updated = await heard.next()
    await tasks.delete_task(made.id)
    deleted = await heard.next()
    back = await tasks.restore_task(made.id)
    restored = await heard.next()
    told = [created, updated, deleted, restored]
    assert [(change.kind, change.task) for change in told] == [
        ("CREATED", made),
        ("UPDATED", done),
        ("DELETED", None),
        ("RESTORED", back),
    ]
    assert {change.id for change in told} == {made.id}
    first = created.rev
    assert [change.rev for change in told] == [Rev(first.epoch, first.number + more) for more in range(4)]


async def test_what_changes_nothing_tells_nothing(store: Store, heard: Heard) -> None:
    task = await create_uncached_task(store)
    await heard.next()
    await StoreClient(store).update_task(task.id, {"title": task.title})
    assert await heard.nothing()


async def test_few_new_tasks_are_told_of_one_by_one_and_many_at_once(store: Store, heard: Heard) -> None:
    few = await StoreClient(store).create_tasks([new_task() for _ in range(MAX_SINGLE_EVENTS)])
    assert [(change.kind, change.task) for change in [await heard.next() for _ in few]] == [
        ("CREATED", task) for task in few
    ]
    await StoreClient(store).create_tasks([new_task() for _ in range(MAX_SINGLE_EVENTS + 1)])
    assert (await heard.next()).kind == "MANY"
    assert await heard.nothing()


async def test_many_changed_at_once_are_one_change(store: Store, heard: Heard) -> None:
    made = await StoreClient(store).create_tasks([new_task() for _ in range(MAX_SINGLE_EVENTS + 1)])
    await heard.next()
    await StoreClient(store).edit_tasks("delete", [Edit(task.id) for task in made])  # type: ignore[union-attr]
    assert (await heard.next()).kind == "MANY"
    assert await heard.nothing()


async def test_a_bulk_create_whose_writer_died_is_told_of_later(store: Store, heard: Heard) -> None:
    task = await create_uncached_task(store)
    await heard.next()
    await protocol(store).add(1_000_001, [task], transaction=timedelta(seconds=-5))
    assert (await heard.next()).kind == "MANY"


async def test_a_write_whose_publish_was_lost_is_told_of_by_the_scrub(store: Store, heard: Heard) -> None:
    task = await create_uncached_task(store)
    await heard.next()
    await mark_task(store, 1_000_001, task)
    await make_marks_overdue(store)
    change = await heard.next()
    assert (change.kind, change.task) == ("UPDATED", task)


async def test_a_publish_that_another_write_overtook_is_looked_up(store: Store, heard: Heard) -> None:
    task = await create_uncached_task(store)
    await heard.next()
    await protocol(store).publish([MarkedWrite(5, task, visible=False, event="d")])
    change = await heard.next()
    assert (change.kind, change.task) == ("UPDATED", task)


async def test_what_expires_is_told(store: Store, heard: Heard) -> None:
    task = await create_uncached_task(store, expires_at=datetime.now(UTC) + timedelta(seconds=1))
    await heard.next()
    change = await heard.next()
    assert (change.kind, change.id, change.task) == ("EXPIRED", task.id, None)


@pytest.mark.parametrize(
    ("expired", "told"), [(1, 1), (MAX_SINGLE_EVENTS, MAX_SINGLE_EVENTS), (MAX_SINGLE_EVENTS + 1, 1)]
)
async def test_what_a_page_takes_out_is_told_as_well(store: Store, expired: int, told: int) -> None:
    await create_uncached_tasks(store, expired, expires_at=datetime.now(UTC) + timedelta(seconds=0.5))
    await asyncio.sleep(0.6)
    before = await protocol(store).last_event()
    assert (await StoreClient(store).page(PageRange(5, status="TODO"))).tasks == []
    assert await protocol(store).last_event() == before  # the sweep will tell
    assert (await StoreClient(store).page(PageRange(5))).tasks == []
    assert await protocol(store).last_event() == before + told
    await protocol(store).sweep()
    assert await protocol(store).last_event() == before + told


async def test_a_bulk_create_that_was_told_of_before_it_was_committed_is_told_of_again(store: Store) -> None:
    await protocol(store).add(LATER_TOKEN, [uncommitted_task()], transaction=PAST_TRANSACTION_LIMIT)
    await protocol(store).sweep()
    before = await protocol(store).last_event()
    await protocol(store).announce(LATER_TOKEN, [])
    assert await protocol(store).last_event() == before + 1


async def test_one_who_comes_again_gets_what_it_missed(store: Store, feed: Feed, heard: Heard) -> None:
    for _ in range(3):
        await create_uncached_task(store)
    told = [await heard.next() for _ in range(3)]
    again = Heard(feed.subscribe(told[0].rev))
    assert [await again.next(), await again.next()] == told[1:]


@pytest.mark.parametrize("missed", [Rev(0, 0), Rev(10**9, 1)], ids=["another epoch", "not yet"])
async def test_one_who_missed_what_nobody_knows_is_told_to_begin_anew(store: Store, feed: Feed, missed: Rev) -> None:
    await create_uncached_task(store)
    assert (await Heard(feed.subscribe(missed)).next()).kind == "RESYNC"


async def test_while_redis_cannot_tell_who_comes_again_begins_anew(store: Store, feed: Feed, heard: Heard) -> None:
    await create_uncached_task(store)
    rev = (await heard.next()).rev
    assert await Heard(feed.subscribe(rev)).nothing()
    await exhaust_closings(store)
    await switch_gate_off(store)
    while feed._connected:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert (await Heard(feed.subscribe(rev)).next()).kind == "RESYNC"


async def test_after_redis_was_emptied_everybody_begins_anew(store: Store, feed: Feed, heard: Heard) -> None:
    before = feed._rev
    await store.redis.client.flushall()
    while (change := await heard.until_resync()).rev.epoch == before.epoch:
        pass
    task = await create_uncached_task(store)
    while (change := await heard.next()).kind == "RESYNC":
        pass
    assert (change.kind, change.task) == ("CREATED", task)


async def test_a_lease_that_lapses_for_a_moment_sends_nobody_back_to_the_beginning(store: Store, heard: Heard) -> None:
    """As on a machine that is busy with other things: the gate is as it was, and nothing was missed."""
    assert store.gate_lease.gate is not None
    for _ in range(3):
        writing, hearing = asyncio.create_task(create_uncached_task(store)), asyncio.create_task(heard.next())
        while not (writing.done() and hearing.done()):
            store.gate_lease.observe_gate(store.gate_lease.gate, clock() - GATE_LEASE_SECONDS - 1)
            await asyncio.sleep(0)
        assert (await hearing).kind == "CREATED"


async def test_a_message_that_was_missed_is_noticed_by_the_next(store: Store, feed: Feed, heard: Heard) -> None:
    await create_uncached_task(store)
    await heard.next()
    await store.redis.client.incr(protocol(store).keys.changes)
    await create_uncached_task(store)
    change = await heard.next()
    assert (change.kind, change.rev.number) == ("RESYNC", feed._rev.number)


async def test_a_message_that_was_missed_is_noticed_without_a_next(store: Store, heard: Heard) -> None:
    await store.redis.client.incr(protocol(store).keys.changes)
    assert (await heard.next()).kind == "RESYNC"


async def test_counts_come_at_once_and_when_they_change(store: Store, feed: Feed) -> None:
    counts = feed.counts.subscribe()
    async with asyncio.timeout(10):
        assert (await anext(counts))[None] == 0
        await create_uncached_task(store, status="DONE")
        count = await anext(counts)
    assert count == {None: 1, "TODO": 0, "IN_PROGRESS": 0, "DONE": 1}


async def test_who_listens_no_more_is_forgotten(feed: Feed) -> None:
    changes = feed.subscribe()
    await anext(changes)
    assert feed.subscribers == 1
    await changes.aclose()
    assert feed.subscribers == 0


async def test_a_listener_that_is_too_slow_is_sent_away() -> None:
    listener = Subscriber()
    for number in range(MAX_QUEUED_EVENTS):
        listener.put(FeedEvent(Rev(1, number), "MANY"))
    assert (await listener.take()).rev.number == 0
    for number in range(2):
        listener.put(FeedEvent(Rev(1, MAX_QUEUED_EVENTS + number), "MANY"))
    with pytest.raises(SubscriberTooSlow):
        await listener.take()


async def test_a_resync_makes_what_waited_needless() -> None:
    listener = Subscriber()
    for number in range(MAX_QUEUED_EVENTS):
        listener.put(FeedEvent(Rev(1, number), "MANY"))
    listener.put(FeedEvent(Rev(1, MAX_QUEUED_EVENTS), "RESYNC"))
    assert (await listener.take()).kind == "RESYNC"


@pytest.mark.parametrize("text", ["-", "1", "1-", "-1", "1-2-3", "a-1", "١-1", "1" * 40 + "-1"])
def test_what_is_no_rev(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Rev.parse(text)


def test_a_rev_and_back() -> None:
    assert Rev.parse(str(Rev(12, 345))) == Rev(12, 345)


def test_a_message_with_another_task_in_it_has_to_be_looked_up(store: Store) -> None:
    assert parse_event("default", 1, b"7 u" + bytes(16) + b"V 1 nonsense").task is None
