"""Whether what Redis holds of single tasks is what their rows say, and goes on differing while nobody writes them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from cache.redis import entry
from cache.redis.client import Argument
from cache.redis.keys import VIEW_OF, VIEWS
from cache.redis.protocol import Protocol
from cache.store import Store
from db.task import Task
from db.task_table import tasks_by_id

# Seconds before each look. A write that is under way has ended by the last one, or left its mark.
PAUSES = (0.0, 0.1, 0.4)
# Milliseconds for which a mark may be past its deadline: the sweep comes once a second.
PATIENCE = 10_000


@dataclass(frozen=True)
class Held:
    """What Redis holds of a task: its entry, its score in each index and in each `expiring`, and whether its
    place among the expiries is in doubt without anybody who will settle that."""

    entry: bytes | None
    indexes: tuple[float | None, ...]
    expiring: tuple[float | None, ...]
    in_doubt: bool = False

    @property
    def deadline(self) -> int | None:
        """When the mark is to be gone, milliseconds; none if there is no mark."""
        return int(self.entry.split()[2]) if self.entry is not None and self.entry.startswith(b"M ") else None


async def examine(store: Store, protocol: Protocol, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What differs, by id, in words. Raises as the steps of the protocol do."""
    found = dict.fromkeys(ids, "")
    for pause in PAUSES:
        if not found:
            break
        await asyncio.sleep(pause)
        found = await _look(store, protocol, list(found))
    return found


async def _look(store: Store, protocol: Protocol, ids: Sequence[UUID]) -> dict[UUID, str]:
    """One look at Redis, the rows, and Redis again: what has changed between is being written, and does not count."""
    before, _ = await _held(store, protocol, ids)
    async with store.database.connection() as connection:
        rows = await tasks_by_id(connection, store.workspace, ids)
    after, now = await _held(store, protocol, ids)
    found = {}
    for id_, was, held in zip(ids, before, after, strict=True):
        if was == held and (problem := _problem(store.workspace, id_, rows.get(id_), held, now)):
            found[id_] = problem
    return found


async def _held(store: Store, protocol: Protocol, ids: Sequence[UUID]) -> tuple[list[Held], int]:
    keys, members = protocol.keys, [id_.bytes for id_ in ids]
    sets = (*keys.indexes, *keys.expiring)
    commands: list[list[Argument]] = [["TIME"]]
    commands += (["ZMSCORE", key, *members] for key in sets)
    commands += [["SMISMEMBER", keys.moving, *members], ["ZMSCORE", keys.marks, *members]]
    commands += (["GET", keys.entry(id_)] for id_ in ids)
    replies: list[Any] = await store.redis.send(commands, run_id=protocol.gate.redis_run_id)
    (seconds, microseconds), *replies = replies
    scores, (moving, marks, *entries) = replies[: len(sets)], replies[len(sets) :]
    columns = iter(zip(*scores, strict=True))
    held = []
    for value, column, moves, mark in zip(entries, columns, moving, marks, strict=True):
        numbers = (score for score in column)
        held.append(Held(value, tuple(islice(numbers, len(VIEWS))), tuple(numbers), bool(moves) and mark is None))
    return held, int(seconds) * 1000 + int(microseconds) // 1000


def _problem(workspace: str, id_: UUID, task: Task | None, held: Held, now: int) -> str:
    if held.deadline is not None:
        late = now - held.deadline
        return f"its mark is {late / 1000:.0f} s past its deadline" if late > PATIENCE else ""
    if held.in_doubt:
        return "its place among the expiries is in doubt, and nobody settles it"
    if task is None:
        return _of_no_task(held, now)
    return _of_indexes(task, held, now) or _of_entry(workspace, id_, task, held)


def _of_no_task(held: Held, now: int) -> str:
    if held.entry is not None and held.entry.startswith(b"V "):
        return "it is cached, and no reader may see it"
    waiting = any(score is not None and score <= now for score in held.expiring)
    if not waiting and {*held.indexes, *held.expiring} != {None}:
        return "it is in the index, and no reader may see it"
    return ""


def _of_indexes(task: Task, held: Held, now: int) -> str:
    expires_at = entry.expires_at(task)
    if expires_at != "" and int(expires_at) <= now:
        return ""  # about to be swept
    for view, (score, ends) in enumerate(zip(held.indexes, held.expiring, strict=True)):
        name = "all tasks" if view == 0 else str(VIEWS[view])
        if view in (0, VIEW_OF[task.status] - 1):
            if score is None:
                return f"it is missing from the index of {name}"
            if score != entry.created_at(task):
                return f"it stands in the wrong place in the index of {name}"
            if ends != (None if expires_at == "" else float(expires_at)):
                return f"it has the wrong expiry in the index of {name}"
        elif score is not None or ends is not None:
            return f"it is in the index of {name}, and is {task.status}"
    return ""


def _of_entry(workspace: str, id_: UUID, task: Task, held: Held) -> str:
    if held.entry is None or not held.entry.startswith(b"V "):
        return ""
    cached = entry.decode(workspace, id_, held.entry)
    if cached == task:
        return ""
    return f"it is cached in version {'?' if cached is None else cached.version}, and its row has {task.version}"
