"""How a write goes: change the row, mark, commit, publish; and what happens when it breaks off between."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import structlog

from cache.errors import ExpiryPassed, GateClosing, IdTaken, Refused, StoreUnavailable
from cache.protocol import Protocol
from cache.store import Store, clock
from db import gate
from db.errors import CommitUnknown
from db.pool import Connection
from db.rows import NewTask, Task
from db.tasks import create_tasks, taken_ids, tasks_by_id

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

# Seconds that a write tries again while the gate closes, and between two tries.
PATIENCE = 5.0
PAUSE = 0.05


@dataclass(frozen=True)
class Change:
    """What a write did to its row: the row as it was and as it is, each if a reader may see it; and the token drawn.

    A row that was not there before is the same as one that no reader could see. Without a token nothing changed.
    """

    row: Task
    visible: bool
    before: Task | None
    token: int | None = None


Step = Callable[[Connection], Awaitable[Change]]


class _Unmarked(Exception):
    """W3 was refused or failed, and the write was rolled back."""

    def __init__(self, epoch: int, reason: StoreUnavailable) -> None:
        self.epoch = epoch
        self.reason = reason


async def write(store: Store, id_: UUID, change: Step) -> Change:
    """Writes one task. Raises `Refused`, `StoreUnavailable` or `DatabaseError`; then nothing changed,
    but for `CommitUnknown`: then the mark stays, and readers ask the row until it is scrubbed."""
    return await _until_the_gate_lets(store, lambda: _write(store, id_, change))


async def _until_the_gate_lets(store: Store, attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Attempts a write; whenever it cannot be marked, closes the gate, waits for that, and attempts it again without
    Redis. An attempt that failed so was rolled back for certain."""
    until, failed = clock() + PATIENCE, None
    while True:
        try:
            return await attempt()
        except GateClosing:
            if clock() > until:
                raise
        except _Unmarked as unmarked:
            closed = await store.close(unmarked.epoch, unmarked.reason)
            # Closed too often lately: others may be able to use it.
            if clock() > until or (not closed and failed == unmarked.epoch):
                raise unmarked.reason from None
            failed = unmarked.epoch
        await asyncio.sleep(PAUSE)


async def _enter(store: Store, connection: Connection, id_: UUID | None) -> Protocol | None:
    """W1: the protocol to follow; none while Redis is not in use. Raises `GateClosing`."""
    found = await gate.enter_gate(connection, store.workspace, id_)
    if found.state == "closing":
        raise GateClosing
    return None if found.state == "off" else store.at(found)


async def _write(store: Store, id_: UUID, change: Step) -> Change:
    protocol: Protocol | None = None
    done: Change | None = None
    marked = False
    try:
        async with store.database.transaction() as connection:
            protocol = await _enter(store, connection, id_)
            done = await change(connection)  # W2
            if protocol is None or done.token is None:
                return done
            await _mark(store, protocol, done.token, done)
            marked = True
    except (CommitUnknown, asyncio.CancelledError):  # W4: it may have been committed, so the mark stays
        raise
    except BaseException:
        if marked and protocol is not None and done is not None and done.token is not None:
            await _abort(protocol, done.token, done)
        raise
    await _publish(store, protocol, done.token, done)
    return done


async def _mark(store: Store, protocol: Protocol, token: int, done: Change) -> None:
    """W3."""
    try:
        await protocol.mark(token, done.row, visible=done.visible, transaction=store.longest_transaction)
    except StoreUnavailable as error:
        raise _Unmarked(protocol.gate.epoch, error) from error


async def _publish(store: Store, protocol: Protocol, token: int, done: Change) -> None:
    """W5. The commit has succeeded, so the write has, whatever becomes of this: the mark stays."""
    try:
        await protocol.publish(token, done.row, visible=done.visible)
    except StoreUnavailable as error:
        store.accounting.publishes_lost += 1
        log.warning("publish lost", task=str(done.row.id), reason=str(error))


async def _abort(protocol: Protocol, token: int, done: Change) -> None:
    """W6. Only if the mark's reply came: one that may still be on its way could land after this, and nobody clears it;
    the scrub does."""
    try:
        await protocol.abort(token, done.before or done.row, visible=done.before is not None)
    except StoreUnavailable as error:
        log.warning("abort lost", task=str(done.row.id), reason=str(error))


async def create_many(store: Store, new: Sequence[NewTask]) -> dict[UUID, Task | Refused]:
    """Creates tasks in one statement, ids into the indexes before the commit; an outcome for each id.

    Raises `StoreUnavailable` or `DatabaseError`; then none was made.
    """
    return await _until_the_gate_lets(store, lambda: _create_many(store, new))


async def _create_many(store: Store, new: Sequence[NewTask]) -> dict[UUID, Task | Refused]:
    created: dict[UUID, Task] = {}
    try:
        async with store.database.transaction() as connection:
            protocol = await _enter(store, connection, None)
            created, token = await create_tasks(connection, store.workspace, new)
            others = [task.id for task in new if task.id not in created]
            outcomes = await outcomes_of(connection, store.workspace, others) if others else {}
            if created and protocol is not None:
                try:
                    await protocol.add(token, list(created.values()))  # W7
                except StoreUnavailable as error:
                    raise _Unmarked(protocol.gate.epoch, error) from error
    except BaseException:
        for id_ in created:
            store.suspect(id_)
        raise
    return {**outcomes, **created}


async def outcomes_of(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, Task | Refused]:
    """Why these ids were not created: the task that is there already, or what forbids it."""
    there = await tasks_by_id(connection, workspace, ids)
    taken = await taken_ids(connection, workspace, ids)
    return {id_: there.get(id_) or (IdTaken() if id_ in taken else ExpiryPassed()) for id_ in ids}
