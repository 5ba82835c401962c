"""Comparison of single tasks in Redis with their rows, ignoring tasks that are being written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from cache.maintenance.scrub import settle_creates
from cache.redis.client import Argument
from cache.redis.encoded_task import VALUE_PREFIX, decode, encode
from cache.redis.keys import CREATED, VIEW_OF, VIEWS
from cache.redis.protocol import Protocol
from cache.redis.times import MILLISECOND, created_at_us, expires_at_ms
from cache.store import Store
from db.task import Task
from db.task_table import tasks_by_id

# The pause before each comparison. A write in flight has ended, or left its mark, by the last one.
COMPARE_PAUSES_SECONDS = (0.0, 0.1, 0.4)
# How long a mark may be past its deadline after its transaction, because the scrub runs once a second.
MARK_TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True)
class RedisState:
    """The state of a task in Redis: its entry, and its score in each index and in each `expiring` set.

    `stuck_moving` is set if the task is in `moving` without a mark whose end would remove it.
    """

    entry: bytes | None
    indexes: tuple[float | None, ...]
    expiring: tuple[float | None, ...]
    stuck_moving: bool = False

    @property
    def mark_deadline_ms(self) -> int | None:
        """Deadline of the mark, or None without a mark."""
        return int(self.entry.split()[2]) if self.entry is not None and self.entry.startswith(b"M ") else None

    @property
    def holds_value(self) -> bool:
        """Whether the entry holds a task, in any format."""
        return self.entry is not None and self.entry.startswith(b"V ")


async def compare_tasks(store: Store, protocol: Protocol, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return a description of each difference that lasts, by id. Raises `StoreUnavailable` or `DatabaseError`."""
    differences = dict.fromkeys(ids, "")
    for pause in COMPARE_PAUSES_SECONDS:
        if not differences:
            break
        await asyncio.sleep(pause)
        if pause:  # as a reader of the index does
            await settle_creates(store, protocol, min_age_seconds=0.0)
        differences = await _compare_once(store, protocol, list(differences))
    return differences


async def _compare_once(store: Store, protocol: Protocol, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Read Redis, the rows, and Redis again. A task that changed in Redis between is being written, and is skipped."""
    before, _ = await _redis_states(store, protocol, ids)
    async with store.database.connection() as connection:
        rows = await tasks_by_id(connection, store.workspace, ids)
    after, now_ms = await _redis_states(store, protocol, ids)
    differences = {}
    for id_, earlier, state in zip(ids, before, after, strict=True):
        if earlier == state and (difference := _difference(store, id_, rows.get(id_), state, now_ms)):
            differences[id_] = difference
    return differences


async def _redis_states(store: Store, protocol: Protocol, ids: Sequence[UUID]) -> tuple[list[RedisState], int]:
    """Return the state of each id in Redis, and the time of Redis in milliseconds."""
    keys, members = protocol.keys, [id_.bytes for id_ in ids]
    sets = (*keys.indexes, *keys.expiring)
    commands: list[list[Argument]] = [["TIME"]]
    commands += (["ZMSCORE", key, *members] for key in sets)
    commands += (["SMISMEMBER", keys.moving, *(kind + id_ for id_ in members)] for kind in (b"", CREATED))
    commands += [["ZMSCORE", keys.marks, *members]]
    commands += (["GET", keys.entry(id_)] for id_ in ids)
    replies: list[Any] = await store.redis.send(commands, run_id=protocol.gate.redis_run_id)
    (seconds, microseconds), *replies = replies
    scores, (by_expiry, by_creation, marks, *entries) = replies[: len(sets)], replies[len(sets) :]
    columns = iter(zip(*scores, strict=True))
    states = []
    moving = map(max, by_expiry, by_creation)
    for value, column, moves, mark in zip(entries, columns, moving, marks, strict=True):
        numbers = (score for score in column)
        indexes = tuple(islice(numbers, len(VIEWS)))
        states.append(RedisState(value, indexes, tuple(numbers), bool(moves) and mark is None))
    return states, int(seconds) * 1000 + int(microseconds) // 1000


def _difference(store: Store, id_: UUID, row: Task | None, state: RedisState, now_ms: int) -> str:
    """Describe how Redis differs from the row, or return ''."""
    if state.mark_deadline_ms is not None:
        late_ms, tolerance = now_ms - state.mark_deadline_ms, store.longest_transaction + MARK_TOLERANCE
        return f"its mark is {late_ms / 1000:.0f} s past its deadline" if late_ms > tolerance / MILLISECOND else ""
    if state.stuck_moving:
        return "it is stuck in `moving`: PostgreSQL has to answer its pages"
    if row is None:
        return _difference_without_row(state, now_ms)
    return _index_difference(row, state, now_ms) or _entry_difference(store.workspace, id_, row, state)


def _difference_without_row(state: RedisState, now_ms: int) -> str:
    if state.holds_value:
        return "it is cached, but was deleted or has expired"
    to_be_swept = any(score is not None and score <= now_ms for score in state.expiring)
    if not to_be_swept and {*state.indexes, *state.expiring} != {None}:
        return "it is in the index, but was deleted or has expired"
    return ""


def _index_difference(row: Task, state: RedisState, now_ms: int) -> str:
    expires_at = expires_at_ms(row)
    if expires_at != "" and int(expires_at) <= now_ms:
        return ""  # the sweep will remove it
    for view, (score, expiry) in enumerate(zip(state.indexes, state.expiring, strict=True)):
        name = "all tasks" if view == 0 else str(VIEWS[view])
        if view in (0, VIEW_OF[row.status] - 1):
            if score is None:
                return f"it is missing from the index of {name}"
            if score != created_at_us(row):
                return f"it has the wrong position in the index of {name}"
            if expiry != (None if expires_at == "" else float(expires_at)):
                return f"it has the wrong expiry in the index of {name}"
        elif score is not None or expiry is not None:
            return f"it is in the index of {name}, but its status is {row.status}"
    return ""


def _entry_difference(workspace: str, id_: UUID, row: Task, state: RedisState) -> str:
    if state.entry is None or not state.entry.startswith(VALUE_PREFIX):  # another format is a miss, which is fine
        return ""
    cached = _decode_entry(workspace, id_, state.entry)
    if cached == row:
        return ""
    version = "an unreadable value" if cached is None else f"version {cached.version}"
    return f"its entry has {version}, but its row has version {row.version}"


def _decode_entry(workspace: str, id_: UUID, value: bytes) -> Task | None:
    """Return the task of an entry if header and JSON can be decoded and agree, otherwise None."""
    try:
        encoded = decode(workspace, id_.bytes, value)
        if encoded is None or encoded.value != encode(workspace, encoded.task).value:
            return None
        return encoded.task
    except (msgspec.DecodeError, KeyError):
        return None
