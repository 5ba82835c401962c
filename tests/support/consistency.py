"""Checks that Redis agrees with the rows."""

from typing import Any, LiteralString
from uuid import UUID

from cache.redis import keys
from cache.redis.encoded_task import decode
from cache.store import Store
from db.task_table import tasks_by_id
from tests.support.redis_state import protocol

# Reads the visible rows: id, status, creation in microseconds, expiry in milliseconds.
ROWS: LiteralString = """
    SELECT id, status::text, (extract(epoch FROM created_at) * 1000000)::bigint,
           (extract(epoch FROM expires_at) * 1000)::bigint
    FROM task WHERE workspace_id = %s AND deleted_at IS NULL
      AND (expires_at IS NULL OR expires_at > clock_timestamp())
"""


async def check_indexes(store: Store) -> None:
    """Assert that each index and `expiring` set holds exactly the rows of its view, and that no mark is left.

    Call this only without writes in flight.
    """
    names, client = protocol(store).keys, store.redis.client
    rows = await _visible_rows(store)
    for view, index, expiring in zip(keys.VIEWS, names.indexes, names.expiring, strict=True):
        of_view = [row for row in rows if view in (None, row[1])]
        expected = {id_.bytes: float(created_at) for id_, _, created_at, _ in of_view}
        assert await _scores(client, index) == expected | {keys.BEACON: float("-inf")}
        expected = {id_.bytes: float(expires_at) for id_, _, _, expires_at in of_view if expires_at is not None}
        assert await _scores(client, expiring) == expected | {keys.BEACON: float("inf")}
    assert await _scores(client, names.marks) == {}


async def check_rows_are_indexed(store: Store) -> None:
    """Assert that every row is in its indexes, and that no sweep removes a row before its expiry.

    This holds at any time while the gate is on. The rows of an unsettled bulk create are in its record instead.
    """
    names, client = protocol(store).keys, store.redis.client
    rows = await _visible_rows(store)
    transactions = await protocol(store).recorded_creates(0.0)
    recorded = {id_ for transaction in transactions for id_ in await protocol(store).recorded_ids(transaction)}
    for view, index, expiring in zip(keys.VIEWS, names.indexes, names.expiring, strict=True):
        scores, swept_at = await _scores(client, index), await _scores(client, expiring)
        for id_, status, created_at, expires_at in rows:
            if view in (None, status) and id_ not in recorded:
                assert scores.get(id_.bytes) == float(created_at)
                at = swept_at.get(id_.bytes, float("inf"))
                assert at == float("inf") if expires_at is None else at >= float(expires_at)


async def check_entries(store: Store) -> int:
    """Assert that every entry equals its row, and return the number of entries.

    Call this only without reads and writes in flight, so that no entry is a lease or a mark.
    """
    await store.fills.drain()
    names, client = protocol(store).keys, store.redis.client
    found: dict[UUID, bytes] = {}
    async for key in client.scan_iter(match=names.entries + b"*"):
        value: Any = await client.get(key)
        if value is not None:
            found[UUID(bytes=key[len(names.entries) :])] = value
    async with store.database.connection() as connection:
        rows = await tasks_by_id(connection, store.workspace, list(found))
    assert {id_: decode(store.workspace, id_.bytes, value) for id_, value in found.items()} == {
        id_: rows.get(id_) for id_ in found
    }
    assert set(rows) == set(found)
    return len(found)


async def _visible_rows(store: Store) -> list[tuple[Any, ...]]:
    async with store.database.connection() as connection:
        return await (await connection.raw.execute(ROWS, (store.workspace,))).fetchall()


async def _scores(client: Any, key: bytes) -> dict[bytes, float]:
    return {bytes(member): float(score) for member, score in await client.zrange(key, 0, -1, withscores=True)}
