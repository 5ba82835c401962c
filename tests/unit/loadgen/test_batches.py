import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from loadgen.batches import CREATE_TASKS, MAX_BYTES, MAX_TASKS, batches
from loadgen.tasks import GeneratedTask, generate_tasks

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def large(count: int, title: str) -> Iterator[GeneratedTask]:
    return (GeneratedTask(str(index), title) for index in range(count))


def test_body_contains_the_mutation_and_the_tasks_in_order() -> None:
    [batch] = batches(generate_tasks(1, 3, NOW))
    request = json.loads(batch.body)
    assert request["query"] == CREATE_TASKS
    sent = request["variables"]["input"]["tasks"]
    assert [task["id"] for task in sent] == [task.id for task in generate_tasks(1, 3, NOW)]
    assert all({"id", "title"} <= task.keys() for task in sent)
    known = {"id", "title", "description", "status", "priority", "expiresAt"}
    assert all(task.keys() <= known for task in sent)


def test_default_values_are_left_out() -> None:
    [batch] = batches([GeneratedTask("1", "Plain"), GeneratedTask("2", "Late", expires_at="2027-01-01T00:00Z")])
    assert json.loads(batch.body)["variables"]["input"]["tasks"] == [
        {"id": "1", "title": "Plain"},
        {"id": "2", "title": "Late", "expiresAt": "2027-01-01T00:00Z"},
    ]


@pytest.mark.parametrize(
    ("count", "max_tasks", "sizes"),
    [(0, 5, []), (1, 5, [1]), (5, 5, [5]), (6, 5, [5, 1]), (10, 5, [5, 5]), (3, 1, [1, 1, 1])],
)
def test_batches_respect_the_maximum_count(count: int, max_tasks: int, sizes: list[int]) -> None:
    made = list(batches(generate_tasks(1, count, NOW), max_tasks))
    assert [batch.tasks for batch in made] == sizes
    assert [batch.first for batch in made] == [sum(sizes[:at]) for at in range(len(sizes))]


@pytest.mark.parametrize("title", ["x" * 500, "株" * 500, '"\\\u0001' * 160])
def test_batches_respect_the_maximum_size_of_the_encoded_body(title: str) -> None:
    made = list(batches(large(3000, title), MAX_TASKS, 100_000))
    assert sum(batch.tasks for batch in made) == 3000
    assert all(len(batch.body) <= 100_000 for batch in made)
    # Each batch is full: one more task would exceed the limit.
    task_bytes = len(made[0].body) // made[0].tasks + 1
    assert all(len(batch.body) > 100_000 - 2 * task_bytes for batch in made[:-1])


def test_oversized_task_is_sent_alone() -> None:
    made = list(batches(large(3, "x" * 500), MAX_TASKS, 10))
    assert [batch.tasks for batch in made] == [1, 1, 1]


def test_default_limits_are_within_the_limits_of_the_service() -> None:
    assert MAX_TASKS <= 1000
    assert MAX_BYTES < 2**20
    assert max(len(batch.body) for batch in batches(generate_tasks(1, 5000, NOW))) <= MAX_BYTES


def test_ids_do_not_depend_on_the_batch_limits() -> None:
    def ids(max_tasks: int, max_bytes: int) -> list[str]:
        return [
            task["id"]
            for batch in batches(generate_tasks(4, 2000, NOW), max_tasks, max_bytes)
            for task in json.loads(batch.body)["variables"]["input"]["tasks"]
        ]

    assert ids(1000, MAX_BYTES) == ids(7, MAX_BYTES) == ids(1000, 5000)


def test_memory_does_not_grow_with_the_number_of_tasks() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in batches(generate_tasks(1, count, NOW), 100):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(200)
    assert peak(5_000) < peak(500) + 100_000
