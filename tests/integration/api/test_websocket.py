"""Tests the protocol of subscriptions over WebSocket (graphql-transport-ws), and who may connect."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
import redis
from websockets import connect
from websockets.exceptions import InvalidStatus

from api.config.settings import Settings
from api.realtime import websocket as endpoint
from tests.support.http_service import listening_service
from tests.support.websocket_client import CHANGED, connected, subscribe, wait_for_close

COUNTS = "subscription { taskCountsChanged { all } }"


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url)


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    async with listening_service(settings) as url:
        yield url


async def test_first_event_asks_for_a_resync(url: str) -> None:
    async with connected(url) as websocket:
        event = (await subscribe(websocket))["payload"]
        assert event["data"]["taskChanged"]["kind"] == "RESYNC"
        assert set(event) == {"data"}


PROTOCOL_VIOLATIONS: list[tuple[str | bytes, int]] = [
    ("nonsense", 4400),
    ("[]", 4400),
    ("null", 4400),
    ("[" * 10_000, 4400),
    ('{"type": "unheard of"}', 4400),
    ('{"type": "subscribe"}', 4400),
    ('{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}', 4400),
    ('{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}', 4400),
    ('{"type": "complete"}', 4400),
    ('{"type": "complete", "id": []}', 4400),
    ('{"type": "complete", "id": {"a": 1}}', 4400),
    ('{"type": []}', 4400),
    ('{"type": "\\ud800"}', 4400),
    ('{"type": "connection_init"}', 4429),
    (b"\x00\x01", 4400),
]


async def test_protocol_violation_closes_the_connection(url: str) -> None:
    for sent, code in PROTOCOL_VIOLATIONS:
        async with connected(url) as websocket:
            await websocket.send(sent)
            assert (await wait_for_close(websocket))[0] == code


async def test_subscribe_before_init_is_refused(url: str) -> None:
    async with connected(url, initialize=False) as websocket:
        await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGED}}))
        assert (await wait_for_close(websocket))[0] == 4401


async def test_client_that_never_sends_init_is_disconnected(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "INIT_TIMEOUT", endpoint.INIT_TIMEOUT / 50)
    async with connected(url, initialize=False) as websocket:
        assert (await wait_for_close(websocket))[0] == 4408


async def test_unknown_subprotocol_is_refused_with_the_supported_one(url: str) -> None:
    async with connect(url.replace("http", "ws")) as websocket:
        assert await wait_for_close(websocket) == (4406, "Subprotocol not acceptable: use graphql-transport-ws")


CANNOT_RUN: list[tuple[Any, str]] = [
    ({"query": "{ taskCounts { all } }"}, "NOT_A_SUBSCRIPTION"),
    ({"query": 'mutation { deleteTask(input: {id: "x"}) { deletedTaskId } }'}, "NOT_A_SUBSCRIPTION"),
    ({"query": "subscription { taskChanged { nothing } }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": CHANGED, "variables": 1}, "BAD_REQUEST"),
    ({"query": None}, "BAD_REQUEST"),
    ({"query": CHANGED + CHANGED}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "subscription {"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "{ ... {} }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "subscription {}"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "subscription { taskChanged { kind } } # \ud800"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "fragment F on Subscription { __typename }"}, "OPERATION_NOT_FOUND"),
    ({"query": CHANGED, "operationName": "\ud800"}, "OPERATION_NOT_FOUND"),
    ({"query": "subscription {" + " ".join(f"a{n}: __typename" for n in range(40)) + "}"}, "TOO_MANY_ALIASES"),
]


async def test_operation_that_cannot_run_gets_an_error_message(url: str) -> None:
    for payload, code in CANNOT_RUN:
        async with connected(url) as websocket:
            response = await subscribe(websocket, **payload)
            assert response["type"] == "error"
            assert response["payload"][0]["extensions"]["code"] == code
            assert (await subscribe(websocket))["type"] == "next"  # the connection stays usable


async def test_id_of_a_subscription_may_be_any_text(url: str) -> None:
    async with connected(url) as websocket:
        await websocket.send(json.dumps({"id": "\ud800", "type": "subscribe", "payload": {"query": CHANGED}}))
        assert json.loads(await asyncio.wait_for(websocket.recv(), 30))["id"] == "\ud800"
        await websocket.send(json.dumps({"id": "\ud800", "type": "subscribe", "payload": {"query": CHANGED}}))
        assert (await wait_for_close(websocket))[0] == 4409


async def test_invalid_rev_is_an_error_in_the_event(url: str) -> None:
    async with connected(url) as websocket:
        response = await subscribe(websocket, 'subscription { taskChanged(after: "x") { kind } }')
        assert response["payload"]["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://["])
async def test_page_of_another_site_may_not_connect(url: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connected(url, origin=origin):
            pass
    assert caught.value.response.status_code == 403


async def test_pages_of_the_own_site_and_of_allowed_origins_may_connect(settings: Settings) -> None:
    async with listening_service(settings.model_copy(update={"cors_origins": "https://app.example"})) as url:
        for origin in (url.removesuffix("/graphql"), "https://app.example"):
            async with connected(url, origin=origin):
                pass


async def test_all_subscribers_are_disconnected_when_the_service_stops(settings: Settings) -> None:
    async with httpx.AsyncClient(timeout=30) as http:
        async with listening_service(settings) as url:
            websocket = await connect(url.replace("http", "ws"), subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
            request = http.build_request("POST", url, json={"query": CHANGED}, headers={"Accept": "text/event-stream"})
            events = await http.send(request, stream=True)
            assert events.headers["content-type"].startswith("text/event-stream")
        assert (await wait_for_close(websocket))[0] == 1012
        assert b"complete" not in await events.aread()


async def test_subscription_id_can_be_used_again_only_after_complete(url: str) -> None:
    async with connected(url) as websocket:
        await subscribe(websocket)
        await websocket.send(json.dumps({"id": "1", "type": "complete"}))
        assert (await subscribe(websocket))["type"] == "next"
        await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGED}}))
        assert (await wait_for_close(websocket))[0] == 4409


async def test_unexpected_error_is_masked_and_its_id_is_in_the_log(
    url: str, database_url: str, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE task RENAME TO stored")
        connection.execute("CREATE VIEW task AS SELECT * FROM stored WHERE 1 / 0 = 1")
    with redis.Redis.from_url(redis_url) as connected_redis:
        connected_redis.flushdb()  # without the index, PostgreSQL counts
    async with (
        httpx.AsyncClient(timeout=30) as http,
        connected(url) as websocket,
    ):  # formatting the tracebacks takes long, so the timeout is long
        events = await http.post(url, json={"query": COUNTS}, headers={"Accept": "text/event-stream"})
        messages = [
            (await subscribe(websocket, COUNTS))["payload"],
            json.loads(events.text.split("data: ")[1].splitlines()[0]),
        ]
    log = capsys.readouterr().out
    for message in messages:
        [error] = message["errors"]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert error["extensions"]["requestId"] in error["message"]
        assert f"request_id={error['extensions']['requestId']}" in log
        assert "division" not in json.dumps(message)
