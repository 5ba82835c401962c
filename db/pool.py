"""The connections to PostgreSQL: opened once, lent to one piece of work at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import LiteralString, Self, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import Params
from psycopg.rows import AsyncRowFactory, TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from db.errors import CommitUnknown, DatabaseBusy, DatabaseUnavailable, translate, translated

Row = TypeVar("Row")


@dataclass(frozen=True)
class DatabaseLimits:
    """How much of the database one process may use. Times in milliseconds."""

    pool_size: int = 10
    statement_timeout_ms: int = 5_000
    transaction_timeout_ms: int = 10_000
    wait_ms: int = 5_000

    def __post_init__(self) -> None:
        # To PostgreSQL 0 is no limit: no deadline of a mark in Redis would lie beyond its writer's end.
        if self.transaction_timeout_ms < 1:
            raise ValueError("A transaction needs a limit: transaction_timeout_ms must be 1 or more.")


# Off, a commit is acknowledged before it is on disk: after a crash the cache would hold what the row no longer says.
# What waits for more than the disk (remote_apply) is left as it is.
CONFIGURE: LiteralString = """
    SELECT set_config(name, value, false) FROM unnest(%(names)s::text[], %(values)s::text[]) AS setting (name, value)
    UNION ALL
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


class Connection:
    """One connection while it is lent: sends statements and counts them."""

    def __init__(self, raw: AsyncConnection[TupleRow], count: Callable[[], None]) -> None:
        self.raw = raw
        self._count = count

    async def query(self, sql: LiteralString, params: Params, row_factory: AsyncRowFactory[Row]) -> list[Row]:
        """All rows of one statement, as `row_factory` makes them."""
        self._count()
        async with self.raw.cursor(binary=True, row_factory=row_factory) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()


class Database:
    """A pool of connections; `count` is told of every statement, for the metrics."""

    def __init__(
        self, url: str, limits: DatabaseLimits | None = None, count: Callable[[], None] = lambda: None
    ) -> None:
        self.limits = limits or DatabaseLimits()
        self._url = url
        self._count = count
        self._lent = 0
        self._pool: AsyncConnectionPool[AsyncConnection[TupleRow]] = AsyncConnectionPool(
            url,
            open=False,
            min_size=1,
            max_size=self.limits.pool_size,
            timeout=self.limits.wait_ms / 1000,
            reconnect_timeout=5,
            configure=self._configure,
            kwargs={"autocommit": True, "connect_timeout": 5},
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._pool.close()

    @property
    def session_settings(self) -> dict[str, str]:
        """What is set on every connection."""
        return {
            "statement_timeout": str(self.limits.statement_timeout_ms),
            "transaction_timeout": str(self.limits.transaction_timeout_ms),
            # The protocol: each statement sees what was committed before it, so that a writer that waited for the
            # gate reads it as it is now.
            "default_transaction_isolation": "read committed",
            "TimeZone": "UTC",
        }

    async def _configure(self, connection: AsyncConnection[TupleRow]) -> None:
        await connection.execute(
            CONFIGURE, {"names": list(self.session_settings), "values": list(self.session_settings.values())}
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection on which each statement stands for itself. Raises `DatabaseError`."""
        async with translate(), self._lend() as raw:
            yield Connection(raw, self._count)

    @asynccontextmanager
    async def dedicated_connection(self) -> AsyncIterator[Connection]:
        """A connection beside the pool, for what must not wait for readers and writers. Raises `DatabaseError`."""
        async with translate():
            raw = await AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5)
            async with raw:
                await self._configure(raw)
                yield Connection(raw, self._count)

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[AsyncConnection[TupleRow]]:
        """A connection of the pool. Tells a pool that is used up from one that cannot connect."""
        try:
            raw = await self._pool.getconn()
        except PoolTimeout as error:
            full = self._lent >= self.limits.pool_size
            raise (DatabaseBusy if full else DatabaseUnavailable) from error
        self._lent += 1
        try:
            yield raw
        finally:
            self._lent -= 1
            # To its end also for one who is cancelled: the pool would miss what was not given back.
            await asyncio.shield(self._pool.putconn(raw))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises.

        Raises `CommitUnknown` if the connection broke while it was committing, and any other
        `DatabaseError` where nothing was changed.
        """
        committing = False
        try:
            async with self._lend() as raw, raw.transaction():
                yield Connection(raw, self._count)
                committing = True
        except psycopg.Error as error:
            if committing and raw.closed:
                raise CommitUnknown from error
            raise translated(error) from error
