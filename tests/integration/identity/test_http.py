"""Tests that requests over HTTP need a token: by POST and GET, in batches, and for event streams."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from db.api_tokens import revoke_token
from db.caller import DEFAULT_WORKSPACE
from db.connection import Connection
from db.token_text import new_token
from db.workspaces import set_state
from tests.support.token_factories import make_token, make_workspace

COUNTS = "{ taskCounts { all } }"
CREATE = 'mutation { createTask(input: {title: "x"}) { task { id } } }'
LIVE = "subscription { taskCountsChanged { all } }"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def code(answer: httpx.Response) -> str:
    [error] = answer.json()["errors"]
    return str(error["extensions"]["code"])


async def request(url: str, how: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:
        if how == "GET":
            return await http.get(url, params={"query": COUNTS})
        if how == "stream":
            return await http.post(url, json={"query": LIVE}, headers={"Accept": "text/event-stream"})
        content: Any = {"query": COUNTS} if how == "POST" else [{"query": COUNTS}] * 2
        return await http.post(url, json=content)


@pytest.mark.parametrize("how", ["POST", "GET", "batch", "stream"])
async def test_request_without_a_valid_token_is_refused(url: str, how: str) -> None:
    unknown = new_token()
    for headers, challenge in (
        ({}, 'Bearer realm="millitask"'),
        ({"Authorization": "Basic YTpi"}, 'Bearer realm="millitask"'),
        ({"Authorization": "Bearer"}, 'Bearer realm="millitask"'),
        ({"Authorization": "Bearer nonsense"}, 'Bearer realm="millitask"'),
        ({"Cookie": "millitask_session=nonsense"}, "Bearer"),
        (bearer(unknown), 'Bearer realm="millitask", error="invalid_token"'),
    ):
        answer = await request(url, how, headers)
        assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"].startswith(challenge)
        assert unknown not in answer.text
        assert "data" not in answer.json()


@pytest.mark.parametrize("how", ["POST", "GET", "batch"])
async def test_request_with_a_token_is_answered(url: str, connection: Connection, how: str) -> None:
    token, _ = await make_token(connection, scopes=["tasks:read"])
    for _ in range(2):  # the second answer comes from the page cache
        answer = await request(url, how, bearer(token))
        assert answer.status_code == 200
        first = answer.json()[0] if how == "batch" else answer.json()
        assert first["data"] == {"taskCounts": {"all": 0}}
    # The page that is cached now does not answer those who may not read it.
    assert (await request(url, how, {})).status_code == 401
    writer, _ = await make_token(connection, scopes=["tasks:write"])
    refused = await request(url, how, bearer(writer))
    if how == "batch":
        assert [item["errors"][0]["extensions"]["scope"] for item in refused.json()] == ["tasks:read"] * 2
    else:
        assert (refused.status_code, code(refused)) == (403, "FORBIDDEN")


async def test_missing_scope_is_named(url: str, connection: Connection) -> None:
    token, _ = await make_token(connection, scopes=["tasks:read"])
    async with httpx.AsyncClient(headers=bearer(token)) as http:
        answer = await http.post(url, json={"query": CREATE})
    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
    assert 'error="insufficient_scope", scope="tasks:write"' in answer.headers["www-authenticate"]
    assert answer.json()["errors"][0]["extensions"]["scope"] == "tasks:write"


async def test_stored_documents_need_a_token_too(url: str, connection: Connection) -> None:
    token, _ = await make_token(connection)
    hash_ = "dd7b50fb3a2e3bc2e56ca2e7ea7fd5f3c1fa3ebd3bda9a38ed2f5f6e2bd0e2b4"
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_}}}
    async with httpx.AsyncClient() as http:
        assert code(await http.post(url, json=body, headers=bearer(token))) == "PERSISTED_QUERY_NOT_FOUND"
        # Whether a document is stored is told only to those who may know.
        assert code(await http.post(url, json=body)) == "UNAUTHENTICATED"


async def test_what_is_open_to_everyone(url: str) -> None:
    service = url.removesuffix("/graphql")
    async with httpx.AsyncClient(base_url=service) as http:
        assert (await http.get("/livez")).status_code == 200
        assert "status" in (await http.get("/readyz")).json()  # ready, or not yet
        assert (await http.get("/metrics")).status_code == 200


async def test_preflight_allows_the_token_without_having_one(settings: Any) -> None:
    from tests.support.graphql_client import started

    origin = "https://app.example.com"
    async with started(settings.model_copy(update={"cors_origins": origin})) as client:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        asked["Access-Control-Request-Headers"] = "authorization, content-type"
        answer = await client.http.options("/graphql", headers=asked)
        assert answer.status_code == 200
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        refused = await client.http.post("/graphql", json={"query": COUNTS}, headers={"Origin": origin})
        # A page of another site can read why it was refused.
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == origin


async def read_until_end(url: str, token: str, started: asyncio.Event) -> str:
    """Return the text of an event stream that the service ends."""
    headers = bearer(token) | {"Accept": "text/event-stream"}
    text = ""
    async with (
        httpx.AsyncClient(headers=headers, timeout=60) as http,
        http.stream("POST", url, json={"query": LIVE}) as answer,
    ):
        assert answer.status_code == 200
        async for part in answer.aiter_text():
            text += part
            if "event: next" in text:
                started.set()
    return text


@pytest.mark.parametrize("cause", ["revoked", "suspended"])
async def test_event_stream_ends_without_complete(url: str, connection: Connection, cause: str) -> None:
    workspace = await make_workspace(connection, "acme")
    token, row = await make_token(connection, workspace)
    kept, _ = await make_token(connection)
    started, other_started = asyncio.Event(), asyncio.Event()
    reading = asyncio.create_task(read_until_end(url, token, started))
    other = asyncio.create_task(read_until_end(url, kept, other_started))
    await asyncio.wait_for(asyncio.gather(started.wait(), other_started.wait()), 30)
    if cause == "revoked":
        assert await revoke_token(connection, workspace, row.id)
    else:
        assert await set_state(connection, workspace, "suspended")
    text = await asyncio.wait_for(reading, 30)
    assert "event: complete" not in text
    assert json.dumps(token) not in text
    assert ("revoked" if cause == "revoked" else "suspended") in text.rpartition("\n: ")[2]
    assert not other.done()
    other.cancel()
    assert workspace != DEFAULT_WORKSPACE
