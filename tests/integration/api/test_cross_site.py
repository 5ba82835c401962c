"""What a page of another site can reach: nothing, unless it is let; and nothing at all by a simple request."""

from typing import Any

import pytest

from api.config.settings import Settings
from tests.support.graphql_client import CREATE, TOTAL, Client, running

SITE = {"Origin": "https://example.com"}
PREFLIGHT = SITE | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def allowed(response: Any) -> str | None:
    value: str | None = response.headers.get("Access-Control-Allow-Origin")
    return value


async def test_closed_unless_set(client: Client) -> None:
    assert allowed(await client.http.options("/graphql", headers=PREFLIGHT)) is None
    assert allowed(await client.http.post("/graphql", json={"query": TOTAL}, headers=SITE)) is None


async def test_open_to_the_sites_that_are_set(database_url: str, redis_url: str) -> None:
    settings = Settings(
        database_url=database_url, redis_url=redis_url, cors_origins="https://example.com, http://localhost:3000"
    )
    async with running(settings) as client:
        preflight = await client.http.options("/graphql", headers=PREFLIGHT)
        assert (preflight.status_code, allowed(preflight)) == (200, "https://example.com")
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        answer = await client.http.post("/graphql", json={"query": TOTAL}, headers=SITE)
        assert allowed(answer) == "https://example.com"
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert {"Accept", "Origin"} <= {word.strip() for word in answer.headers["Vary"].split(",")}
        other = PREFLIGHT | {"Origin": "https://evil.example"}
        assert allowed(await client.http.options("/graphql", headers=other)) is None


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
async def test_a_simple_post_does_nothing(client: Client, content_type: str) -> None:
    """These are the types that a form, or a script without a preflight, can send."""
    body = {"query": CREATE, "variables": {"input": {"title": "Forged"}}}
    headers = SITE | ({"Content-Type": content_type} if content_type else {})
    request = client.http.build_request("POST", "/graphql", json=body, headers=headers)
    if not content_type:
        del request.headers["Content-Type"]
    answer = await client.http.send(request)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["errors"][0]["message"]
    assert await client.total() == 0


async def test_a_simple_get_does_nothing(client: Client) -> None:
    document = 'mutation { createTask(input: {title: "Forged"}) { task { id } } }'
    for text in (document, "query A { __typename } " + document):
        answer = await client.http.get("/graphql", params={"query": text}, headers=SITE)
        assert "data" not in answer.json()
    both = f"query A {{ __typename }} {document.replace('mutation', 'mutation B')}"
    refused = await client.http.get("/graphql", params={"query": both, "operationName": "B"})
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert await client.total() == 0


@pytest.mark.parametrize("origins", ["*", "example.com", "https://example.com/", "https://a.b,,", "https://a.b/c"])
def test_an_origin_that_is_none(origins: str) -> None:
    with pytest.raises(ValueError, match="must be origins"):
        Settings(cors_origins=origins)
