"""Three workspaces of different sizes in two processes: one index is lost, one is rebuilt, and one is dropped.

The processes are two sets of connections and background work in this process. The history of each workspace is checked
on its own.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString
from uuid import UUID

import pytest

from cache.errors import IndexLost, StoreUnavailable
from cache.maintenance.idle_indexes import IdleIndexes
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.redis.index import PageRange
from cache.store import Store
from cache.workspaces import Workspaces
from db import idle_gates
from db.errors import DatabaseError
from db.pool import Database
from db.task import Task
from tests.faults.checker import check
from tests.faults.history import Completion, History, Invocation, Kind, ObservedTask, Outcome, StartTime
from tests.faults.ledger import Violation
from tests.support.gate_states import committed_gate
from tests.support.redis_state import protocol
from tests.support.store_client import StoreClient
from tests.support.task_factories import new_task

SIZES = {"lost": 0, "rebuilt": 300, "dropped": 3_000}
INSERT: LiteralString = """
    INSERT INTO task (workspace_id, id, title, created_at, updated_at, words_version)
    SELECT %s, uuidv7(), 'Old', now() - interval '1 day', now() - interval '1 day', 1 FROM generate_series(1, %s)
"""
OLD_USE: LiteralString = "UPDATE gate SET used_at = now() - interval '1 day' WHERE workspace_id = %s"
PAGE = PageRange(20)
FAULT_SECONDS, MIN_TURNS = 0.7, 12
IDLE_SECONDS = 3600


class Client:
    """Creates, updates and reads tasks of one workspace through both processes, and records what it observes."""

    def __init__(self, name: str, processes: list[Workspaces], workspace: str, history: History) -> None:
        self._name = name
        self._processes = processes
        self._workspace = workspace
        self._history = history
        self._random = random.Random(name)
        self._ids: list[UUID] = []

    async def run(self) -> None:
        """Run operations until the task is cancelled."""
        while True:
            await self._operate(self._random.choice(("create", "update", "task", "task", "page")))
            await asyncio.sleep(self._random.uniform(0, 0.01))

    async def _operate(self, kind: Kind) -> None:
        node = self._random.randrange(len(self._processes))
        store = (await self._processes[node].open(self._workspace)).store
        new, start = new_task(title=f"{self._name} {len(self._history.operations)}"), StartTime()
        id_ = self._random.choice(self._ids[-3:]) if self._ids and kind != "create" else new.id
        invocation = Invocation((str(id_),), title=new.title)
        try:
            if kind == "page":
                page = await StoreClient(store).page(PAGE)
                invocation = Invocation(whole_view=not page.has_after)
                completion = Completion(tasks=tuple(map(observed, page.tasks)), total=page.total)
            elif kind == "create" or not self._ids:
                kind = "create"
                self._ids.append(new.id)
                completion = Completion(tasks=(observed(await StoreClient(store).create_task(new)),))
            elif kind == "update":
                task = await StoreClient(store).update_task(id_, {"title": new.title})
                completion = Completion(tasks=(observed(task),))
            else:
                [found] = await StoreClient(store).tasks_by_id([id_])
                invocation = Invocation((str(id_),))
                completion = (
                    Completion(missing={str(id_): None}) if found is None else Completion(tasks=(observed(found),))
                )
        except (StoreUnavailable, DatabaseError):
            completion = Completion(Outcome.UNKNOWN)
        self._history.record(start, self._name, kind, invocation, completion, node)


def observed(task: Task) -> ObservedTask:
    return ObservedTask(str(task.id), task.version, task.status, task.title)


async def injure(workspace: str, store: Store) -> None:
    """Lose, close or drop the index of a workspace, by its name."""
    if (await committed_gate(store)).state != "on" or store.gate_lease.protocol is None:
        return
    if workspace == "lost":
        await store.redis.client.delete(protocol(store).keys.rev)
    elif workspace == "rebuilt":
        await store.gate_lease.close(protocol(store).gate.epoch, IndexLost())
    else:
        async with store.database.connection() as connection:
            await connection.raw.execute(OLD_USE, (workspace,))
        await IdleIndexes(store.database.for_every_workspace(), store.redis, IDLE_SECONDS).drop()


@asynccontextmanager
async def workload(database_url: str, redis_url: str) -> AsyncIterator[tuple[list[Workspaces], dict[str, History]]]:
    """Run clients of all workspaces during the block. Yields the processes and the histories by workspace."""
    histories = {workspace: History() for workspace in SIZES}
    async with new_process(database_url, redis_url) as first, new_process(database_url, redis_url) as second:
        async with first.database.connection() as connection:
            for workspace, size in SIZES.items():
                await connection.raw.execute(INSERT, (workspace, size))
        async with asyncio.TaskGroup() as group:
            clients = [
                group.create_task(Client(f"{workspace}{number}", [first, second], workspace, history).run())
                for workspace, history in histories.items()
                for number in range(2)
            ]
            yield [first, second], histories
            for client in clients:
                client.cancel()


@asynccontextmanager
async def new_process(database_url: str, redis_url: str) -> AsyncIterator[Workspaces]:
    metrics = StoreMetrics()
    async with Workspaces(
        Database(database_url), Redis(redis_url), metrics, index_idle_seconds=IDLE_SECONDS
    ) as process:
        yield process


def violations(histories: dict[str, History]) -> list[Violation]:
    return [violation for history in histories.values() for violation in check(history)]


async def test_no_violation_while_each_index_has_another_fault(database_url: str, redis_url: str) -> None:
    async with workload(database_url, redis_url) as (processes, histories):

        def is_done() -> bool:
            # Each index is built again at least once, in addition to the first time.
            rebuilds = sum(process.metrics.rebuilds for process in processes)
            operations = min(len(history.operations) for history in histories.values())
            hits = all(process.metrics.hits for process in processes)
            return rebuilds >= 1 + 2 * len(SIZES) and operations > 50 and hits

        turn = 0
        async with asyncio.timeout(120):
            while turn < MIN_TURNS or not is_done():
                for workspace in SIZES:
                    await injure(workspace, (await processes[turn % 2].open(workspace)).store)
                await asyncio.sleep(FAULT_SECONDS)
                turn += 1
    assert not (found := violations(histories)), "\n".join(map(str, found[:10]))


async def test_drop_without_closing_is_found(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a drop that sets the gate to `off` at once lets a process read its index after writes without it."""
    broken = idle_gates.BEGIN_DROP.replace("'closing'", "'off'")
    assert broken != idle_gates.BEGIN_DROP
    monkeypatch.setattr(idle_gates, "BEGIN_DROP", broken)
    monkeypatch.setattr("cache.maintenance.idle_indexes.dropping", no_gates)
    async with asyncio.timeout(60), workload(database_url, redis_url) as (processes, histories):
        while not check(histories["dropped"]):
            await injure("dropped", (await processes[0].open("dropped")).store)
            await asyncio.sleep(FAULT_SECONDS)


async def no_gates(*_: object) -> dict[str, object]:
    """Stand for a process that dies before it clears the keys."""
    return {}
