"""The tasks to load: what the index-th task of a seed looks like."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from loadgen.ids import draws, task_id
from loadgen.vocabulary import CONTEXTS, OBJECTS, SENTENCES, VERBS

STATUSES = ("TODO",) * 12 + ("IN_PROGRESS",) * 3 + ("DONE",) * 5
PRIORITIES = ("NONE",) * 8 + ("LOW",) * 3 + ("MEDIUM",) * 5 + ("HIGH",) * 3 + ("URGENT",)
ONE_IN_EXPIRES = 5
ONE_IN_DESCRIBED = 4
EXPIRY_DAYS = 365

# 10 bytes for the id, then nine draws of 16 bits, one for each choice that a task needs.
_unpack = struct.Struct(">10s9H4x").unpack


class NewTask(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """A CreateTaskInput, as it goes over the wire: what is at its default is left out."""

    id: str
    title: str
    description: str | None = None
    status: str = "TODO"
    priority: str = "NONE"
    expires_at: str | None = None


def expiries(now: datetime) -> list[str]:
    """The EXPIRY_DAYS moments, as ISO 8601 in UTC, at which tasks of a run started now may expire.

    They count from the next whole hour, the first a day after it, so that a row that is created
    hours into a long run still lies before its expiry.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    days = (hour + timedelta(days=day) for day in range(1, EXPIRY_DAYS + 1))
    return [f"{day:%Y-%m-%dT%H:%M:%SZ}" for day in days]


def tasks(seed: int, count: int, now: datetime) -> Iterator[NewTask]:
    """The first count tasks of a seed, one at a time.

    All but `expires_at` depends on (seed, index) alone; that counts from now, the start of the run.
    """
    moments = expiries(now)
    for index in range(count):
        drawn = _unpack(draws(seed, index))
        random, verb, thing, context, status, priority, expires, when, described, text = drawn
        yield NewTask(
            task_id(index, random),
            f"{VERBS[verb % len(VERBS)]} the {OBJECTS[thing % len(OBJECTS)]} {CONTEXTS[context % len(CONTEXTS)]}",
            None if described % ONE_IN_DESCRIBED else _description(text),
            STATUSES[status % len(STATUSES)],
            PRIORITIES[priority % len(PRIORITIES)],
            None if expires % ONE_IN_EXPIRES else moments[when % EXPIRY_DAYS],
        )


def _description(drawn: int) -> str:
    """One to three different sentences, chosen by 16 bits."""
    drawn, more = divmod(drawn, 3)
    drawn, first = divmod(drawn, len(SENTENCES))
    # Odd, so that neither one step nor two lead back to the first: no sentence comes twice.
    step = 1 + 4 * (drawn % 5)
    return " ".join(SENTENCES[(first + step * at) % len(SENTENCES)] for at in range(more + 1))
