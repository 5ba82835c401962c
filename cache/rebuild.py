"""Builds the index from the rows: at start, when Redis has lost it, and by hand."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog

from cache.accounting import Accounting
from cache.errors import CacheUnavailable
from cache.keys import BEACON, VIEW_OF, Keys
from cache.redis import Redis
from cache.store import Store
from db import gate
from db.gate import Gate, IndexRow
from db.pool import Connection, Database

log = structlog.get_logger(__name__)


async def ensure_index(store: Store, *, force: bool = False) -> int | None:
    """Makes sure that the index in use is there and is this database's, and uses it.

    Returns how many ids it took to build a new one; none if the old one stands. Writers wait while
    it is built, readers are told to try again. Raises `StoreUnavailable` or `DatabaseError`.
    """
    run_id = await store.redis.run_id()
    async with store.database.connection() as connection:
        current = await gate.read_gate(connection, store.workspace)
    if not force and current is not None and await _stands(store, current, run_id):
        store.use(current.epoch)
        return None
    async with store.database.transaction() as connection:
        await gate.close_gate(connection, store.workspace)
        latest = await gate.read_gate(connection, store.workspace)
        # Somebody else may have built it while we waited for the gate.
        if latest is not None and latest != current and await _stands(store, latest, run_id):
            count, epoch = None, latest.epoch
        else:
            if latest is not None:
                await _clear(store.redis, Keys(store.workspace, latest.epoch))
            epoch = await gate.new_epoch(connection)
            try:
                count = await _build(store, connection, epoch)
                await gate.write_gate(connection, store.workspace, Gate(epoch, run_id))
            except BaseException:
                with suppress(CacheUnavailable):
                    await _clear(store.redis, Keys(store.workspace, epoch))
                raise
    store.use(epoch)
    return count


async def _stands(store: Store, current: Gate, run_id: str) -> bool:
    """Whether the index of the gate was built in this run of Redis, and every beacon is there."""
    if current.redis_run_id != run_id:
        return False
    keys = Keys(store.workspace, current.epoch)
    async with store.redis.pipeline() as pipeline:
        pipeline.exists(keys.rev)
        for key in (*keys.indexes, *keys.expiring):
            pipeline.zscore(key, BEACON)
    return pipeline.replies[0] == 1 and None not in pipeline.replies


async def _build(store: Store, connection: Connection, epoch: int) -> int:
    began, count = time.monotonic(), 0
    keys = Keys(store.workspace, epoch)
    async with store.redis.pipeline() as pipeline:
        pipeline.set(keys.rev, 1)
        for index, expiring in zip(keys.indexes, keys.expiring, strict=True):
            pipeline.zadd(index, {BEACON: "-inf"})
            pipeline.zadd(expiring, {BEACON: "+inf"})
    # Redis takes a batch while PostgreSQL reads the next one.
    async with asyncio.TaskGroup() as group:
        under_way: asyncio.Task[None] | None = None
        async for rows in gate.index_rows(connection, store.workspace):
            if under_way is not None:
                await under_way
            under_way = group.create_task(_add(store.redis, keys, rows))
            count += len(rows)
    store.accounting.rebuild_seconds = time.monotonic() - began
    store.accounting.rebuilds += 1
    log.info("index built", epoch=epoch, tasks=count, seconds=round(store.accounting.rebuild_seconds, 3))
    return count


async def _add(redis: Redis, keys: Keys, rows: Sequence[IndexRow]) -> None:
    scores: list[dict[bytes, int]] = [{} for _ in keys.indexes]
    expiries: list[dict[bytes, int]] = [{} for _ in keys.indexes]
    for id_, created_at, status, expires_at in rows:
        view = VIEW_OF[status] - 1
        scores[0][id_] = scores[view][id_] = created_at
        if expires_at is not None:
            expiries[0][id_] = expiries[view][id_] = expires_at
    async with redis.pipeline() as pipeline:
        pipeline.exists(keys.rev)
        for key, members in zip((*keys.indexes, *keys.expiring), (*scores, *expiries), strict=True):
            if members:
                pipeline.zadd(key, members)
    if pipeline.replies[0] != 1:
        raise CacheUnavailable("Redis was emptied while the index was being built. Try again.")


async def _clear(redis: Redis, keys: Keys) -> None:
    """Ends the use of an old index; its entries end by themselves, its marks do not."""
    async with redis.pipeline() as pipeline:
        pipeline.zrange(keys.marks, 0, -1)
        pipeline.unlink(*keys.prelude)
    marked: list[bytes] = pipeline.replies[0]
    if marked:
        async with redis.pipeline() as pipeline:
            pipeline.unlink(*(keys.entries + id_ for id_ in marked))


async def reindex(database_url: str, redis_url: str) -> int:
    """Builds the index anew, by hand; returns the number of ids. The service goes on with the new one."""
    async with Database(database_url) as database, Redis(redis_url) as redis:
        return await ensure_index(Store(database, redis, Accounting()), force=True) or 0
