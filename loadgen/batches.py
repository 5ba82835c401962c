"""Batches: tasks packed into request bodies, bounded by count and by bytes."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from loadgen.tasks import NewTask

CREATE_TASKS = """\
mutation ($input: CreateTasksInput!) {
  createTasks(input: $input) {
    results { userErrors { field code message } }
    userErrors { field code message }
  }
}"""

# What the service takes in one createTasks.
MAX_TASKS = 1000
# It takes bodies of 1 MiB; the rest is margin.
MAX_BYTES = 1_000_000


class Batch(NamedTuple):
    """A request body and what it holds."""

    first: int
    """The index of its first task."""
    tasks: int
    """How many tasks it holds, at least 1."""
    body: bytes
    """The JSON of the whole request."""


_encode = msgspec.json.Encoder().encode
_ENVELOPE = len(_encode({"query": CREATE_TASKS, "variables": {"input": {"tasks": []}}}))


def batches(new_tasks: Iterable[NewTask], max_tasks: int = MAX_TASKS, max_bytes: int = MAX_BYTES) -> Iterator[Batch]:
    """The tasks in order, as many to a batch as both bounds allow; made only as they are asked for.

    max_tasks: at least 1. max_bytes: of the whole body. A task that alone is larger than max_bytes
    gets a batch of its own, for the service to refuse.
    """
    first, size = 0, _ENVELOPE
    encoded: list[msgspec.Raw] = []
    for task in new_tasks:
        json = _encode(task)
        # The 1 is the comma between two.
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
