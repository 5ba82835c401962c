"""Runs the service with identity: people sign in to the page with API tokens."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
from playwright.async_api import Page, expect

from db.api_tokens import ApiToken, revoke_token
from db.caller import DEFAULT_WORKSPACE, SCOPES, Scope
from db.connection import Connection
from db.pool import Database
from tests.acceptance.web.site import Site
from tests.support.token_factories import make_token, make_workspace


class IdentitySite(Site):
    """A service that identifies its callers by API tokens. Requests of the tests have all scopes."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **{"MILLITASK_IDENTITY": "tokens", **settings})

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with Database(self.urls.database_url) as database, database.transaction() as connection:
            yield connection

    async def create_token(
        self,
        name: str,
        scopes: Sequence[Scope] = SCOPES,
        workspace: str = DEFAULT_WORKSPACE,
        points_per_minute: int | None = None,
    ) -> tuple[str, ApiToken]:
        """Create a token. Return it and what the service knows of it."""
        async with self._connection() as connection:
            return await make_token(connection, workspace, scopes, name, points_per_minute=points_per_minute)

    async def spend_points(self, token: str) -> None:
        """Spend the points of a token, until it has not even one."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, verify=False) as http:
            for query in ("{ tasks(first: 100) { nodes { id } } }", "{ taskCounts { all } }"):
                while (await http.post(f"{self.url}/graphql", json={"query": query})).status_code == HTTPStatus.OK:
                    pass

    async def create_workspace(self, id_: str) -> None:
        async with self._connection() as connection:
            await make_workspace(connection, id_)

    async def revoke(self, token: ApiToken) -> None:
        async with self._connection() as connection:
            assert await revoke_token(connection, token.workspace, token.id) is not None


async def sign_in(tab: Page, token: str) -> None:
    """Sign in with a token, in the form that is on screen."""
    await tab.get_by_label("API token", exact=True).fill(token)
    await tab.get_by_role("button", name="Sign in with the token").click()
    await expect(tab.get_by_label("API token", exact=True)).to_be_hidden()
