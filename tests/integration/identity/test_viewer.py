"""Tests the field `viewer`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from db.connection import Connection
from tests.support.graphql_client import Client
from tests.support.token_factories import make_token, make_workspace

VIEWER = "{ viewer { actor name workspace { id name } scopes expiresAt } }"


async def viewer(url: str, token: str) -> dict[str, Any]:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http:
        answer = await http.post(url, json={"query": VIEWER})
    found: dict[str, Any] = answer.json()["data"]["viewer"]
    return found


async def test_callers_of_one_workspace_see_themselves(url: str, connection: Connection) -> None:
    workspace = await make_workspace(connection, "acme")
    expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    first, row = await make_token(connection, workspace, ["tasks:write"], "first", expires_at)
    second, _ = await make_token(connection, workspace, ["admin", "tasks:read"], "second")
    for _ in range(2):  # no answer comes from the page cache, which both callers share
        found = await viewer(url, first)
        assert found["actor"] == f"token:{row.id}"
        assert (found["name"], found["scopes"]) == ("first", ["TASKS_WRITE"])
        assert found["workspace"] == {"id": "acme", "name": "Acme"}
        assert datetime.fromisoformat(found["expiresAt"]) == expires_at
        found = await viewer(url, second)
        assert (found["name"], found["scopes"], found["expiresAt"]) == ("second", ["TASKS_READ", "ADMIN"], None)


async def test_viewer_without_identity_is_anonymous(client: Client) -> None:
    data = await client.query(VIEWER)
    assert data["viewer"] == {
        "actor": "anonymous",
        "name": "",
        "workspace": {"id": "default", "name": "Default"},
        "scopes": ["TASKS_READ", "TASKS_WRITE", "ADMIN"],
        "expiresAt": None,
    }
