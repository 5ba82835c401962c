"""The watch on the gate: every process reads it several times a second, and helps to move it on."""

import asyncio
from contextlib import suppress

import structlog

from cache.errors import CacheUnavailable, IndexLost
from cache.store import LEASE, Store, clock
from db import gate
from db.errors import DatabaseError
from db.gate import Gate
from db.pool import Connection

log = structlog.get_logger(__name__)

# Seconds between two looks at the gate.
ROUND = 0.25
# How much longer than a lease `closing` lasts, for clocks that do not run alike.
MARGIN = 0.2


async def watch(store: Store) -> None:
    """Looks at the gate for as long as the process runs, on a connection that no reader can take."""
    seen: tuple[Gate, float] | None = None
    while True:
        try:
            async with store.database.dedicated_connection() as connection:
                while True:
                    seen = await look(store, connection, seen)
                    await _pause(store)
        except DatabaseError as error:
            log.warning("the gate cannot be read", reason=str(error))
            await asyncio.sleep(ROUND)


async def look(store: Store, connection: Connection, seen: tuple[Gate, float] | None) -> tuple[Gate, float] | None:
    """One look; `seen` and what it returns is a gate seen closing, and since when."""
    sent = clock()
    found = await gate.read_gate(connection, store.workspace)
    store.hear(found, sent)
    if found.state == "closing":
        if seen is None or seen[0] != found:
            return found, clock()
        if clock() - seen[1] > LEASE + MARGIN and await gate.switch_off(connection, store.workspace, found.epoch):
            log.warning("gate off", epoch=found.epoch)
            store.trouble.set()
        return seen
    if found.state == "on":
        await _check(store, found)
    return None


async def _check(store: Store, found: Gate) -> None:
    """Whether Redis answers again, if it did not; and whether the index in use was found missing."""
    if not store.redis_answers:
        try:
            await store.at(found).check()
            store.redis_answers = True
        except IndexLost as error:
            store.lost = (found.epoch, error)
        except CacheUnavailable:
            return
    if (lost := store.lost) is not None:
        if lost[0] == found.epoch:
            await store.close(*lost)  # if that fails, it is not forgotten
        if store.lost is lost:
            store.lost = None


async def _pause(store: Store) -> None:
    """Until the next round, or until something happens that somebody waits for."""
    store.trouble.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(ROUND):
            await store.trouble.wait()
