"""Tests the session of a browser: sign-in with a token or at a provider, protection against other sites, sign-out."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from api.realtime.websocket import FORBIDDEN
from db.api_tokens import revoke_token
from db.connection import Connection
from tests.support.graphql_client import Client
from tests.support.http_service import listening_service
from tests.support.oidc_provider import authorize
from tests.support.token_factories import make_token, make_workspace
from tests.support.websocket_client import connected, wait_for_close

COUNTS = {"query": "{ taskCounts { all } }"}


@pytest.fixture
async def browser(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url.removesuffix("/graphql"), timeout=30) as browser:
        yield browser


async def sign_in(browser: httpx.AsyncClient, token: str) -> dict[str, Any]:
    answer = await browser.post("/session/token", json={"token": token})
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


async def test_session_without_identity(client: Client) -> None:
    state = (await client.http.get("/session")).json()
    assert (state["identity"], state["methods"], state["issuers"], state["csrf"]) == ("none", [], [], "")
    assert state["viewer"]["actor"] == "anonymous"
    assert (await client.http.post("/session/token", json={"token": "mt_x"})).status_code == 400
    assert (await client.http.get("/session/oidc/1")).status_code == 404
    assert (await client.http.get("/session/oidc/callback")).status_code == 401


async def test_token_signs_in_until_sign_out(browser: httpx.AsyncClient, connection: Connection) -> None:
    workspace = await make_workspace(connection, "acme")
    token, row = await make_token(connection, workspace, ["tasks:read"], "my token")
    before = (await browser.get("/session")).json()
    assert (before["identity"], before["viewer"], before["methods"]) == ("required", None, ["token"])
    answer = await browser.post("/session/token", json={"token": token})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("millitask_session=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert token not in cookie + answer.text
    state = answer.json()
    assert state["viewer"]["actor"] == f"token:{row.id}"
    assert state["viewer"]["workspace"] == {"id": "acme", "name": "Acme"}
    assert (await browser.get("/session")).json() == state
    # Without the header, the page of another site could have sent the request.
    refused = await browser.post("/graphql", json=COUNTS)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "CSRF_TOKEN_INVALID")
    for wrong in ("", "x" * 43):
        assert (await browser.post("/graphql", json=COUNTS, headers={"X-CSRF-Token": wrong})).status_code == 403
        assert (await browser.delete("/session", headers={"X-CSRF-Token": wrong})).status_code == 403
    csrf = {"X-CSRF-Token": state["csrf"]}
    assert (await browser.post("/graphql", json=COUNTS, headers=csrf)).json()["data"] == {"taskCounts": {"all": 0}}
    assert (await browser.get("/graphql", params=COUNTS)).status_code == 200
    assert (await browser.delete("/session", headers=csrf)).json()["viewer"] is None
    assert "millitask_session" not in browser.cookies
    assert (await browser.post("/graphql", json=COUNTS, headers=csrf)).status_code == 401


async def test_session_ends_with_its_token(browser: httpx.AsyncClient, connection: Connection) -> None:
    token, row = await make_token(connection)
    csrf = {"X-CSRF-Token": (await sign_in(browser, token))["csrf"]}
    assert await revoke_token(connection, "default", row.id)
    for _ in range(400):
        answer = await browser.post("/graphql", json=COUNTS, headers=csrf)
        if answer.status_code == 401:
            break
        await asyncio.sleep(0.05)
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await browser.get("/session")).json()["viewer"] is None
    # The cookie can still be removed.
    assert (await browser.delete("/session")).status_code == 200
    assert "millitask_session" not in browser.cookies


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
async def test_other_sites_cannot_sign_a_browser_in(
    browser: httpx.AsyncClient, connection: Connection, headers: dict[str, str]
) -> None:
    token, _ = await make_token(connection)
    answer = await browser.post("/session/token", json={"token": token}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    plain = await browser.post("/session/token", content=json.dumps({"token": token}))
    assert plain.status_code == 415


async def test_wrong_sign_ins_are_refused_and_limited(
    browser: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "mt_" + "s" * 43
    statuses = [(await browser.post("/session/token", json={"token": secret})).status_code for _ in range(25)]
    assert statuses == [401] * 20 + [429] * 5
    assert await browser.post("/session/token", content=b" " * 20_000, headers={"Content-Type": "application/json"})
    assert secret not in capsys.readouterr().out


async def test_cookie_connects_only_from_the_page(browser: httpx.AsyncClient, connection: Connection, url: str) -> None:
    token, _ = await make_token(connection)
    await sign_in(browser, token)
    cookie = {"Cookie": f"millitask_session={browser.cookies['millitask_session']}"}
    async with connected(url, origin=url.removesuffix("/graphql"), additional_headers=cookie):
        pass  # acknowledged
    # Programs send no origin. They have tokens.
    async with connected(url, initialize=False, additional_headers=cookie) as websocket:
        await websocket.send(json.dumps({"type": "connection_init"}))
        assert (await wait_for_close(websocket))[0] == FORBIDDEN


async def test_cookie_is_secure_over_https(settings: Settings, connection: Connection) -> None:
    token, _ = await make_token(connection)
    changed = settings.model_copy(update={"public_url": "https://tasks.example.com"})
    async with listening_service(changed) as url, httpx.AsyncClient(base_url=url.removesuffix("/graphql")) as http:
        answer = await http.post("/session/token", json={"token": token})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-millitask_session=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        sent = {"Cookie": cookie.partition(";")[0]}
        assert (await http.get("/session", headers=sent)).json()["viewer"]["name"] == "a token"


async def test_person_signs_in_at_a_provider_and_switches(oidc_browser: httpx.AsyncClient, issuer: str) -> None:
    callback = await authorize(oidc_browser)
    answer = await oidc_browser.get(callback)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    state = (await oidc_browser.get("/session")).json()
    viewer = state["viewer"]
    assert (viewer["actor"], viewer["name"], viewer["workspace"]["id"]) == (f"{issuer}#alice", "Alice", "default")
    assert [each["id"] for each in viewer["workspaces"]] == ["acme", "default"]
    csrf = {"X-CSRF-Token": state["csrf"]}
    query = {"query": "{ viewer { workspace { id } scopes } }"}
    found = (await oidc_browser.post("/graphql", json=query, headers=csrf)).json()["data"]["viewer"]
    assert found == {"workspace": {"id": "default"}, "scopes": ["TASKS_READ", "TASKS_WRITE"]}
    refused = await oidc_browser.post("/session/workspace", json={"workspace": "acme"})
    assert refused.status_code == 403
    switched = await oidc_browser.post("/session/workspace", json={"workspace": "acme"}, headers=csrf)
    assert switched.json()["viewer"]["workspace"]["id"] == "acme"
    found = (await oidc_browser.post("/graphql", json=query, headers=csrf)).json()["data"]["viewer"]
    assert found["workspace"] == {"id": "acme"}
    other = await oidc_browser.post("/session/workspace", json={"workspace": "other"}, headers=csrf)
    assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


async def test_answer_of_a_provider_is_accepted_once_and_from_the_same_browser(
    oidc_browser: httpx.AsyncClient,
) -> None:
    callback = await authorize(oidc_browser)
    service = str(oidc_browser.base_url)
    async with httpx.AsyncClient(base_url=service) as stranger:
        assert (await stranger.get(callback)).status_code == 401
    kept = dict(oidc_browser.cookies)
    wrong = [
        callback.copy_set_param("state", "other"),
        callback.copy_remove_param("state"),
        callback.copy_remove_param("code"),
        callback.copy_set_param("iss", "https://evil.example"),
    ]
    for target in wrong:
        async with httpx.AsyncClient(base_url=service, cookies=kept) as other:
            answer = await other.get(target)
            assert answer.status_code == 401
            assert "millitask_session=" not in answer.headers.get("set-cookie", "")
            assert "default-src 'none'" in answer.headers["content-security-policy"]
    async with httpx.AsyncClient(base_url=service, cookies=kept) as other:
        unknown_code = await other.get(callback.copy_set_param("code", "guessed"))
        assert unknown_code.status_code == 503
    assert (await oidc_browser.get(callback)).status_code == 303
    assert (await oidc_browser.get(callback)).status_code == 401
