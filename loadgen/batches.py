"""Batches: tasks packed into request bodies of limited count and size."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

CREATE_TASKS = """\
mutation ($input: CreateTasksInput!) {
  createTasks(input: $input) {
    results { userErrors { field code message } }
    userErrors { field code message }
  }
}"""

# The same, and whether each task is new.
CREATE_TASKS_CREATED = CREATE_TASKS.replace("results { ", "results { created ")

# The service accepts at most this many tasks in one createTasks.
MAX_TASKS = 1000
# The service accepts request bodies up to 1 MiB (1,048,576 bytes).
MAX_BYTES = 1_000_000


class Batch(NamedTuple):
    """The body of one request and the tasks in it."""

    first: int
    """The index of the first task."""
    tasks: int
    """The number of tasks, at least 1."""
    body: bytes
    """The request as JSON."""


_encode = msgspec.json.Encoder().encode


def batches(
    new_tasks: Iterable[object],
    max_tasks: int = MAX_TASKS,
    max_bytes: int = MAX_BYTES,
    *,
    document: str = CREATE_TASKS,
) -> Iterator[Batch]:
    """Yield batches of the tasks, in order, each as large as both limits allow.

    new_tasks: the input of each, which becomes JSON. max_tasks: at least 1. max_bytes: the size of the whole body. A
    single task that is larger than max_bytes gets a batch of its own, which the service then rejects. document: the
    mutation.
    """
    envelope = len(_batch(document, 0, []).body)
    first, size = 0, envelope
    encoded: list[msgspec.Raw] = []
    for task in new_tasks:
        json = _encode(task)
        # The 1 is the comma between two tasks.
        if encoded and (len(encoded) == max_tasks or size + len(json) + 1 > max_bytes):
            yield _batch(document, first, encoded)
            first, size, encoded = first + len(encoded), envelope, []
        encoded.append(msgspec.Raw(json))
        size += len(json) + 1
    if encoded:
        yield _batch(document, first, encoded)


def _batch(document: str, first: int, encoded: list[msgspec.Raw]) -> Batch:
    body = {"query": document, "variables": {"input": {"tasks": encoded}}}
    return Batch(first, len(encoded), _encode(body))
