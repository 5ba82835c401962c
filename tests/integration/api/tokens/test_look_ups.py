"""Tests the look-ups of API tokens: bounded in number and memory, and without the database."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from api.graphql.request import RequestError
from api.identity import directory as directory_module
from api.identity.authenticator import Unauthenticated
from api.identity.directory import MAX_KNOWN, Directory
from api.identity.lookups import Lookups
from api.identity.tokens import ApiTokens
from db.api_tokens import tokens_page
from db.connection import Connection
from db.errors import DatabaseBusy, DatabaseUnavailable
from db.pool import Database
from db.token_text import new_token
from tests.integration.api.tokens.conftest import runs_without_waiting, until
from tests.support.token_factories import make_token


async def test_wrong_tokens_share_statements_and_bounded_memory(
    database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "MAX_KNOWN", 100)
    statements = 0

    def count() -> None:
        nonlocal statements
        statements += 1

    valid, _ = await make_token(connection)
    async with Database(database_url, count=count) as database, Directory(database) as directory:
        tokens = ApiTokens(directory)
        await tokens.caller(valid)
        wrong = [new_token() for _ in range(1000)]
        before = statements
        refused: list[Any] = []
        for first in range(0, len(wrong), 250):
            callers = (tokens.caller(token) for token in wrong[first : first + 250])
            refused += await asyncio.gather(*callers, return_exceptions=True)
        assert {type(error).__name__ for error in refused} == {"InvalidToken"}
        assert statements - before < 20
        assert len(directory._unknown) == 100
        # Neither the wrong tokens nor their repetition displace a valid one, and a repetition asks nothing.
        assert runs_without_waiting(tokens.caller(valid))
        with pytest.raises(Unauthenticated):
            tokens.caller(wrong[-1]).send(None)
    assert MAX_KNOWN >= 10_000


async def test_look_ups_that_wait_are_bounded() -> None:
    wake: asyncio.Event = asyncio.Event()
    lookups: Lookups[int, str] = Lookups(wake)
    callers = [asyncio.create_task(lookups.find(number % 2000)) for number in range(2500)]
    await asyncio.sleep(0)
    assert wake.is_set()
    with pytest.raises(DatabaseBusy):
        await lookups.find(3000)
    with pytest.raises(DatabaseBusy):
        await lookups.find(3000, new=True)
    callers[7].cancel()
    taken = []
    while keys := lookups.take():
        assert len(keys) <= 500
        taken += keys
        lookups.answer({key: str(key) for key in keys if key != 5})
    assert taken == list(range(2000))
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(answers[7], asyncio.CancelledError)
    assert answers[2007] == "7"
    assert answers[5] is None
    assert answers[6] == "6"


async def test_new_keys_leave_room_for_known_ones() -> None:
    lookups: Lookups[int, str] = Lookups(asyncio.Event())
    callers = [asyncio.create_task(lookups.find(number, new=True)) for number in range(300)]
    await asyncio.sleep(0)
    callers.append(asyncio.create_task(lookups.find(1000)))
    await asyncio.sleep(0)
    taken = lookups.take()
    assert taken == [*range(256), 1000]
    lookups.answer({1000: "known"})
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert answers[:256] == [None] * 256
    assert {type(answer) for answer in answers[256:300]} == {DatabaseBusy}
    assert answers[300] == "known"


async def test_without_the_database_known_tokens_are_refused_for_a_while(
    admin: psycopg.Connection, database: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "TRUST_SECONDS", 1.5)
    token, _ = await make_token(connection)
    dedicated: Callable[[], AbstractAsyncContextManager[Connection]] = database.dedicated_connection
    away = False

    def connect() -> AbstractAsyncContextManager[Connection]:
        if away:
            raise DatabaseUnavailable
        return dedicated()

    monkeypatch.setattr(database, "dedicated_connection", connect)
    async with Directory(database) as directory:
        tokens = ApiTokens(directory)
        await tokens.caller(token)
        away = True
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND pid <> %s"
        admin.execute(ended + " AND datname = current_database()", [connection.raw.info.backend_pid])
        error = await until(RequestError, lambda: tokens.caller(token))
        assert isinstance(error, RequestError)
        assert (error.status, error.extensions["code"], error.headers) == (503, "UNAVAILABLE", {"Retry-After": "1"})
        away = False
        async with asyncio.timeout(30):
            while True:
                try:
                    await tokens.caller(token)
                    break
                except RequestError:
                    await asyncio.sleep(0.02)


async def test_last_use_is_written_once_a_minute(
    database: Database, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "USES_INTERVAL_SECONDS", 0.0)
    token, row = await make_token(connection)
    unused, other = await make_token(connection)

    async def last_uses() -> dict[Any, datetime | None]:
        return {each.id: each.last_used_at for each in await tokens_page(connection, "default", count=10)}

    started = datetime.now(UTC)
    async with Directory(database) as directory:
        await ApiTokens(directory).caller(token)
    first = (await last_uses())[row.id]
    assert first is not None
    assert first >= started - timedelta(milliseconds=1)
    async with Directory(database) as directory:
        await ApiTokens(directory).caller(token)
    assert await last_uses() == {row.id: first, other.id: None}
    await connection.raw.execute("UPDATE api_token SET last_used_at = last_used_at - interval '61 seconds'")
    async with Directory(database) as directory:
        await ApiTokens(directory).caller(token)
        with pytest.raises(Unauthenticated):
            await ApiTokens(directory).caller(unused[:-1] + "_")
    again = await last_uses()
    assert again[other.id] is None
    assert again[row.id] is not None
    assert again[row.id] > first  # type: ignore[operator]
