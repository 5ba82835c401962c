"""The store of one process: PostgreSQL, Redis, and what it knows of the index that is in use."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog

from cache.accounting import Accounting
from cache.errors import IndexUnavailable
from cache.index import IndexLost
from cache.keys import Keys
from cache.protocol import Protocol
from cache.redis import Redis
from db.gate import read_gate
from db.pool import Database

Result = TypeVar("Result")
log = structlog.get_logger(__name__)

# Ids whose index entry contradicted their row, waiting for the scrub. What does not fit is met again.
MOST_SUSPECTS = 10_000


class Store:
    """What the requests of one process share. `tasks.Tasks` is the view that a request has of it."""

    def __init__(self, database: Database, redis: Redis, accounting: Accounting, workspace: str = "default") -> None:
        self.database = database
        self.redis = redis
        self.accounting = accounting
        self.workspace = workspace
        self.suspects: set[UUID] = set()
        self.index_missing = asyncio.Event()
        self._protocol: Protocol | None = None
        self._writes: set[asyncio.Task[Any]] = set()

    @property
    def ready(self) -> bool:
        """Whether there is an index to use."""
        return self._protocol is not None and not self.index_missing.is_set()

    @property
    def protocol(self) -> Protocol:
        """The protocol on the index in use. Raises `IndexUnavailable`."""
        if self._protocol is None:
            raise IndexUnavailable
        return self._protocol

    def use(self, epoch: int) -> None:
        """From here on, the index of this epoch is the one in use."""
        self._protocol = self.at(epoch)
        self.index_missing.clear()

    def at(self, epoch: int) -> Protocol:
        """The protocol on the index of an epoch."""
        if self._protocol is not None and self._protocol.keys.epoch == epoch:
            return self._protocol
        return Protocol(self.redis, Keys(self.workspace, epoch), self.workspace)

    @property
    def longest_transaction(self) -> timedelta:
        """How long a transaction may take before PostgreSQL ends it."""
        return timedelta(milliseconds=self.database.limits.transaction_timeout)

    async def retry_if_rebuilt(self, read: Callable[[Protocol], Coroutine[Any, Any, Result]]) -> Result:
        """Runs a read; if its index is gone because there is a newer one, once more on that.

        If there is none, asks for one. Raises `IndexUnavailable`.
        """
        protocol = self.protocol
        try:
            return await read(protocol)
        except IndexLost:
            async with self.database.connection() as connection:
                gate = await read_gate(connection, self.workspace)
            if gate is None or gate.epoch == protocol.keys.epoch:
                self.index_missing.set()
                raise
            self.use(gate.epoch)
            return await read(self.protocol)

    async def finish(self, write: Coroutine[Any, Any, Result]) -> Result:
        """Runs a write to its end, also when whoever waits for it goes away."""
        task = asyncio.create_task(write)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Waits for the writes that are still under way."""
        if self._writes:
            await asyncio.wait(self._writes)

    def suspect(self, id_: UUID) -> None:
        """An index holds an id that its row contradicts: let the scrub look at it."""
        if len(self.suspects) < MOST_SUSPECTS:
            self.suspects.add(id_)
