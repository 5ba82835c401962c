"""Tests API tokens as a way to identify callers: valid ones, wrong ones, revoked ones, and a database that is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from api.graphql.request import RequestError
from api.identity import directory as directory_module
from api.identity.authenticator import Authenticator, Unauthenticated
from api.identity.directory import MAX_KNOWN, Directory
from api.identity.lookups import Lookups
from api.identity.tokens import ApiTokens, WorkspaceSuspended, check_workspace
from db.api_tokens import find_tokens, revoke_token, tokens_page
from db.connection import Connection
from db.errors import DatabaseBusy, DatabaseUnavailable
from db.pool import Database
from db.token_text import has_token_form, new_token, token_hash
from db.workspaces import set_state
from tests.support.token_factories import make_token, make_workspace

REFUSED = "The token is not valid: it is unknown, has expired or was revoked. Use another token."


@pytest.fixture(autouse=True)
def _frequent_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_module, "LOOK_INTERVAL_SECONDS", 0.1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as connection:
        yield connection


@pytest.fixture
async def directory(database: Database) -> AsyncIterator[Directory]:
    async with Directory(database) as directory:
        yield directory


@pytest.fixture
def tokens(directory: Directory) -> ApiTokens:
    return ApiTokens(directory)


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


async def until(refusal: type[Exception], call: Callable[[], Awaitable[Any]]) -> Exception:
    """Repeat a call until it raises. The directory bounds the time."""
    async with asyncio.timeout(30):
        while True:
            try:
                await call()
            except refusal as error:
                return error
            await asyncio.sleep(0.02)


def runs_without_waiting(call: Any) -> bool:
    """Return whether a coroutine ends without giving up the event loop."""
    try:
        call.send(None)
    except StopIteration:
        return True
    call.close()
    return False


def test_tokens_have_256_random_bits_and_one_form() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(has_token_form(token) and len(token) == 46 for token in tokens)
    for wrong in (
        "",
        "mt_",
        "mt_" + "a" * 42,
        "mt_" + "a" * 44,
        "MT_" + "a" * 43,
        "mt_" + "é" * 43,
        "mt_" + "a" * 43 + "\n",
    ):
        assert not has_token_form(wrong)


async def test_valid_token_names_its_caller(tokens: ApiTokens, connection: Connection) -> None:
    await make_workspace(connection, "acme")
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    token, row = await make_token(
        connection, "acme", ["tasks:read"], "a reader", expires_at=expires_at, points_per_minute=600
    )
    caller = await tokens.caller(token)
    assert (caller.actor, caller.workspace, caller.scopes) == (f"token:{row.id}", "acme", frozenset({"tasks:read"}))
    assert (caller.name, caller.expires_at, caller.token_id) == ("a reader", expires_at, row.id)
    assert caller.points_per_minute == 600
    assert await Authenticator(tokens).caller({b"authorization": f"bearer {token}".encode()}) == caller
    assert await tokens.caller_of(token_hash(token)) == caller


async def test_known_token_waits_for_nothing(tokens: ApiTokens, connection: Connection) -> None:
    token, _ = await make_token(connection)
    await tokens.caller(token)
    assert runs_without_waiting(tokens.caller(token))
    assert runs_without_waiting(Authenticator(tokens).bearer(token))


async def test_all_refused_tokens_get_the_same_answer(tokens: ApiTokens, connection: Connection) -> None:
    valid, _ = await make_token(connection)
    revoked, row = await make_token(connection)
    assert await revoke_token(connection, row.workspace, row.id) is not None
    expired, _ = await make_token(connection, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    wrong = [
        new_token(),
        valid[:-1],
        valid + "A",
        valid.swapcase(),
        "mt_",
        f"mt_{'é' * 43}",
        revoked,
        expired,
        "mt_\ud800",
    ]
    for token in wrong * 2:
        with pytest.raises(Unauthenticated) as refused:
            await tokens.caller(token)
        assert (str(refused.value), refused.value.status) == (REFUSED, 401)
        assert refused.value.extensions == {"code": "UNAUTHENTICATED"}
        assert 'error="invalid_token"' in refused.value.headers["WWW-Authenticate"]


async def test_expiry_is_checked_for_each_request(tokens: ApiTokens, connection: Connection) -> None:
    token, _ = await make_token(connection, expires_at=datetime.now(UTC) + timedelta(seconds=1))
    await tokens.caller(token)
    assert str(await until(Unauthenticated, lambda: tokens.caller(token))) == REFUSED


async def test_revoked_token_is_refused_by_every_process(
    database: Database, database_url: str, connection: Connection
) -> None:
    token, row = await make_token(connection)
    async with Database(database_url) as other, Directory(database) as one, Directory(other) as two:
        methods = [ApiTokens(one), ApiTokens(two)]
        for method in methods:
            await method.caller(token)
        await revoke_token(connection, None, row.id)
        for method in methods:
            await until(Unauthenticated, partial(method.caller, token))


async def test_suspended_workspace_is_refused_until_it_resumes(
    tokens: ApiTokens, directory: Directory, connection: Connection
) -> None:
    await make_workspace(connection, "acme")
    token, _ = await make_token(connection, "acme")
    other, _ = await make_token(connection)
    await tokens.caller(token)
    assert await set_state(connection, "acme", "suspended")
    error = await until(WorkspaceSuspended, lambda: tokens.caller(token))
    assert isinstance(error, RequestError)
    assert (error.status, error.extensions["code"]) == (403, "WORKSPACE_SUSPENDED")
    with pytest.raises(WorkspaceSuspended):
        await check_workspace(directory, "acme")
    await tokens.caller(other)
    assert await set_state(connection, "acme", "active")
    async with asyncio.timeout(30):
        while True:
            try:
                await tokens.caller(token)
                break
            except WorkspaceSuspended:
                await asyncio.sleep(0.02)
    await check_workspace(directory, "acme")
    with pytest.raises(Unauthenticated, match="no workspace"):
        await check_workspace(directory, "nowhere")


async def test_token_of_a_process_that_knew_it_as_unknown_becomes_valid(
    tokens: ApiTokens, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_module, "UNKNOWN_SECONDS", 1e6)
    token, row = await make_token(connection)
    await connection.raw.execute("UPDATE api_token SET hash = decode(repeat('00', 32), 'hex')")
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await tokens.caller(token)
    await connection.raw.execute(
        "UPDATE api_token SET hash = %s, changed_at = statement_timestamp()", [token_hash(token)]
    )
    async with asyncio.timeout(30):
        while True:
            try:
                assert (await tokens.caller(token)).token_id == row.id
                break
            except Unauthenticated:
                await asyncio.sleep(0.02)


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
        refused = await asyncio.gather(*(tokens.caller(token) for token in wrong), return_exceptions=True)
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


async def test_token_is_in_no_representation(tokens: ApiTokens, directory: Directory, connection: Connection) -> None:
    token, row = await make_token(connection)
    caller = await tokens.caller(token)
    known = await directory.token(token_hash(token))
    shown = repr([caller, known, tokens, directory, vars(directory), row])
    assert token not in shown
    assert token[3:] not in shown
    [found] = await find_tokens(connection, [token_hash(token)])
    assert token not in repr(found)
    with pytest.raises(Unauthenticated) as refused:
        await tokens.caller(token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert token[:-1] not in repr(refused.value) + str(refused.value.formatted)
