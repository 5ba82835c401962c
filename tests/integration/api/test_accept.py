"""Tests the status and the content type of the response to each Accept header."""

import httpx
import pytest

from api.graphql.accept import GRAPHQL_JSON, JSON
from tests.support.graphql_client import TOTAL, Client


@pytest.mark.parametrize(
    ("document", "graphql_json_status", "json_status"),
    [
        (TOTAL, 200, 200),
        ("{", 400, 200),
        ("{ nothing }", 400, 200),
        ("query ($first: Int!) { tasks(first: $first) { totalCount } }", 400, 200),
        ("{ tasks(first: 1000) { totalCount } }", 200, 200),
    ],
)
async def test_status_depends_on_the_media_type(
    client: Client, document: str, graphql_json_status: int, json_status: int
) -> None:
    for media_type, status in ((GRAPHQL_JSON, graphql_json_status), (JSON, json_status)):
        response = await client.http.post("/graphql", json={"query": document}, headers={"Accept": media_type})
        assert (response.status_code, response.headers["Content-Type"]) == (status, f"{media_type}; charset=utf-8")
        assert "Accept" in response.headers["Vary"]
        # The response of an operation that did not run has no data, not even null.
        assert ("data" in response.json()) == (graphql_json_status == 200)


async def test_unsupported_media_type_is_refused(client: Client) -> None:
    response = await client.http.post("/graphql", json={"query": TOTAL}, headers={"Accept": "text/csv"})
    assert response.status_code == 406
    assert response.json()["errors"][0]["extensions"] == {"code": "NOT_ACCEPTABLE"}


# What Apollo Client 4 sends. It reads no error of a response in plain application/json.
APOLLO = {"Accept": f"{GRAPHQL_JSON},{JSON};q=0.9"}


def outcome(response: httpx.Response) -> tuple[int, str, str]:
    assert response.headers["Vary"] == "Accept"
    assert response.headers["Cache-Control"] == "no-store"
    code = response.json()["errors"][0]["extensions"]["code"]
    return response.status_code, response.headers["Content-Type"].partition(";")[0], code


async def test_errors_before_the_operation_have_the_accepted_media_type(client: Client) -> None:
    for headers, type_ in ((APOLLO, GRAPHQL_JSON), ({"Accept": JSON}, JSON), ({"Accept": "text/html"}, JSON)):
        large = await client.http.post("/graphql", json={"query": "x" * 2**20}, headers=headers)
        assert outcome(large) == (413, type_, "BODY_TOO_LARGE")
        elsewhere = await client.http.post("/readyz", json={"query": "x" * 2**20}, headers=headers)
        assert outcome(elsewhere) == (413, type_, "BODY_TOO_LARGE")
        host = await client.http.post("/graphql", json={}, headers=headers | {"Host": "tasks.example"})
        assert outcome(host) == (421, type_, "UNKNOWN_HOST")


async def test_internal_error_has_the_accepted_media_type(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("api.http.endpoint.read_requests", fail)
    response = await client.http.post("/graphql", json={"query": TOTAL}, headers=APOLLO)
    assert outcome(response) == (500, GRAPHQL_JSON, "INTERNAL_SERVER_ERROR")
