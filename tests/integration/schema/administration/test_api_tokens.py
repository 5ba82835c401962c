"""Tests the administration of API tokens by GraphQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

from db.pool import Database
from db.token_text import has_token_form
from schema.ids import new_id
from tests.integration.schema.administration.conftest import AUDIT, CREATE_TOKEN, REVOKE, WORKSPACES, As, user_error
from tests.support.graphql_client import Client
from tests.support.token_factories import make_token

TOKENS = """query ($first: Int, $after: String, $workspace: ID) {
  apiTokens(first: $first, after: $after, workspaceId: $workspace) {
    nodes { id name workspaceId } edges { cursor node { id } }
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage pageNumber pageCount } } }"""


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
    recorded = [entry["action"] for entry in (await acme.query(AUDIT))["auditLog"]["nodes"]]
    assert recorded == ["token.revoke", "token.create"]
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


async def test_actors_have_the_names_of_tokens_of_the_same_workspace(acme: Client, operator: Client) -> None:
    given = {"name": "a", "scopes": ["TASKS_READ"]}
    await acme.query(CREATE_TOKEN, input=given)
    await operator.query(CREATE_TOKEN, input=given | {"workspaceId": "acme"})
    await operator.query(CREATE_TOKEN, input=given)
    tokens = "query ($workspace: ID) { apiTokens(workspaceId: $workspace) { nodes { createdByName } } }"
    entries = "query ($workspace: ID) { auditLog(workspaceId: $workspace) { nodes { actorName } } }"
    for workspace, expected in (("acme", [None, "acme's admin"]), ("default", ["the operator"])):
        made = (await operator.query(tokens, workspace=workspace))["apiTokens"]["nodes"]
        assert [node["createdByName"] for node in made] == [*expected, None]  # the first one was made by a test
        recorded = (await operator.query(entries, workspace=workspace))["auditLog"]["nodes"]
        assert [node["actorName"] for node in recorded] == expected


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
