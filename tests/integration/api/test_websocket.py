"""Tests subscriptions over WebSocket (graphql-transport-ws protocol)."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import psycopg
import pytest
import redis
from websockets import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.config.settings import Settings
from api.realtime import websocket as endpoint
from cache.feed import event_log
from tests.support.graphql_client import CREATE_MANY
from tests.support.http_service import listening_service

COUNTS = "subscription { taskCountsChanged { all } }"
CHANGED = "subscription { taskChanged { kind rev task { id title description } } }"


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url, max_streams=2)


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    async with listening_service(settings) as url:
        yield url


@asynccontextmanager
async def connected(url: str, *, initialize: bool = True, **options: Any) -> AsyncIterator[ClientConnection]:
    spoken: Any = {"subprotocols": ["graphql-transport-ws"]} | options
    async with connect(url.replace("http", "ws"), **spoken) as websocket:
        if initialize:
            await websocket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await websocket.recv()) == {"type": "connection_ack"}
        yield websocket


async def subscribe(websocket: ClientConnection, query: str = CHANGED, **payload: Any) -> Any:
    message = {"id": "1", "type": "subscribe", "payload": {"query": query} | payload}
    await websocket.send(json.dumps(message))
    return json.loads(await asyncio.wait_for(websocket.recv(), 30))


async def wait_for_text(websocket: ClientConnection, expected: str) -> None:
    async for text in websocket:
        if expected in str(text):
            return
    raise AssertionError(f"The connection closed before {expected!r} was received.")


# The code by which RFC 6455 names a connection that ended without a close frame.
NO_CLOSE_FRAME = 1006


async def wait_for_close(websocket: ClientConnection) -> tuple[int, str]:
    try:
        async with asyncio.timeout(20):
            while True:
                await websocket.recv()
    except ConnectionClosed as closing:
        if closing.rcvd is None:
            return NO_CLOSE_FRAME, ""
        return closing.rcvd.code, closing.rcvd.reason


async def test_first_event_asks_for_a_resync(url: str) -> None:
    async with connected(url) as websocket:
        event = (await subscribe(websocket))["payload"]
        assert event["data"]["taskChanged"]["kind"] == "RESYNC"
        assert set(event) == {"data"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
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
    ],
)
async def test_protocol_violation_closes_the_connection(url: str, sent: str | bytes, code: int) -> None:
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


@pytest.mark.parametrize(
    ("payload", "code"),
    [
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
    ],
)
async def test_operation_that_cannot_run_gets_an_error_message(url: str, payload: Any, code: str) -> None:
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


async def test_streams_over_the_limit_are_refused_and_others_stay(url: str) -> None:
    async with connected(url) as first, connected(url):
        async with connected(url, initialize=False) as third:
            code, reason = await wait_for_close(third)
        assert code == 1013
        assert "2 streams" in reason
        async with httpx.AsyncClient() as http:
            refused = await http.post(url, json={"query": CHANGED}, headers={"Accept": "text/event-stream"})
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "BUSY")
        assert (await subscribe(first))["type"] == "next"
    async with asyncio.timeout(20):
        while not await is_accepted(url):  # the service notices the ends of the connections a little later
            pass


async def is_accepted(url: str) -> bool:
    with suppress(ConnectionClosed):
        async with connected(url) as websocket:
            return bool((await subscribe(websocket))["type"] == "next")
    return False


@pytest.mark.parametrize(
    ("send_timeout_ms", "max_events"), [(1000, 1000), (30_000, 200)], ids=["it takes nothing", "it is behind the log"]
)
async def test_client_that_does_not_read_is_disconnected(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, send_timeout_ms: int, max_events: int
) -> None:
    monkeypatch.setattr(event_log, "MAX_EVENTS", max_events)
    async with listening_service(settings.model_copy(update={"send_timeout_ms": send_timeout_ms})) as url:
        await read_nothing(url)


async def read_nothing(url: str) -> None:
    """Subscribe twice. Read from one connection, and from the other only after it was cut off or has fallen behind."""
    small = socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    slow, quick = connected(url, sock=small, max_queue=1, ping_interval=None), connected(url)
    async with slow as websocket, quick as other, httpx.AsyncClient(timeout=30) as http:
        await subscribe(websocket)
        await subscribe(other)
        receiving = asyncio.create_task(wait_for_text(other, "The last"))
        tasks = [{"title": "A task", "description": "x" * 9000} for _ in range(20)]
        for batch in [tasks] * 50 + [[{"title": "The last"}]]:
            created = await http.post(url, json={"query": CREATE_MANY, "variables": {"tasks": batch}})
            assert created.status_code == 200
        # When this returns, the service has also tried to send to the slow client.
        await asyncio.wait_for(receiving, 60)
        await asyncio.sleep(1.5)
        # The close frame waits behind unread messages. If the service gives up first, it resets the connection.
        assert (await wait_for_close(websocket))[0] in (1013, NO_CLOSE_FRAME)


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


async def test_subscriptions_of_a_connection_are_limited(url: str) -> None:
    async with connected(url) as websocket:
        await websocket.send(json.dumps({"id": "counts", "type": "subscribe", "payload": {"query": COUNTS}}))
        for number in range(endpoint.MAX_SUBSCRIPTIONS_PER_CONNECTION):
            await websocket.send(json.dumps({"id": f"{number}", "type": "subscribe", "payload": {"query": CHANGED}}))
        received = []
        while (refused := json.loads(await asyncio.wait_for(websocket.recv(), 10)))["type"] != "error":
            received.append(refused["id"])
        # A subscription can have a second event already, when the feed has connected.
        assert set(received) <= {"counts", *map(str, range(endpoint.MAX_SUBSCRIPTIONS_PER_CONNECTION - 1))}
        [error] = refused["payload"]
        assert refused["id"] == "49"
        assert error["extensions"] == {"code": "TOO_MANY_SUBSCRIPTIONS", "limit": 50, "requested": 51}
        assert "50 subscriptions" in error["message"]
        await websocket.send(json.dumps({"id": "counts", "type": "complete"}))
        again = {"id": "49", "type": "subscribe", "payload": {"query": CHANGED}}
        await websocket.send(json.dumps(again))
        async with asyncio.timeout(10):
            while (received_last := json.loads(await websocket.recv()))["id"] != "49":
                pass
        assert received_last["type"] == "next"


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


async def test_batch_cannot_subscribe(settings: Settings) -> None:
    async with listening_service(settings.model_copy(update={"max_batch": 2})) as url, httpx.AsyncClient() as http:
        response = await http.post(url, json=[{"query": CHANGED}], headers={"Accept": "text/event-stream"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BATCHING_DISABLED")
