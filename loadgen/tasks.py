"""Generated tasks: the fields of the task at an index of a seed."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from loadgen.ids import random_bytes, task_id
from loadgen.sample_text import CONTEXTS, OBJECTS, SENTENCES, VERBS

STATUSES = ("TODO",) * 12 + ("IN_PROGRESS",) * 3 + ("DONE",) * 5
PRIORITIES = ("NONE",) * 8 + ("LOW",) * 3 + ("MEDIUM",) * 5 + ("HIGH",) * 3 + ("URGENT",)
ONE_IN_EXPIRES = 5
ONE_IN_DESCRIBED = 4
EXPIRY_DAYS = 365

# The largest number of tasks of a seed.
MAX_COUNT = 100_000_000

# 10 bytes for the id, then nine 16-bit numbers: one for each random choice. A 32-bit number chooses the other values.
_unpack = struct.Struct(">10s9HI").unpack


class Values(NamedTuple):
    """How many lists, assignees and labels the tasks have among them. 0: the tasks have none."""

    lists: int = 0
    assignees: int = 0
    labels: int = 0


NO_VALUES = Values()


class GeneratedTask(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """A CreateTaskInput. Fields with their default value are left out of the JSON."""

    id: str
    title: str
    description: str | None = None
    status: str = "TODO"
    priority: str = "NONE"
    expires_at: str | None = None
    list_id: str | None = None
    assignee: str | None = None
    labels: list[str] | None = None


def expiry_times(now: datetime) -> list[str]:
    """Return EXPIRY_DAYS possible expiry times, as ISO 8601 in UTC, one for each day after `now`.

    The first time is one day after the next full hour, so that a task that is created hours after the start
    of a long load has not expired yet.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    days = (hour + timedelta(days=day) for day in range(1, EXPIRY_DAYS + 1))
    return [f"{day:%Y-%m-%dT%H:%M:%SZ}" for day in days]


def list_ids(seed: int, count: int) -> list[str]:
    """Return the ids of the lists of a seed, which depend only on the seed and the index."""
    # Behind the indexes of all tasks, so that no list has the id of a task.
    first = MAX_COUNT
    return [task_id(first + index, _unpack(random_bytes(seed, first + index))[0]) for index in range(count)]


def generate_tasks(seed: int, count: int, now: datetime, values: Values = NO_VALUES) -> Iterator[GeneratedTask]:
    """Yield the first `count` tasks of a seed.

    Every field depends only on the seed and the index, except `expires_at`, which also depends on `now`, and the fields
    of `values`.
    """
    times, lists = expiry_times(now), list_ids(seed, values.lists)
    for index in range(count):
        drawn = _unpack(random_bytes(seed, index))
        random, verb, thing, context, status, priority, expires, when, described, text, choice = drawn
        yield GeneratedTask(
            task_id(index, random),
            f"{VERBS[verb % len(VERBS)]} the {OBJECTS[thing % len(OBJECTS)]} {CONTEXTS[context % len(CONTEXTS)]}",
            None if described % ONE_IN_DESCRIBED else _description(text),
            STATUSES[status % len(STATUSES)],
            PRIORITIES[priority % len(PRIORITIES)],
            None if expires % ONE_IN_EXPIRES else times[when % EXPIRY_DAYS],
            *(_chosen(choice, lists, values) if values is not NO_VALUES else ()),
        )


def _chosen(choice: int, lists: list[str], values: Values) -> tuple[str | None, str | None, list[str] | None]:
    """Return a list, an assignee and up to three labels, chosen by a 32-bit number."""
    draws: list[int] = []
    for _ in range(6):
        choice = (choice * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)  # Knuth's MMIX generator
        draws.append(choice >> 33)
    labels = [f"label-{draw % values.labels + 1}" for draw in draws[: draws[3] % 4]] if values.labels else []
    return (
        lists[draws[4] % len(lists)] if lists else None,
        f"user-{draws[5] % values.assignees + 1}" if values.assignees else None,
        list(dict.fromkeys(labels)) or None,
    )


def _description(drawn: int) -> str:
    """Return one to three different sentences, chosen by a 16-bit number."""
    drawn, additional = divmod(drawn, 3)
    drawn, first = divmod(drawn, len(SENTENCES))
    # An odd step never returns to an earlier sentence within two steps, so no sentence repeats.
    step = 1 + 4 * (drawn % 5)
    return " ".join(SENTENCES[(first + step * at) % len(SENTENCES)] for at in range(additional + 1))
