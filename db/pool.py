"""The pool of PostgreSQL connections."""

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from db.address import UrlVariable, connect_options
from db.connection import Connection
from db.errors import DatabaseBusy, ends_its_session, translate, translated
from db.fair_slots import FairPermits
from db.host_order import HostOrder
from db.limits import DatabaseLimits, PoolState
from db.server import ServerInUse, identify
from db.session import DEDICATED_ROUND_TRIP_SECONDS, configure, learn_to_share
from db.session_connection import CONNECT_OPTIONS, SessionConnection
from db.shares import Shares
from db.tracing import span

# How often a request that waits lets the pool open a connection.
CONNECT_INTERVAL_SECONDS = 0.25


class Database:
    """A connection pool. `count` is called for each statement."""

    # The workspace of its connections. None: of no workspace.
    _workspace: str | None = None

    def __init__(
        self,
        url: str,
        limits: DatabaseLimits | None = None,
        count: Callable[[], None] = lambda: None,
        variable: UrlVariable = "DATABASE_URL",
    ) -> None:
        self.limits = limits or DatabaseLimits()
        self._url = url
        self._options = CONNECT_OPTIONS | connect_options(url, variable) | {"hosts": HostOrder(url)}
        self._count = count
        self.shares = Shares(self.limits.pool_size, self.limits.requests_in_flight, self.limits.wait_ms / 1000)
        self._state = PoolState()
        self.server = ServerInUse()
        self._permits = FairPermits(self.limits.pool_size)
        self._pool: AsyncConnectionPool[SessionConnection] = AsyncConnectionPool(
            url,
            open=False,
            min_size=1,
            max_size=self.limits.pool_size,
            timeout=self.limits.wait_ms / 1000,
            reconnect_timeout=0,  # the requests that wait try again
            connection_class=SessionConnection,
            configure=self._configure,
            kwargs={**self._options, "report": self._state.report_connect},
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

    def bound_to(self, workspace: str) -> Self:
        """Return the same pool with connections that send only statements for a workspace."""
        bound = copy.copy(self)
        bound._workspace = workspace
        return bound

    def bound_to_that_of(self, other: "Database") -> Self:
        """Return this pool with connections for the workspace of another pool."""
        bound = copy.copy(self)
        bound._workspace = other._workspace
        return bound

    def for_every_workspace(self) -> Self:
        """Return the same pool with connections that send statements for any workspace, or for all of them."""
        unbound = copy.copy(self)
        unbound._workspace = None
        return unbound

    @property
    def has_free_connection(self) -> bool:
        """Whether a caller would get a connection without waiting for another one to give it back."""
        return self._permits.free > 0

    @property
    def _contestable_server(self) -> ServerInUse | None:
        """The server in use, if a pooler may lend sessions of another one on the same connection."""
        return self.server if self.limits.shared_sessions and self.server.start is not None else None

    @property
    def session_settings(self) -> dict[str, str]:
        """The settings of every connection."""
        return {
            "statement_timeout": str(self.limits.statement_timeout_ms),
            "transaction_timeout": str(self.limits.transaction_timeout_ms),
            # The cache protocol needs a new snapshot for each statement: a writer that waited for the gate must read
            # its current state.
            "default_transaction_isolation": "read committed",
            "TimeZone": "UTC",
        }

    async def _configure(self, connection: SessionConnection) -> None:
        await (learn_to_share if self.limits.shared_sessions else configure)(connection, self.session_settings)
        await identify(connection)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Check out a connection in autocommit mode. Raises `DatabaseError`."""
        async with translate(), self._checkout() as raw:
            yield Connection(raw, self._count, self._workspace, self._contestable_server)

    @asynccontextmanager
    async def dedicated_connection(self) -> AsyncIterator[Connection]:
        """Open a connection outside the pool, for work that must not wait for a free one. Raises `DatabaseError`."""
        async with translate():
            raw = await SessionConnection.connect(self._url, **self._options)
            try:
                async with raw:
                    await self._configure(raw)
                    raw.round_trip_seconds = DEDICATED_ROUND_TRIP_SECONDS
                    yield Connection(raw, self._count, self._workspace)
            finally:
                if raw.silent:
                    await self._leave_silent_server()

    @asynccontextmanager
    async def _checkout(self) -> AsyncIterator[SessionConnection]:
        """Check out a connection. Raises `DatabaseBusy` if all are in use, else the reason why none can be opened."""
        began = time.monotonic()
        permit = self._permits.try_acquire()
        try:
            if not permit:
                async with asyncio.timeout(self._patience_left(began)):
                    await self._permits.acquire(self._workspace or "")
                permit = True
            raw = await self._take(began)
        except (PoolTimeout, TimeoutError) as error:
            if permit:
                self._permits.release()
            # `in_use` does not count a connection that the pool has given to a caller that has not continued yet.
            if len(self._state.in_use) >= self.limits.pool_size or (
                self._state.in_use and self._state.connect_error is None
            ):
                raise DatabaseBusy from error
            reason = self._state.connect_error or PoolTimeout(str(error))
            raise translated(reason) from reason
        except BaseException:
            if permit:
                self._permits.release()
            raise
        self._state.in_use.add(raw)
        try:
            yield raw
        except psycopg.Error as error:
            if ends_its_session(error):
                await raw.close()  # the pool replaces it
            raise
        finally:
            self._state.in_use.discard(raw)
            self._permits.release()
            # Shielded from cancellation: the pool would lose a connection that is not returned.
            await asyncio.shield(self._pool.putconn(raw))
            if raw.silent:
                await self._pool.drain()  # each idle connection would keep a request waiting

    async def _leave_silent_server(self) -> None:
        """Replace all connections: the idle ones, and those that have waited as long as the dedicated one.

        A server can stop without closing its connections, for example because its disk does not answer. Each write that
        waits for such a server would otherwise keep its permit.
        """
        for waiting in self._state.in_use:
            waiting.give_up(DEDICATED_ROUND_TRIP_SECONDS)
        await self._pool.drain()

    def _patience_left(self, began: float) -> float:
        """Return how many seconds a request that began then still waits, by what the pool knows now."""
        until = self._state.patience_ends(began, self.limits.wait_ms / 1000)
        return max(0.0, until - time.monotonic())

    async def _take(self, began: float) -> SessionConnection:
        """Take a connection to the server in use out of the pool. Close any other, and one that has ended."""
        while True:
            raw = await self._get(began)
            ended = raw.has_ended
            if not ended and self.server.uses(raw):
                return raw
            await raw.close()
            await asyncio.shield(self._pool.putconn(raw))
            if not ended:
                async with asyncio.timeout(self._patience_left(began)):
                    await self.server.wait_for_change(raw)

    async def _get(self, began: float) -> SessionConnection:
        """Take any connection out of the pool. While none can be opened, try again and again."""
        while True:
            remaining = self._patience_left(began)
            try:
                return await self._pool.getconn(min(CONNECT_INTERVAL_SECONDS, remaining))
            except PoolTimeout:
                if remaining <= CONNECT_INTERVAL_SECONDS:
                    raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Run the block in a transaction: commit at its end, roll back if it raises.

        Raises `CommitUnknown` if the connection broke during the commit, or the commit's wait for a standby was ended.
        After any other `DatabaseError`, nothing was changed.
        """
        async with translate(), self._checkout() as raw:
            connection = Connection(raw, self._count, self._workspace, self._contestable_server)
            connection.begin()
            try:
                yield connection
                with span("write commit", {"millitask.write.step": "W4"}):
                    await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
