"""What rows are in Python: plain frozen records that pass through every layer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_type_hints
from uuid import UUID

from msgspec import Struct

Status = Literal["TODO", "IN_PROGRESS", "DONE"]
# By creation, or the tasks that expire alone, the soonest first. Ties go by id, the same way.
Order = Literal["NEWEST", "OLDEST", "EXPIRING_SOON"]
Priority = Literal["NONE", "LOW", "MEDIUM", "HIGH", "URGENT"]


class Task(Struct, frozen=True, array_like=True):
    """A task as its row has it: `id` is a UUIDv7, times are UTC, `version` counts from 1.

    A msgspec struct, so that an entry of the cache is decoded straight into it.
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


class NewTask(Struct, frozen=True):
    """What a writer says of a task that is to be created."""

    id: UUID
    title: str
    description: str = ""
    status: Status = "TODO"
    priority: Priority = "NONE"
    expires_at: datetime | None = None


@dataclass(frozen=True)
class LockedTask:
    """A row that is locked until its transaction ends, and the database's clock at that moment."""

    task: Task
    deleted: bool
    now: datetime

    @property
    def expired(self) -> bool:
        """Whether the task has passed its expiry, and is gone for every reader."""
        return self.task.expires_at is not None and self.task.expires_at <= self.now


def record_format(record: type) -> str:
    """Return a short hash of a record's field names and types, in their order.

    Python versions may spell a type differently. The hash differs then, although the record is the same.
    """
    fields = list(get_type_hints(record).items())
    return hashlib.sha256(repr(fields).encode()).hexdigest()[:8]


# Identifies the layout of `Task` in stored data: it changes when a field is added, removed, moved or gets another type.
TASK_FORMAT = record_format(Task)
