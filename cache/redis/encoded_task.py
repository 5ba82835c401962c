"""Tasks as bytes: the value of an entry, from which the fields of a response are cut without decoding it."""

import struct
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple, cast
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
# Of the position, only the score is read.
_HEADER = struct.Struct(f">xq{POSITION_BYTES - 9}xqB")
NO_EXPIRY = -1
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
        return None if expiry == NO_EXPIRY else expiry

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
        + (NO_EXPIRY if expiry == "" else int(expiry)).to_bytes(8, signed=True)
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
    return decode_many(workspace, [id_bytes], [value])[0]


def decode_many(workspace: str, ids: Sequence[bytes], values: list[bytes | None]) -> list[EncodedTask | None]:
    """Return the tasks in the entries of these ids, in order, with None for each entry without a readable task.

    Workspace and id stand in the value, so that a reply that reached the wrong caller is detected. The JSON is not
    decoded: only this module writes it, and Redis stores a value whole or not at all.
    """
    prefix = _prefix(workspace)
    start = len(prefix)
    id_start, id_end = start + 9, start + 25
    if None not in values:  # without a loop in Python if every entry has its task
        present = cast("list[bytes]", values)
        if (
            [value[id_start:id_end] for value in present] == ids
            and all(map(bytes.startswith, present, repeat(prefix)))
            and all(map(bytes.endswith, present, repeat(b"}")))
        ):
            return list(map(EncodedTask, present, repeat(start)))
    return [
        EncodedTask(value, start)
        if value is not None and value.startswith(prefix) and value[id_start:id_end] == id_ and value[-1:] == b"}"
        else None
        for id_, value in zip(ids, values, strict=True)
    ]


class Headers(NamedTuple):
    """The headers of tasks as columns: scores by creation, expiries in ms (`NO_EXPIRY`: none), numbers of the views."""

    created_at_us: list[int]
    expires_at_ms: list[int]
    views: list[int]


def headers(tasks: Sequence[EncodedTask]) -> Headers:
    """Read the headers of many tasks at once."""
    if not tasks:
        return Headers([], [], [])
    packed = b"".join([task.value[task.start : task.start + _HEADER_BYTES] for task in tasks])
    created_at_us, expires_at_ms, views = zip(*_HEADER.iter_unpack(packed), strict=True)
    return Headers(list(created_at_us), list(expires_at_ms), list(views))


def positions(tasks: Sequence[EncodedTask]) -> list[bytes]:
    """Return the packed positions by creation, as `EncodedTask.position` returns each of them."""
    return [task.value[task.start : task.start + POSITION_BYTES] for task in tasks]


@lru_cache(maxsize=1024)
def _prefix(workspace: str) -> bytes:
    """Return the start of the values of a workspace: the format, and the name after its length."""
    name = workspace.encode()
    return VALUE_PREFIX + len(name).to_bytes() + name
