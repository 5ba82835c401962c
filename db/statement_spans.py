"""Spans of SQL statements, by the semantic conventions of OpenTelemetry for PostgreSQL."""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import psycopg
from opentelemetry.trace import Span, SpanKind

from db.session_connection import SessionConnection
from db.statements import Statement
from db.tracing import record_error, start_span, traced_span

DEFAULT_PORT = 5432
_MAX_SUMMARY_CHARACTERS = 255
_COMMENT = re.compile(r"--.*")
# A FROM that names a column.
_EXTRACT = re.compile(r"\bEXTRACT\s*\(\s*\w+\s+FROM\b", re.IGNORECASE)
# The name of a subquery in WITH.
_SUBQUERY = re.compile(r"\b(\w+)(?:\s*\([\w\s,]*\))?\s+AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\(", re.IGNORECASE)
_PART = re.compile(
    r"\b(INSERT)\s+INTO\s+(\w+)|\b(DELETE)\s+FROM\s+(\w+)|\b(SELECT)\b"
    r"|(?<!FOR )(?<!DO )(?<!KEY )\b(UPDATE)\s+(?!SET\b)(\w+)"
    r"|\b(?:FROM|JOIN)\s+(?!\d|(?:LATERAL|ONLY|unnest|generate_series)\b)(\w+)",
    re.IGNORECASE,
)
_OPERATIONS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_UNTRACED: AbstractContextManager[None] = nullcontext()


@cache
def summary_of(sql: str) -> str:
    """Return the operations of a statement and their tables, such as `SELECT task`. Names no subquery and no value."""
    text = _EXTRACT.sub("", _COMMENT.sub("", sql))
    subqueries = {name.lower() for name in _SUBQUERY.findall(text)}
    operations: list[list[str]] = []
    for found in _PART.finditer(text):
        operation, *tables = [word for word in found.groups() if word and word.lower() not in subqueries] or [""]
        if operation.upper() in _OPERATIONS:
            operations.append([operation, *tables])
        elif operations and operation and operation not in operations[-1]:
            operations[-1].append(operation)
    parts = dict.fromkeys(" ".join(words) for words in operations if len(words) > 1)
    return " ".join(parts)[:_MAX_SUMMARY_CHARACTERS] or text.split(maxsplit=1)[0]


def start_statement_span(parent: Span, connection: SessionConnection, sql: str) -> Span:
    """Start the span of a statement. The text has placeholders, never the values of parameters."""
    pgconn, summary = connection.pgconn, summary_of(sql)
    attributes: dict[str, str | int] = {
        "db.system.name": "postgresql",
        "db.namespace": pgconn.db.decode(errors="replace"),
        "db.query.summary": summary,
        "db.query.text": sql,
        **_server(connection),
    }
    return start_span(parent, summary, SpanKind.CLIENT, attributes)


def _server(connection: SessionConnection) -> dict[str, str | int]:
    pgconn = connection.pgconn
    port = int(pgconn.port or DEFAULT_PORT)
    host: dict[str, str | int] = {"server.address": pgconn.host.decode(errors="replace")}
    return host if port == DEFAULT_PORT else host | {"server.port": port}


def begin_spans(connection: SessionConnection, statements: Sequence[Statement[Any]]) -> None:
    """Start a span for each statement that is about to be sent, if the work is traced."""
    if (parent := traced_span()) is not None:
        for statement in statements:
            statement.span = start_statement_span(parent, connection, statement.sql)


def statement_spans(
    connection: SessionConnection, statements: Sequence[Statement[Any]]
) -> AbstractContextManager[None]:
    """Return a context manager for a block that sends statements and reads their answers.

    Each statement has a span from the sending to its answer, if the work is traced.
    """
    if traced_span() is None and not any(statement.span for statement in connection.unanswered):
        return _UNTRACED
    return _answered(connection, statements)


@contextmanager
def _answered(connection: SessionConnection, statements: Sequence[Statement[Any]]) -> Iterator[None]:
    begin_spans(connection, statements)
    sent = [*connection.unanswered, *statements]
    failed: BaseException | None = None
    try:
        yield
    except BaseException as error:
        failed = error
        raise
    finally:
        for statement in sent:
            _end(statement.span, statement.error or failed)


@contextmanager
def query_span(connection: SessionConnection, sql: str) -> Iterator[None]:
    """Record a block that executes one statement, if the work is traced."""
    parent = traced_span()
    started = None if parent is None else start_statement_span(parent, connection, sql)
    failed: BaseException | None = None
    try:
        yield
    except BaseException as error:
        failed = error
        raise
    finally:
        _end(started, failed)


def _end(ending: Span | None, error: BaseException | None) -> None:
    if ending is None or not ending.is_recording():  # the answer has ended it
        return
    if error is not None:
        record_error(ending, error)
        if isinstance(error, psycopg.Error) and error.sqlstate:
            ending.set_attributes({"error.type": error.sqlstate, "db.response.status_code": error.sqlstate})
    ending.end()
