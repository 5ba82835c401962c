"""Tests requests from other sites: only allowed origins have access, and writes need a preflight."""

from typing import Any

import pytest

from api.config.settings import Settings
from tests.support.graphql_client import CREATE, TOTAL, Client, running

SITE = {"Origin": "https://example.com"}
PREFLIGHT = SITE | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def allowed_origin(response: Any) -> str | None:
    value: str | None = response.headers.get("Access-Control-Allow-Origin")
    return value


async def test_no_origin_is_allowed_by_default(client: Client) -> None:
    assert allowed_origin(await client.http.options("/graphql", headers=PREFLIGHT)) is None
    assert allowed_origin(await client.http.post("/graphql", json={"query": TOTAL}, headers=SITE)) is None


async def test_origins_of_the_setting_are_allowed(database_url: str, redis_url: str) -> None:
    settings = Settings(
        database_url=database_url, redis_url=redis_url, cors_origins="https://example.com, http://localhost:3000"
    )
    async with running(settings) as client:
        preflight = await client.http.options("/graphql", headers=PREFLIGHT)
        assert (preflight.status_code, allowed_origin(preflight)) == (200, "https://example.com")
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        response = await client.http.post("/graphql", json={"query": TOTAL}, headers=SITE)
        assert allowed_origin(response) == "https://example.com"
        assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]
        assert {"Accept", "Origin"} <= {word.strip() for word in response.headers["Vary"].split(",")}
        other = PREFLIGHT | {"Origin": "https://evil.example"}
        assert allowed_origin(await client.http.options("/graphql", headers=other)) is None


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "text/plain; application/json",
    ],
)
async def test_post_with_a_simple_content_type_is_refused(client: Client, content_type: str) -> None:
    # A form can send these content types, and so can a script without a preflight.
    body = {"query": CREATE, "variables": {"input": {"title": "Forged"}}}
    headers = SITE | ({"Content-Type": content_type} if content_type else {})
    request = client.http.build_request("POST", "/graphql", json=body, headers=headers)
    if not content_type:
        del request.headers["Content-Type"]
    response = await client.http.send(request)
    assert response.status_code == 415
    assert "application/json" in response.json()["errors"][0]["message"]
    assert await client.total() == 0


async def test_get_runs_no_mutation(client: Client) -> None:
    document = 'mutation { createTask(input: {title: "Forged"}) { task { id } } }'
    for text in (document, "query A { __typename } " + document):
        response = await client.http.get("/graphql", params={"query": text}, headers=SITE)
        assert "data" not in response.json()
    both = f"query A {{ __typename }} {document.replace('mutation', 'mutation B')}"
    refused = await client.http.get("/graphql", params={"query": both, "operationName": "B"})
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert await client.total() == 0
