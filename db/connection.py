"""A connection that is checked out, with the statements that it sends."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import AsyncRowFactory, scalar_row

from db.blocking import run_blocking
from db.errors import CommitUnknown, NotReplicated, comes_from_the_server, name_server
from db.session_connection import SessionConnection
from db.statement_spans import begin_spans, query_span, statement_spans
from db.statements import Statement, command, execute, send
from db.wall import check_workspace

if TYPE_CHECKING:
    from db.server import ServerInUse

Row = TypeVar("Row")


class Connection:
    """A connection that is checked out. It counts its statements, and sends only those for its workspace.

    server: the server that must answer, if a pooler may lend sessions of another one.
    """

    def __init__(
        self,
        raw: SessionConnection,
        count: Callable[[], None],
        workspace: str | None,
        server: "ServerInUse | None" = None,
    ) -> None:
        self.raw = raw
        self._server = server
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

    async def keep_session(self) -> None:
        """Keep the session of a lock in use. Raises `DatabaseError` if it has ended, and the lock with it."""
        await self.query("SELECT true", {}, scalar_row)

    async def flush(self) -> None:
        """Execute the statements that are queued, and read the answers to those that were sent.

        Raises `NotReplicated` if they have committed without their standby.
        """
        seconds = self.raw.answer_seconds
        if seconds is not None:
            statements = len(self._queued) + len(self.raw.unanswered)
            seconds = min(seconds * statements, self.raw.round_trip_seconds)
        await self._flush(seconds)

    async def _flush(self, seconds: float | None) -> None:
        queued, self._queued = self._queued, []
        identity = self._ask_server() if queued else None
        if identity is not None:
            queued.append(identity)
        if not queued and not self.raw.unanswered:
            return
        async with self.raw.lock:
            with statement_spans(self.raw, queued):
                await self.raw.wait_for_answers(execute(self.raw, queued), seconds)
        if self.raw.unreplicated:
            raise name_server(NotReplicated(), self.raw.server_name)
        if self._server is not None and identity is not None and not self._server.confirm(self.raw, identity):
            await self.raw.close()
            raise psycopg.OperationalError("Another PostgreSQL server answers behind the pooler.")

    def _ask_server(self) -> Statement[str | None] | None:
        """H1: return a statement that asks which server answers, at the start of a session that a pooler lends.

        The pooler lends one session until the end of a transaction, or of a round trip outside of one.
        """
        if self._server is None or self.raw.pgconn.transaction_status != TransactionStatus.IDLE:
            return None
        self._count()
        return self._server.ask()

    def send(self) -> None:
        """Send the statements that are queued. PostgreSQL executes them now; the next round trip reads the answers."""
        queued, self._queued = self._queued, []
        if queued:
            begin_spans(self.raw, queued)
            send(self.raw, queued)

    def begin(self) -> None:
        """Let the next round trip begin a transaction."""
        self._queued.append(command("BEGIN ISOLATION LEVEL READ COMMITTED"))

    def begin_snapshot(self) -> None:
        """Let the next round trip begin a transaction that only reads, in one snapshot, for as long as it takes.

        A statement may take a minute.
        """
        self._queued.append(command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        self._queued.append(command("SET LOCAL transaction_timeout = 0"))
        self._queued.append(command("SET LOCAL statement_timeout = '60s'"))

    async def commit(self) -> None:
        """Commit in one round trip with the statements that are queued.

        Raises `CommitUnknown` if the connection broke when the server may have committed, or `NotReplicated`.
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
            if not self.raw.closed and self.raw.pgconn.transaction_status != TransactionStatus.IDLE:
                self._queued = [command("ROLLBACK")]
                await self.flush()

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
            with query_span(self.raw, sql), self.raw.waiting():
                result = await run_blocking(execute, pgconn.socket, self.raw.cancel_safe)
                if pgconn.status == ConnStatus.BAD:
                    raise psycopg.OperationalError(pgconn.get_error_message())
                if result.status != ExecStatus.TUPLES_OK:
                    raise error_from_result(result)
        columns = range(result.nfields)
        return [[result.get_value(row, column) or b"" for column in columns] for row in range(result.ntuples)]
