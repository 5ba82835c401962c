"""A subscriber reads the log of events, which is bounded in number and in bytes."""

import asyncio

import pytest
from msgspec.structs import replace

from cache.feed import event_log
from cache.feed.event_log import MAX_EVENTS, EventLog
from cache.feed.events import FeedEvent, Rev
from cache.feed.subscriber import Subscriber, SubscriberTooSlow
from cache.feed.turns import Turns
from cache.redis.encoded_task import encode
from tests.unit.cache.tasks import make_task


def full_log() -> EventLog:
    events = EventLog(Turns())
    for number in range(1, MAX_EVENTS + 1):
        events.add(FeedEvent(Rev(1, number), "MANY"))
    return events


async def test_events_are_taken_in_order() -> None:
    subscriber = Subscriber(full_log(), 0)
    numbers = [(await subscriber.take()).rev.number for _ in range(MAX_EVENTS)]
    assert numbers == list(range(1, MAX_EVENTS + 1))


async def test_event_for_one_subscriber_comes_first_and_only_to_it() -> None:
    events = full_log()
    own = FeedEvent(Rev(1, MAX_EVENTS), "RESYNC")
    one, other = Subscriber(events, events.end, own), Subscriber(events, events.end)
    events.add(event := FeedEvent(Rev(1, MAX_EVENTS + 1), "MANY"))
    assert [await one.take(), await one.take(), await other.take()] == [own, event, event]


async def test_take_waits_for_an_event() -> None:
    events = full_log()
    taking = asyncio.create_task(Subscriber(events, events.end).take())
    await asyncio.sleep(0)
    assert not taking.done()
    events.add(event := FeedEvent(Rev(1, MAX_EVENTS + 1), "MANY"))
    assert await taking == event


async def test_cancelled_subscriber_leaves_nothing_behind() -> None:
    events = full_log()
    taking = asyncio.create_task(Subscriber(events, events.end).take())
    await asyncio.sleep(0)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    assert not events._waiters._waiting


async def test_subscriber_behind_the_log_is_too_slow() -> None:
    events = full_log()
    slow, quick = Subscriber(events, 0), Subscriber(events, 1)
    events.add(FeedEvent(Rev(1, MAX_EVENTS + 1), "MANY"))
    with pytest.raises(SubscriberTooSlow, match="Reconnect with the last rev"):
        await slow.take()
    assert (await quick.take()).rev.number == 2


async def test_log_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MAX_BYTES", 10_000)
    events = EventLog(Turns())
    task = replace(make_task(1), description="x" * 4000)
    for number in range(1, 4):
        events.add(FeedEvent(Rev(1, number), "UPDATED", task=encode("default", task)))
    assert events.position_after(Rev(1, 1), last=Rev(1, 3)) == 1
    assert events.position_after(Rev(1, 0), last=Rev(1, 3)) is None


async def test_event_that_exceeds_the_bytes_alone_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MAX_BYTES", 10)
    events = EventLog(Turns())
    events.add(event := FeedEvent(Rev(1, 1), "MANY"))
    assert await Subscriber(events, 0).take() == event


async def test_resync_replaces_the_events_before_it() -> None:
    events = full_log()
    subscriber = Subscriber(events, 0)
    events.add(FeedEvent(Rev(1, MAX_EVENTS + 9), "RESYNC"))
    events.add(FeedEvent(Rev(1, MAX_EVENTS + 10), "MANY"))
    assert [(await subscriber.take()).kind for _ in range(2)] == ["RESYNC", "MANY"]


def test_position_after_a_rev_is_that_of_the_next_event() -> None:
    events, last = full_log(), Rev(1, MAX_EVENTS)
    assert events.position_after(last, last) == events.end
    assert events.position_after(Rev(1, 0), last) == 0
    assert events.position_after(Rev(1, MAX_EVENTS + 1), last) is None
    events.add(FeedEvent(Rev(1, MAX_EVENTS + 5), "RESYNC"))
    events.add(FeedEvent(last := Rev(1, MAX_EVENTS + 6), "MANY"))
    assert events.position_after(Rev(1, MAX_EVENTS + 5), last) == events.end - 1
    assert events.position_after(Rev(1, MAX_EVENTS + 4), last) is None
