"""Runs the service with identity: people sign in to the page with API tokens."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
import psycopg
from playwright.async_api import Page, expect

from db.api_tokens import ApiToken, revoke_token
from db.caller import DEFAULT_WORKSPACE, SCOPES, Scope
from db.connection import Connection
from db.pool import Database
from tests.acceptance.web.site import Site
from tests.support.token_factories import make_token, make_workspace

# "Script 1" is the newest token. Every fifth one has a long name, every seventh is revoked, every ninth has expired.
_INSERT_TOKENS = """
    INSERT INTO api_token (id, workspace_id, name, hash, scopes, created_by, expires_at, revoked_at)
    SELECT uuidv7(make_interval(secs => -n)), %(workspace)s,
           CASE WHEN n %% 5 = 1 THEN repeat('LongName', 20) ELSE 'Script ' || n END,
           sha256((%(workspace)s || n)::bytea), '{tasks:read,tasks:write}',
           (ARRAY['cli:ada', 'https://id.example.com#8b1f-4444', 'token:' || uuidv7(), %(actor)s])[1 + n %% 4],
           CASE WHEN n %% 9 = 0 THEN now() END, CASE WHEN n %% 7 = 0 THEN now() END
    FROM generate_series(1, %(tokens)s) AS n
"""
_INSERT_ENTRIES = """
    INSERT INTO audit_log (id, workspace_id, actor, action, target, details, address)
    SELECT uuidv7(make_interval(secs => -n)), %(workspace)s,
           (ARRAY['cli:ada', 'https://id.example.com#8b1f-4444', 'anonymous', %(actor)s])[1 + n %% 4],
           (ARRAY['token.create', 'session.refused', 'session.end', 'later.action'])[1 + n %% 4],
           (ARRAY[uuidv7()::text, 'oidc', '', repeat('target', 30)])[1 + n %% 4],
           (ARRAY[jsonb_build_object('name', repeat('LongName', 20), 'scopes', ARRAY['admin'], 'expires_at', now()),
                  jsonb_build_object('reason', 'The token has expired.'), '{}', '{"unknown": 7}'])[1 + n %% 4],
           '2001:db8:85a3:8d3:1319:8a2e:370:7348'
    FROM generate_series(1, %(entries)s) AS n
"""


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
        """Spend the points of a token, until it has too few for a task."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, verify=False) as http:
            for count in (100, 10, 1):
                query = {"query": f"{{ tasks(first: {count}) {{ nodes {{ id }} }} }}"}
                while (await http.post(f"{self.url}/graphql", json=query)).status_code == HTTPStatus.OK:
                    pass

    async def create_workspace(self, id_: str) -> None:
        async with self._connection() as connection:
            await make_workspace(connection, id_)

    async def create_busy_workspace(self, id_: str, *, tokens: int, entries: int) -> str:
        """Create a workspace with many tokens and entries of the audit log. Return a token of its administrator."""
        await self.create_workspace(id_)
        token, row = await self.create_token("Ada", workspace=id_)
        params = {"workspace": id_, "actor": f"token:{row.id}", "tokens": tokens, "entries": entries}
        with psycopg.connect(self.urls.database_url, autocommit=True) as connection:
            connection.execute(_INSERT_TOKENS, params)
            connection.execute(_INSERT_ENTRIES, params)
        return token

    async def revoke(self, token: ApiToken) -> None:
        async with self._connection() as connection:
            assert await revoke_token(connection, token.workspace, token.id) is not None


async def sign_in(tab: Page, token: str) -> None:
    """Sign in with a token, in the form that is on screen."""
    await tab.get_by_label("API token", exact=True).fill(token)
    await tab.get_by_role("button", name="Sign in with the token").click()
    await expect(tab.get_by_label("API token", exact=True)).to_be_hidden()
