"""The bounded queue of one subscriber."""

import asyncio

import pytest

from cache.feed.events import FeedEvent, Rev
from cache.feed.subscriber import MAX_QUEUED_EVENTS, Subscriber, SubscriberTooSlow


def full_subscriber() -> Subscriber:
    subscriber = Subscriber()
    for number in range(MAX_QUEUED_EVENTS):
        subscriber.put(FeedEvent(Rev(1, number), "MANY"))
    return subscriber


async def test_events_are_taken_in_order() -> None:
    subscriber = full_subscriber()
    numbers = [(await subscriber.take()).rev.number for _ in range(MAX_QUEUED_EVENTS)]
    assert numbers == list(range(MAX_QUEUED_EVENTS))


async def test_take_waits_for_an_event() -> None:
    subscriber = Subscriber()
    taking = asyncio.create_task(subscriber.take())
    await asyncio.sleep(0)
    assert not taking.done()
    subscriber.put(event := FeedEvent(Rev(1, 1), "MANY"))
    assert await taking == event


async def test_subscriber_with_a_full_queue_is_too_slow() -> None:
    subscriber = full_subscriber()
    assert (await subscriber.take()).rev.number == 0
    for number in range(2):
        subscriber.put(FeedEvent(Rev(1, MAX_QUEUED_EVENTS + number), "MANY"))
    with pytest.raises(SubscriberTooSlow, match="Reconnect with the last rev"):
        await subscriber.take()


async def test_resync_replaces_the_queued_events() -> None:
    subscriber = full_subscriber()
    subscriber.put(FeedEvent(Rev(1, MAX_QUEUED_EVENTS), "RESYNC"))
    assert (await subscriber.take()).kind == "RESYNC"
