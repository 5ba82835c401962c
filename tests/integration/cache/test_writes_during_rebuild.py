"""Tests writes during a rebuild: the index agrees with the rows, whenever the rebuild reads and adds a batch."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, LiteralString

import pytest

from cache.maintenance import rebuild as rebuilding
from cache.maintenance.scrub import scrub_all, settle_creates
from cache.metrics import StoreMetrics
from cache.redis.client import Argument, Redis
from cache.redis.protocol import Protocol
from cache.redis.script_texts import ScriptName
from cache.store import Store
from db import gate
from db.connection import Connection
from db.errors import CommitUnknown, DatabaseError
from db.index_source import INDEX_START, StatusBatch, index_batch
from db.pool import Database
from db.task import Status, Task
from tests.support.consistency import check_entries, check_indexes, check_rows_are_indexed
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import make_marks_overdue
from tests.support.store_client import StoreClient
from tests.support.task_factories import in_an_hour, new_task

STATUSES: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")
# The points of a write at which the rebuild can run a step.
POINTS = ("before", "marked", "committed", "after")
# The points at which the rebuild reads and adds a batch. Reads at `marked` see the same rows as reads at `before`.
INTERLEAVINGS = [("before", added) for added in POINTS] + [("committed", added) for added in POINTS[2:]]

SOON, LATE = in_an_hour(), in_an_hour() + timedelta(hours=1)
Write = Callable[[Store, Task, Task], Awaitable[Any]]


class SteppedRedis(Redis):
    """A Redis that calls `reach` at each point of a write."""

    reach: Callable[[str], Awaitable[None]]

    async def script(self, name: ScriptName, keys: Sequence[bytes], *arguments: Argument, run_id: str = "") -> Any:
        if name in ("publish", "abort"):
            await self.reach("committed")
        reply = await super().script(name, keys, *arguments, run_id=run_id)
        if name in ("mark", "add"):
            await self.reach("marked")
        return reply


class StepwiseRebuild:
    """A rebuild that reads its only batch at one point of a write, and adds the batch at the same or a later point."""

    def __init__(self, store: Store, protocol: Protocol, read_at: str, add_at: str) -> None:
        self._store, self._protocol = store, protocol
        self._steps = [(self._read, read_at), (self._add, add_at)]
        self._batch: list[StatusBatch] = []

    async def reach(self, point: str) -> None:
        """Run the steps that are due at a point of the write."""
        while self._steps and point in (self._steps[0][1], "after"):
            step, _ = self._steps.pop(0)
            await step()

    async def _read(self) -> None:
        async with self._store.database.connection() as connection:
            self._batch = await index_batch(connection, self._store.workspace, INDEX_START, 1000)

    async def _add(self) -> None:
        async with self._store.redis.bulk(self._protocol.gate.redis_run_id) as bulk:
            await rebuilding._add(bulk, self._protocol, self._batch)

    async def finish(self) -> None:
        """Switch the gate on and scrub the marks that the writes left."""
        assert not self._steps
        async with self._store.database.connection() as connection:
            assert await gate.switch_on(connection, self._store.workspace, self._protocol.gate.epoch)
        await grant_gate_lease(self._store)
        await check_rows_are_indexed(self._store)
        await make_marks_overdue(self._store)
        await settle_creates(self._store, self._protocol, min_age_seconds=0.0)
        await scrub_all(self._store, self._protocol)


def update(**changes: Any) -> Write:
    return lambda store, task, _deleted: StoreClient(store).update_task(task.id, changes)


def in_sequence(*writes: Write) -> Write:
    async def run_all(store: Store, task: Task, deleted: Task) -> None:
        for write in writes:
            await write(store, task, deleted)

    return run_all


def interrupted(write: Write, end: LiteralString, error: type[DatabaseError]) -> Write:
    """Let a write mark its tasks, end its transaction with a statement, and raise an error to the writer."""

    async def attempt(store: Store, task: Task, deleted: Task) -> None:
        @asynccontextmanager
        async def transaction() -> AsyncIterator[Connection]:
            async with store.database.connection() as connection:
                await connection.raw.execute("BEGIN")
                try:
                    yield connection
                    await connection.flush()
                finally:
                    await connection.raw.execute(end)
            raise error("interrupted")

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(store.database, "transaction", transaction)
            with pytest.raises(error, match="interrupted"):
                await write(store, task, deleted)

    return attempt


def rolled_back(write: Write) -> Write:
    """Roll a write back with an error, after which the writer aborts its marks."""
    return interrupted(write, "ROLLBACK", DatabaseError)


def create(expires_at: datetime | None) -> Write:
    return lambda store, _task, _deleted: StoreClient(store).create_task(new_task(expires_at=expires_at))


async def create_many(store: Store, _task: Task, _deleted: Task) -> None:
    new = [new_task(status=status, expires_at=expires_at) for status in STATUSES for expires_at in (None, SOON)]
    await StoreClient(store).create_tasks(new)


async def retry_create_many(store: Store, task: Task, deleted: Task) -> None:
    """Create the same ids again after a rollback."""
    new = [new_task(status=status) for status in STATUSES]
    await rolled_back(lambda store, _task, _deleted: StoreClient(store).create_tasks(new))(store, task, deleted)
    await StoreClient(store).create_tasks(new)


def delete(store: Store, task: Task, _deleted: Task) -> Awaitable[Task]:
    return StoreClient(store).delete_task(task.id)


def restore(store: Store, _task: Task, deleted: Task) -> Awaitable[Task]:
    return StoreClient(store).restore_task(deleted.id)


def restore_again(store: Store, task: Task, _deleted: Task) -> Awaitable[Task]:
    return StoreClient(store).restore_task(task.id)


WRITES: dict[str, Write] = {
    "create": create(None),
    "create that expires": create(SOON),
    "change nothing": update(),
    "change the title": update(title="Newer"),
    "move": update(status="DONE"),
    "expire": update(expires_at=SOON),
    "expire later": update(expires_at=LATE + timedelta(hours=1)),
    "expire never": update(expires_at=None),
    "move and expire": update(status="IN_PROGRESS", expires_at=SOON),
    "move and expire later": update(status="DONE", expires_at=LATE + timedelta(hours=1)),
    "move and expire never": update(status="DONE", expires_at=None),
    "delete": delete,
    "restore": restore,
    "create many": create_many,
    "move and move back": in_sequence(update(status="DONE"), update(status="TODO")),
    "expire never and then soon": in_sequence(update(expires_at=None), update(expires_at=SOON)),
    "expire soon and then never": in_sequence(update(expires_at=SOON), update(expires_at=None)),
    "move and then expire never": in_sequence(update(status="DONE"), update(expires_at=None)),
    "delete and restore": in_sequence(delete, restore_again),
    "restore and move": in_sequence(
        restore, lambda store, _, deleted: StoreClient(store).update_task(deleted.id, {"status": "DONE"})
    ),
    "move and delete": in_sequence(update(status="DONE"), delete),
}
SINGLE = [name for name in WRITES if name != "change nothing" and " and " not in name]
WRITES |= {f"{name}, rolled back": rolled_back(WRITES[name]) for name in SINGLE}
# The writer does not learn the outcome or dies, so the mark stays.
WRITES |= {
    f"{name}, committed unknown to the writer": interrupted(WRITES[name], "COMMIT", CommitUnknown) for name in SINGLE
}
WRITES |= {
    f"{name}, rolled back unknown to the writer": interrupted(WRITES[name], "ROLLBACK", CommitUnknown)
    for name in SINGLE
}
WRITES |= {
    "create many, rolled back, and retry": retry_create_many,
    "move, rolled back, and delete": in_sequence(rolled_back(update(status="DONE")), delete),
    "expire never, and the title rolled back": in_sequence(update(expires_at=None), rolled_back(update(title="Newer"))),
    "delete, rolled back, and expire never": in_sequence(rolled_back(delete), update(expires_at=None)),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("expires_at", [None, LATE], ids=["stays", "expires"])
async def test_index_agrees_with_the_rows(
    database: Database, redis_url: str, write: str, expires_at: datetime | None
) -> None:
    async with SteppedRedis(redis_url) as redis:
        run_id = await redis.run_id()
        for number, interleaving in enumerate(INTERLEAVINGS):
            store = Store(database, redis, StoreMetrics(), f"w{number}")
            new = [
                new_task(expires_at=expires_at),
                new_task(expires_at=expires_at),
                new_task(),
                new_task(status="DONE"),
            ]
            await StoreClient(store).create_tasks(new)
            deleted = await StoreClient(store).delete_task(new[1].id)
            (task,) = await StoreClient(store).tasks_by_id([new[0].id])
            assert task is not None

            begun = await rebuilding._begin(store, run_id)
            assert begun is not None
            protocol, _ = begun
            steps = StepwiseRebuild(store, protocol, *interleaving)
            redis.reach = steps.reach
            await steps.reach("before")
            await WRITES[write](store, task, deleted)
            await steps.reach("after")
            try:
                await steps.finish()
                await check_indexes(store)
                await check_entries(store)
            except AssertionError as error:
                raise AssertionError(f"batch read at {interleaving[0]!r}, added at {interleaving[1]!r}") from error
