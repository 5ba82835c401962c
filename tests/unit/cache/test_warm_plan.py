"""What a warm start loads first, and how it paces itself."""

import pytest

from cache.maintenance.warm_plan import BATCH_TASKS, Pace, plan, size, tasks_in, with_uncounted
from cache.redis.index import PageRange
from db.usage import RequestedPage
from db.views import View
from tests.unit.cache.tasks import task_id


def test_pages_stand_before_the_tasks_that_were_requested_less_often() -> None:
    tasks = [(task_id(number), 1000 - number) for number in range(2 * BATCH_TASKS)]
    pages = [
        RequestedPage(None, "NEWEST", 50, 0, 5000),
        RequestedPage("DONE", "NEWEST", 50, 50, 950),
        RequestedPage(None, "NEWEST", 50, 100, 3),
    ]
    portions = plan(tasks, pages)
    first, second = ([id_ for id_, _ in tasks[start : start + BATCH_TASKS]] for start in (0, BATCH_TASKS))
    assert portions == [
        PageRange(50),
        first,
        PageRange(50, offset=50, view=View(status="DONE")),
        second,
        PageRange(50, offset=100),
    ]
    assert tasks_in(portions) == 2 * BATCH_TASKS + 150 == sum(map(size, portions))


def test_nothing_was_requested() -> None:
    assert plan([], []) == []


def test_pages_alone_keep_their_order() -> None:
    pages = [RequestedPage(None, "OLDEST", 10, position, 9 - position) for position in range(3)]
    assert plan([], pages) == [PageRange(10, offset=offset, order="OLDEST") for offset in range(3)]


def test_pause_keeps_to_the_commands_per_second() -> None:
    # 500 commands took 0.1 s, of the 0.5 s that they may take.
    assert Pace(1000).pause(500, 0.1) == pytest.approx(0.4)


def test_pause_is_at_least_as_long_as_the_work() -> None:
    assert Pace(1_000_000).pause(500, 0.1) == pytest.approx(0.1)


def test_pause_grows_when_the_work_takes_longer_than_usual_and_shrinks_again() -> None:
    pace = Pace(1_000_000_000)
    assert pace.pause(500, 0.01) == pytest.approx(0.01)
    slow = [pace.pause(500, 0.03) for _ in range(200)]
    assert slow[0] == pytest.approx(0.03 * 3 / 1.02)
    assert slow == sorted(slow, reverse=True)
    assert slow[-1] == pytest.approx(0.03)
    assert pace.pause(500, 10.0) == pytest.approx(80.0)


def test_pause_after_a_batch_without_commands() -> None:
    pace = Pace(1000)
    assert pace.pause(0, 0.0) == 0.0
    assert pace.pause(0, 0.002) > 0.0


def test_counted_tasks_stand_before_the_ones_that_redis_only_held() -> None:
    one, two, three, four = map(task_id, range(1, 5))
    assert with_uncounted([(one, 7), (two, 3)], [three, one, four], 3) == [(one, 7), (two, 3), (three, 0)]
