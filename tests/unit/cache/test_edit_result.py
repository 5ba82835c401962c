"""The feed event of a write."""

import pytest

from cache.redis.protocol import EventCode, MarkedWrite
from cache.writes.transaction import EditResult
from db.task import Task
from tests.unit.cache.tasks import make_task

OLD, NEW = make_task(version=1), make_task(version=2)


@pytest.mark.parametrize(
    ("row", "visible", "before", "event"),
    [(OLD, True, None, "c"), (NEW, True, OLD, "u"), (NEW, False, OLD, "d"), (NEW, True, None, "r")],
    ids=["create", "update", "delete", "restore"],
)
def test_event_follows_from_the_rows_before_and_after(
    row: Task, visible: bool, before: Task | None, event: EventCode
) -> None:
    assert EditResult(row, visible, before, token=5).event == event


def test_invisible_task_is_placed_in_no_view() -> None:
    assert MarkedWrite(5, NEW).placement[1] == 2
    assert MarkedWrite(5, NEW, visible=False).placement[1] == 0
