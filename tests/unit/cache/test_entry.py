"""The entry of a task: where it belongs in the indexes, and how long it lives."""

from datetime import timedelta

import pytest

from cache.redis import entry, times
from cache.redis.keys import VIEW_OF
from db.task import Status
from tests.unit.cache.tasks import CREATED_AT_US, EXPIRES_AT, EXPIRES_AT_MS, make_task

TASK = make_task(1, description="Twice a week", status="DONE", priority="HIGH", expires_at=EXPIRES_AT, version=7)


def test_scores_are_exact() -> None:
    assert times.created_at_us(TASK) == CREATED_AT_US
    assert times.expires_at_ms(TASK) == EXPIRES_AT_MS
    assert times.expires_at_ms(make_task()) == ""


@pytest.mark.parametrize("status", VIEW_OF)
def test_placement_names_the_view_of_the_status(status: Status) -> None:
    task = make_task(status=status)
    assert entry.placement(task) == (task.id.bytes, VIEW_OF[status], CREATED_AT_US, "")


def test_placement_of_an_invisible_task_names_no_view() -> None:
    assert entry.placement(TASK, visible=False) == (TASK.id.bytes, 0, CREATED_AT_US, EXPIRES_AT_MS)


def test_ttl_is_between_54_and_60_minutes() -> None:
    ttls = [timedelta(milliseconds=entry.ttl_ms()) for _ in range(1000)]
    assert timedelta(minutes=54) <= min(ttls) <= max(ttls) <= timedelta(hours=1)
    assert len(set(ttls)) > 100
