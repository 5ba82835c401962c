"""Tasks as bytes: the value of an entry, from which the fields of a response are cut without decoding it."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from cache.redis.keys import VIEW_OF
from cache.redis.position import BY_CREATION, POSITION_BYTES, pack_position
from cache.redis.times import created_at_us, expires_at_ms
from db.task import TASK_FORMAT, Priority, Status, Task

# Changes with the fields of a task and with the encoding, so that workers of two releases, which run side by side
# during a deployment, never decode each other's values. A value of another format is a miss.
FORMAT = f"2.{TASK_FORMAT}"
VALUE_PREFIX = f"V {FORMAT} ".encode()

# The header follows the prefix: the packed position by creation, the expiry in milliseconds, the status.
_EXPIRY = slice(POSITION_BYTES, POSITION_BYTES + 8)
_STATUS = _EXPIRY.stop
_HEADER_BYTES = _STATUS + 1
_NO_EXPIRY = -1
_STATUS_OF: dict[int, Status] = {number: status for status, number in VIEW_OF.items()}


class _Json(msgspec.Struct, rename="camel"):
    """The JSON of a task, with the names of the schema. Times are in the form in which the schema prints them."""

    id: UUID
    title: str
    description: str
    status: Status
    priority: Priority
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    version: int


class _PrintedJson(_Json):
    created_at: str  # type: ignore[assignment]
    updated_at: str  # type: ignore[assignment]
    expires_at: str | None  # type: ignore[assignment]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Json).decode


class EncodedTask(msgspec.Struct, eq=False, gc=False, weakref=False):
    """A task in the form of its entry's value. `start` is where the header starts in the value.

    Id, position, status, expiry and JSON are slices of the bytes. Any other attribute of a `Task` decodes the JSON,
    once.
    """

    value: bytes
    start: int
    decoded: Task | None = None

    @property
    def id_bytes(self) -> bytes:
        """The 16 bytes of the id."""
        start = self.start
        return self.value[start + 9 : start + 25]

    @property
    def id(self) -> UUID:
        """The id."""
        return UUID(bytes=self.id_bytes)

    @property
    def position(self) -> bytes:
        """The packed position by creation."""
        return self.value[self.start : self.start + POSITION_BYTES]

    @property
    def created_at_us(self) -> int:
        """The score by creation, in microseconds since 1970."""
        start = self.start
        return int.from_bytes(self.value[start + 1 : start + 9])

    @property
    def expires_at_ms(self) -> int | None:
        """The score by expiry, in milliseconds since 1970. None if the task does not expire."""
        start = self.start
        expiry = int.from_bytes(self.value[start + _EXPIRY.start : start + _EXPIRY.stop], signed=True)
        return None if expiry == _NO_EXPIRY else expiry

    @property
    def status(self) -> Status:
        """The status."""
        return _STATUS_OF[self.value[self.start + _STATUS]]

    @property
    def json(self) -> bytes:
        """The task as a JSON object, with the names and the forms of the GraphQL schema."""
        return self.value[self.start + _HEADER_BYTES :]

    @property
    def task(self) -> Task:
        """The decoded task."""
        if self.decoded is None:
            decoded = _decode(self.json)
            self.decoded = Task(*[getattr(decoded, name) for name in Task.__struct_fields__])
        return self.decoded

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)

    def __eq__(self, other: object) -> bool:
        return self.task == (other.task if isinstance(other, EncodedTask) else other)

    def __hash__(self) -> int:
        return hash(self.task)

    def __repr__(self) -> str:
        return f"EncodedTask({self.task})"


def encode(workspace: str, task: Task) -> EncodedTask:
    """Return a visible task with the value of its entry."""
    prefix = _prefix(workspace)
    expiry = expires_at_ms(task)
    header = (
        pack_position(BY_CREATION, created_at_us(task), task.id.bytes)
        + (_NO_EXPIRY if expiry == "" else int(expiry)).to_bytes(8, signed=True)
        + VIEW_OF[task.status].to_bytes()
    )
    printed = _PrintedJson(
        task.id,
        task.title,
        task.description,
        task.status,
        task.priority,
        task.created_at.isoformat(),
        task.updated_at.isoformat(),
        None if task.expires_at is None else task.expires_at.isoformat(),
        task.version,
    )
    return EncodedTask(prefix + header + _encode(printed), len(prefix), task)


def decode(workspace: str, id_bytes: bytes, value: bytes | None) -> EncodedTask | None:
    """Return the task in an entry, or None for a mark, a lease, another format, another task, or no entry."""
    return decode_many(workspace, [id_bytes], [value]).get(id_bytes)


def decode_many(workspace: str, ids: Sequence[bytes], values: Sequence[bytes | None]) -> dict[bytes, EncodedTask]:
    """Return the tasks in the entries of these ids, by id. Entries without a readable task are left out.

    Workspace and id stand in the value, so that a reply that reached the wrong caller is detected. The JSON is not
    decoded: only this module writes it, and Redis stores a value whole or not at all.
    """
    prefix = _prefix(workspace)
    start = len(prefix)
    id_start, id_end = start + 9, start + 25
    return {
        id_: EncodedTask(value, start)
        for id_, value in zip(ids, values, strict=True)
        if value is not None and value.startswith(prefix) and value[id_start:id_end] == id_ and value[-1:] == b"}"
    }


def scores_by_creation(tasks: Sequence[EncodedTask]) -> list[int]:
    """Return the scores by creation, as `EncodedTask.created_at_us` returns each of them."""
    return [int.from_bytes(task.value[task.start + 1 : task.start + 9]) for task in tasks]


def earliest_expiry_ms(tasks: Sequence[EncodedTask]) -> int | None:
    """Return when the first of the tasks expires, as `EncodedTask.expires_at_ms`. None if none of them does."""
    # As unsigned numbers, the bytes of "no expiry" come last.
    expiries = [task.value[task.start + _EXPIRY.start : task.start + _EXPIRY.stop] for task in tasks]
    first = int.from_bytes(min(expiries), signed=True) if expiries else _NO_EXPIRY
    return None if first == _NO_EXPIRY else first


def positions(tasks: Sequence[EncodedTask]) -> list[bytes]:
    """Return the packed positions by creation, as `EncodedTask.position` returns each of them."""
    return [task.value[task.start : task.start + POSITION_BYTES] for task in tasks]


@lru_cache(maxsize=1024)
def _prefix(workspace: str) -> bytes:
    """Return the start of the values of a workspace: the format, and the name after its length."""
    name = workspace.encode()
    return VALUE_PREFIX + len(name).to_bytes() + name
