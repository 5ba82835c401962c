"""Creates, updates, deletes and restores of tasks: each row is locked, compared with the request, and written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from cache.errors import (
    CreatedInFuture,
    ExpiryPassed,
    ExternalIdTaken,
    IdTaken,
    NotDone,
    Refused,
    TaskExpired,
    TaskNotFound,
    TaskPurged,
    VersionConflict,
)
from cache.reads.session import Session
from cache.writes.task_lists import refused_lists
from cache.writes.transaction import Change, EditResult, WriteOutcome, run_write
from db import task_table
from db.connection import Connection
from db.statements import Statement
from db.task import LockedTask, NewTask, Task

EditKind = Literal["update", "delete", "restore"]
# How far behind the clock of this process that of the database may be. It only selects the message of a refusal.
_CLOCK_DIFFERENCE = timedelta(minutes=1)


@dataclass(frozen=True)
class Edit:
    """A requested change of one task. `change` returns the new row of an update."""

    id: UUID
    expected_version: int | None = None
    change: Callable[[Task], Task] = lambda task: task


@dataclass(frozen=True)
class Existing:
    """The task that a create has found in place of creating it: it has the id or the external id already."""

    task: Task


CreateOutcome = Task | Existing | Refused


async def create_task(session: Session, new: NewTask) -> CreateOutcome:
    """Create a task, unless one has the id or the external id already."""
    workspace = session.store.workspace

    async def step(connection: Connection) -> Change:
        refused = await wrong_lists(connection, workspace, [new])
        if not refused:
            created, token = await task_table.insert_tasks(connection, workspace, [new], session.author)
            if task := created.get(new.id):
                return Change([EditResult(task, visible=True, before=None, token=token)])
        found = (await existing_tasks(connection, workspace, [new], refused))[new.id]
        if isinstance(found, Refused):
            return Change([found])
        return Change([EditResult(found.task, visible=True, before=found.task)])

    [outcome] = await session.finish_write(run_write(session.store, new.id, step), [new.id])
    if isinstance(outcome, EditResult) and outcome.before is not None:
        return Existing(outcome.row)
    return _row(outcome)


async def edit_task(session: Session, kind: EditKind, edit: Edit) -> Task | Refused:
    """Change one task and return its row, or why the write was refused."""
    [outcome] = await _run_edits(session, edit.id, kind, [edit])
    return outcome


async def edit_tasks(
    session: Session, kind: EditKind, edits: Sequence[Edit], *, all_or_none: bool = False
) -> list[Task | Refused]:
    """Change up to 1,000 different tasks in one transaction. Return an outcome for each, in order."""
    return await _run_edits(session, None, kind, edits, all_or_none=all_or_none)


async def _run_edits(
    session: Session, id_: UUID | None, kind: EditKind, edits: Sequence[Edit], *, all_or_none: bool = False
) -> list[Task | Refused]:
    async def step(connection: Connection) -> Change:
        return await _lock_and_plan(connection, session, kind, edits, all_or_none=all_or_none)

    outcomes = await session.finish_write(run_write(session.store, id_, step), [edit.id for edit in edits])
    return [_row(outcome) for outcome in outcomes]


async def _lock_and_plan(
    connection: Connection, session: Session, kind: EditKind, edits: Sequence[Edit], *, all_or_none: bool
) -> Change:
    """W2: lock the rows, and decide for each edit, in order, what to write."""
    locked = await task_table.lock_tasks(connection, session.store.workspace, [edit.id for edit in edits])
    planned = [_plan(kind, edit, locked.get(edit.id)) for edit in edits]
    if kind == "update":
        moved = [plan for plan in planned if isinstance(plan, Task) and plan.list_id != locked[plan.id].task.list_id]
        wrong = await wrong_lists(connection, session.store.workspace, moved)
        planned = [wrong.get(plan.id, plan) if isinstance(plan, Task) else plan for plan in planned]
    if all_or_none and any(isinstance(plan, Refused) for plan in planned):
        return Change([plan if isinstance(plan, Refused) else NotDone() for plan in planned])
    rows = [plan for plan in planned if isinstance(plan, Task)]
    outcomes = [_result(kind, plan, locked[plan.id]) if isinstance(plan, Task) else plan for plan in planned]
    return Change(outcomes, await _write_of(session, kind, rows) if rows else None)


async def _write_of(session: Session, kind: EditKind, rows: list[Task]) -> Callable[[Connection], Statement[Task]]:
    """Return what queues the statement that writes the rows."""
    workspace, author = session.store.workspace, session.author
    if kind == "update":
        vectors = await task_table.words_of(rows)
        return lambda connection: task_table.update_tasks(connection, workspace, rows, vectors, author)
    queue = task_table.delete_tasks if kind == "delete" else task_table.restore_tasks
    return lambda connection: queue(connection, workspace, rows, author)


def _plan(kind: EditKind, edit: Edit, locked: LockedTask | None) -> Task | WriteOutcome:
    """Return the row to write, the result of an edit that changes nothing, or why it is refused."""
    if locked is None or locked.expired or (locked.deleted and kind != "restore"):
        return _not_found(kind, locked)
    task = locked.task
    if edit.expected_version not in (None, task.version):
        return VersionConflict(task)
    if kind == "delete":
        return task
    if kind == "restore":
        return task if locked.deleted else EditResult(task, visible=True, before=task)
    edited = edit.change(task)
    if edited == task:
        return EditResult(task, visible=True, before=task)
    if edited.expires_at is not None and edited.expires_at <= locked.now:
        return ExpiryPassed()
    return edited


def _not_found(kind: EditKind, locked: LockedTask | None) -> TaskNotFound:
    if kind != "restore":
        return TaskNotFound()
    return TaskPurged() if locked is None else TaskExpired()


def _result(kind: EditKind, row: Task, locked: LockedTask) -> EditResult:
    return EditResult(row, kind != "delete", None if locked.deleted else locked.task, locked.token)


def _row(outcome: WriteOutcome) -> Task | Refused:
    return outcome if isinstance(outcome, Refused) else outcome.row


async def wrong_lists(connection: Connection, workspace: str, tasks: Sequence[NewTask | Task]) -> dict[UUID, Refused]:
    """Return why tasks cannot enter their lists, by the ids of the tasks. Without lists, this sends no statement."""
    wanted = {task.id: task.list_id for task in tasks if task.list_id is not None}
    return await refused_lists(connection, workspace, wanted)


async def existing_tasks(
    connection: Connection, workspace: str, new: Sequence[NewTask], refused: Mapping[UUID, Refused]
) -> dict[UUID, Existing | Refused]:
    """Return for each task that was not created, by its id, the task that exists already, or why it was refused.

    refused: the tasks that were not to be created.
    """
    ids = [task.id for task in new]
    existing = await task_table.tasks_by_id(connection, workspace, ids)
    taken = await task_table.taken_ids(connection, workspace, ids)
    external_ids = [task.external_id for task in new if task.external_id is not None]
    holders = await task_table.external_id_holders(connection, workspace, external_ids) if external_ids else {}

    def outcome(task: NewTask) -> Existing | Refused:
        if task.id in taken:
            return Existing(existing[task.id]) if task.id in existing else IdTaken()
        if holder := holders.get(task.external_id):
            return Existing(holder.task) if holder.visible else ExternalIdTaken()
        if task.id in refused:
            return refused[task.id]
        if task.created_at is not None and task.created_at > datetime.now(UTC) - _CLOCK_DIFFERENCE:
            return CreatedInFuture()
        # Without an expiry, another task has had the id until now, and was purged in between.
        return IdTaken() if task.expires_at is None else ExpiryPassed()

    return {task.id: outcome(task) for task in new}
