"""The bounded queue of ids to scrub."""

from cache.repair_queue import RepairQueue
from tests.unit.cache.tasks import task_id


def test_ids_are_taken_once_and_up_to_the_limit() -> None:
    queue = RepairQueue()
    for number in (1, 2, 3, 3):
        queue.add(task_id(number))
    first, second = queue.take(2), queue.take(2)
    assert (len(first), len(second)) == (2, 1)
    assert {*first, *second} == {task_id(1), task_id(2), task_id(3)}
    assert queue.take(2) == []


def test_full_queue_drops_ids() -> None:
    queue = RepairQueue()
    for number in range(10_005):
        queue.add(task_id(number))
    assert queue.ids == {task_id(number) for number in range(10_000)}


def test_ids_of_a_failed_scrub_can_be_put_back() -> None:
    queue = RepairQueue()
    queue.add(task_id(1))
    taken = queue.take(10)
    queue.put_back(taken)
    assert queue.take(10) == [task_id(1)]
