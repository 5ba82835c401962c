"""Writes while the index is being built: it ends as the rows are, wherever a batch is read and added in between."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, LiteralString

import pytest

from cache.maintenance import rebuild as rebuilding
from cache.maintenance.scrub import scrub_all
from cache.metrics import StoreMetrics
from cache.redis.client import Argument, Redis, ScriptName
from cache.redis.protocol import Protocol
from cache.store import Store
from db import gate
from db.errors import CommitUnknown, DatabaseError
from db.index_source import INDEX_START, StatusBatch, index_batch
from db.pool import Connection, Database
from db.task import Status, Task
from tests.support.consistency import check_entries, check_indexes, check_rows_are_indexed
from tests.support.gate_states import grant_gate_lease
from tests.support.protocol_steps import make_marks_overdue
from tests.support.store_client import StoreClient
from tests.support.task_factories import in_an_hour, new_task

STATUSES: tuple[Status, ...] = ("TODO", "IN_PROGRESS", "DONE")
POINTS = ("before", "marked", "committed", "after")
# Where the batch is read, and where it is added. What is read between mark and commit is what was there before.
MOMENTS = [("before", added) for added in POINTS] + [("committed", added) for added in POINTS[2:]]

SOON, LATE = in_an_hour(), in_an_hour() + timedelta(hours=1)
Write = Callable[[Store, Task, Task], Awaitable[Any]]


class Stepping(Redis):
    """A Redis that lets a test in before and after each step."""

    reach: Callable[[str], Awaitable[None]]

    async def script(self, verb: ScriptName, keys: Sequence[bytes], *arguments: Argument, run_id: str = "") -> Any:
        if verb in ("publish", "abort"):
            await self.reach("committed")
        reply = await super().script(verb, keys, *arguments, run_id=run_id)
        if verb in ("mark", "add"):
            await self.reach("marked")
        return reply


class Builder:
    """Builds an index by hand, of one batch, which it reads at one point of a write, and adds at another."""

    def __init__(self, store: Store, protocol: Protocol, read_at: str, add_at: str) -> None:
        self._store, self._protocol = store, protocol
        self._due = [(self._read, read_at), (self._add, add_at)]
        self._batch: list[StatusBatch] = []

    async def reach(self, point: str) -> None:
        while self._due and point in (self._due[0][1], "after"):
            step, _ = self._due.pop(0)
            await step()

    async def _read(self) -> None:
        async with self._store.database.connection() as connection:
            self._batch = await index_batch(connection, self._store.workspace, INDEX_START, 1000)

    async def _add(self) -> None:
        await rebuilding._add(self._store, self._protocol, self._batch)

    async def finish(self) -> None:
        assert not self._due
        async with self._store.database.connection() as connection:
            assert await gate.switch_on(connection, self._store.workspace, self._protocol.gate.epoch)
        await grant_gate_lease(self._store)
        await check_rows_are_indexed(self._store)
        await make_marks_overdue(self._store)
        await scrub_all(self._store, self._protocol)


def update(**changes: Any) -> Write:
    return lambda store, task, _gone: StoreClient(store).update_task(task.id, changes)


def in_turn(*writes: Write) -> Write:
    async def each(store: Store, task: Task, gone: Task) -> None:
        for write in writes:
            await write(store, task, gone)

    return each


def broken(write: Write, how: LiteralString, error: type[DatabaseError]) -> Write:
    """Marked, and then ended otherwise than its writer wanted, or knows."""

    async def attempt(store: Store, task: Task, gone: Task) -> None:
        @asynccontextmanager
        async def transaction() -> AsyncIterator[Connection]:
            async with store.database.connection() as connection:
                await connection.raw.execute("BEGIN")
                try:
                    yield connection
                finally:
                    await connection.raw.execute(how)
            raise error("broken")

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(store.database, "transaction", transaction)
            with pytest.raises(error, match="broken"):
                await write(store, task, gone)

    return attempt


def rolled_back(write: Write) -> Write:
    """Not done, for certain: it is aborted."""
    return broken(write, "ROLLBACK", DatabaseError)


def create(expires_at: datetime | None) -> Write:
    return lambda store, _task, _gone: StoreClient(store).create_task(new_task(expires_at=expires_at))


async def create_many(store: Store, _task: Task, _gone: Task) -> None:
    new = [new_task(status=status, expires_at=ends) for status in STATUSES for ends in (None, SOON)]
    await StoreClient(store).create_tasks(new)


async def create_many_again(store: Store, _task: Task, _gone: Task) -> None:
    """The same ids once more, after a rollback."""
    new = [new_task(status=status) for status in STATUSES]
    await rolled_back(lambda store, _task, _gone: StoreClient(store).create_tasks(new))(store, _task, _gone)
    await StoreClient(store).create_tasks(new)


def delete(store: Store, task: Task, _gone: Task) -> Awaitable[Task]:
    return StoreClient(store).delete_task(task.id)


def restore(store: Store, _task: Task, gone: Task) -> Awaitable[Task]:
    return StoreClient(store).restore_task(gone.id)


def restore_deleted(store: Store, task: Task, _gone: Task) -> Awaitable[Task]:
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
    "move there and back": in_turn(update(status="DONE"), update(status="TODO")),
    "never and then soon": in_turn(update(expires_at=None), update(expires_at=SOON)),
    "soon and then never": in_turn(update(expires_at=SOON), update(expires_at=None)),
    "move, and then expire never": in_turn(update(status="DONE"), update(expires_at=None)),
    "delete and restore": in_turn(delete, restore_deleted),
    "restore and move": in_turn(
        restore, lambda store, _, gone: StoreClient(store).update_task(gone.id, {"status": "DONE"})
    ),
    "move and delete": in_turn(update(status="DONE"), delete),
}
SINGLE = [name for name in WRITES if name != "change nothing" and " and " not in name]
WRITES |= {f"{name}, rolled back": rolled_back(WRITES[name]) for name in SINGLE}
# The writer cannot know, or died: the mark stays.
WRITES |= {f"{name}, perhaps": broken(WRITES[name], "COMMIT", CommitUnknown) for name in SINGLE}
WRITES |= {f"{name}, perhaps not": broken(WRITES[name], "ROLLBACK", CommitUnknown) for name in SINGLE}
WRITES |= {
    "create many again": create_many_again,
    "move, rolled back, and delete": in_turn(rolled_back(update(status="DONE")), delete),
    "expire never, and the title rolled back": in_turn(update(expires_at=None), rolled_back(update(title="Newer"))),
    "delete, rolled back, and expire never": in_turn(rolled_back(delete), update(expires_at=None)),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("expires_at", [None, LATE], ids=["stays", "expires"])
async def test_the_index_is_as_the_rows_are(
    database: Database, redis_url: str, write: str, expires_at: datetime | None
) -> None:
    async with Stepping(redis_url) as redis:
        run_id = await redis.run_id()
        for number, moments in enumerate(MOMENTS):
            store = Store(database, redis, StoreMetrics(), f"w{number}")
            new = [
                new_task(expires_at=expires_at),
                new_task(expires_at=expires_at),
                new_task(),
                new_task(status="DONE"),
            ]
            await StoreClient(store).create_tasks(new)
            gone = await StoreClient(store).delete_task(new[1].id)
            (task,) = await StoreClient(store).tasks_by_id([new[0].id])
            assert task is not None

            protocol = await rebuilding._begin(store, run_id)
            assert protocol is not None
            builder = Builder(store, protocol, *moments)
            redis.reach = builder.reach
            await builder.reach("before")
            await WRITES[write](store, task, gone)
            await builder.reach("after")
            try:
                await builder.finish()
                await check_indexes(store)
                await check_entries(store)
            except AssertionError as error:
                raise AssertionError(f"read {moments[0]}, added {moments[1]}") from error
