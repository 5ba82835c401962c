"""The entry of one task in Redis: a value `V` (see `encoded_task`), a mark `M token deadline` or a lease `L token`."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cache.redis.declared_views import DeclaredViews
from cache.redis.keys import VIEW_OF
from cache.redis.times import MILLISECOND, created_at_us, expires_at_ms
from db.task import Task

LIFETIME = timedelta(hours=1)
# The first byte of an entry that a write has marked.
MARK_PREFIX = b"M"

Placement = tuple[bytes, int, int, int | str]


class Lease(NamedTuple):
    """The token of a lease, and Redis's time when it was taken."""

    token: str
    now: datetime


# Leases by the 16 bytes of the id.
Leases = dict[bytes, Lease]


class LeaseGrant(NamedTuple):
    """The reply to a request for leases: those of the caller, ids that another reader fills, Redis's time."""

    now: datetime
    leases: Leases
    others: list[bytes]


def placement(task: Task, *, visible: bool = True) -> Placement:
    """Return where a task belongs, as the scripts take it: id, number of the status's view (0: none), both scores."""
    view = VIEW_OF[task.status] if visible else 0
    return task.id.bytes, view, created_at_us(task), expires_at_ms(task)


def record_fields(tasks: Sequence[Task], views: DeclaredViews) -> list[bytes | int | str]:
    """Return the fields of a bulk create's record: all ids, all views, and the place of each task."""
    fields: list[bytes | int | str] = [b"".join(task.id.bytes for task in tasks), views.pack_all(tasks)]
    for task in tasks:
        fields += (task.id.bytes, f"{VIEW_OF[task.status]} {created_at_us(task)} {expires_at_ms(task)}")
    return fields


def ttl_ms() -> int:
    """Return the lifetime of a new entry in milliseconds: an hour, less up to a tenth so that expiries spread."""
    return int(LIFETIME / MILLISECOND * random.uniform(0.9, 1.0))  # noqa: S311
