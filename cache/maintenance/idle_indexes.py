"""The drop: removes the indexes of workspaces that no process uses from Redis."""

import asyncio
from collections.abc import Callable

import structlog

from cache.errors import StoreUnavailable
from cache.gate.closing import SeenClosing, has_closed, seen_closing
from cache.maintenance.clear import clear_epochs
from cache.redis.client import Redis
from db.errors import DatabaseError, explain
from db.gate import switch_gates_off
from db.idle_gates import begin_drop, dropping, finish_drop
from db.pool import Database

log = structlog.get_logger(__name__)

# Each process looks for idle indexes this often, or sixteen times in the time after which an index is dropped.
DROP_INTERVAL_SECONDS = 60.0
CLOSING_INTERVAL_SECONDS = 0.5
# The indexes that one look drops.
DROP_BATCH = 20


class IdleIndexes:
    """Drops the index of a workspace that no process has used for `idle_seconds`. Any process finishes a drop.

    count: called with the number of indexes that were dropped.
    """

    def __init__(
        self, database: Database, redis: Redis, idle_seconds: float, count: Callable[[int], None] = lambda _: None
    ) -> None:
        self._database = database
        self._redis = redis
        self._idle_seconds = idle_seconds
        self._count = count
        self._seen: dict[str, SeenClosing] = {}

    async def run(self) -> None:
        """Drop idle indexes for the lifetime of the process."""
        interval = min(DROP_INTERVAL_SECONDS, self._idle_seconds / 16)
        while self._idle_seconds:
            await asyncio.sleep(CLOSING_INTERVAL_SECONDS if self._seen else interval)
            try:
                await self.drop()
            except (StoreUnavailable, DatabaseError) as error:
                log.warning("cannot drop idle indexes", reason=explain(error))
            except Exception:
                log.exception("cannot drop idle indexes")

    async def drop(self) -> None:
        """Begin to drop idle indexes, and advance the drops that have begun, also those of processes that died."""
        async with self._database.connection() as connection:
            await begin_drop(connection, self._idle_seconds, DROP_BATCH)  # D1
            gates = await dropping(connection, self._idle_seconds, DROP_BATCH)
            self._seen = {
                workspace: seen
                for workspace, found in gates.items()
                if (seen := seen_closing(found, self._seen.get(workspace))) is not None
            }
            # G3, as the watcher does for open workspaces.
            expired = {workspace: seen[0].epoch for workspace, seen in self._seen.items() if has_closed(seen)}
            if expired:
                await switch_gates_off(connection, expired)
        for workspace, found in gates.items():
            if found.state == "off":
                await self._clear(workspace, found.epoch)

    async def _clear(self, workspace: str, epoch: int) -> None:
        """D2: remove the keys of a gate that is off, and record that."""
        await clear_epochs(self._redis.bound_to(workspace), workspace, epoch)
        async with self._database.connection() as connection:
            if await finish_drop(connection, workspace, epoch):
                log.info("index dropped", workspace=workspace, epoch=epoch)
                self._count(1)
