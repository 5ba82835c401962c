"""Tests subscriptions over server-sent events (graphql-sse protocol): errors, revs and trusted documents."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.config.settings import Settings
from api.graphql.persisted_queries import sha256_of
from tests.support.http_service import listening_service

CHANGED = "subscription ($after: String) { taskChanged(after: $after) { kind } }"
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url)


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    async with listening_service(settings) as url:
        yield url


async def first_event(url: str, query: str, **variables: Any) -> Any:
    """Return the first event of a stream."""
    body = {"query": query, "variables": variables}
    async with httpx.AsyncClient() as http, http.stream("POST", url, json=body, headers=EVENTS) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))
    raise AssertionError("The stream ended without an event.")


async def test_operation_that_cannot_run_sends_one_event_without_data(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for query, variables, code in (
            ("{ taskCounts { all } }", {}, "NOT_A_SUBSCRIPTION"),
            ('mutation { createTask(input: {title: "A"}) { task { id } } }', {}, "NOT_A_SUBSCRIPTION"),
            ("subscription { taskChanged { nothing } }", {}, "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { taskChanged { kind }", {}, "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { taskChanged { kind } taskCountsChanged { all } }", {}, "GRAPHQL_VALIDATION_FAILED"),
            (CHANGED, {"after": 1}, "GRAPHQL_VALIDATION_FAILED"),
            ("subscription {" + " ".join(f"a{n}: __typename" for n in range(40)) + "}", {}, "TOO_MANY_ALIASES"),
        ):
            stream = await http.post(url, json={"query": query, "variables": variables}, headers=EVENTS)
            assert (stream.status_code, stream.headers["Cache-Control"]) == (200, "no-store")
            message, end = stream.text.removeprefix(":\n\n").split("\n\n", 1)
            event = json.loads(message.removeprefix("event: next\ndata: "))
            assert set(event) == {"errors"}
            assert event["errors"][0]["extensions"]["code"] == code
            assert end == "event: complete\ndata:\n\n"


async def test_invalid_rev_is_an_error_in_the_event(url: str) -> None:
    revs = ("", "x", "1", "1-", "-1", "1-2-3", "1--2", "+1-2", " 1-2", "1-2\0", "1.0-2", "٣-٤", "9" * 39 + "-1")
    for after in revs:
        [error] = (await first_event(url, CHANGED, after=after))["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}, after
    for unknown in (None, "0-0", "1-2", "9" * 38 + "-1"):  # well-formed revs that the feed no longer holds
        assert (await first_event(url, CHANGED, after=unknown))["data"]["taskChanged"]["kind"] == "RESYNC"


@pytest.mark.parametrize(
    "accept",
    [
        "text/event-stream, application/json;q=0.9",
        "text/event-stream;q=0.5, application/graphql-response+json",
        # What urql sends with every operation.
        "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, "
        "multipart/mixed",
    ],
)
async def test_response_has_the_accepted_type_that_fits_the_operation(url: str, accept: str) -> None:
    headers = {"Accept": accept}
    async with httpx.AsyncClient() as http:
        response = await http.post(url, json={"query": "{ taskCounts { all } }"}, headers=headers)
        assert response.json()["data"]
        assert "json" in response.headers["Content-Type"]
        async with http.stream("POST", url, json={"query": CHANGED}, headers=headers) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            assert "event: next" in await first_text(stream)


async def first_text(stream: httpx.Response) -> str:
    """Return what a stream sends until the end of its first event."""
    text = ""
    async for part in stream.aiter_text():
        text += part
        if "data: " in text:
            break
    return text


async def test_malformed_request_gets_an_ordinary_response(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for response, status in (
            (await http.post(url, json={}, headers=EVENTS), 400),
            (await http.post(url, content=b"{", headers=EVENTS | {"Content-Type": "application/json"}), 400),
            (await http.post(url, content=b"{}", headers=EVENTS | {"Content-Type": "text/plain"}), 415),
            (await http.put(url, json={"query": CHANGED}, headers=EVENTS), 405),
        ):
            assert response.status_code == status
            assert "errors" in response.json()
            assert response.headers["X-Request-Id"]


async def test_only_trusted_documents_are_streamed_with_trusted_only(settings: Settings, tmp_path: Path) -> None:
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({sha256_of(CHANGED): CHANGED}))
    trusting = settings.model_copy(update={"trusted_documents": manifest, "trusted_only": True})
    async with listening_service(trusting) as url, httpx.AsyncClient() as http:
        refused = await http.post(url, json={"query": CHANGED}, headers=EVENTS)
        assert refused.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        stored = {"documentId": sha256_of(CHANGED)}
        async with http.stream("POST", url, json=stored, headers=EVENTS) as stream:
            assert (await anext(stream.aiter_lines())) == ":"
