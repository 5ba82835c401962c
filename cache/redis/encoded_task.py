"""Tasks as bytes: the value of an entry, from which the fields of a response are cut without decoding it."""

import struct
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, get_args
from uuid import UUID

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, astuple, fields

from cache.redis.keys import VIEW_OF
from cache.redis.position import BY_CREATION, POSITION_BYTES, pack_position
from cache.redis.times import created_at_us, expires_at_ms, print_times
from db.orders import declared_order, order_score
from db.task import TASK_FORMAT, JsonText, Order, Status, Task

# Changes with the fields of a task and with the encoding, so that workers of two releases, which run side by side
# during a deployment, never decode each other's values. A value of another format is a miss.
FORMAT = f"5.{TASK_FORMAT}"
VALUE_PREFIX = f"V {FORMAT} ".encode()

# The header follows the prefix: the packed position by creation, the expiry in milliseconds, the status. `head` of an
# `EncodedTask` ends with it, so its parts are counted from the end. Numbers are big-endian.
_HEADER_BYTES = POSITION_BYTES + 9
_POSITION = slice(-38, -9)
_CREATED_AT = slice(-37, -29)
_ID = slice(-29, -13)
_EXPIRY = slice(-9, -1)
_STATUS = -1
_NO_EXPIRY = -1
_STATUS_OF: dict[int, Status] = {number: status for status, number in VIEW_OF.items()}
_CLOSING_BRACE = ord("}")


def _printed_field(field: FieldInfo) -> Any:
    if field.required:
        return field.name
    if field.default_factory is NODEFAULT:
        return field.name, Any, field.default
    return field.name, Any, msgspec.field(default_factory=field.default_factory)


# The JSON of a task: its fields in their order, with times as the schema prints them. Fields with their default are
# left out, so that a task without them takes no more memory.
_FIELDS = fields(Task)
_PrintedTask = msgspec.defstruct(
    "_PrintedTask", map(_printed_field, _FIELDS), rename="camel", omit_defaults=True, gc=False
)
_TIME_FIELDS, _JSON_FIELDS = (
    [number for number, field in enumerate(_FIELDS) if kind in (field.type, *get_args(field.type))]
    for kind in (datetime, JsonText)
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Task, dec_hook=lambda _, value: JsonText(_encode(value).decode())).decode


def default_json() -> dict[str, bytes]:
    """Return the JSON of each field that an entry leaves out if the field has its default, by its name in the JSON."""
    return {
        field.encode_name: _encode(field.default if field.default_factory is NODEFAULT else field.default_factory())
        for field in _FIELDS
        if not field.required
    }


class EncodedTask(msgspec.Struct, eq=False, gc=False, weakref=False):
    """A task in the form of its entry's value: `head`, which ends with the header, and the JSON object.

    Id, position, status and expiry are slices of the header. Any other attribute of a `Task` decodes the JSON, once.
    """

    head: bytes
    # The names and the forms of its members are those of the GraphQL schema, see also `default_json`.
    json: bytes
    decoded: Task | None = None

    @property
    def value(self) -> bytes:
        """The value of the entry."""
        return self.head + self.json

    @property
    def workspace(self) -> str:
        """The workspace of the task."""
        return self.head[len(VALUE_PREFIX) + 1 : _POSITION.start].decode()

    @property
    def id_bytes(self) -> bytes:
        """The 16 bytes of the id."""
        return self.head[_ID]

    @property
    def id(self) -> UUID:
        """The id."""
        return UUID(bytes=self.head[_ID])

    @property
    def position(self) -> bytes:
        """The packed position by creation."""
        return self.head[_POSITION]

    @property
    def created_at_us(self) -> int:
        """The score by creation, in microseconds since 1970."""
        return int.from_bytes(self.head[_CREATED_AT])

    @property
    def expires_at_ms(self) -> int | None:
        """The score by expiry, in milliseconds since 1970. None if the task does not expire."""
        expiry = int.from_bytes(self.head[_EXPIRY], signed=True)
        return None if expiry == _NO_EXPIRY else expiry

    @property
    def status(self) -> Status:
        """The status."""
        return _STATUS_OF[self.head[_STATUS]]

    @property
    def task(self) -> Task:
        """The decoded task. Raises `msgspec.DecodeError` if the JSON is not that of a task."""
        if self.decoded is None:
            self.decoded = _decode(self.json)
        return self.decoded

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a look for a special method must not decode the task
            raise AttributeError(name)
        return getattr(self.task, name)

    def __eq__(self, other: object) -> bool:
        return self.task == (other.task if isinstance(other, EncodedTask) else other)

    def __hash__(self) -> int:
        return hash(self.task)

    def __repr__(self) -> str:
        return f"EncodedTask({self.task})"


def encode(workspace: str, task: Task) -> EncodedTask:
    """Return a visible task with the value of its entry."""
    return encode_many(workspace, [task])[0]


def encode_many(workspace: str, tasks: Sequence[Task]) -> list[EncodedTask]:
    """Return visible tasks with the values of their entries, in their order."""
    if not tasks:
        return []
    prefix = _prefix(workspace)
    columns = list(zip(*map(astuple, tasks), strict=True))
    for number in _TIME_FIELDS:
        if any(times := columns[number]):
            printed_times = zip(times, print_times(times), strict=True)
            columns[number] = tuple(None if time is None else msgspec.Raw(json) for time, json in printed_times)
    for number in _JSON_FIELDS:
        if any(columns[number]):
            columns[number] = tuple(value and msgspec.Raw(value.encode()) for value in columns[number])
    printed = map(_encode, map(_PrintedTask, *columns))
    return [
        EncodedTask(prefix + _header(workspace, task), json, task) for task, json in zip(tasks, printed, strict=True)
    ]


def _header(workspace: str, task: Task) -> bytes:
    expiry = expires_at_ms(task)
    return (
        pack_position(BY_CREATION, created_at_us(task), task.id.bytes, workspace)
        + (_NO_EXPIRY if expiry == "" else int(expiry)).to_bytes(8, signed=True)
        + VIEW_OF[task.status].to_bytes()
    )


def decode(workspace: str, id_bytes: bytes, value: bytes | None) -> EncodedTask | None:
    """Return the task in an entry, or None for a mark, a lease, another format, another task, or no entry."""
    return decode_many(workspace, [id_bytes], [value])[0]


def decode_many(workspace: str, ids: Sequence[bytes], values: Sequence[bytes | None]) -> list[EncodedTask | None]:
    """Return the tasks in the entries of these ids, in order, with None for each entry without a readable task.

    Workspace and id stand in the value, so that a reply that reached the wrong caller is detected. The JSON is not
    decoded: only this module writes it, and Redis stores a value whole or not at all. A value that was cut off does not
    end with a brace.
    """
    prefix = _prefix(workspace)
    start, end = len(prefix), len(prefix) + _HEADER_BYTES
    id_start, id_end = end + _ID.start, end + _ID.stop
    return [
        EncodedTask(value[:end], value[end:])
        if value
        and value[:start] == prefix
        and value[id_start:id_end] == id_
        and value[-1] == _CLOSING_BRACE
        and len(value) > end
        else None
        for id_, value in zip(ids, values, strict=True)
    ]


# The next functions read the headers of many tasks, which is much faster than one property at a time.


def scores_of(tasks: Sequence[EncodedTask], order: Order) -> list[int]:
    """Return the score of each task in an order, -1 for a task without an expiry.

    Declared orders need the decoded tasks.
    """
    if (declared := declared_order(order)) is not None:
        return [order_score(task.task, declared) for task in tasks]
    score = _EXPIRY if order == "EXPIRING_SOON" else _CREATED_AT
    return list(struct.unpack(f">{len(tasks)}q", b"".join([task.head[score] for task in tasks])))


def statuses_of(tasks: Sequence[EncodedTask]) -> set[Status]:
    """Return every status that one of the tasks has."""
    return {_STATUS_OF[number] for number in {task.head[_STATUS] for task in tasks}}


def earliest_expiry_ms(tasks: Sequence[EncodedTask]) -> int | None:
    """Return when the first of the tasks expires, as `EncodedTask.expires_at_ms`. None if none of them does."""
    # As unsigned numbers, the bytes of "no expiry" come last.
    first = min([task.head[_EXPIRY] for task in tasks], default=b"\xff")
    expiry = int.from_bytes(first, signed=True)
    return None if expiry == _NO_EXPIRY else expiry


def positions(tasks: Sequence[EncodedTask]) -> list[bytes]:
    """Return the packed positions by creation, as `EncodedTask.position` returns each of them."""
    return [task.head[_POSITION] for task in tasks]


@lru_cache(maxsize=1024)
def _prefix(workspace: str) -> bytes:
    """Return the start of the values of a workspace: the format, and the name after its length."""
    name = workspace.encode()
    return VALUE_PREFIX + len(name).to_bytes() + name
