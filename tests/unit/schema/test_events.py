"""Tests of the GraphQL types of events: what identifies an event, and what it keeps in memory."""

import gc
import weakref

from cache.feed.events import FeedEvent, Rev
from cache.redis.encoded_task import encode
from db.task import Status
from db.views import View
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
    reference, origin, serial = weakref.ref(event), TaskChange.of(event).origin, event.serial
    del event
    gc.collect()
    assert origin == (serial, None)
    assert reference() is None


def test_equal_counts_are_the_same_event() -> None:
    assert TaskCounts.of(COUNTS).origin == TaskCounts.of(dict(COUNTS)).origin
    assert TaskCounts.of(COUNTS).origin != TaskCounts.of({**COUNTS, "TODO": 2}).origin


def test_event_differs_between_views_that_do_and_do_not_hold_the_task() -> None:
    task = make_task(1)
    event = FeedEvent(Rev(1, 1), "UPDATED", task.id, encode("default", task))
    inside, outside = View(status=task.status, priority=task.priority), View(assignee="nobody")
    assert (TaskChange.of(event, inside).in_view, TaskChange.of(event, outside).in_view) == (True, False)
    assert TaskChange.of(event, inside).origin == TaskChange.of(event).origin
    assert TaskChange.of(event, outside).origin != TaskChange.of(event).origin
    assert TaskChange.of(FeedEvent(Rev(1, 2), "MANY"), inside).in_view is None
