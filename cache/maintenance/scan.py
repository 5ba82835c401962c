"""Reads of the audit from the Redis that holds an index."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from cache.redis.client import Argument
from cache.redis.protocol import Protocol
from cache.store import Store


async def send(store: Store, protocol: Protocol, command: Sequence[Argument]) -> Any:
    """Return the reply to one command."""
    (reply,) = await store.redis.send([command], run_id=protocol.gate.redis_run_id)
    return reply


async def scan(store: Store, protocol: Protocol, *command: Argument) -> AsyncIterator[list[bytes]]:
    """Yield what a key holds, or the keys of the database, in batches: for SCAN, SSCAN, HSCAN or ZSCAN."""
    split = 1 if command[0] == "SCAN" else 2
    cursor: bytes | int = 0
    while True:
        cursor, found = await send(store, protocol, [*command[:split], cursor, *command[split:], "COUNT", 1000])
        if found:
            yield found
        if int(cursor) == 0:
            return
