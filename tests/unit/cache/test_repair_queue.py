"""The bounded queue of ids to scrub."""

from cache.repair_queue import RepairQueue
from db.views import View
from tests.unit.cache.tasks import task_id


def test_ids_are_taken_once_and_up_to_the_limit() -> None:
    queue = RepairQueue()
    for number in (1, 2, 3, 3):
        queue.add(task_id(number))
    first, second = queue.take(2), queue.take(2)
    assert (len(first), len(second)) == (2, 1)
    assert {*first, *second} == {task_id(1), task_id(2), task_id(3)}
    assert queue.take(2) == {}


def test_full_queue_drops_ids() -> None:
    queue = RepairQueue()
    for number in range(10_005):
        queue.add(task_id(number))
    assert queue.ids.keys() == {task_id(number) for number in range(10_000)}


def test_ids_of_a_failed_scrub_can_be_put_back() -> None:
    queue = RepairQueue()
    queue.add(task_id(1))
    taken = queue.take(10)
    queue.put_back(taken)
    assert queue.take(10) == {task_id(1): set()}


def test_views_where_an_id_was_found_are_kept_with_it() -> None:
    queue = RepairQueue()
    for view in (View(), View(status="DONE"), View(label="a"), View(label="b")):
        queue.add(task_id(1), view)
    assert queue.take(1) == {task_id(1): {View(label="a"), View(label="b")}}
