"""A connection of a session: what it reports when it opens, and how it ends when PostgreSQL is silent."""

import psycopg
import pytest
from psycopg.rows import scalar_row

from db.connection import Connection
from db.session_connection import CONNECT_OPTIONS, SessionConnection
from db.statements import Statement, execute


async def test_opened_connection_reports_that_there_is_no_error(database_url: str) -> None:
    reported: list[psycopg.Error | None] = []
    async with await SessionConnection.connect(database_url, report=reported.append, **CONNECT_OPTIONS):
        assert reported == [None]


async def test_refused_connection_reports_its_error(database_url: str) -> None:
    reported: list[psycopg.Error | None] = []
    missing = database_url.replace("/test_", "/missing_")
    with pytest.raises(psycopg.OperationalError) as caught:
        await SessionConnection.connect(missing, report=reported.append, **CONNECT_OPTIONS)
    assert reported == [caught.value]


async def test_connection_is_closed_when_the_server_is_silent(database_url: str) -> None:
    connection = await SessionConnection.connect(database_url, **CONNECT_OPTIONS)
    statement = Statement("SELECT pg_sleep(20)", {}, scalar_row)
    with pytest.raises(psycopg.OperationalError, match=r"has not answered for 0\.1 s"):
        await connection.wait_for_answers(execute(connection, [statement]), 0.1)
    assert connection.closed


async def test_prepared_statement_is_used_from_the_second_time_on(connection: Connection) -> None:
    for number in range(4):
        assert await connection.query("SELECT %(number)s::int", {"number": number}, scalar_row) == [number]
    uses = "SELECT sum(generic_plans + custom_plans)::int FROM pg_prepared_statements WHERE statement LIKE %(text)s"
    assert await connection.query(uses, {"text": "SELECT $1::int%"}, scalar_row) == [4]


async def test_statement_without_result_has_no_rows(connection: Connection) -> None:
    statement = connection.queue("SET LOCAL lock_timeout = 0", {}, scalar_row)
    await connection.flush()
    assert statement.rows == []
