"""Rebuild of the index from the rows while writers continue: at start, when the gate is off, and on request."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

import structlog

from cache.errors import CacheUnavailable, IndexLost, RedisFull, UnfitRedis
from cache.gate.watcher import check_gate
from cache.maintenance.clear import clear_epoch
from cache.redis.bulk_connection import BulkConnection
from cache.redis.client import Argument
from cache.redis.keys import BEACON, VIEW_OF, epochs_key
from cache.redis.pipeline import pack_command
from cache.redis.preflight import redis_problems
from cache.redis.protocol import Protocol
from cache.store import Store
from db import gate
from db.connection import Connection
from db.errors import DatabaseError, explain, name_server
from db.gate import Gate
from db.index_source import (
    CREATED_DIGITS,
    EXPIRY_DIGITS,
    INDEX_START,
    StatusBatch,
    index_batch,
    last_position,
    pair_length,
)
from db.tracing import root_span

log = structlog.get_logger(__name__)

Batch = Sequence[StatusBatch]

REBUILD_BATCH_ROWS = 40_000
# With two, Redis always has a batch to add while the other reply is on its way.
ADDERS = 2
# Redis serves nobody else during a command. With larger ones it also needs a tenth more CPU time.
ZADD_PAIRS = 500
REINDEX_POLL_SECONDS = 0.1


async def rebuild(store: Store) -> int | None:
    """Build an index and put it into use. Return how many ids it holds, or None if another process is building.

    Raises `StoreUnavailable` or `DatabaseError`; the next attempt starts from the beginning.
    """
    await store.gate_lease.note_end()  # Redis may not have been reachable before
    await store.gate_lease.check_server()
    # Checked before any writer has to wait. Redis may not have been reachable when the service started.
    run_id = await store.redis.run_id()
    if problems := await redis_problems(store.redis, store.workspace):
        # After a failover, the old primary may be a replica that still answers on the connections to it.
        await store.redis.reconnect()
        raise name_server(UnfitRedis(" ".join(problems)), store.redis.primary_name)
    async with store.database.transaction() as lock_connection:
        if not await gate.try_to_build(lock_connection, store.workspace):
            return None
        begun = await _begin(store, run_id)
        if begun is None:
            return None
        protocol, older = begun
        try:
            return await _build(store, lock_connection, protocol, older)
        except BaseException as error:
            store.gate_lease.record_failure(protocol.gate.epoch, error)
            await _abandon(store, protocol, error)
            raise


async def _begin(store: Store, run_id: str) -> tuple[Protocol, list[int]] | None:
    """B1: without any writer in flight, create `rev` and the beacons of a new epoch, and set the gate to `building`.

    Returns None if the gate is in another state by then. Otherwise returns the epochs that Redis still holds as well.
    After a restore of the database some of them may be higher than the new one.
    """
    async with store.database.transaction() as connection:
        epoch = await gate.begin_building(connection, store.workspace)
        if epoch is None:
            return None
        protocol = store.gate_lease.protocol_for(Gate("building", epoch, run_id))
        keys = protocol.keys
        beacons: list[tuple[Argument, ...]] = [("ZADD", key, "-inf", BEACON) for key in keys.indexes]
        beacons += [("ZADD", key, "+inf", BEACON) for key in keys.expiring]
        beacons += [("SADD", keys.moving, BEACON)]
        begin: list[tuple[Argument, ...]] = [
            ("SMEMBERS", epochs_key(store.workspace)),
            ("SADD", epochs_key(store.workspace), epoch),
            ("SET", keys.rev, 1),
            *beacons,
        ]
        try:
            older, *_ = await store.redis.send(begin, run_id=run_id)
        except RedisFull as error:
            store.gate_lease.record_failure(epoch, error)
            raise
        written = await gate.write_building(connection, store.workspace, epoch, run_id)
    return (protocol, [int(epoch) for epoch in older]) if written else None


async def _build(store: Store, lock_connection: Connection, protocol: Protocol, older: Sequence[int]) -> int | None:
    started = time.monotonic()
    attributes: dict[str, str | int] = {"millitask.workspace": store.workspace, "millitask.epoch": protocol.gate.epoch}
    with root_span("rebuild", attributes) as span:
        count = await _fill(store, lock_connection, protocol)
        async with store.database.connection() as connection:
            if not await gate.switch_on(connection, store.workspace, protocol.gate.epoch):  # B4
                raise IndexLost("The gate was closed during the rebuild, so the new index is not used. Try again.")
        if span is not None:
            span.set_attribute("millitask.tasks", count)
    store.metrics.rebuild_seconds = time.monotonic() - started
    store.metrics.rebuilt_at = time.time()
    store.metrics.rebuilds += 1
    store.gate_lease.wake_up()
    seconds = round(store.metrics.rebuild_seconds, 3)
    log.info("index built", workspace=store.workspace, epoch=protocol.gate.epoch, tasks=count, seconds=seconds)
    with suppress(CacheUnavailable):
        for epoch in older:
            await clear_epoch(store.redis, store.workspace, epoch)
    return count


async def _fill(store: Store, connection: Connection, protocol: Protocol) -> int:
    """B2, B3: add every id in batches. Redis adds batches while PostgreSQL reads the next one."""
    count = 0
    batches: asyncio.Queue[Batch | None] = asyncio.Queue(1)

    async def read() -> None:
        nonlocal count
        position = INDEX_START
        while batch := await index_batch(connection, store.workspace, position, REBUILD_BATCH_ROWS):
            await batches.put(batch)
            count += sum(map(len, batch))
            position = last_position(batch)
        for _ in range(ADDERS):
            await batches.put(None)

    async def add() -> None:
        async with store.redis.bulk(protocol.gate.redis_run_id) as bulk:
            while batch := await batches.get():
                await _add(bulk, protocol, batch)

    # After a failure the index is cleared, so no batch may be added later: the group waits for the adders.
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            for _ in range(ADDERS):
                group.create_task(add())
    except ExceptionGroup as failures:  # the first failure has ended the other tasks
        raise failures.exceptions[0] from None
    return count


async def _add(bulk: BulkConnection, protocol: Protocol, batch: Batch) -> None:
    """B3: add a batch. GT keeps a later expiry that a concurrent writer has stored (+inf stands for none)."""
    keys = protocol.keys
    commands = [pack_command(("EXISTS", keys.rev))]
    for members in batch:
        view = VIEW_OF[members.status] - 1
        for of in (0, view):
            commands += _zadd(keys.indexes[of], members.created, CREATED_DIGITS)
            commands += _zadd(keys.expiring[of], members.expiring, EXPIRY_DIGITS)
    exists, *_ = await bulk.send(commands)
    if not exists:
        raise name_server(IndexLost("Redis was emptied during the rebuild. Try again."), bulk.server)


def _zadd(key: bytes, pairs: bytes, digits: int) -> Iterator[bytes]:
    """Pack commands that add pairs of score and id. Redis serves nobody else during a command, so each is limited."""
    length = pair_length(digits)
    for start in range(0, len(pairs), ZADD_PAIRS * length):
        part = pairs[start : start + ZADD_PAIRS * length]
        head = pack_command(("ZADD", key, "GT"))
        arguments = 3 + 2 * (len(part) // length)
        yield b"*%d%b%b" % (arguments, head[2:], part)


async def _abandon(store: Store, protocol: Protocol, error: BaseException) -> None:
    """Close the gate, so that writers continue without Redis, and clear the unfinished index."""
    log.warning("rebuild failed", workspace=store.workspace, epoch=protocol.gate.epoch, reason=explain(error))
    with suppress(DatabaseError):
        async with store.database.connection() as connection:
            await gate.close_gate(connection, store.workspace, protocol.gate.epoch, lost=True)
    with suppress(CacheUnavailable, IndexLost):
        await clear_epoch(store.redis, store.workspace, protocol.gate.epoch)


async def reindex(store: Store) -> int:
    """Close the gate and rebuild the index, on request. Return the number of ids."""
    async with store.database.connection() as connection:
        current = await gate.read_gate(connection, store.workspace)
        await gate.close_gate(connection, store.workspace, current.epoch, lost=True)
    seen = None
    while True:
        async with store.database.connection() as connection:
            # Move the gate on here as well: no service may be running.
            seen = await check_gate(store.gate_lease, connection, seen)
            found = await gate.read_gate(connection, store.workspace)
        if found.state == "on" and found.epoch != current.epoch:  # a running service has rebuilt it
            return await index_size(store, found)
        if found.state in ("off", "building") and (count := await rebuild(store)) is not None:
            return count
        await asyncio.sleep(REINDEX_POLL_SECONDS)


async def index_size(store: Store, current: Gate) -> int:
    """Return how many ids the index of a gate holds."""
    key = store.gate_lease.protocol_for(current).keys.indexes[0]
    (count,) = await store.redis.send([("ZCARD", key)], run_id=current.redis_run_id)
    return int(count) - 1
