"""Tests HTTP bodies that are not GraphQL requests: every error is clear, and no task changes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.graphql_client import CREATE, TOTAL, Client


@pytest.mark.parametrize("with_length", [True, False])
async def test_body_over_the_limit_is_rejected(client: Client, existing_task: Any, with_length: bool) -> None:
    body = json.dumps({"query": TOTAL, "variables": {"x": "y" * 2**20}}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 2**16):
            yield body[at : at + 2**16]

    response = await client.http.post(
        "/graphql", content=body if with_length else chunks(), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 413
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BODY_TOO_LARGE"
    assert error["extensions"]["limit"] == 2**20
    # Without a Content-Length, the service stops reading at the limit, so the error cannot contain the total size.
    requested = error["extensions"]["requested"]
    assert requested == len(body) if with_length else 2**20 < requested <= len(body)
    for number in (2**20, requested):
        assert f"{number:,}" in error["message"]


async def test_body_at_the_limit_is_accepted(client: Client) -> None:
    body = json.dumps({"query": TOTAL}).encode()
    response = await client.post(body + b" " * (2**20 - len(body)))
    assert response.status_code == 200
    assert response.json()["data"]["tasks"]["totalCount"] == 0


NOT_JSON = [b"", b"{", b"query { tasks }", b"\xff\xfe", b'{"query": "\xff"}', b"{'query': '{ __typename }'}", b"nul\0"]


async def test_malformed_json_is_rejected(client: Client, existing_task: Any) -> None:
    for body in NOT_JSON:
        response = await client.post(body)
        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "JSON" in error["message"]


INVALID_REQUESTS: list[object] = [
    None,
    1,
    "{ __typename }",
    [],
    [{"query": "{ __typename }"}],
    {},
    {"query": None},
    {"query": 1},
    {"query": ""},
    {"query": "{ __typename }", "variables": 1},
    {"query": "{ __typename }", "variables": [1]},
    {"query": "query A { __typename }", "operationName": 1},
    {"query": "query A { __typename }", "operationName": "B"},
]


async def test_json_that_is_not_a_request_is_rejected(client: Client, existing_task: Any) -> None:
    for body in INVALID_REQUESTS:
        response = await client.post(json.dumps(body).encode())
        assert response.status_code in (200, 400), response.text
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] in ("BAD_REQUEST", "BATCHING_DISABLED", "OPERATION_NOT_FOUND")
        assert error["message"]


async def test_wrong_content_type_is_rejected(client: Client, existing_task: Any) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "", "nonsense"):
        body = json.dumps({"query": CREATE, "variables": {"input": {"title": "New"}}}).encode()
        response = await client.post(body, content_type)
        assert response.status_code in (400, 415)
        [error] = response.json()["errors"]
        assert "application/json" in error["message"]
        assert error["extensions"]["code"] in ("BAD_REQUEST", "UNSUPPORTED_MEDIA_TYPE")


async def test_invalid_document_is_rejected(client: Client, existing_task: Any) -> None:
    for document in ("{", "{ nothing }", "{ tasks }", "mutation { createTask { task { id } } }", "x y"):
        response = await client.send(document)
        assert response.status_code in (200, 400)
        for error in response.json()["errors"]:
            assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
