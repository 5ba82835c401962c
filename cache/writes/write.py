"""How a write goes: change the row, mark, commit, publish; and what happens when it breaks off between."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar
from uuid import UUID

import structlog

from cache.errors import ExpiryPassed, GateClosing, IdTaken, NotDone, RedisFull, Refused, StoreUnavailable
from cache.redis.protocol import MarkedWrite, Protocol
from cache.store import Store, clock
from cache.writes.edits import EditResult, Outcome
from db import gate
from db.errors import CommitUnknown
from db.pool import Connection
from db.task import NewTask, Task
from db.task_table import create_tasks, taken_ids, tasks_by_id

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

# Seconds that a write tries again while the gate closes, and between two tries.
PATIENCE = 5.0
PAUSE = 0.05
# Seconds after which a write that Redis had no room for asks once more.
MOMENT = 0.1


Step = Callable[[Connection], Awaitable[list[Outcome]]]


class _Unmarked(Exception):
    """W3 was refused or failed, and the write was rolled back."""

    def __init__(self, epoch: int, reason: StoreUnavailable) -> None:
        self.epoch = epoch
        self.reason = reason


async def write(store: Store, id_: UUID | None, step: Step) -> list[Outcome]:
    """Writes one task, or (without an id) many in one transaction. Raises `StoreUnavailable` or `DatabaseError`; then
    nothing changed, but for `CommitUnknown`: then the marks stay, and readers ask the rows until they are scrubbed."""
    return await _until_the_gate_lets(store, lambda: _write(store, id_, step))


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


async def _write(store: Store, id_: UUID | None, step: Step) -> list[Outcome]:
    protocol: Protocol | None = None
    done: list[MarkedWrite] = []
    before: list[MarkedWrite] = []
    marked = False
    try:
        async with store.database.transaction() as connection:
            protocol = await _enter(store, connection, id_)
            outcomes = await step(connection)  # W2
            for change in outcomes:
                if isinstance(change, EditResult) and change.token is not None:
                    done.append(MarkedWrite(change.token, change.row, change.visible, change.kind))
                    before.append(MarkedWrite(change.token, change.before or change.row, change.before is not None))
            if protocol is None or not done:
                return outcomes
            await _mark(store, protocol, done)
            marked = True
    except (CommitUnknown, asyncio.CancelledError):  # W4: it may have been committed, so the marks stay
        raise
    except BaseException:
        if marked and protocol is not None:
            await _abort(protocol, before)
        raise
    await _publish(store, protocol, done)
    return outcomes


async def _mark(store: Store, protocol: Protocol, done: Sequence[MarkedWrite]) -> None:
    """W3."""
    await _let_in(protocol, lambda: protocol.mark(done, transaction=store.longest_transaction))


async def _let_in(protocol: Protocol, step: Callable[[], Awaitable[None]]) -> None:
    """W3 or W7. What Redis reads and sends for others counts as memory too, and may be gone in a moment: so who finds
    no room (then the script has done nothing) asks once more, before the index is given up as one that does not fit."""
    try:
        try:
            await step()
        except RedisFull:
            await asyncio.sleep(MOMENT)
            await step()
    except StoreUnavailable as error:
        raise _Unmarked(protocol.gate.epoch, error) from error


async def _publish(store: Store, protocol: Protocol, done: Sequence[MarkedWrite]) -> None:
    """W5. The commit has succeeded, so the write has, whatever becomes of this: the marks stay."""
    try:
        await protocol.publish(done)
    except StoreUnavailable as error:
        store.metrics.publishes_lost += 1
        ids = [str(state.task.id) for state in done[:10]]
        log.warning("publish lost", tasks=ids, of=len(done), reason=str(error))


async def _abort(protocol: Protocol, before: Sequence[MarkedWrite]) -> None:
    """W6. Only if the mark's reply came: one that may still be on its way could land after this, and nobody clears it;
    the scrub does."""
    try:
        await protocol.abort(before)
    except StoreUnavailable as error:
        log.warning(
            "abort lost", tasks=[str(state.task.id) for state in before[:10]], of=len(before), reason=str(error)
        )


class _NotAll(Exception):
    """Not every task could be created, and none was to be without the others."""

    def __init__(self, outcomes: dict[UUID, Task | Refused]) -> None:
        self.outcomes = outcomes


async def create_many(store: Store, new: Sequence[NewTask], *, all_or_none: bool = False) -> dict[UUID, Task | Refused]:
    """Creates tasks in one statement, ids into the indexes before the commit; an outcome for each id.

    Raises `StoreUnavailable` or `DatabaseError`; then none was made, but for `CommitUnknown`: then all or none were.
    """
    try:
        return await _until_the_gate_lets(store, lambda: _create_many(store, new, all_or_none))
    except _NotAll as rolled_back:
        outcomes = rolled_back.outcomes
        return {task.id: outcomes[task.id] if task.id in outcomes else NotDone() for task in new}


async def _create_many(store: Store, new: Sequence[NewTask], all_or_none: bool) -> dict[UUID, Task | Refused]:
    created: dict[UUID, Task] = {}
    try:
        async with store.database.transaction() as connection:
            protocol = await _enter(store, connection, None)
            created, token = await create_tasks(connection, store.workspace, new)
            others = [task.id for task in new if task.id not in created]
            outcomes = await outcomes_of(connection, store.workspace, others) if others else {}
            if all_or_none and any(isinstance(outcome, Refused) for outcome in outcomes.values()):
                raise _NotAll({id_: found for id_, found in outcomes.items() if isinstance(found, Refused)})
            if created and protocol is not None:
                rows, longest = list(created.values()), store.longest_transaction
                await _let_in(protocol, lambda: protocol.add(token, rows, transaction=longest))
    except _NotAll:
        raise
    except BaseException:
        for id_ in created:
            store.suspect(id_)
        raise
    if created and protocol is not None:
        with suppress(StoreUnavailable):  # the sweep tells of it, later
            await protocol.announce(token, list(created))  # W8
    return {**outcomes, **created}


async def outcomes_of(connection: Connection, workspace: str, ids: Sequence[UUID]) -> dict[UUID, Task | Refused]:
    """Why these ids were not created: the task that is there already, or what forbids it."""
    there = await tasks_by_id(connection, workspace, ids)
    taken = await taken_ids(connection, workspace, ids)
    return {id_: there.get(id_) or (IdTaken() if id_ in taken else ExpiryPassed()) for id_ in ids}
