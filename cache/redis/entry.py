"""An entry, one task in Redis: `V version payload`; `M token deadline` while written, `L token` while filled."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from cache.redis.keys import VIEW_OF
from db.task import Task

LIFETIME = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Payload(msgspec.Struct, frozen=True, array_like=True):
    """Says whose it is as well, so that a reply that went astray is noticed."""

    workspace: str
    task: Task


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(_Payload)


def encode(workspace: str, task: Task) -> bytes:
    """The entry of a task that can be seen."""
    return b"V %d " % task.version + _encoder.encode(_Payload(workspace, task))


def decode(workspace: str, id_: UUID, entry: bytes | None) -> Task | None:
    """The task in an entry; none if the entry is not there, is a mark or a lease, or is another's."""
    if entry is None or not entry.startswith(b"V "):
        return None
    try:
        payload = _decoder.decode(memoryview(entry)[entry.index(b" ", 2) + 1 :])
    except (msgspec.DecodeError, ValueError):  # written by another version of this program
        return None
    if payload.workspace != workspace or payload.task.id != id_:
        return None
    return payload.task


def created_at(task: Task) -> int:
    """The score in an index: microseconds since 1970."""
    return (task.created_at - EPOCH) // MICROSECOND


def expires_at(task: Task) -> int | str:
    """The score in `expiring`: milliseconds since 1970, or '' for a task that does not expire."""
    return "" if task.expires_at is None else (task.expires_at - EPOCH) // MILLISECOND


def place(task: Task, *, visible: bool = True) -> tuple[bytes, int, int, int | str]:
    """Where a task belongs, as the scripts take it: id, view, and the two scores."""
    view = VIEW_OF[task.status] if visible else 0
    return task.id.bytes, view, created_at(task), expires_at(task)


def ttl() -> int:
    """Milliseconds that a new entry may stay: an hour, less a random tenth so that not all end together."""
    return int(LIFETIME / MILLISECOND * random.uniform(0.9, 1.0))  # noqa: S311
