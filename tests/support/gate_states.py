"""The gate, as the tests of the cache move it and wait for it; and what must hold when all is at rest."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, LiteralString
from uuid import UUID

from cache.gate.watcher import watch_gate
from cache.maintenance.rebuild import rebuild
from cache.redis import keys
from cache.redis.entry import decode
from cache.store import Store
from db import gate
from db.gate import Gate, GateState
from db.task_table import tasks_by_id
from tests.support.factories import look, marks, protocol


async def gate_of(store: Store) -> Gate:
    """As it is committed."""
    async with store.database.connection() as connection:
        return await gate.read_gate(connection, store.workspace)


async def build(store: Store) -> int:
    """Builds the index, which nobody else does, and looks."""
    count = await rebuild(store)
    assert count is not None
    await look(store)
    return count


async def close(store: Store) -> None:
    """Closes the gate, as one who has seen that the index is lost."""
    async with store.database.connection() as connection:
        epoch = (await gate.read_gate(connection, store.workspace)).epoch
        assert await gate.close_gate(connection, store.workspace, epoch, lost=True)
    await look(store)


async def switch_off(store: Store) -> None:
    """As if everybody had seen the gate closing for long enough."""
    async with store.database.connection() as connection:
        epoch = (await gate.read_gate(connection, store.workspace)).epoch
        assert await gate.switch_off(connection, store.workspace, epoch)
    await look(store)


async def off(store: Store) -> None:
    """Closes the gate, and waits for nobody."""
    await close(store)
    await switch_off(store)


async def tire(store: Store) -> None:
    """The gate was closed so often lately that it stays open for now, unless the index is lost."""
    async with store.database.connection() as connection:
        await connection.raw.execute("UPDATE gate SET closings = 10, since = clock_timestamp()")


@asynccontextmanager
async def watched(*stores: Store) -> AsyncIterator[None]:
    """While processes watch the gate, and nothing else is done there."""
    watches = [asyncio.create_task(watch_gate(store.gate_lease, store.database, store.workspace)) for store in stores]
    try:
        yield
    finally:
        for task in watches:
            task.cancel()
        await asyncio.wait(watches)


async def until_gate_is(store: Store, state: GateState) -> Gate:
    """As it is committed, whoever has seen it."""
    for _ in range(1500):
        found = await gate_of(store)
        if found.state == state:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"The gate is {found.state}, and not {state}.")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 (nobody tells when)
            await asyncio.sleep(0.005)


ROWS: LiteralString = """
    SELECT id, status::text, (extract(epoch FROM created_at) * 1000000)::bigint,
           (extract(epoch FROM expires_at) * 1000)::bigint
    FROM task WHERE workspace_id = %s AND deleted_at IS NULL
      AND (expires_at IS NULL OR expires_at > clock_timestamp())
"""


async def check_indexes(store: Store) -> None:
    """At rest: every index is its rows, member for member and score for score, `expiring` as well; no mark is left."""
    names, client = protocol(store).keys, store.redis.client
    async with store.database.connection() as connection:
        rows = await (await connection.raw.execute(ROWS, (store.workspace,))).fetchall()
    for view, index, expiring in zip(keys.VIEWS, names.indexes, names.expiring, strict=True):
        of_view = [row for row in rows if view in (None, row[1])]
        expected = {id_.bytes: float(created_at) for id_, _, created_at, _ in of_view}
        assert await _scores(client, index) == expected | {keys.BEACON: float("-inf")}
        expected = {id_.bytes: float(ends) for id_, _, _, ends in of_view if ends is not None}
        assert await _scores(client, expiring) == expected | {keys.BEACON: float("inf")}
    assert await _scores(client, names.marks) == {}


async def check_nothing_missing(store: Store) -> None:
    """At any time while the gate is on: every row is in its indexes, and no sweep takes it out before its expiry."""
    names, client = protocol(store).keys, store.redis.client
    async with store.database.connection() as connection:
        rows = await (await connection.raw.execute(ROWS, (store.workspace,))).fetchall()
    for view, index, expiring in zip(keys.VIEWS, names.indexes, names.expiring, strict=True):
        scores, swept = await _scores(client, index), await _scores(client, expiring)
        for id_, status, created_at, ends in rows:
            if view in (None, status):
                assert scores.get(id_.bytes) == float(created_at)
                at = swept.get(id_.bytes, float("inf"))
                assert at == float("inf") if ends is None else at >= float(ends)


async def check_entries(store: Store) -> int:
    """At rest: every value is its row, and there is nothing but values; returns how many there are."""
    names, client = protocol(store).keys, store.redis.client
    found: dict[UUID, bytes] = {}
    async for key in client.scan_iter(match=names.entries + b"*"):
        value: Any = await client.get(key)
        if value is not None:
            found[UUID(bytes=key[len(names.entries) :])] = value
    async with store.database.connection() as connection:
        rows = await tasks_by_id(connection, store.workspace, list(found))
    assert {id_: decode(store.workspace, id_, value) for id_, value in found.items()} == {
        id_: rows.get(id_) for id_ in found
    }
    assert set(rows) == set(found)
    return len(found)


async def _scores(client: Any, key: bytes) -> dict[bytes, float]:
    return {bytes(member): float(score) for member, score in await client.zrange(key, 0, -1, withscores=True)}


async def until_settled(store: Store) -> None:
    """Until the keeper has looked at every id that was written while the index was built."""
    async with asyncio.timeout(20):
        while store.gate_lease.protocol is None or await marks(store):  # noqa: ASYNC110 (nobody tells when)
            await asyncio.sleep(0.02)
