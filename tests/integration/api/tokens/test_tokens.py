"""Tests API tokens: which callers they identify, and when they are refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from api.graphql.request import RequestError
from api.identity import directory as directory_module
from api.identity.authenticator import Authenticator, Unauthenticated
from api.identity.directory import Directory
from api.identity.tokens import ApiTokens, WorkspaceSuspended, check_workspace
from db.api_tokens import find_tokens, revoke_token
from db.connection import Connection
from db.pool import Database
from db.token_text import has_token_form, new_token, token_hash
from db.workspaces import set_state
from tests.integration.api.tokens.conftest import runs_without_waiting, until
from tests.support.token_factories import make_token, make_workspace

REFUSED = "The token is not valid: it is unknown, has expired or was revoked. Use another token."


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
    token, _ = await make_token(connection, expires_at=datetime.now(UTC) + timedelta(seconds=2))
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
