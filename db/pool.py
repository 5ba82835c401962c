"""The pool of PostgreSQL connections."""

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, LiteralString, Self, TypeVar

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg.rows import AsyncRowFactory
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from db.blocking import run_blocking
from db.errors import CommitUnknown, DatabaseBusy, StaleSession, comes_from_the_server, translate, translated
from db.fair_slots import FairPermits
from db.limits import DatabaseLimits, PoolState
from db.session import DEDICATED_ANSWER_SECONDS, configure
from db.shares import Shares
from db.statements import CONNECT_OPTIONS, SessionConnection, Statement, command, execute, send
from db.wall import check_workspace

Row = TypeVar("Row")


class Connection:
    """A connection that is checked out. It counts its statements, and sends only those for its workspace."""

    def __init__(self, raw: SessionConnection, count: Callable[[], None], workspace: str | None) -> None:
        self.raw = raw
        self._count = count
        self._workspace = workspace
        self._queued: list[Statement[Any]] = []

    def queue(self, sql: LiteralString, params: Mapping[str, Any], row_factory: AsyncRowFactory[Row]) -> Statement[Row]:
        """Let the next `query`, `flush` or commit send a statement in the same round trip, before its own.

        Each statement has a snapshot of its own. The rows are in the returned statement after the round trip. Raises
        `WrongWorkspace`.
        """
        check_workspace(sql, params, self._workspace)
        self._count()
        statement = Statement(sql, params, row_factory)
        self._queued.append(statement)
        return statement

    async def query(
        self, sql: LiteralString, params: Mapping[str, Any], row_factory: AsyncRowFactory[Row]
    ) -> list[Row]:
        """Execute one statement, behind those that are queued, and return its rows, built by `row_factory`."""
        statement = self.queue(sql, params, row_factory)
        await self.flush()
        return statement.rows

    async def flush(self) -> None:
        """Execute the statements that are queued, and read the answers to those that were sent."""
        seconds = self.raw.answer_seconds
        await self._flush(seconds and seconds * (len(self._queued) + len(self.raw.unanswered)))

    async def _flush(self, seconds: float | None) -> None:
        queued, self._queued = self._queued, []
        if queued or self.raw.unanswered:
            async with self.raw.lock:
                await self.raw.wait_for_answers(execute(self.raw, queued), seconds)

    def send(self) -> None:
        """Send the statements that are queued. PostgreSQL executes them now; the next round trip reads the answers."""
        queued, self._queued = self._queued, []
        if queued:
            send(self.raw, queued)

    def begin(self) -> None:
        """Let the next round trip begin a transaction."""
        self._queued.append(command("BEGIN"))

    async def commit(self) -> None:
        """Commit in one round trip with the statements that are queued.

        Raises `CommitUnknown` if the connection broke when the server may have committed.
        """
        before = [*self.raw.unanswered, *self._queued]
        self._queued.append(command("COMMIT"))
        try:
            await self._flush(None)  # a commit can wait for a replica, and must not be given up
        except psycopg.Error as error:
            refused = any(comes_from_the_server(statement.error) for statement in before)
            if self.raw.closed and not refused:
                raise CommitUnknown from error
            raise

    async def rollback(self) -> None:
        """End the transaction, if there is one. PostgreSQL rolls back what a lost connection has done."""
        self._queued = []
        with suppress(psycopg.Error):
            await self.flush()
        with suppress(psycopg.Error):
            if not self.raw.closed:
                await self.raw.rollback()

    async def query_in_thread(self, sql: LiteralString, params: Mapping[str, str]) -> list[list[bytes]]:
        """Execute a statement with a large result in a thread, and return its values as PostgreSQL sends them.

        A busy event loop would read the result in many small parts. The parameters are sent as text. NULL is not
        supported.
        """
        check_workspace(sql, params, self._workspace)
        await self.flush()
        self._count()
        pgconn = self.raw.pgconn
        command: str = sql
        for number, name in enumerate(params, 1):
            command = command.replace(f"%({name})s", f"${number}")
        values = [value.encode() for value in params.values()]

        def execute() -> PGresult:
            return pgconn.exec_params(command.encode(), values, result_format=Format.BINARY)

        async with self.raw.lock:
            result = await run_blocking(execute, pgconn.socket, self.raw.cancel_safe)
        if pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())
        if result.status != ExecStatus.TUPLES_OK:
            raise error_from_result(result)
        columns = range(result.nfields)
        return [[result.get_value(row, column) or b"" for column in columns] for row in range(result.ntuples)]


class Database:
    """A connection pool. `count` is called for each statement."""

    # The workspace of its connections. None: of no workspace.
    _workspace: str | None = None

    def __init__(
        self, url: str, limits: DatabaseLimits | None = None, count: Callable[[], None] = lambda: None
    ) -> None:
        self.limits = limits or DatabaseLimits()
        self._url = url
        self._count = count
        self.shares = Shares(self.limits.pool_size, self.limits.requests_in_flight, self.limits.wait_ms / 1000)
        self._state = PoolState()
        self._permits = FairPermits(self.limits.pool_size)
        self._pool: AsyncConnectionPool[SessionConnection] = AsyncConnectionPool(
            url,
            open=False,
            min_size=1,
            max_size=self.limits.pool_size,
            timeout=self.limits.wait_ms / 1000,
            reconnect_timeout=5,
            connection_class=SessionConnection,
            configure=self._configure,
            kwargs={**CONNECT_OPTIONS, "report": self._report_connect},
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

    def _report_connect(self, error: psycopg.Error | None) -> None:
        self._state.connect_error = error

    async def _configure(self, connection: SessionConnection) -> None:
        await configure(connection, self.session_settings)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Check out a connection in autocommit mode. Raises `DatabaseError`."""
        async with translate(), self._checkout() as raw:
            yield Connection(raw, self._count, self._workspace)

    @asynccontextmanager
    async def dedicated_connection(self) -> AsyncIterator[Connection]:
        """Open a connection outside the pool, for work that must not wait for a free one. Raises `DatabaseError`."""
        async with translate():
            raw = await SessionConnection.connect(self._url, **CONNECT_OPTIONS)
            async with raw:
                await self._configure(raw)
                raw.answer_seconds = DEDICATED_ANSWER_SECONDS
                yield Connection(raw, self._count, self._workspace)

    @asynccontextmanager
    async def _checkout(self) -> AsyncIterator[SessionConnection]:
        """Check out a connection. Raises `DatabaseBusy` if all are in use, else the reason why none can be opened."""
        wait_seconds, began = self.limits.wait_ms / 1000, time.monotonic()
        permit = self._permits.try_acquire()
        try:
            if not permit:
                async with asyncio.timeout(wait_seconds):
                    await self._permits.acquire(self._workspace or "")
                permit = True
            raw = await self._pool.getconn(max(0.0, began + wait_seconds - time.monotonic()))
        except (PoolTimeout, TimeoutError) as error:
            if permit:
                self._permits.release()
            # `in_use` does not count a connection that the pool has given to a caller that has not continued yet.
            if self._state.in_use >= self.limits.pool_size or (
                self._state.in_use and self._state.connect_error is None
            ):
                raise DatabaseBusy from error
            reason = self._state.connect_error or PoolTimeout(str(error))
            raise translated(reason) from reason
        except BaseException:
            if permit:
                self._permits.release()
            raise
        self._state.in_use += 1
        try:
            yield raw
        except psycopg.Error as error:
            if isinstance(translated(error), StaleSession):
                await raw.close()  # the pool replaces it
            raise
        finally:
            self._state.in_use -= 1
            self._permits.release()
            # Shielded from cancellation: the pool would lose a connection that is not returned.
            await asyncio.shield(self._pool.putconn(raw))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Run the block in a transaction: commit at its end, roll back if it raises.

        Raises `CommitUnknown` if the connection broke during the commit. After any other `DatabaseError`, nothing was
        changed.
        """
        async with translate(), self._checkout() as raw:
            connection = Connection(raw, self._count, self._workspace)
            connection.begin()
            try:
                yield connection
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
