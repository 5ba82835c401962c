"""Tests the limits of subscriptions over WebSocket: how many there may be, and how slowly a client may read."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from websockets import ClientConnection
from websockets.exceptions import ConnectionClosed

from api.config.settings import Settings
from api.realtime import websocket as endpoint
from cache.feed import event_log
from tests.support.graphql_client import CREATE_MANY
from tests.support.http_service import listening_service
from tests.support.websocket_client import CHANGED, NO_CLOSE_FRAME, connected, subscribe, wait_for_close

COUNTS = "subscription { taskCountsChanged { all } }"


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url, max_streams=2)


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    async with listening_service(settings) as url:
        yield url


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
    async with asyncio.timeout(60):
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
        await asyncio.wait_for(receiving, 300)
        await asyncio.sleep(1.5)
        # The close frame waits behind unread messages. If the service gives up first, it resets the connection. On a
        # busy machine, a ping that the client leaves unanswered for 20 s ends the connection before that (1011).
        code, reason = await wait_for_close(websocket)
        assert code in (1013, NO_CLOSE_FRAME) or (code, reason) == (1011, "keepalive ping timeout")


async def wait_for_text(websocket: ClientConnection, expected: str) -> None:
    async for text in websocket:
        if expected in str(text):
            return
    raise AssertionError(f"The connection closed before {expected!r} was received.")


async def test_subscriptions_of_a_connection_are_limited(url: str) -> None:
    async with connected(url) as websocket:
        await websocket.send(json.dumps({"id": "counts", "type": "subscribe", "payload": {"query": COUNTS}}))
        for number in range(endpoint.MAX_SUBSCRIPTIONS_PER_CONNECTION):
            await websocket.send(json.dumps({"id": f"{number}", "type": "subscribe", "payload": {"query": CHANGED}}))
        received = []
        while (refused := json.loads(await asyncio.wait_for(websocket.recv(), 60)))["type"] != "error":
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
        async with asyncio.timeout(60):
            while (received_last := json.loads(await websocket.recv()))["id"] != "49":
                pass
        assert received_last["type"] == "next"


async def test_batch_cannot_subscribe(settings: Settings) -> None:
    async with listening_service(settings.model_copy(update={"max_batch": 2})) as url, httpx.AsyncClient() as http:
        response = await http.post(url, json=[{"query": CHANGED}], headers={"Accept": "text/event-stream"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BATCHING_DISABLED")
