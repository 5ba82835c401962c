"""Factories of API tokens and workspaces for tests that use the database."""

from collections.abc import Sequence
from datetime import datetime

from db.api_tokens import ApiToken, NewApiToken, create_token
from db.caller import DEFAULT_WORKSPACE, SCOPES, Scope
from db.connection import Connection
from db.token_text import new_token, token_hash
from db.workspaces import create_workspace
from schema.ids import new_id


async def make_workspace(connection: Connection, id_: str) -> str:
    """Create a workspace and return its id."""
    assert await create_workspace(connection, id_, id_.title()) is not None
    return id_


async def make_token(
    connection: Connection,
    workspace: str = DEFAULT_WORKSPACE,
    scopes: Sequence[Scope] = SCOPES,
    name: str = "a token",
    expires_at: datetime | None = None,
    points_per_minute: int | None = None,
) -> tuple[str, ApiToken]:
    """Create a token. Return it and its row."""
    token = new_token()
    new = NewApiToken(new_id(), workspace, name, token_hash(token), scopes, "a test", expires_at, points_per_minute)
    created = await create_token(connection, new)
    assert created is not None
    return token, created
