"""Builds the index from the rows, while writers go on: when the gate is off, at start, and by hand."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog

from cache.errors import CacheUnavailable, IndexLost, RedisFull, UnfitRedis
from cache.gate.watcher import look
from cache.redis.client import Argument
from cache.redis.keys import BEACON, VIEW_OF, Keys, epochs_key
from cache.redis.preflight import redis_problems
from cache.redis.protocol import Protocol
from cache.store import Store
from db import gate
from db.errors import DatabaseError
from db.gate import Gate
from db.index_source import INDEX_START, StatusBatch, index_batch, last_position
from db.pool import Connection

log = structlog.get_logger(__name__)

BATCH = 10_000


async def rebuild(store: Store) -> int | None:
    """Builds an index and switches it on. Returns how many ids it took; none if it is not this process's turn.

    Raises `StoreUnavailable` or `DatabaseError`; then whoever tries next begins again.
    """
    # Before anybody has to wait for a Redis that does not answer. It may not have been there when the service started.
    run_id = await store.redis.run_id()
    if problems := await redis_problems(store.redis):
        raise UnfitRedis(" ".join(problems))
    async with store.database.transaction() as turn:
        if not await gate.try_to_build(turn, store.workspace):
            return None
        protocol = await _begin(store, run_id)
        if protocol is None:
            return None
        try:
            return await _build(store, turn, protocol)
        except BaseException as error:
            store.note(protocol.gate.epoch, error)
            await _give_up(store, protocol, error)
            raise


async def _begin(store: Store, run_id: str) -> Protocol | None:
    """B1: alone, a new epoch, `rev` and the beacons, `building`. None if the gate does not stand so."""
    async with store.database.transaction() as connection:
        epoch = await gate.begin_building(connection, store.workspace)
        if epoch is None:
            return None
        protocol = store.at(Gate("building", epoch, run_id))
        keys = protocol.keys
        beacons: list[tuple[Argument, ...]] = [("ZADD", key, "-inf", BEACON) for key in keys.indexes]
        beacons += [("ZADD", key, "+inf", BEACON) for key in keys.expiring]
        beacons += [("SADD", keys.moving, BEACON)]
        begin: list[tuple[Argument, ...]] = [
            ("SADD", epochs_key(store.workspace), epoch),
            ("SET", keys.rev, 1),
            *beacons,
        ]
        try:
            await store.redis.send(begin, run_id=run_id)
        except RedisFull as error:
            store.note(epoch, error)
            raise
        written = await gate.write_building(connection, store.workspace, epoch, run_id)
    return protocol if written else None


async def _build(store: Store, turn: Connection, protocol: Protocol) -> int | None:
    began = time.monotonic()
    count = await _fill(store, turn, protocol)
    async with store.database.connection() as connection:
        if not await gate.switch_on(connection, store.workspace, protocol.gate.epoch):  # B4
            raise IndexLost("The index was given up while it was being built. Try again.")
    store.metrics.rebuild_seconds = time.monotonic() - began
    store.metrics.rebuilds += 1
    store.trouble.set()  # not to wait for the watch's next look
    seconds = round(store.metrics.rebuild_seconds, 3)
    log.info("index built", epoch=protocol.gate.epoch, tasks=count, seconds=seconds)
    with suppress(CacheUnavailable):
        await _clear_old_epochs(store, protocol)
    return count


async def _fill(store: Store, connection: Connection, protocol: Protocol) -> int:
    """B2, B3: Redis takes a batch while PostgreSQL reads the next one."""
    count, place, under_way = 0, INDEX_START, asyncio.create_task(asyncio.sleep(0))
    try:
        while batch := await index_batch(connection, store.workspace, place, BATCH):
            await under_way
            under_way = asyncio.create_task(_add(store, protocol, batch))
            count += sum(len(members.ids) for members in batch)
            place = last_position(batch)
        await under_way
    finally:  # nothing may be added any more when what is there is cleared
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)
    return count


async def _add(store: Store, protocol: Protocol, batch: Sequence[StatusBatch]) -> None:
    """B3. GT: a later expiry, which a writer has put there meanwhile, stands; `never` is +inf there while we build."""
    keys = protocol.keys
    commands: list[list[Argument]] = [["EXISTS", keys.rev]]
    for members in batch:
        view = VIEW_OF[members.status] - 1
        flat = _flat(members.created_at, members.ids)
        commands += (["ZADD", keys.indexes[of], "GT", *flat] for of in (0, view))
        if members.expiring:
            flat = _flat(members.expires_at, members.expiring)
            commands += (["ZADD", keys.expiring[of], "GT", *flat] for of in (0, view))
    there, *_ = await store.redis.send(commands, run_id=protocol.gate.redis_run_id)
    if not there:
        raise IndexLost("Redis was emptied while the index was being built. Try again.")


def _flat(scores: list[str], ids: list[bytes]) -> list[Argument]:
    """Each score with its id, as ZADD takes them."""
    flat: list[Argument] = [b""] * (2 * len(ids))
    flat[0::2] = scores
    flat[1::2] = ids
    return flat


async def _give_up(store: Store, protocol: Protocol, error: BaseException) -> None:
    """Lets the writers go on without Redis, and leaves nothing behind there."""
    log.warning("index given up", epoch=protocol.gate.epoch, reason=str(error) or repr(error))
    with suppress(DatabaseError):
        async with store.database.connection() as connection:
            await gate.close_gate(connection, store.workspace, protocol.gate.epoch, lost=True)
    with suppress(CacheUnavailable, IndexLost):
        await _clear(store, protocol.gate.epoch)


async def _clear_old_epochs(store: Store, current: Protocol) -> None:
    """Takes what earlier indexes, and attempts at one, have left in Redis."""
    (members,) = await store.redis.send([("SMEMBERS", epochs_key(store.workspace))])
    for epoch in sorted(map(int, members)):
        if epoch < current.gate.epoch:
            await _clear(store, epoch)


async def _clear(store: Store, epoch: int) -> None:
    """Takes an index out of Redis; its entries end by themselves, its marks do not."""
    keys = Keys(store.workspace, epoch)
    marked, *_ = await store.redis.send(
        [("ZRANGE", keys.marks, 0, -1), ("UNLINK", *keys.prelude, keys.changes, keys.pending)]
    )
    if marked:
        await store.redis.send([("UNLINK", *(keys.entries + id_ for id_ in marked))])
    await store.redis.send([("SREM", epochs_key(store.workspace), epoch)])


async def reindex(store: Store) -> int:
    """Closes the gate by hand and builds the index anew, the same way as ever; returns the number of ids."""
    async with store.database.connection() as connection:
        current = await gate.read_gate(connection, store.workspace)
        await gate.close_gate(connection, store.workspace, current.epoch, lost=True)
    closing = None
    while True:
        async with store.database.connection() as connection:
            closing = await look(store, connection, closing)  # perhaps nobody else does
            found = await gate.read_gate(connection, store.workspace)
        if found.state == "on" and found.epoch != current.epoch:  # a service was quicker
            return await size(store, found)
        if found.state in ("off", "building") and (count := await rebuild(store)) is not None:
            return count
        await asyncio.sleep(0.1)


async def size(store: Store, there: Gate) -> int:
    """How many ids an index holds."""
    (count,) = await store.redis.send([("ZCARD", store.at(there).keys.indexes[0])], run_id=there.redis_run_id)
    return int(count) - 1
