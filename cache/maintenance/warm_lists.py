"""Warm lists: notes in PostgreSQL which tasks Redis holds, so that a warm start finds more than the counted ones."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

import structlog

from cache.errors import StoreUnavailable
from cache.maintenance.visits import OpenStores
from cache.redis.cached_keys import cached_keys
from cache.redis.protocol import Protocol
from cache.store import Store
from db.connection import Connection
from db.errors import DatabaseError, explain
from db.pool import Database
from db.task import ID_BYTES
from db.warm_list import due_warm_lists, save_warm_list
from db.warm_lock import try_to_warm

log = structlog.get_logger(__name__)

# How often a worker looks for lists that are due, and the age from which a list is due.
LOOK_SECONDS = 60.0
LIST_AGE = timedelta(minutes=5)
# All lists that are noted together hold up to so many tasks.
MAX_TASKS = 100_000

Key = TypeVar("Key")


class MostUsed(Generic[Key]):
    """Up to `capacity` ids, those with the highest use, by a key such as their workspace. An id takes 16 bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._size = 0
        self._by_use: dict[int, dict[Key, bytearray]] = {}

    def add(self, key: Key, id_: bytes, use: int) -> None:
        """Add an id, in place of one with a lower use if there is no room."""
        if self._size >= self._capacity:
            lowest = min(self._by_use)
            if use <= lowest:
                return
            self._remove_one(lowest)
        self._by_use.setdefault(use, {}).setdefault(key, bytearray()).extend(id_)
        self._size += 1

    def of(self, key: Key) -> bytes:
        """Return the ids of a key, those with the highest use first."""
        return b"".join(self._by_use[use].get(key, b"") for use in sorted(self._by_use, reverse=True))

    def _remove_one(self, use: int) -> None:
        by_key = self._by_use[use]
        key, ids = next(iter(by_key.items()))
        del ids[-ID_BYTES:]
        self._size -= 1
        if not ids:
            del by_key[key]
        if not by_key:
            del self._by_use[use]


class WarmLists:
    """Notes the tasks of the open workspaces every few minutes. Of all workers of all hosts, one does so at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, open_stores: OpenStores) -> None:
        """Note for the lifetime of the process."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.save(list(open_stores()), LIST_AGE)
            except (StoreUnavailable, DatabaseError) as error:
                log.warning("maintenance failed", job="warm lists", reason=explain(error), retry_seconds=LOOK_SECONDS)
            except Exception:
                log.exception("maintenance failed", job="warm lists")

    async def save(self, stores: Sequence[Store], age: timedelta) -> None:
        """Note the tasks of workspaces whose list is empty or older than `age`, if no other worker holds the lock."""
        async with self._database.transaction() as lock_connection:
            # No warm start is under way while this worker has the lock.
            if not await try_to_warm(lock_connection):
                return
            due = set(await due_warm_lists(lock_connection, [store.workspace for store in stores], age))
            used = {store: store.gate_lease.protocol for store in stores if store.workspace in due}
            protocols = {store: protocol for store, protocol in used.items() if protocol is not None}
            for store, ids in (await _most_used(protocols, lock_connection)).items():
                async with store.database.connection() as connection:
                    await save_warm_list(connection, store.workspace, protocols[store].gate.epoch, ids)


async def _most_used(protocols: Mapping[Store, Protocol], lock_connection: Connection) -> dict[Store, bytes]:
    """Return the ids of the entries of each index, the most used ones first."""
    by_prefix = {protocol.keys.entries: store for store, protocol in protocols.items()}
    most_used: MostUsed[Store] = MostUsed(MAX_TASKS)
    servers = {(await store.redis.primary()).name: store.redis for store in protocols}
    for redis in servers.values():
        began = time.monotonic()
        async for keys in cached_keys(redis):
            await lock_connection.keep_session()
            for key, use in keys:
                if (store := by_prefix.get(key[:-ID_BYTES])) is not None:
                    most_used.add(store, key[-ID_BYTES:], use)
            # Readers come first: half of the time is theirs.
            await asyncio.sleep(time.monotonic() - began)
            began = time.monotonic()
    return {store: most_used.of(store) for store in protocols}
