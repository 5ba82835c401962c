"""Tests the administration of workspaces by GraphQL, and the audit log."""

import json
from typing import Any

import pytest

from db.pool import Database
from tests.integration.schema.administration.conftest import AUDIT, CREATE_TOKEN, REVOKE, WORKSPACES, As, user_error
from tests.support.graphql_client import Client
from tests.support.token_factories import make_token


def workspace_mutation(name: str) -> str:
    input_type = name[0].upper() + name[1:] + "Input"
    return (
        f"mutation ($input: {input_type}!) {{ {name}(input: $input) "
        "{ workspace { id name state } userErrors { field message code } } }"
    )


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
