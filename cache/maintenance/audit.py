"""The auditor: holds the index against the rows and every entry against its row, and looks for marks left behind."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from cache.errors import StoreUnavailable
from cache.maintenance.compare import examine
from cache.maintenance.scrub import BATCH, scrub
from cache.redis.client import Argument
from cache.redis.keys import BEACON, VIEW_OF
from cache.redis.protocol import Protocol
from cache.store import Store, clock
from db.gate import read_gate
from db.index_source import INDEX_START, IndexPosition, StatusBatch, index_batch, last_position

log = structlog.get_logger(__name__)

# After so many differences it is no use to go on.
MOST = 100_000
# How many rows are held against the index at once, and how many when it is a sample.
WINDOW = 5_000
SAMPLE = 100


class TooDifferent(StoreUnavailable):
    """More than 100,000 tasks differ: build the index anew, with `python -m api reindex`."""


class NothingToVerify(StoreUnavailable):
    """Redis is not in use at the moment: PostgreSQL answers everything, and there is nothing to hold against it."""


@dataclass
class Report:
    """How much was looked at, how many tasks differ, and how many of these were mended."""

    rows: int = 0
    entries: int = 0
    different: int = 0
    mended: int = 0


Say = Callable[[UUID, str], None]


async def verify(store: Store, say: Say, *, repair: bool = False) -> Report:
    """All of it, in bounded memory; `say` is told of each difference. Raises `StoreUnavailable` or
    `DatabaseError`."""
    async with store.database.connection() as connection:
        store.hear(gate := await read_gate(connection, store.workspace), clock())
    if gate.state != "on":
        raise NothingToVerify
    protocol, report = store.at(gate), Report()
    told: set[UUID] = set()
    async for ids in _suspects(store, protocol, report):
        found = await examine(store, protocol, [id_ for id_ in ids if id_ not in told])
        told.update(found)
        if len(told) > MOST:
            raise TooDifferent
        for id_, problem in found.items():
            say(id_, problem)
        report.different += len(found)
        if repair and found:
            report.mended += await _repair(store, protocol, list(found))
    return report


async def sample(store: Store, protocol: Protocol) -> int:
    """A small part, at random; each difference is a line in the log. Returns how many tasks it looked at."""
    place = await _anywhere(store, protocol)
    ids, batch, _ = await _window(store, protocol, place, SAMPLE)
    looked_at = [UUID(bytes=id_) for members in batch for id_ in members.ids]
    for id_, problem in (await examine(store, protocol, list({*ids, *looked_at}))).items():
        log.error("index or entry differs from its row", task=str(id_), problem=problem)
        store.metrics.differences += 1
        store.suspect(id_)
    store.metrics.verified += len(looked_at)
    return len(looked_at)


async def _suspects(store: Store, protocol: Protocol, report: Report) -> AsyncIterator[list[UUID]]:
    """Ids of which something may differ: a look at each that is quick, and not yet careful."""
    place: IndexPosition | None = INDEX_START
    while place is not None:
        ids, batch, place = await _window(store, protocol, place, WINDOW)
        report.rows += sum(len(members.ids) for members in batch)
        yield ids
    for index, expiring in zip(protocol.keys.indexes, protocol.keys.expiring, strict=True):
        async for members in _scan(store, protocol, "ZSCAN", expiring):
            ids_ = [id_ for id_ in members[::2] if id_ != BEACON]
            known = await _ask(store, protocol, ["ZMSCORE", index, *ids_]) if ids_ else []
            yield [UUID(bytes=id_) for id_, score in zip(ids_, known, strict=True) if score is None]
    async for members in _scan(store, protocol, "SSCAN", protocol.keys.moving):
        yield [UUID(bytes=id_) for id_ in members if id_ != BEACON]
    prefix = protocol.keys.entries
    async for keys in _scan(store, protocol, "SCAN", b"MATCH", prefix + b"*"):
        report.entries += len(keys)
        yield [UUID(bytes=key[len(prefix) :]) for key in keys]


async def _window(
    store: Store, protocol: Protocol, after: IndexPosition, limit: int
) -> tuple[list[UUID], Sequence[StatusBatch], IndexPosition | None]:
    """Up to `limit` rows behind a place, and what the indexes hold there: the ids that are not in both alike, the rows,
    and where they end; no end if there are no more.
    """
    async with store.database.connection() as connection:
        batch = await index_batch(connection, store.workspace, after, limit)
    end = last_position(batch) if sum(len(members.ids) for members in batch) == limit else None
    expected: list[set[tuple[bytes, int]]] = [set() for _ in protocol.keys.indexes]
    for members in batch:
        placed = set(zip(members.ids, map(int, members.created_at), strict=True))
        expected[0] |= placed
        expected[VIEW_OF[members.status] - 1] |= placed
    different: set[bytes] = set()
    for key, placed in zip(protocol.keys.indexes, expected, strict=True):
        held = await _between(store, protocol, key, after, end)
        different |= {id_ for id_, _ in placed ^ held}
    return [UUID(bytes=id_) for id_ in different], batch, end


async def _between(
    store: Store, protocol: Protocol, key: bytes, after: IndexPosition, end: IndexPosition | None
) -> set[tuple[bytes, int]]:
    to = "+inf" if end is None else end[0]
    found = await _ask(store, protocol, ["ZRANGE", key, after[0], to, "BYSCORE", "WITHSCORES"])
    placed = ((id_, int(score)) for id_, score in found if id_ != BEACON)
    first, last = (after[0], after[1].bytes), None if end is None else (end[0], end[1].bytes)
    return {(id_, at) for id_, at in placed if (at, id_) > first and (last is None or (at, id_) <= last)}


async def _anywhere(store: Store, protocol: Protocol) -> IndexPosition:
    """A place in the index, each as likely as the other."""
    key = protocol.keys.indexes[0]
    rank = random.randrange(int(await _ask(store, protocol, ["ZCARD", key])))  # noqa: S311
    found = await _ask(store, protocol, ["ZRANGE", key, rank, rank, "WITHSCORES"])
    return next(((int(score), UUID(bytes=id_)) for id_, score in found if id_ != BEACON), INDEX_START)


async def _scan(store: Store, protocol: Protocol, *command: Argument) -> AsyncIterator[list[bytes]]:
    """All of a set, or of the keys, a part at a time."""
    head, tail = (command[:2], command[2:]) if command[0] in ("ZSCAN", "SSCAN") else (command[:1], command[1:])
    at: bytes | int = 0
    while True:
        at, found = await _ask(store, protocol, [*head, at, *tail, "COUNT", 1000])
        if found:
            yield found
        if int(at) == 0:
            return


async def _repair(store: Store, protocol: Protocol, ids: list[UUID]) -> int:
    """Has the ids scrubbed; returns how many do not differ any more."""
    for start in range(0, len(ids), BATCH):
        await scrub(store, protocol, ids[start : start + BATCH])
    return len(ids) - len(await examine(store, protocol, ids))


async def _ask(store: Store, protocol: Protocol, command: Sequence[Argument]) -> Any:
    (reply,) = await store.redis.send([command], run_id=protocol.gate.redis_run_id)
    return reply
