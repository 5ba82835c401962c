"""Clients of a service that requires API tokens."""

from collections.abc import AsyncIterator, Callable
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
from tests.support.graphql_client import Client
from tests.support.token_factories import make_token, make_workspace

CREATE_TOKEN = """mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) {
  token clientMutationId userErrors { field message code }
  apiToken { id workspaceId name scopes createdBy expiresAt lastUsedAt revokedAt pointsPerMinute } } }"""


REVOKE = """mutation ($input: RevokeApiTokenInput!) { revokeApiToken(input: $input) {
  apiToken { id revokedAt } userErrors { field message code } } }"""


AUDIT = """query ($first: Int, $after: String, $workspace: ID) {
  auditLog(first: $first, after: $after, workspaceId: $workspace) {
    nodes { workspaceId actor action target details address requestId at } pageInfo { endCursor hasNextPage } } }"""


WORKSPACES = """query ($first: Int, $after: String) { workspaces(first: $first, after: $after) {
  nodes { id name state createdAt } pageInfo { endCursor hasNextPage hasPreviousPage } } }"""


As = Callable[[str], Client]


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
