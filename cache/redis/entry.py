"""The entry of one task in Redis: `V format payload`, or a mark `M token deadline`, or a lease `L token`."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from cache.redis.keys import VIEW_OF
from db.task import TASK_FORMAT, Task

LIFETIME = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Changes with the fields of a task and with the encoding, so that workers of two releases, which run side by side
# during a deployment, never decode each other's values. A value of another format is a miss.
FORMAT = f"1.{TASK_FORMAT}"
VALUE_PREFIX = f"V {FORMAT} ".encode()

Placement = tuple[bytes, int, int, int | str]


class _Payload(msgspec.Struct, frozen=True, array_like=True):
    """The workspace stands beside the task, so that a reply that reached the wrong caller is detected."""

    workspace: str
    task: Task


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(_Payload)


def encode(workspace: str, task: Task) -> bytes:
    """Return the entry of a visible task."""
    return VALUE_PREFIX + _encoder.encode(_Payload(workspace, task))


def decode(workspace: str, id_: UUID, entry: bytes | None) -> Task | None:
    """Return the task of an entry, or None for a mark, a lease, another format, another task, or no entry."""
    if entry is None or not entry.startswith(VALUE_PREFIX):
        return None
    try:
        payload = _decoder.decode(memoryview(entry)[len(VALUE_PREFIX) :])
    except msgspec.DecodeError:
        return None
    if payload.workspace != workspace or payload.task.id != id_:
        return None
    return payload.task


def created_at_us(task: Task) -> int:
    """Return the task's score in an index: microseconds since 1970."""
    return (task.created_at - UNIX_EPOCH) // MICROSECOND


def expires_at_ms(task: Task) -> int | str:
    """Return the task's score in `expiring`: milliseconds since 1970, or '' for a task without an expiry."""
    return "" if task.expires_at is None else (task.expires_at - UNIX_EPOCH) // MILLISECOND


def placement(task: Task, *, visible: bool = True) -> Placement:
    """Return where a task belongs, as the scripts take it: id, number of the status's view (0: none), both scores."""
    view = VIEW_OF[task.status] if visible else 0
    return task.id.bytes, view, created_at_us(task), expires_at_ms(task)


def ttl_ms() -> int:
    """Return the lifetime of a new entry in milliseconds: an hour, less up to a tenth so that expiries spread."""
    return int(LIFETIME / MILLISECOND * random.uniform(0.9, 1.0))  # noqa: S311
