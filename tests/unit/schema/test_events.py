"""Tests of the GraphQL types of events: what identifies an event, and what it keeps in memory."""

import gc
import weakref

from cache.feed.events import FeedEvent, Rev
from cache.redis.encoded_task import encode
from db.task import Status
from schema.types.counts import TaskCounts
from schema.types.events import TaskChange
from tests.unit.cache.tasks import make_task

COUNTS: dict[Status | None, int] = {None: 3, "TODO": 1, "IN_PROGRESS": 0, "DONE": 2}


def test_origin_identifies_an_event() -> None:
    one, other = (FeedEvent(Rev(1, 1), "MANY") for _ in range(2))
    assert TaskChange.of(one).origin == TaskChange.of(one).origin
    assert TaskChange.of(one).origin != TaskChange.of(other).origin


def test_origin_keeps_no_event_in_memory() -> None:
    """The rendered events are kept by their origins. They can be small although the tasks are large."""
    event = FeedEvent(Rev(1, 1), "CREATED", task=encode("default", make_task(1)))
    reference, origin = weakref.ref(event), TaskChange.of(event).origin
    del event
    gc.collect()
    assert isinstance(origin, int)
    assert reference() is None


def test_equal_counts_are_the_same_event() -> None:
    assert TaskCounts.of(COUNTS).origin == TaskCounts.of(dict(COUNTS)).origin
    assert TaskCounts.of(COUNTS).origin != TaskCounts.of({**COUNTS, "TODO": 2}).origin
