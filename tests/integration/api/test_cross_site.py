"""Tests requests from other sites: only allowed origins have access, and writes need a preflight."""

from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from tests.support.graphql_client import CREATE, TOTAL, Client, running
from tests.support.http_service import unstarted_service

SITE = {"Origin": "https://example.com"}
PREFLIGHT = SITE | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def service(**settings: Any) -> httpx.AsyncClient:
    """Return a client of a service that lets in one other site, and needs no store for these requests."""
    return unstarted_service(**({"cors_origins": "https://example.com"} | settings))


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
        exposed = response.headers["Access-Control-Expose-Headers"]
        assert ("X-Request-Id" in exposed, "X-Millitask-Rev" in exposed) == (True, True)
        assert {"Accept", "Origin"} <= {word.strip() for word in response.headers["Vary"].split(",")}
        other = PREFLIGHT | {"Origin": "https://evil.example"}
        assert allowed_origin(await client.http.options("/graphql", headers=other)) is None


async def test_headers_and_credentials_of_the_settings_are_allowed() -> None:
    asked = PREFLIGHT | {"Access-Control-Request-Headers": "content-type, Authorization, traceparent, X-Tenant"}
    async with service(cors_headers="x-tenant, Traceparent", cors_credentials=True) as http:
        preflight = await http.options("/graphql", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["Access-Control-Allow-Credentials"] == "true"
        refused = await http.post("/graphql", json={}, headers=SITE)
        assert refused.headers["Access-Control-Allow-Credentials"] == "true"
    async with service(cors_headers="*") as http:
        preflight = await http.options("/graphql", headers=asked)
        assert preflight.status_code == 200
        assert "Access-Control-Allow-Credentials" not in preflight.headers


async def test_refused_preflight_names_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    headers = PREFLIGHT | {"Access-Control-Request-Headers": "content-type,authorization,tracestate,baggage"}
    async with service() as http:
        for _ in range(2):
            refused = await http.options("/graphql", headers=headers)
            assert refused.status_code == 400
            assert "header tracestate, baggage. Add it to MILLITASK_CORS_HEADERS" in refused.text
        origin = await http.options("/graphql", headers=PREFLIGHT | {"Origin": "https://evil.example"})
        assert "Add the origin to MILLITASK_CORS_ORIGINS" in origin.text
        method = await http.options("/graphql", headers=PREFLIGHT | {"Access-Control-Request-Method": "DELETE"})
        assert "only GET and POST" in method.text
    async with service(cors_origins="") as http:
        refused = await http.options("/graphql", headers=PREFLIGHT)
        assert (refused.status_code, allowed_origin(refused)) == (400, None)
        assert "Add the origin to MILLITASK_CORS_ORIGINS" in refused.text
        assert "Origin" not in (await http.get("/livez", headers=SITE)).headers.get("Vary", "")
    logged = [line for line in capsys.readouterr().out.splitlines() if "cross-site request refused" in line]
    assert [word for line in logged for word in line.split() if "MILLITASK_" in word] == [
        "setting=MILLITASK_CORS_HEADERS",
        "setting=MILLITASK_CORS_ORIGINS",
        "setting=MILLITASK_CORS_ORIGINS",
    ]


async def test_other_site_can_read_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    async with service() as http:
        host = await http.post("/graphql", json={}, headers=SITE | {"Host": "tasks.example"})
        large = await http.post("/livez", content=b"x" * (2**20 + 1), headers=SITE)
        monkeypatch.setattr("api.http.endpoint.read_requests", None)
        failed = await http.post("/graphql", json={}, headers=SITE)
        assert [response.status_code for response in (host, large, failed)] == [421, 413, 500]
        assert {allowed_origin(response) for response in (host, large, failed)} == {"https://example.com"}


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
