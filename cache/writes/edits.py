"""What a change does to its rows: each is locked, held against what is asked, and written if it differs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from cache.errors import ExpiryPassed, NotDone, Refused, TaskNotFound, VersionConflict
from cache.redis.protocol import EventCode
from db import task_table as rows
from db.pool import Connection
from db.task import LockedTask, Task

EditKind = Literal["update", "delete", "restore"]


@dataclass(frozen=True)
class Edit:
    """What is asked of one task: the version that it must be at, if any, and for an update what it makes of the row."""

    id: UUID
    expected_version: int | None = None
    make: Callable[[Task], Task] = lambda task: task


@dataclass(frozen=True)
class EditResult:
    """What a write did to its row: the row as it was and as it is, each if a reader may see it; and the token drawn.

    A row that was not there before is the same as one that no reader could see. Without a token nothing changed.
    """

    row: Task
    visible: bool
    before: Task | None
    token: int | None = None

    @property
    def kind(self) -> EventCode:
        """As those are told who listen."""
        if not self.visible:
            return "d"
        if self.before is not None:
            return "u"
        return "c" if self.row.version == 1 else "r"


Outcome = EditResult | Refused


async def apply(
    connection: Connection, workspace: str, verb: EditKind, edits: Sequence[Edit], *, all_or_none: bool = False
) -> list[Outcome]:
    """An outcome for each edit, in order; the ids differ. Two statements, however many there are."""
    locked = await rows.lock_tasks(connection, workspace, [edit.id for edit in edits])
    planned = [_plan(verb, edit, locked.get(edit.id)) for edit in edits]
    if all_or_none and any(isinstance(plan, Refused) for plan in planned):
        return [plan if isinstance(plan, Refused) else NotDone() for plan in planned]
    wanted = [plan for plan in planned if isinstance(plan, Task)]
    if verb == "update":
        written = await rows.update_tasks(connection, workspace, wanted) if wanted else {}
    else:
        write = rows.delete_tasks if verb == "delete" else rows.restore_tasks
        written = await write(connection, workspace, [task.id for task in wanted]) if wanted else {}
    return [_done(verb, locked[plan.id], written[plan.id]) if isinstance(plan, Task) else plan for plan in planned]


def _done(verb: EditKind, before: LockedTask, written: rows.WrittenRow) -> EditResult:
    row, token = written
    return EditResult(row, verb != "delete", None if before.deleted else before.task, token)


def _plan(verb: EditKind, edit: Edit, locked: LockedTask | None) -> Task | Outcome:
    """The row to write, the change that is none, or why not."""
    if locked is None or locked.expired or (locked.deleted and verb != "restore"):
        return TaskNotFound()
    task = locked.task
    if edit.expected_version not in (None, task.version):
        return VersionConflict(task)
    if verb == "delete":
        return task
    if verb == "restore":
        return task if locked.deleted else EditResult(task, visible=True, before=task)
    wanted = edit.make(task)
    if wanted == task:
        return EditResult(task, visible=True, before=task)
    if wanted.expires_at is not None and wanted.expires_at <= locked.now:
        return ExpiryPassed()
    return wanted
