"""Batches: tasks packed into request bodies of limited count and size."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from loadgen.tasks import GeneratedTask

CREATE_TASKS = """\
mutation ($input: CreateTasksInput!) {
  createTasks(input: $input) {
    results { userErrors { field code message } }
    userErrors { field code message }
  }
}"""

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
_ENVELOPE = len(_encode({"query": CREATE_TASKS, "variables": {"input": {"tasks": []}}}))


def batches(
    new_tasks: Iterable[GeneratedTask], max_tasks: int = MAX_TASKS, max_bytes: int = MAX_BYTES
) -> Iterator[Batch]:
    """Yield batches of the tasks, in order, each as large as both limits allow.

    max_tasks: at least 1. max_bytes: the size of the whole body. A single task that is larger than
    max_bytes gets a batch of its own, which the service then rejects.
    """
    first, size = 0, _ENVELOPE
    encoded: list[msgspec.Raw] = []
    for task in new_tasks:
        json = _encode(task)
        # The 1 is the comma between two tasks.
        if encoded and (len(encoded) == max_tasks or size + len(json) + 1 > max_bytes):
            yield _batch(first, encoded)
            first, size, encoded = first + len(encoded), _ENVELOPE, []
        encoded.append(msgspec.Raw(json))
        size += len(json) + 1
    if encoded:
        yield _batch(first, encoded)


def _batch(first: int, encoded: list[msgspec.Raw]) -> Batch:
    body = {"query": CREATE_TASKS, "variables": {"input": {"tasks": encoded}}}
    return Batch(first, len(encoded), _encode(body))
