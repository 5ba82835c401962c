"""The steps of a write: change the rows, mark, commit, publish; and what happens when a step fails."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

import structlog

from cache.errors import GateClosing, IndexLost, RedisFull, Refused, StoreUnavailable
from cache.gate.lease import clock
from cache.redis.protocol import EventCode, MarkedWrite, Protocol
from cache.redis.shape_steps import ShapeSteps
from cache.store import Store
from db import gate
from db.connection import Connection
from db.errors import CommitUnknown, explain
from db.gate import Gate
from db.statements import Statement
from db.task import Task
from db.tracing import span

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

# How long a write waits while the gate closes, and the pause between its attempts.
GATE_WAIT_SECONDS = 5.0
RETRY_PAUSE_SECONDS = 0.05
# The pause before the one retry of a mark that Redis had no memory for.
MEMORY_RETRY_SECONDS = 0.1


@dataclass(frozen=True)
class EditResult:
    """The result of a write of one row: the row after the write, the row before it, and the fencing token.

    Until the commit, `row` has the new values but not the new version. `visible` says whether readers may see the row.
    `before` is None if readers could not see the earlier row.
    `token` is None if the write changed nothing.
    """

    row: Task
    visible: bool
    before: Task | None
    token: int | None = None

    @property
    def event(self) -> EventCode:
        """The feed event of the write."""
        if not self.visible:
            return "d"
        if self.before is not None:
            return "u"
        return "c" if self.row.version == 1 else "r"


WriteOutcome = EditResult | Refused


@dataclass(frozen=True)
class Change:
    """What a write is about to do: an outcome for each item, and the statement that writes the rows of the results.

    `queue` queues the statement. Its answer comes with that of the commit. It is None if no row has to be written any
    more.
    """

    outcomes: list[WriteOutcome]
    queue: Callable[[Connection], Statement[Task]] | None = None

    def written(self, rows: Iterable[Task]) -> list[WriteOutcome]:
        """Return the outcomes with the rows that the statement has written."""
        by_id = {row.id: row for row in rows}
        return [
            replace(outcome, row=by_id.get(outcome.row.id, outcome.row)) if isinstance(outcome, EditResult) else outcome
            for outcome in self.outcomes
        ]


# W2: locks or inserts the rows, and decides what to write.
Step = Callable[[Connection], Awaitable[Change]]


class MarkFailed(Exception):
    """W3 or W7 failed, and the write was rolled back."""

    def __init__(self, epoch: int, reason: StoreUnavailable) -> None:
        self.epoch = epoch
        self.reason = reason


async def run_write(store: Store, id_: UUID | None, step: Step) -> list[WriteOutcome]:
    """Run the change that `step` decides on as one write. With `id_`, the write changes that task only.

    Raises `StoreUnavailable` or `DatabaseError` if nothing changed. After `CommitUnknown` the write may have committed:
    its marks stay, and readers read the rows until the scrub clears the marks.
    """
    return await retry_at_gate(store, lambda: _attempt(store, id_, step))


async def retry_at_gate(store: Store, attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Attempt a write. If Redis cannot take its marks, close the gate and retry the write without Redis.

    A retry is safe, because an attempt that raises `GateClosing` or `MarkFailed` has been rolled back.
    """
    until, failed_epoch = clock() + GATE_WAIT_SECONDS, None
    while True:
        try:
            return await attempt()
        except GateClosing:
            if clock() > until:
                raise
        except MarkFailed as failure:
            if isinstance(failure.reason, RedisFull) and await _gave_up_shape(store, failure.epoch, failure.reason):
                continue
            closed = await store.gate_lease.close(failure.epoch, failure.reason)
            # The gate refuses to close too often, because other processes may still be able to use Redis.
            if clock() > until or (not closed and failed_epoch == failure.epoch):
                raise failure.reason from None
            failed_epoch = failure.epoch
        await asyncio.sleep(RETRY_PAUSE_SECONDS)


async def _gave_up_shape(store: Store, epoch: int, error: RedisFull) -> bool:
    """Give up the declared views that take most memory, before the base index. Return whether there were any."""
    protocol = store.gate_lease.protocol
    if protocol is None or protocol.gate.epoch != epoch:
        return False
    steps = ShapeSteps(store.redis, protocol.gate, store.workspace, protocol.views)
    try:
        return await steps.give_up_largest(error)
    except StoreUnavailable:
        return False


def protocol_for_write(store: Store, found: Gate) -> Protocol | None:
    """W1: return the protocol to follow, or None while Redis is not in use. Raises `GateClosing`."""
    if found.state == "closing":
        raise GateClosing
    return None if found.state == "off" else store.gate_lease.protocol_for(found)


async def _attempt(store: Store, id_: UUID | None, step: Step) -> list[WriteOutcome]:
    protocol: Protocol | None = None
    planned: list[EditResult] = []
    queued: Statement[Task] | None = None
    marked = False
    try:
        async with store.database.shares.writes.permit(store.workspace), store.database.transaction() as connection:
            entered = gate.queue_enter_gate(connection, store.workspace, id_)
            with write_step("W2", "rows"):
                change = await step(connection)  # W1 and W2, in one round trip
            protocol = protocol_for_write(store, gate.entered_gate(entered))
            planned = [result for result in change.outcomes if isinstance(result, EditResult) and result.token]
            queued = change.queue(connection) if change.queue is not None else None
            if protocol is not None and planned:
                connection.send()  # PostgreSQL changes the rows while Redis marks them
                writes, limit = [_after(result) for result in planned], store.longest_transaction
                with write_step("W3", "mark"):
                    await mark(protocol, lambda: protocol.mark(writes, transaction=limit))
                marked = True
        # W4: the block has ended with the commit
    except (CommitUnknown, asyncio.CancelledError):  # the write may have committed, so its marks stay
        raise
    except BaseException:
        if marked and protocol is not None:
            await _abort(protocol, [_before(result) for result in planned])
        raise
    outcomes = change.outcomes if queued is None else change.written(queued.rows)
    if marked and protocol is not None:
        written = [result for result in outcomes if isinstance(result, EditResult) and result.token]
        await _publish(store, protocol, [_after(result) for result in written])
    return outcomes


def _after(result: EditResult) -> MarkedWrite:
    return MarkedWrite(result.token or 0, result.row, result.visible, result.event, result.before)


def _before(result: EditResult) -> MarkedWrite:
    return MarkedWrite(result.token or 0, result.before or result.row, result.before is not None)


async def mark(protocol: Protocol, step: Callable[[], Awaitable[None]]) -> None:
    """Run W3 or W7. Raises `MarkFailed`.

    Requests and replies in flight count towards Redis's memory too, so a lack of memory may pass within a moment. A
    script that found none has changed nothing, so one retry is safe.
    """
    try:
        try:
            await step()
        except RedisFull:
            await asyncio.sleep(MEMORY_RETRY_SECONDS)
            await step()
    except StoreUnavailable as error:
        raise MarkFailed(protocol.gate.epoch, error) from error


def write_step(step: str, name: str) -> AbstractContextManager[object]:
    """Return a context manager that records a step of a write, if the request is traced. The commit records itself."""
    return span(f"write {name}", {"millitask.write.step": step})


async def _publish(store: Store, protocol: Protocol, after: Sequence[MarkedWrite]) -> None:
    """W5. The write has committed. If this fails, the marks stay and the scrub settles them."""
    try:
        with write_step("W5", "publish"):
            await protocol.publish(after)
    except StoreUnavailable as error:
        if isinstance(error, IndexLost):
            store.gate_lease.report_lost_index(protocol.gate.epoch, error)
        store.metrics.publishes_lost += 1
        log.warning("publish failed", tasks=_sample(after), count=len(after), reason=explain(error))


async def _abort(protocol: Protocol, before: Sequence[MarkedWrite]) -> None:
    """W6. Sent only if the reply to the mark came: a mark still in flight could arrive after the abort."""
    try:
        with write_step("W6", "abort"):
            await protocol.abort(before)
    except StoreUnavailable as error:
        log.warning("abort failed", tasks=_sample(before), count=len(before), reason=explain(error))


def _sample(writes: Sequence[MarkedWrite]) -> list[str]:
    return [str(write.task.id) for write in writes[:10]]
