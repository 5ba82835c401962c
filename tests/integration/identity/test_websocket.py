"""Tests who may connect over a WebSocket, and how a connection ends when its token does."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from websockets import ClientConnection

from api.config.settings import Settings
from api.realtime.websocket import FORBIDDEN, TRY_AGAIN_LATER
from db.api_tokens import revoke_token
from db.connection import Connection
from db.token_text import new_token
from db.workspaces import set_state
from tests.support.http_service import listening_service
from tests.support.oidc_provider import AUDIENCE, fake_provider
from tests.support.token_factories import make_token, make_workspace
from tests.support.websocket_client import CHANGED, connected, subscribe, wait_for_close

ACKNOWLEDGED = {"type": "connection_ack"}


async def initialize(websocket: ClientConnection, payload: Any = None) -> None:
    message = {"type": "connection_init"} if payload is None else {"type": "connection_init", "payload": payload}
    await websocket.send(json.dumps(message))


async def acknowledged(websocket: ClientConnection, payload: Any = None) -> bool:
    await initialize(websocket, payload)
    return bool(json.loads(await asyncio.wait_for(websocket.recv(), 30)) == ACKNOWLEDGED)


async def test_token_comes_in_the_first_message_or_in_a_header(url: str, connection: Connection) -> None:
    token, _ = await make_token(connection, scopes=["tasks:read"])
    for payload in ({"token": token}, {"authorization": f"Bearer {token}"}, {"Authorization": f"bearer {token}"}):
        async with connected(url, initialize=False) as websocket:
            assert await acknowledged(websocket, payload)
            assert (await subscribe(websocket))["type"] == "next"
    async with connected(url, initialize=False, additional_headers={"Authorization": f"Bearer {token}"}) as websocket:
        assert await acknowledged(websocket)


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"token": 7}, {"token": ""}, {"token": "mt_"}, {"authorization": "Basic YTpi"}, {"token": new_token()}],
)
async def test_missing_or_invalid_token_closes_the_connection(url: str, payload: Any) -> None:
    async with connected(url, initialize=False) as websocket:
        await initialize(websocket, payload)
        code, reason = await wait_for_close(websocket)
    assert code == FORBIDDEN == 4403
    assert "token" in reason
    assert not payload or str(payload.get("token", "-")) not in reason or payload["token"] in ("", 7)


async def test_subscription_needs_its_scope(url: str, connection: Connection) -> None:
    token, _ = await make_token(connection, scopes=["tasks:write"])
    async with connected(url, initialize=False) as websocket:
        assert await acknowledged(websocket, {"token": token})
        answer = await subscribe(websocket)
        assert answer["payload"][0]["extensions"] == {"code": "FORBIDDEN", "scope": "tasks:read"}


@pytest.mark.parametrize("cause", ["revoked", "suspended", "expired"])
async def test_connection_ends_with_its_token(url: str, connection: Connection, cause: str) -> None:
    workspace = await make_workspace(connection, "acme")
    expires_at = datetime.now(UTC) + timedelta(seconds=6) if cause == "expired" else None
    token, row = await make_token(connection, workspace, expires_at=expires_at)
    kept, _ = await make_token(connection, workspace if cause != "suspended" else "default")
    async with connected(url, initialize=False) as websocket, connected(url, initialize=False) as other:
        assert await acknowledged(websocket, {"token": token})
        assert await acknowledged(other, {"token": kept})
        await subscribe(websocket)
        if cause == "revoked":
            assert await revoke_token(connection, workspace, row.id)
        elif cause == "suspended":
            assert await set_state(connection, workspace, "suspended")
        code, reason = await wait_for_close(websocket)
        # graphql-ws connects again after this code.
        assert code == TRY_AGAIN_LATER
        assert cause in reason
        assert token not in reason
        assert (await subscribe(other))["type"] == "next"
    async with connected(url, initialize=False) as websocket:
        await initialize(websocket, {"token": token})
        assert (await wait_for_close(websocket))[0] == FORBIDDEN


async def test_connection_ends_with_its_json_web_token(settings: Settings) -> None:
    with fake_provider() as issuer:
        changes = {"identity": "oidc", "oidc_issuers": issuer.issuer, "oidc_audience": AUDIENCE}
        changed = settings.model_copy(update={**changes, "oidc_leeway_seconds": 0})
        async with listening_service(changed) as url, connected(url, initialize=False) as websocket:
            expires = datetime.now(UTC) + timedelta(seconds=6)
            token = issuer.token(issuer.claims(exp=expires.timestamp()))
            assert await acknowledged(websocket, {"token": token})
            code, reason = await wait_for_close(websocket)
    assert (code, reason) == (TRY_AGAIN_LATER, "The token has expired.")


async def test_provider_that_is_away_does_not_forbid_the_connection(settings: Settings) -> None:
    with fake_provider() as issuer:
        token = issuer.token()
    changes = {"identity": "oidc", "oidc_issuers": issuer.issuer, "oidc_audience": AUDIENCE}
    async with (
        listening_service(settings.model_copy(update=changes)) as url,
        connected(url, initialize=False) as websocket,
    ):
        await initialize(websocket, {"token": token})
        assert (await wait_for_close(websocket))[0] == TRY_AGAIN_LATER


async def test_connections_without_a_caller_take_no_streams(settings: Settings, connection: Connection) -> None:
    token, _ = await make_token(connection)
    header = {"Authorization": f"Bearer {token}"}
    async with listening_service(settings.model_copy(update={"max_streams": 8})) as url, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(connected(url, initialize=False)) for _ in range(20)]
        async with connected(url, additional_headers=header) as honest:
            assert (await subscribe(honest, "subscription { taskCountsChanged { all } }"))["type"] == "next"
            # Eight may wait. The oldest are closed for those that come later.
            codes = {(await wait_for_close(each))[0] for each in silent[:13]}
            assert codes == {TRY_AGAIN_LATER}


async def test_workspace_with_few_streams_gets_places_of_one_with_many(
    settings: Settings, connection: Connection
) -> None:
    await make_workspace(connection, "acme")
    busy, quiet = [{"token": (await make_token(connection, id_))[0]} for id_ in ("default", "acme")]
    limited = settings.model_copy(update={"max_streams": 4})
    async with listening_service(limited) as url, AsyncExitStack() as stack, httpx.AsyncClient(timeout=60) as http:

        async def connect(payload: dict[str, str]) -> ClientConnection:
            websocket = await stack.enter_async_context(connected(url, initialize=False))
            await initialize(websocket, payload)
            return websocket

        def stream_of_busy() -> AbstractAsyncContextManager[httpx.Response]:
            headers = {"Authorization": f"Bearer {busy['token']}", "Accept": "text/event-stream"}
            return http.stream("POST", url, json={"query": CHANGED}, headers=headers)

        sockets = []
        for _ in range(3):
            # In turn: the newest stream was acknowledged last.
            sockets.append(await connect(busy))
            assert json.loads(await sockets[-1].recv()) == ACKNOWLEDGED
        async with stream_of_busy() as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == ":"
            # The newest streams end: the event stream without `complete`, then a WebSocket.
            own = [await connect(quiet)]
            assert json.loads(await own[0].recv()) == ACKNOWLEDGED
            rest = [line async for line in lines]
            assert "event: complete" not in rest
            assert any("other workspaces have fewer streams" in line for line in rest)
        own.append(await connect(quiet))
        assert json.loads(await own[1].recv()) == ACKNOWLEDGED
        assert (await wait_for_close(sockets[2]))[0] == TRY_AGAIN_LATER
        for payload in (quiet, busy):
            code, reason = await wait_for_close(await connect(payload))
            assert (code, "4 streams" in reason) == (TRY_AGAIN_LATER, True)
        async with stream_of_busy() as refused:
            error = json.loads(await refused.aread())["errors"][0]
        assert (refused.status_code, error["extensions"]) == (503, {"code": "BUSY", "limit": 4})
        assert refused.headers["Retry-After"]
        for socket in (*sockets[:2], *own):
            assert (await subscribe(socket))["type"] == "next"


async def test_workspace_with_few_subscriptions_gets_places_of_one_with_many(
    settings: Settings, connection: Connection
) -> None:
    await make_workspace(connection, "acme")
    busy, quiet = [{"token": (await make_token(connection, id_))[0]} for id_ in ("default", "acme")]
    async with (
        listening_service(settings.model_copy(update={"max_subscriptions": 2})) as url,
        connected(url, initialize=False) as first,
        connected(url, initialize=False) as second,
        connected(url, initialize=False) as other,
    ):
        for socket, payload in ((first, busy), (second, busy), (other, quiet)):
            assert await acknowledged(socket, payload)
        for socket in (first, second, other):
            assert (await subscribe(socket))["type"] == "next"
        assert (await wait_for_close(second))[0] == TRY_AGAIN_LATER
        await other.send(json.dumps({"id": "2", "type": "subscribe", "payload": {"query": CHANGED}}))
        while (refused := json.loads(await asyncio.wait_for(other.recv(), 60)))["id"] != "2":
            pass
        assert refused["payload"][0]["extensions"] == {"code": "BUSY", "limit": 2}
