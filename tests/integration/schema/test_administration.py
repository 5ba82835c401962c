"""Tests the administrative queries and mutations: who may do what, their user errors, their pages, the audit log."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.config.settings import Settings
from api.identity import directory as directory_module
from api.identity.authenticator import Authenticator
from api.identity.directory import Directory
from api.identity.tokens import ApiTokens
from db.pool import Database
from db.token_text import has_token_form
from schema.ids import new_id
from tests.support.graphql_client import Client
from tests.support.token_factories import make_token, make_workspace

CREATE_TOKEN = """mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) {
  token clientMutationId userErrors { field message code }
  apiToken { id workspaceId name scopes createdBy expiresAt lastUsedAt revokedAt pointsPerMinute } } }"""
REVOKE = """mutation ($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) {
  apiToken { id revokedAt } userErrors { field message code } } }"""
TOKENS = """query ($first: Int, $after: String, $workspace: ID) {
  apiTokens(first: $first, after: $after, workspaceId: $workspace) {
    nodes { id name workspaceId } edges { cursor node { id } }
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage pageNumber pageCount } } }"""
AUDIT = """query ($first: Int, $after: String, $workspace: ID) {
  auditLog(first: $first, after: $after, workspaceId: $workspace) {
    nodes { workspaceId actor action target details address requestId at } pageInfo { endCursor hasNextPage } } }"""
WORKSPACES = """query ($first: Int, $after: String) { workspaces(first: $first, after: $after) {
  nodes { id name state createdAt } pageInfo { endCursor hasNextPage hasPreviousPage } } }"""

As = Callable[[str], Client]


def workspace_mutation(name: str) -> str:
    input_type = name[0].upper() + name[1:] + "Input"
    return (
        f"mutation ($input: {input_type}!) {{ {name}(input: $input) "
        "{ workspace { id name state } userErrors { field message code } } }"
    )


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database


@pytest.fixture(params=["compiled", "standard"])
async def signed_in(
    database: Database,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[As]:
    """Yield a function that returns a client of the service with a token."""
    monkeypatch.setattr(directory_module, "LOOK_INTERVAL_SECONDS", 0.1)
    async with Directory(database) as directory:
        settings = Settings(database_url=database_url, redis_url=redis_url, executor=request.param)
        app = create_app(settings, authenticator=Authenticator(ApiTokens(directory)))
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 1234))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30) as http,
        ):

            def as_(token: str) -> Client:
                client = httpx.AsyncClient(
                    transport=transport,
                    base_url="http://localhost",
                    timeout=30,
                    headers={"Authorization": f"Bearer {token}"},
                )
                return Client(client)

            assert (await http.post("/graphql", json={"query": "{ __typename }"})).status_code == 401
            yield as_


@pytest.fixture
async def operator(signed_in: As, database: Database) -> Client:
    async with database.connection() as connection:
        token, _ = await make_token(connection, name="the operator")
    return signed_in(token)


@pytest.fixture
async def acme(signed_in: As, database: Database) -> Client:
    """Return a client with all scopes in the workspace acme."""
    async with database.connection() as connection:
        await make_workspace(connection, "acme")
        token, _ = await make_token(connection, "acme", name="acme's admin")
    return signed_in(token)


async def user_error(client: Client, document: str, **given: Any) -> tuple[Any, str]:
    [payload] = (await client.query(document, input=given)).values()
    assert all(value is None for name, value in payload.items() if name != "userErrors")
    [error] = payload["userErrors"]
    return error["field"], error["code"]


async def test_administrator_creates_uses_and_revokes_a_token(acme: Client, signed_in: As) -> None:
    expires_at = (datetime.now(UTC) + timedelta(days=90)).replace(microsecond=0)
    given = {"name": " CI ", "scopes": ["TASKS_WRITE", "TASKS_READ"], "expiresAt": expires_at.isoformat()}
    payload = (await acme.query(CREATE_TOKEN, input=given | {"clientMutationId": "x"}))["createApiToken"]
    assert payload["userErrors"] == []
    assert payload["clientMutationId"] == "x"
    token = payload["apiToken"]
    assert has_token_form(payload["token"])
    assert token["scopes"] == ["TASKS_READ", "TASKS_WRITE"]
    assert (token["name"], token["workspaceId"]) == ("CI", "acme")
    assert token["createdBy"].startswith("token:")
    assert datetime.fromisoformat(token["expiresAt"]) == expires_at
    assert (token["lastUsedAt"], token["revokedAt"], token["pointsPerMinute"]) == (None, None, None)
    reader = signed_in(payload["token"])
    assert await reader.total() == 0
    refused = await reader.send(TOKENS)
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN", "scope": "admin"}
    revoked = (await acme.query(REVOKE, input={"id": token["id"]}))["revokeApiToken"]
    assert revoked["apiToken"]["revokedAt"] is not None
    again = (await acme.query(REVOKE, input={"id": token["id"]}))["revokeApiToken"]
    assert again == revoked
    while (await reader.send("{ __typename }")).status_code != 401:
        pass


async def test_anonymous_caller_creates_no_token(client: Client) -> None:
    given = {"name": "a", "scopes": ["TASKS_READ"]}
    [error] = (await client.query(CREATE_TOKEN, input=given))["createApiToken"]["userErrors"]
    assert (error["field"], error["code"]) == (None, "NOT_ALLOWED")
    assert "python -m api token create" in error["message"]


async def test_token_gets_no_more_than_its_creator_has(
    operator: Client, acme: Client, signed_in: As, database: Database
) -> None:
    async with database.connection() as connection:
        token, _ = await make_token(connection, "acme", ["admin", "tasks:read"])
    limited = signed_in(token)
    base: dict[str, Any] = {"name": "a", "scopes": ["TASKS_READ"]}
    assert await user_error(limited, CREATE_TOKEN, **base | {"scopes": ["TASKS_WRITE"]}) == (["scopes"], "NOT_ALLOWED")
    assert await user_error(acme, CREATE_TOKEN, **base, pointsPerMinute=10**6) == (["pointsPerMinute"], "NOT_ALLOWED")
    for foreign in ("default", "nowhere"):
        error = await acme.error(CREATE_TOKEN, input=base | {"workspaceId": foreign})
        assert error["extensions"]["code"] == "FORBIDDEN"
        error = await acme.error(TOKENS, workspace=foreign)
        assert error["extensions"]["code"] == "FORBIDDEN"
        error = await acme.error(AUDIT, workspace=foreign)
        assert error["extensions"]["code"] == "FORBIDDEN"
    payload = await operator.query(CREATE_TOKEN, input=base | {"workspaceId": "acme", "pointsPerMinute": 600})
    assert payload["createApiToken"]["apiToken"]["pointsPerMinute"] == 600
    assert await user_error(operator, CREATE_TOKEN, **base, workspaceId="nowhere") == (["workspaceId"], "NOT_FOUND")


async def test_input_of_a_token_is_checked(acme: Client) -> None:
    base: dict[str, Any] = {"name": "a", "scopes": ["TASKS_READ"]}
    past, far = "2020-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
    for change, expected in (
        ({"name": "  "}, (["name"], "BLANK")),
        ({"name": "a" * 201}, (["name"], "TOO_LONG")),
        ({"name": "a\nb"}, (["name"], "INVALID_CHARACTER")),
        ({"scopes": []}, (["scopes"], "BLANK")),
        ({"expiresAt": past}, (["expiresAt"], "IN_PAST")),
        ({"expiresAt": far}, (["expiresAt"], "OUT_OF_RANGE")),
    ):
        assert await user_error(acme, CREATE_TOKEN, **base | change) == expected
    assert await user_error(acme, REVOKE, id="x") == (["id"], "INVALID_ID")
    assert await user_error(acme, REVOKE, id=str(new_id())) == (["id"], "NOT_FOUND")


async def test_token_of_another_workspace_is_like_one_that_does_not_exist(
    acme: Client, operator: Client, database: Database
) -> None:
    async with database.connection() as connection:
        _, foreign = await make_token(connection)
    missing, other = [
        (await acme.query(REVOKE, input={"id": id_}))["revokeApiToken"] for id_ in (str(new_id()), str(foreign.id))
    ]
    assert missing == other
    revoked = (await operator.query(REVOKE, input={"id": str(foreign.id)}))["revokeApiToken"]
    assert revoked["userErrors"] == []


async def test_pages_of_tokens_are_those_of_the_own_workspace(
    acme: Client, operator: Client, database: Database
) -> None:
    async with database.connection() as connection:
        made = [(await make_token(connection, "acme", name=str(number)))[1] for number in range(4)]
        await make_token(connection)
    expected = [str(row.id) for row in reversed(made)]
    seen, after, pages = [], None, 0
    while True:
        page = (await acme.query(TOKENS, first=2, after=after))["apiTokens"]
        pages += 1
        seen += [node["id"] for node in page["nodes"]]
        assert [edge["node"]["id"] for edge in page["edges"]] == [node["id"] for node in page["nodes"]]
        info = page["pageInfo"]
        assert (info["startCursor"], info["endCursor"]) == (page["edges"][0]["cursor"], page["edges"][-1]["cursor"])
        assert info["hasPreviousPage"] is (after is not None)
        assert (info["pageNumber"], info["pageCount"]) == (None, None)
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert pages == 3
    assert seen[:4] == expected
    assert len(seen) == 5
    names = [node["name"] for node in (await operator.query(TOKENS, workspace="acme"))["apiTokens"]["nodes"]]
    assert names == ["3", "2", "1", "0", "acme's admin"]
    for wrong in ("", "x", (await operator.query(WORKSPACES, first=1))["workspaces"]["pageInfo"]["endCursor"]):
        error = await acme.error(TOKENS, after=wrong)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}
    assert (await acme.error(TOKENS, first=101))["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await acme.query(TOKENS, first=0))["apiTokens"]["pageInfo"]["endCursor"] is None


async def test_operator_administers_workspaces(operator: Client, acme: Client) -> None:
    created = await operator.query(workspace_mutation("createWorkspace"), input={"id": "beta", "name": "Beta Inc"})
    assert created["createWorkspace"]["workspace"] == {"id": "beta", "name": "Beta Inc", "state": "ACTIVE"}
    renamed = await operator.query(workspace_mutation("renameWorkspace"), input={"id": "beta", "name": "B"})
    assert renamed["renameWorkspace"]["workspace"]["name"] == "B"
    suspended = await operator.query(workspace_mutation("suspendWorkspace"), input={"id": "acme"})
    assert suspended["suspendWorkspace"]["workspace"]["state"] == "SUSPENDED"
    while (refused := await acme.send("{ __typename }")).status_code != 403:
        assert refused.status_code == 200
    assert refused.json()["errors"][0]["extensions"] == {"code": "WORKSPACE_SUSPENDED"}
    await operator.query(workspace_mutation("resumeWorkspace"), input={"id": "acme"})
    while (await acme.send("{ __typename }")).status_code != 200:
        pass
    deleting = await operator.query(workspace_mutation("deleteWorkspace"), input={"id": "beta", "confirmId": "beta"})
    assert deleting["deleteWorkspace"]["workspace"]["state"] == "DELETING"
    page = (await operator.query(WORKSPACES, first=2))["workspaces"]
    assert [(node["id"], node["state"]) for node in page["nodes"]] == [("acme", "ACTIVE"), ("beta", "DELETING")]
    rest = (await operator.query(WORKSPACES, after=page["pageInfo"]["endCursor"]))["workspaces"]
    assert [node["id"] for node in rest["nodes"]] == ["default"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


@pytest.mark.parametrize("signed_in", ["compiled"], indirect=True)
async def test_input_of_a_workspace_is_checked(operator: Client) -> None:
    cases: list[tuple[str, Any, Any]] = [
        ("createWorkspace", {"id": "Acme"}, (["id"], "INVALID_ID")),
        ("createWorkspace", {"id": "a" * 64}, (["id"], "INVALID_ID")),
        ("createWorkspace", {"id": "default"}, (["id"], "ID_TAKEN")),
        ("createWorkspace", {"id": "new", "name": " "}, (["name"], "BLANK")),
        ("renameWorkspace", {"id": "nowhere", "name": "a"}, (["id"], "NOT_FOUND")),
        ("suspendWorkspace", {"id": "nowhere"}, (["id"], "NOT_FOUND")),
        ("suspendWorkspace", {"id": "default"}, (["id"], "NOT_ALLOWED")),
        ("resumeWorkspace", {"id": "nowhere"}, (["id"], "NOT_FOUND")),
        ("deleteWorkspace", {"id": "default", "confirmId": "default"}, (["id"], "NOT_ALLOWED")),
        ("deleteWorkspace", {"id": "nowhere", "confirmId": "nowhere"}, (["id"], "NOT_FOUND")),
        ("deleteWorkspace", {"id": "default", "confirmId": "defaul"}, (["confirmId"], "NOT_CONFIRMED")),
    ]
    for name, given, expected in cases:
        assert await user_error(operator, workspace_mutation(name), **given) == expected


@pytest.mark.parametrize("signed_in", ["compiled"], indirect=True)
async def test_only_an_operator_administers_workspaces(acme: Client, operator: Client) -> None:
    for name, given in {
        "createWorkspace": {"id": "beta"},
        "renameWorkspace": {"id": "acme", "name": "x"},
        "suspendWorkspace": {"id": "default"},
        "resumeWorkspace": {"id": "acme"},
        "deleteWorkspace": {"id": "acme", "confirmId": "acme"},
    }.items():
        error = await acme.error(workspace_mutation(name), input=given)
        assert error["extensions"]["code"] == "FORBIDDEN"
    assert [node["id"] for node in (await acme.query(WORKSPACES))["workspaces"]["nodes"]] == ["acme"]
    refused = (await operator.query(AUDIT, workspace="acme"))["auditLog"]["nodes"]
    assert {entry["action"] for entry in refused} == {"access.refused"}
    assert len(refused) == 5


@pytest.mark.parametrize("signed_in", ["compiled"], indirect=True)
async def test_audit_log_tells_who_did_what_from_where(acme: Client, operator: Client) -> None:
    payload = (await acme.query(CREATE_TOKEN, input={"name": "CI", "scopes": ["ADMIN"]}))["createApiToken"]
    await operator.query(workspace_mutation("renameWorkspace"), input={"id": "acme", "name": "Acme Inc"})
    await operator.query(workspace_mutation("createWorkspace"), input={"id": "beta"})
    own = (await acme.query(AUDIT))["auditLog"]["nodes"]
    assert [entry["action"] for entry in own] == ["workspace.rename", "token.create"]
    created = own[1]
    assert (created["workspaceId"], created["target"]) == ("acme", payload["apiToken"]["id"])
    assert created["actor"] == payload["apiToken"]["createdBy"]
    assert created["address"] == "192.0.2.7"
    assert created["requestId"]
    assert json.loads(created["details"]) == {"name": "CI", "scopes": ["admin"]}
    everything = (await operator.query(AUDIT, first=2))["auditLog"]
    assert [entry["action"] for entry in everything["nodes"]] == ["workspace.create", "workspace.rename"]
    rest = (await operator.query(AUDIT, after=everything["pageInfo"]["endCursor"]))["auditLog"]["nodes"]
    assert [entry["action"] for entry in rest] == ["token.create"]


@pytest.mark.parametrize("signed_in", ["compiled"], indirect=True)
async def test_no_log_line_has_a_token(
    acme: Client, signed_in: As, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    async with database.connection() as connection:
        token, row = await make_token(connection, "acme")
    payload = (await acme.query(CREATE_TOKEN, input={"name": "CI", "scopes": ["ADMIN"]}))["createApiToken"]
    wrong = token[:-4] + "AAAA"
    assert (await signed_in(wrong).send("{ __typename }")).status_code == 401
    client = signed_in(token)
    await client.error("{ nope }")
    assert (await client.send("mutation { nope }")).status_code in (200, 400)
    await client.query(REVOKE, input={"id": str(row.id)})
    while (await client.send("{ __typename }")).status_code != 401:
        pass
    metrics = (await acme.http.get("/metrics")).text
    audit = json.dumps((await acme.query(AUDIT))["auditLog"])
    out, err = capfd.readouterr()
    assert str(row.id) in audit
    for secret in (token, payload["token"], wrong):
        for text in (out, err, metrics, audit):
            assert secret not in text
            assert secret[3:-4] not in text
