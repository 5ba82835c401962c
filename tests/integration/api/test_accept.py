"""Tests the status and the content type of the response to each Accept header."""

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
