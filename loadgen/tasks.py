"""Generated tasks: the fields of the task at an index of a seed."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from loadgen.ids import random_bytes, task_id
from loadgen.sample_text import CONTEXTS, OBJECTS, SENTENCES, VERBS

STATUSES = ("TODO",) * 12 + ("IN_PROGRESS",) * 3 + ("DONE",) * 5
PRIORITIES = ("NONE",) * 8 + ("LOW",) * 3 + ("MEDIUM",) * 5 + ("HIGH",) * 3 + ("URGENT",)
ONE_IN_EXPIRES = 5
ONE_IN_DESCRIBED = 4
EXPIRY_DAYS = 365

# 10 bytes for the id, then nine 16-bit numbers: one for each random choice.
_unpack = struct.Struct(">10s9H4x").unpack


class GeneratedTask(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """A CreateTaskInput. Fields with their default value are left out of the JSON."""

    id: str
    title: str
    description: str | None = None
    status: str = "TODO"
    priority: str = "NONE"
    expires_at: str | None = None


def expiry_times(now: datetime) -> list[str]:
    """Return EXPIRY_DAYS possible expiry times, as ISO 8601 in UTC, one for each day after `now`.

    The first time is one day after the next full hour, so that a task that is created hours after the start
    of a long load has not expired yet.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    days = (hour + timedelta(days=day) for day in range(1, EXPIRY_DAYS + 1))
    return [f"{day:%Y-%m-%dT%H:%M:%SZ}" for day in days]


def generate_tasks(seed: int, count: int, now: datetime) -> Iterator[GeneratedTask]:
    """Yield the first `count` tasks of a seed.

    Every field depends only on the seed and the index, except `expires_at`, which also depends on `now`.
    """
    times = expiry_times(now)
    for index in range(count):
        drawn = _unpack(random_bytes(seed, index))
        random, verb, thing, context, status, priority, expires, when, described, text = drawn
        yield GeneratedTask(
            task_id(index, random),
            f"{VERBS[verb % len(VERBS)]} the {OBJECTS[thing % len(OBJECTS)]} {CONTEXTS[context % len(CONTEXTS)]}",
            None if described % ONE_IN_DESCRIBED else _description(text),
            STATUSES[status % len(STATUSES)],
            PRIORITIES[priority % len(PRIORITIES)],
            None if expires % ONE_IN_EXPIRES else times[when % EXPIRY_DAYS],
        )


def _description(drawn: int) -> str:
    """Return one to three different sentences, chosen by a 16-bit number."""
    drawn, additional = divmod(drawn, 3)
    drawn, first = divmod(drawn, len(SENTENCES))
    # An odd step never returns to an earlier sentence within two steps, so no sentence repeats.
    step = 1 + 4 * (drawn % 5)
    return " ".join(SENTENCES[(first + step * at) % len(SENTENCES)] for at in range(additional + 1))
