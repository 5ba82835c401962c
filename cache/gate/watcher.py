"""The watcher: every process reads the gate several times a second and advances its state when due."""

import asyncio
from contextlib import suppress

import structlog

from cache.errors import CacheUnavailable, IndexLost
from cache.gate.lease import GATE_LEASE_SECONDS, GateLease, clock
from db import gate
from db.errors import DatabaseError, explain
from db.gate import Gate
from db.pool import Connection, Database

log = structlog.get_logger(__name__)

WATCH_INTERVAL_SECONDS = 0.25
# `closing` lasts this much longer than a lease, for clocks that run at different rates.
CLOSING_MARGIN_SECONDS = 0.2

# A gate that was seen `closing`, and since when by `clock`.
SeenClosing = tuple[Gate, float]


async def watch_gate(lease: GateLease, database: Database, workspace: str) -> None:
    """Watch the gate for the lifetime of the process, on a connection that no reader can take."""
    seen: SeenClosing | None = None
    while True:
        try:
            async with database.dedicated_connection() as connection:
                while True:
                    seen = await check_gate(lease, connection, workspace, seen)
                    await _wait(lease)
        except DatabaseError as error:
            log.warning("cannot read the gate", reason=explain(error))
            await asyncio.sleep(WATCH_INTERVAL_SECONDS)


async def check_gate(
    lease: GateLease, connection: Connection, workspace: str, seen: SeenClosing | None
) -> SeenClosing | None:
    """Read the gate once, and switch it off when it has been closing for longer than any lease.

    `seen` is the closing gate and the time at which this process first read it. Returns the value for the next call.
    """
    sent_at = clock()
    found = await gate.read_gate(connection, workspace)
    lease.observe_gate(found, sent_at)
    if found.state == "closing":
        if seen is None or seen[0] != found:
            return found, clock()
        expired = clock() - seen[1] > GATE_LEASE_SECONDS + CLOSING_MARGIN_SECONDS
        if expired and await gate.switch_off(connection, workspace, found.epoch):
            log.info("gate off", epoch=found.epoch)
            lease.wake_up()
        return seen
    if found.state == "on":
        await _check_redis(lease, found)
    return None


async def _check_redis(lease: GateLease, found: Gate) -> None:
    """Check whether Redis answers again after a failure, and close the gate if the index was reported lost."""
    try:
        if not lease.redis_answers:
            await lease.protocol_for(found).check()
        lease.use_redis(found.epoch)
    except IndexLost as error:
        lease.lost_index = (found.epoch, error)
    except CacheUnavailable as error:
        lease.bypass_redis(found.epoch, error)
        return
    if (lost := lease.lost_index) is not None:
        if lost[0] == found.epoch:
            await lease.close(*lost)  # if this raises, the next round tries again
        if lease.lost_index is lost:
            lease.lost_index = None


async def _wait(lease: GateLease) -> None:
    """Wait for the next round, or until `GateLease.wake_up`."""
    lease.wake_up_event.clear()
    with suppress(TimeoutError):
        async with asyncio.timeout(WATCH_INTERVAL_SECONDS):
            await lease.wake_up_event.wait()
