"""Moves the gate to a state, watches the gate, and waits for a state."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cache.gate.lease import clock
from cache.gate.watcher import GateWatcher
from cache.maintenance.rebuild import rebuild
from cache.store import Store
from db import gate
from db.gate import Gate, GateState
from tests.support.redis_state import marked_ids

# A gate lease that is longer than any test.
LONG_LEASE_SECONDS = 3600


async def grant_gate_lease(store: Store) -> None:
    """Read the gate as the watcher does, but with a lease that outlasts the test."""
    async with store.database.connection() as connection:
        found = await gate.read_gate(connection, store.workspace)
    store.gate_lease.observe_gate(found, clock() + LONG_LEASE_SECONDS)
    store.gate_lease.redis_answers = True


async def committed_gate(store: Store) -> Gate:
    """Return the gate as PostgreSQL holds it."""
    async with store.database.connection() as connection:
        return await gate.read_gate(connection, store.workspace)


async def build_index(store: Store) -> int:
    """Build the index, grant a gate lease, and return the number of ids in the index."""
    count = await rebuild(store)
    assert count is not None
    await grant_gate_lease(store)
    return count


async def close_gate(store: Store) -> None:
    """Set the gate to `closing`, like a process that has found the index lost."""
    async with store.database.connection() as connection:
        epoch = (await gate.read_gate(connection, store.workspace)).epoch
        assert await gate.close_gate(connection, store.workspace, epoch, lost=True)
    await grant_gate_lease(store)


async def finish_closing(store: Store) -> None:
    """Set a closing gate to `off` without waiting for the leases of readers to end."""
    async with store.database.connection() as connection:
        epoch = (await gate.read_gate(connection, store.workspace)).epoch
        assert await gate.switch_off(connection, store.workspace, epoch)
    await grant_gate_lease(store)


async def switch_gate_off(store: Store) -> None:
    """Close the gate and set it to `off` at once."""
    await close_gate(store)
    await finish_closing(store)


async def exhaust_closings(store: Store) -> None:
    """Exhaust the limit of closings, so that the gate closes only for a lost index."""
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET closings = 10, since = clock_timestamp()")


@asynccontextmanager
async def gate_watchers(*stores: Store) -> AsyncIterator[None]:
    """Run the gate watcher of each store, and no other background work."""
    watchers = []
    for store in stores:
        watcher = GateWatcher(store.database.for_every_workspace())
        watcher.add(store.gate_lease)
        watchers.append(asyncio.create_task(watcher.run()))
    try:
        yield
    finally:
        for task in watchers:
            task.cancel()
        await asyncio.wait(watchers)


async def wait_for_gate_state(store: Store, state: GateState) -> Gate:
    """Wait until PostgreSQL holds the gate in a state, and return the gate."""
    for _ in range(1500):
        found = await committed_gate(store)
        if found.state == state:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"The gate is {found.state}. Expected {state}.")


async def wait_until(condition: Callable[[], bool]) -> None:
    """Poll a condition until it is true, for up to a minute."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (no event is set when the condition changes)
            await asyncio.sleep(0.005)


async def wait_until_scrubbed(store: Store) -> None:
    """Wait until Redis is in use and the scrub has cleared every mark, for example those of writes during a rebuild."""
    async with asyncio.timeout(60):
        while store.gate_lease.protocol is None or await marked_ids(store):  # noqa: ASYNC110 (no event is set)
            await asyncio.sleep(0.02)
