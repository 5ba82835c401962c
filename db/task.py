"""The records of a task, and the table of the fields that a client can write."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString, NamedTuple, get_type_hints
from uuid import UUID

from msgspec import Struct

Status = Literal["TODO", "IN_PROGRESS", "DONE"]
Priority = Literal["NONE", "LOW", "MEDIUM", "HIGH", "URGENT"]
# NEWEST and OLDEST sort by creation. EXPIRING_SOON holds only the tasks that expire, sorted by expiry. Tasks with equal
# times are sorted by id, in the same direction.
BaseOrder = Literal["NEWEST", "OLDEST", "EXPIRING_SOON"]
# The orders of declared views that declare them, see db/orders.py.
DeclaredOrder = Literal["DUE_FIRST", "PRIORITY_FIRST"]
Order = Literal[BaseOrder, DeclaredOrder]


class WritableField(NamedTuple):
    """A column of `task` that a client can write, and the column's SQL type."""

    name: LiteralString
    sql_type: LiteralString
    is_enum: bool = False

    @property
    def sent_type(self) -> LiteralString:
        """The SQL type of a value in a statement, which casts it to that of the column.

        The number of an enum differs between databases. An array of arrays cannot be unnested into arrays.
        """
        return "text" if self.is_enum or self.sql_type in ("text[]", "json") else self.sql_type

    @property
    def selected(self) -> LiteralString:
        """The expression that reads the column: as text where psycopg has no value of the right type."""
        return f"task.{self.name}::text" if self.is_enum or self.sql_type == "json" else f"task.{self.name}"


ID_BYTES = 16
# The statements in task_table are generated from these two tables. A new field needs a migration, a line here, and a
# line with a default at the end of `Task` and `NewTask`.
WRITABLE_FIELDS = (
    WritableField("title", "text"),
    WritableField("description", "text"),
    WritableField("status", "task_status", is_enum=True),
    WritableField("priority", "task_priority", is_enum=True),
    WritableField("expires_at", "timestamptz"),
    WritableField("due_at", "timestamptz"),
    WritableField("assignee", "text"),
    WritableField("labels", "text[]"),
    WritableField("metadata", "json"),
    WritableField("external_id", "text"),
    WritableField("list_id", "uuid"),
)
READ_ONLY_COLUMNS: tuple[LiteralString, ...] = (
    *("id", "created_at", "updated_at", "version"),
    *("created_by", "updated_by"),
)


class JsonText(str):
    """A JSON value as compact text, so that two values are equal only if they are the same in JSON."""

    __slots__ = ()


class Task(Struct, frozen=True, rename="camel"):
    """A row of `task`. `id` is a UUIDv7, times are in UTC, and `version` starts at 1.

    `created_by` and `updated_by` are None for anonymous callers and in tasks from before these columns. `labels` are
    different from each other, and `metadata` is an object. No two tasks of a workspace have the same `external_id`, not
    even deleted ones.

    The cache decodes its entries directly into this msgspec struct: JSON objects with the members of the GraphQL type.
    """

    id: UUID
    title: str
    description: str
    status: Status
    priority: Priority
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    version: int
    created_by: str | None = None
    updated_by: str | None = None
    due_at: datetime | None = None
    assignee: str | None = None
    labels: list[str] = []
    metadata: JsonText | None = None
    external_id: str | None = None
    list_id: UUID | None = None

    def __hash__(self) -> int:  # a list has no hash
        return hash((self.id, self.version))


class NewTask(Struct, frozen=True):
    """The id and the fields of a task to create. `created_at` is None for the time of the statement that creates it."""

    id: UUID
    title: str
    description: str = ""
    status: Status = "TODO"
    priority: Priority = "NONE"
    expires_at: datetime | None = None
    due_at: datetime | None = None
    assignee: str | None = None
    labels: list[str] = []
    metadata: JsonText | None = None
    external_id: str | None = None
    list_id: UUID | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class ExternalIdHolder:
    """The task that has an external id, and whether readers may see it."""

    task: Task
    visible: bool


@dataclass(frozen=True)
class LockedTask:
    """A row that is locked until its transaction ends, the database's time when it was locked, and the fencing token.

    The token is drawn under the lock, so the tokens of a task rise in the order of its writes.
    """

    task: Task
    deleted: bool
    now: datetime
    token: int

    @property
    def expired(self) -> bool:
        """Whether the task has expired, so that readers no longer see it."""
        return self.task.expires_at is not None and self.task.expires_at <= self.now


def record_format(record: type) -> str:
    """Return a short hash of a record's field names and types, in their order.

    Python versions may spell a type differently. The hash differs then, although the record is the same.
    """
    fields = list(get_type_hints(record).items())
    return hashlib.sha256(repr(fields).encode()).hexdigest()[:8]


# Identifies the layout of `Task` in stored data: it changes when a field is added, removed, moved or gets another type.
TASK_FORMAT = record_format(Task)
