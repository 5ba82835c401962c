"""Builds the declared shapes that the index in use lacks, while writers continue and PostgreSQL answers for them."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import structlog

from cache.errors import IndexLost, RedisFull
from cache.redis.bulk_connection import BulkConnection
from cache.redis.protocol import Protocol
from cache.redis.shape_steps import ShapeSteps
from cache.store import Store
from db.connection import Connection
from db.index_source import INDEX_START
from db.shape_source import (
    block_writers,
    next_generation,
    next_range,
    shape_rows,
    try_to_build_shapes,
    view_batches,
)

log = structlog.get_logger(__name__)

# Large enough that most views have several tasks in a batch, which Redis adds in one call.
BATCH_ROWS = 20_000
# How many commands Redis has at once, and how long to let others use it after them, in relation to the time it took.
SENT_COMMANDS, PAUSE_SHARE = 6, 0.3
# How often the session of the lock is used, which PostgreSQL ends after 5 s without.
KEEP_SECONDS = 1.0
# How often a process asks Redis for the shapes of a workspace, and of how many workspaces in a second.
LOOK_SECONDS, LOOKS_PER_SECOND = 0.5, 20.0
# After a build that failed, because workers with other shapes write: the pause, which doubles up to the maximum.
RETRY_SECONDS, MAX_RETRY_SECONDS = 2.0, 240.0


class ShapeBuilds:
    """Builds the shapes of each open workspace, one workspace at a time in this process."""

    def __init__(self) -> None:
        self._working = False
        self._pauses: dict[str, float] = {}

    def wanted(self, store: Store) -> bool:
        """Return whether the index in use may lack a shape, or hold the sets of one that was removed."""
        return store.gate_lease.protocol is not None and not self._working

    async def build(self, store: Store) -> float:
        """Build what is missing and clear what was removed, unless another process does. Return the next pause."""
        protocol = store.gate_lease.protocol
        if protocol is None or self._working:
            return LOOK_SECONDS
        steps = shape_steps(store, protocol)
        self._working = True
        try:
            missing, _ = await steps.look()
            if not missing and not await steps.stale_generations():
                return LOOK_SECONDS
            built = await _build(store, steps)
        except IndexLost as error:
            store.gate_lease.report_lost_index(protocol.gate.epoch, error)
            raise
        finally:
            self._working = False
        if built is not False:
            self._pauses.pop(store.workspace, None)
            return LOOK_SECONDS
        pause = min(2 * self._pauses.get(store.workspace, RETRY_SECONDS / 2), MAX_RETRY_SECONDS)
        self._pauses[store.workspace] = pause
        return pause


def shape_steps(store: Store, protocol: Protocol) -> ShapeSteps:
    """Return the steps on the shapes of an index."""
    return ShapeSteps(store.redis, protocol.gate, store.workspace, protocol.views)


async def unlist_swept(store: Store, protocol: Protocol) -> None:
    """E2: remove ids that have expired, and were swept from the base index, from the declared views."""
    steps, before = shape_steps(store, protocol), dict[bytes, int]()
    while (swept := await steps.swept()) and swept != before:
        before = swept
        async with store.database.connection() as connection:
            rows = await shape_rows(connection, store.workspace, list(swept))
        if not await steps.unlist(swept, rows):
            return


async def build_shapes(store: Store) -> bool | None:
    """Build the shapes that the index in use lacks. Return whether that worked, None if it was not begun."""
    protocol = store.gate_lease.protocol
    return None if protocol is None else await _build(store, shape_steps(store, protocol))


async def _build(store: Store, steps: ShapeSteps) -> bool | None:
    """Build under the lock of the builder."""
    async with store.database.transaction() as lock_connection:
        if not await try_to_build_shapes(lock_connection, store.workspace):
            return None
        missing, _ = await steps.look()
        built: bool | None = True
        if missing:
            generations = await _begin(store, steps, missing)
            if generations is None:
                return None
            started = time.monotonic()
            try:
                count = await _fill(store, lock_connection, steps, generations)
            except RedisFull as error:
                for name in generations:
                    await steps.give_up(name, error)
                raise
            built = count is not None and await steps.finish(generations)
            about = {"workspace": store.workspace, "shapes": ", ".join(generations)}
            if built:
                log.info("shapes built", **about, tasks=count, seconds=round(time.monotonic() - started, 3))
            else:
                log.warning("shapes not built", **about, reason="A worker with other shapes writes.")
        for generation in await steps.stale_generations():
            await steps.clear(generation)
        return built


async def _begin(store: Store, steps: ShapeSteps, missing: Sequence[str]) -> Mapping[str, int] | None:
    """V1: without any writer in flight, let all later writers maintain the shapes. None if the gate has changed."""
    # Before the transaction: it would hold the sequence while it waits for the gate, which a restored dump drops first.
    async with store.database.connection() as connection:
        generations = {name: await next_generation(connection) for name in missing}
    async with store.database.transaction() as connection:
        gate = await block_writers(connection, store.workspace)
        if gate.state != "on" or gate.epoch != steps.gate.epoch:
            return None
        await steps.begin(generations)
    return generations


async def _fill(store: Store, connection: Connection, steps: ShapeSteps, generations: Mapping[str, int]) -> int | None:
    """V2: add all tasks in batches. Return their number, or None if the shapes are no longer being built.

    PostgreSQL and Redis work in turn: together they would leave readers no core of a small machine.
    """
    count, position = 0, INDEX_START
    await steps.begin_adding(generations)
    async with store.redis.bulk(steps.gate.redis_run_id) as bulk:
        while part := await next_range(connection, store.workspace, position, BATCH_ROWS):
            for name, generation in generations.items():
                shape = steps.views.named[name]
                views = await view_batches(connection, store.workspace, part, shape, steps.views.shapes[shape])
                if not await _add(bulk, steps, steps.pack_batches(name, generation, views), connection):
                    return None
            count += part.size
            position = part.last
    return count


async def _add(bulk: BulkConnection, steps: ShapeSteps, commands: Iterator[bytes], connection: Connection) -> bool:
    """Send a few commands at a time, with pauses. Return whether the shapes are still being built."""
    in_use = time.monotonic()
    while sent := list(islice(commands, SENT_COMMANDS)):
        started = time.monotonic()
        if not steps.all_added(await bulk.send(sent)):
            return False
        await asyncio.sleep(PAUSE_SHARE * (time.monotonic() - started))
        if time.monotonic() > in_use + KEEP_SECONDS:
            await connection.keep_session()
            in_use = time.monotonic()
    return True
