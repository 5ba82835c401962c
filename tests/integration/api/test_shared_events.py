"""Tests that the subscriptions of a worker share rendered events and one limit, over WebSocket and SSE alike."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets import ClientConnection, connect

from api.config.settings import Settings
from cache.feed.events import FeedEvent
from db.views import View
from schema.execution.answer import Answer
from schema.execution.subscription import RunningSubscription
from schema.types.events import TaskChange
from tests.support.graphql_client import CREATE
from tests.support.http_service import listening_service

CHANGED = """
subscription ($after: String, $withTask: Boolean = true) {
  taskChanged(after: $after) { kind id rev task @include(if: $withTask) { id title } }
}
"""
COUNTS = "subscription { taskCountsChanged { all todo } }"
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
async def url(database_url: str, redis_url: str) -> AsyncIterator[str]:
    settings = Settings(database_url=database_url, redis_url=redis_url, max_subscriptions=6)
    async with listening_service(settings) as url, httpx.AsyncClient() as http:
        # The feed sends a RESYNC to all subscribers when it has connected.
        async with event_stream(http, url) as events:
            while (await anext(events))["data"]["taskChanged"]["rev"] == "0-0":
                pass
        await until_open(http, url, 0)
        yield url


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the rendered events by their kind."""
    counter: Counter[str] = Counter()
    answer = RunningSubscription.answer

    async def counted(self: RunningSubscription, payload: Any) -> Answer:
        found = await answer(self, payload)
        counter[(found.data or {}).get("taskChanged", {}).get("kind", "counts")] += 1
        return found

    monkeypatch.setattr(RunningSubscription, "answer", counted)
    return counter


def is_resync(payload: Any) -> bool:
    data = payload.get("data") if isinstance(payload, dict) else None
    return data is not None and (data.get("taskChanged") or {}).get("kind") == "RESYNC"


class WebSocket:
    """Subscribes over a WebSocket, and returns the messages of each subscription.

    Without the RESYNC events that follow the first event, because a busy service can send them at any time.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._started: set[str] = set()

    async def subscribe(self, id_: str, query: str = CHANGED, **variables: Any) -> None:
        self._started.discard(id_)
        payload = {"query": query, "variables": variables}
        await self.send({"id": id_, "type": "subscribe", "payload": payload})

    async def send(self, message: Any) -> None:
        await self._connection.send(json.dumps(message))

    async def next(self) -> tuple[str, str, Any]:
        while True:
            message = json.loads(await asyncio.wait_for(self._connection.recv(), 60))
            id_, payload = message["id"], message["payload"]
            if id_ not in self._started or not is_resync(payload):
                self._started.add(id_)
                return id_, message["type"], payload

    async def next_of_each(self, count: int) -> dict[str, Any]:
        return {id_: payload for id_, _, payload in [await self.next() for _ in range(count)]}


@asynccontextmanager
async def websocket(url: str) -> AsyncIterator[WebSocket]:
    async with connect(url.replace("http", "ws"), subprotocols=["graphql-transport-ws"]) as connection:  # type: ignore[list-item]
        await connection.send('{"type": "connection_init"}')
        await connection.recv()
        yield WebSocket(connection)


@asynccontextmanager
async def event_stream(http: httpx.AsyncClient, url: str, query: str = CHANGED, **variables: Any) -> AsyncIterator[Any]:
    """Yield an iterator over the events of a stream."""
    body = {"query": query, "variables": variables}
    async with http.stream("POST", url, json=body, headers=EVENTS, timeout=60) as stream:
        lines = stream.aiter_lines()
        yield (json.loads(line.removeprefix("data: ")) async for line in lines if line.startswith("data: {"))


async def create(http: httpx.AsyncClient, url: str, title: str = "A task") -> None:
    created = await http.post(url, json={"query": CREATE, "variables": {"input": {"title": title}}})
    assert created.json()["data"]["createTask"]["userErrors"] == []


async def open_subscriptions(http: httpx.AsyncClient, url: str) -> float:
    metrics = (await http.get(url.replace("/graphql", "/metrics"))).text.splitlines()
    return next(float(line.split()[1]) for line in metrics if line.startswith("millitask_subscriptions "))


async def until_open(http: httpx.AsyncClient, url: str, subscriptions: int) -> None:
    async with asyncio.timeout(60):
        while True:
            if await open_subscriptions(http, url) == subscriptions:
                return
            await asyncio.sleep(0.05)


async def test_event_is_rendered_once_for_all_transports(url: str, rendered: Counter[str]) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        sockets = [await stack.enter_async_context(websocket(url)) for _ in range(2)]
        for socket in sockets:
            for id_ in ("a", "b"):
                await socket.subscribe(id_)
            await socket.next_of_each(2)
        stream = await stack.enter_async_context(event_stream(http, url))
        assert is_resync(await anext(stream))
        changes = (event async for event in stream if not is_resync(event))
        for title in ("One", "Two ✓"):
            await create(http, url, title)
            expected = await anext(changes)
            assert expected["data"]["taskChanged"]["task"]["title"] == title
            for socket in sockets:
                assert await socket.next_of_each(2) == {"a": expected, "b": expected}
    assert rendered["CREATED"] == 2


async def test_only_variables_of_events_divide_the_subscribers(url: str, rendered: Counter[str]) -> None:
    async with websocket(url) as socket, httpx.AsyncClient(timeout=60) as http:
        await socket.subscribe("first")
        [first] = (await socket.next_of_each(1)).values()
        rev = first["data"]["taskChanged"]["rev"]
        await socket.subscribe("resumed", after=rev)
        await socket.subscribe("unknown rev", after="1-1")
        await socket.subscribe("without task", withTask=False)
        assert set(await socket.next_of_each(2)) == {"unknown rev", "without task"}
        rendered.clear()
        await create(http, url)
        events = await socket.next_of_each(4)
        bare = events.pop("without task")["data"]["taskChanged"]
        full = events["first"]["data"]["taskChanged"]
        assert "task" not in bare
        assert bare == {name: full[name] for name in ("kind", "id", "rev")}
        assert events == dict.fromkeys(("first", "resumed", "unknown rev"), events["first"])
        assert rendered["CREATED"] == 2
        # The events that a subscriber missed come from the same renderings.
        await socket.subscribe("later", after=rev)
        assert await socket.next_of_each(1) == {"later": events["first"]}
        assert rendered["CREATED"] == 2


async def test_counts_are_rendered_once(url: str, rendered: Counter[str]) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        socket = await stack.enter_async_context(websocket(url))
        for id_ in ("a", "b"):
            await socket.subscribe(id_, COUNTS)
        await socket.next_of_each(2)
        stream = await stack.enter_async_context(event_stream(http, url, COUNTS))
        assert (await anext(stream))["data"]["taskCountsChanged"] == {"all": 0, "todo": 0}
        rendered.clear()
        await create(http, url)
        expected = await anext(stream)
        assert expected["data"]["taskCountsChanged"] == {"all": 1, "todo": 1}
        assert await socket.next_of_each(2) == {"a": expected, "b": expected}
        assert rendered == {"counts": 1}


async def test_masked_error_names_the_request_of_its_subscriber(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change_of = TaskChange.of

    def broken(event: FeedEvent, view: View) -> TaskChange:
        change = change_of(event, view)
        change.rev = None  # type: ignore[assignment]
        return change

    monkeypatch.setattr(TaskChange, "of", broken)
    async with websocket(url) as socket:
        ids = set()
        for id_ in ("a", "b"):
            await socket.subscribe(id_)
            _, _, payload = await socket.next()
            ids.add(payload["errors"][0]["extensions"]["requestId"])
    assert len(ids) == 2


async def test_subscriptions_of_a_worker_are_limited_over_all_transports(url: str) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        one, other = [await stack.enter_async_context(websocket(url)) for _ in range(2)]
        stream = await stack.enter_async_context(event_stream(http, url))
        await anext(stream)
        for id_ in "abcde":
            await one.subscribe(id_)
        await one.next_of_each(5)
        assert await open_subscriptions(http, url) == 6
        await other.subscribe("x")
        id_, type_, [error] = await other.next()
        assert (id_, type_, error["extensions"]) == ("x", "error", {"code": "BUSY", "limit": 6})
        assert "6 subscriptions" in error["message"]
        refused = await http.post(url, json={"query": CHANGED}, headers=EVENTS)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "BUSY")
        # The connection stays, and there is room again after a subscription has ended.
        await one.send({"id": "a", "type": "complete"})
        await until_open(http, url, 5)
        await other.subscribe("x")
        assert (await other.next())[:2] == ("x", "next")


async def test_subscriptions_end_with_their_connections(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        for _ in range(3):
            async with websocket(url) as socket, event_stream(http, url) as stream:
                await anext(stream)
                for id_ in "abcde":
                    await socket.subscribe(id_)
                assert len(await socket.next_of_each(5)) == 5
            await until_open(http, url, 0)
