"""Statements of a connection: several are sent in one round trip, and each is prepared when it is first sent."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Generic, LiteralString, NamedTuple, TypeVar, cast

import psycopg
from opentelemetry.trace import Span
from psycopg import generators
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import AsyncRowFactory, TupleRow, tuple_row

from db.session_connection import Key, SessionConnection

Row = TypeVar("Row")
# A session keeps up to this many prepared statements. The service has fewer; the types of parameters multiply them.
MAX_PREPARED = 200
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%(%)")


def command(text: LiteralString) -> "Statement[TupleRow]":
    """Return a command without parameters that PostgreSQL need not prepare, such as COMMIT."""
    return Statement(text, {}, tuple_row, prepared=False)


class _Result(NamedTuple):
    """What a row factory needs to know of a cursor."""

    pgresult: PGresult


class Statement(Generic[Row]):
    """A statement that will be sent, and its rows afterwards."""

    def __init__(
        self,
        sql: LiteralString,
        params: Mapping[str, Any],
        row_factory: AsyncRowFactory[Row],
        *,
        prepared: bool = True,
    ) -> None:
        self.sql, self._params, self._row_factory = sql, params, row_factory
        # Without it, the text is sent each time.
        self.prepared = prepared
        self._result: PGresult | None = None
        # The error that the server has answered. None if it has executed the statement, or not seen it.
        self.error: psycopg.Error | None = None
        # The span from the sending to the answer, for a traced request.
        self.span: Span | None = None

    @property
    def rows(self) -> list[Row]:
        """The rows, built by the row factory. The statement must have been executed."""
        result = self._result
        assert result is not None, "The statement was not executed."
        if result.status != ExecStatus.TUPLES_OK:
            return []
        make_row = self._row_factory(cast(Any, _Result(result)))
        return self._transformer.load_rows(0, result.ntuples, make_row)

    def convert(self, connection: SessionConnection) -> None:
        """Convert the parameters to PostgreSQL's format."""
        self._transformer = transformer = Transformer(connection)
        self._query, names = _numbered(self.sql)
        values = [self._params[name] for name in names]
        self._values = transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        self._types, self._formats = transformer.types or (), transformer.formats

    @property
    def key(self) -> Key:
        """Identifies the prepared statement."""
        return self._query, self._types

    def prepare(self, pgconn: PGconn, name: bytes) -> None:
        """Send the text of the statement."""
        pgconn.send_prepare(name, self._query, self._types)

    def send(self, pgconn: PGconn, name: bytes | None) -> None:
        """Send the parameters, for a prepared statement or together with the text."""
        if name is not None:
            pgconn.send_query_prepared(name, self._values, self._formats, Format.BINARY)
        else:
            pgconn.send_query_params(self._query, self._values, self._types, self._formats, Format.BINARY)

    def receive(self, result: PGresult) -> None:
        """Keep the answer of the server."""
        if result.status == ExecStatus.FATAL_ERROR:
            self.error = error_from_result(result)
        elif result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            # Now, because it asks the connection for its time zone, and `rows` may be read after it has closed.
            self._transformer.set_pgresult(result)
            self._result = result
            if self.span is not None:
                self.span.end()


@cache
def _numbered(sql: LiteralString) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement with numbered parameters, and the names of the parameters in this order."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        if found[2]:
            return "%"
        return f"${numbers.setdefault(found[1], len(numbers) + 1)}"

    return _PLACEHOLDER.sub(number, sql).encode(), tuple(numbers)


def send(connection: SessionConnection, statements: Sequence[Statement[Any]]) -> None:
    """Send the statements, so that PostgreSQL executes them now. The next `execute` waits for their answers."""
    for statement in statements:  # before anything is sent
        statement.convert(connection)
    _send_all(connection, statements)
    connection.pgconn.flush()  # `execute` sends what the socket does not take at once


def execute(connection: SessionConnection, statements: Sequence[Statement[Any]]) -> PQGen[None]:
    """Send the statements in one round trip. PostgreSQL executes them in order, each in a snapshot of its own.

    Raises the first error, also of a statement that `send` has sent. The statements behind a failed one are not
    executed.
    """
    for statement in statements:  # before anything is sent
        statement.convert(connection)
    executed = [*connection.unanswered, *statements]
    first, pgconn = executed[0], connection.pgconn
    if len(statements) == len(executed) == 1 and (name := connection.prepared.get(first.key)) is not None:
        first.send(pgconn, name)
        first.receive((yield from generators.execute(pgconn))[-1])
    else:
        yield from _execute_pipeline(connection, statements)
    for statement in executed:
        if statement.error is not None:
            raise statement.error


def _execute_pipeline(connection: SessionConnection, statements: Sequence[Statement[Any]]) -> PQGen[None]:
    pgconn = connection.pgconn
    try:
        _send_all(connection, statements)
        pgconn.pipeline_sync()
        yield from generators.send(pgconn)
        for receive in connection.receivers:
            receive((yield from generators.fetch_many(pgconn))[-1])
        yield from generators.fetch_many(pgconn)  # the end of the pipeline
    except psycopg.OperationalError:
        # An error that the server has sent before it closed the connection says more.
        if not any(statement.error for statement in connection.unanswered):
            raise
    finally:
        for sent in (connection.unanswered, connection.receivers, connection.preparing):
            sent.clear()
        if pgconn.status == ConnStatus.OK:
            pgconn.exit_pipeline_mode()


def _send_all(connection: SessionConnection, statements: Sequence[Statement[Any]]) -> None:
    """Send the statements, and the texts of those that are not prepared, in a pipeline that may have begun."""
    pgconn, prepared, preparing = connection.pgconn, connection.prepared, connection.preparing
    pgconn.enter_pipeline_mode()
    for statement in statements:
        connection.unanswered.append(statement)
        key = statement.key
        name = prepared.get(key) or preparing.get(key)
        may_prepare = statement.prepared and connection.prepares and len(prepared) + len(preparing) < MAX_PREPARED
        if name is None and may_prepare:
            name = preparing[key] = b"statement %d" % next(connection.numbers)
            statement.prepare(pgconn, name)
            connection.receivers.append(_preparation(connection, statement, name))
        statement.send(pgconn, name)
        connection.receivers.append(statement.receive)


def _preparation(connection: SessionConnection, statement: Statement[Any], name: bytes) -> Callable[[PGresult], None]:
    def receive(result: PGresult) -> None:
        if result.status == ExecStatus.COMMAND_OK:
            connection.prepared[statement.key] = name
        elif result.status == ExecStatus.FATAL_ERROR:
            statement.error = error_from_result(result)

    return receive
