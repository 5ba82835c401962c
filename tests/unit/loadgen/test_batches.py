import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from loadgen.batches import CREATE_TASKS, MAX_BYTES, MAX_TASKS, batches
from loadgen.tasks import NewTask, tasks

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def large(count: int, title: str) -> Iterator[NewTask]:
    return (NewTask(str(index), title) for index in range(count))


def test_a_body_is_the_request_with_its_tasks_in_order() -> None:
    [batch] = batches(tasks(1, 3, NOW))
    request = json.loads(batch.body)
    assert request["query"] == CREATE_TASKS
    sent = request["variables"]["input"]["tasks"]
    assert [task["id"] for task in sent] == [task.id for task in tasks(1, 3, NOW)]
    assert all({"id", "title"} <= task.keys() for task in sent)
    known = {"id", "title", "description", "status", "priority", "expiresAt"}
    assert all(task.keys() <= known for task in sent)


def test_what_is_at_its_default_is_left_out() -> None:
    [batch] = batches([NewTask("1", "Plain"), NewTask("2", "Late", expires_at="2027-01-01T00:00Z")])
    assert json.loads(batch.body)["variables"]["input"]["tasks"] == [
        {"id": "1", "title": "Plain"},
        {"id": "2", "title": "Late", "expiresAt": "2027-01-01T00:00Z"},
    ]


@pytest.mark.parametrize(
    ("count", "max_tasks", "sizes"),
    [(0, 5, []), (1, 5, [1]), (5, 5, [5]), (6, 5, [5, 1]), (10, 5, [5, 5]), (3, 1, [1, 1, 1])],
)
def test_bounded_by_count(count: int, max_tasks: int, sizes: list[int]) -> None:
    made = list(batches(tasks(1, count, NOW), max_tasks))
    assert [batch.tasks for batch in made] == sizes
    assert [batch.first for batch in made] == [sum(sizes[:at]) for at in range(len(sizes))]


@pytest.mark.parametrize("title", ["x" * 500, "株" * 500, '"\\\u0001' * 160])
def test_bounded_by_bytes_as_they_go_over_the_wire(title: str) -> None:
    made = list(batches(large(3000, title), MAX_TASKS, 100_000))
    assert sum(batch.tasks for batch in made) == 3000
    assert all(len(batch.body) <= 100_000 for batch in made)
    # And no smaller than need be: one more task would have been too many.
    one = len(made[0].body) // made[0].tasks + 1
    assert all(len(batch.body) > 100_000 - 2 * one for batch in made[:-1])


def test_a_task_beyond_all_bounds_is_sent_alone() -> None:
    made = list(batches(large(3, "x" * 500), MAX_TASKS, 10))
    assert [batch.tasks for batch in made] == [1, 1, 1]


def test_the_default_bounds_keep_below_what_the_service_takes() -> None:
    assert MAX_TASKS <= 1000
    assert MAX_BYTES < 2**20
    assert max(len(batch.body) for batch in batches(tasks(1, 5000, NOW))) <= MAX_BYTES


def test_the_ids_do_not_depend_on_the_bounds() -> None:
    def ids(max_tasks: int, max_bytes: int) -> list[str]:
        return [
            task["id"]
            for batch in batches(tasks(4, 2000, NOW), max_tasks, max_bytes)
            for task in json.loads(batch.body)["variables"]["input"]["tasks"]
        ]

    assert ids(1000, MAX_BYTES) == ids(7, MAX_BYTES) == ids(1000, 5000)


def test_memory_does_not_grow_with_the_count() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in batches(tasks(1, count, NOW), 100):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(200)
    assert peak(20_000) < peak(500) + 100_000
