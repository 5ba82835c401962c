"""Tests the header `X-Millitask-Rev`: a subscription after the rev of an answer reports every later change."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import redis
from websockets import ClientConnection

from api.config.settings import Settings
from tests.support.graphql_client import CREATE, TOTAL
from tests.support.http_service import listening_service
from tests.support.websocket_client import connected

CHANGED = "subscription ($after: String) { taskChanged(after: $after) { kind rev task { title } } }"
ASK = {"X-Millitask-Rev": "1"}


class Api:
    """Sends requests to the service, and returns the rev of an answer."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self.http = http

    async def create(self, title: str) -> None:
        body = {"query": CREATE, "variables": {"input": {"title": title}}}
        assert (await self.http.post(self.url, json=body)).json()["data"]["createTask"]["task"]["title"] == title

    async def rev(self, **headers: str) -> str | None:
        response = await self.http.post(self.url, json={"query": TOTAL}, headers=headers or ASK)
        rev: str | None = response.headers.get("X-Millitask-Rev")
        return rev


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[Api]:
    """Yield the API of a fresh process, whose feed nobody has subscribed to."""
    async with (
        listening_service(Settings(database_url=database_url, redis_url=redis_url)) as url,
        httpx.AsyncClient(timeout=30) as http,
    ):
        while await Api(url, http).rev() is None:  # noqa: ASYNC110 - until the process has read the gate
            await asyncio.sleep(0.01)
        yield Api(url, http)


async def subscribe(websocket: ClientConnection, after: str | None) -> None:
    payload = {"query": CHANGED, "variables": {"after": after}}
    await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


async def next_event(websocket: ClientConnection) -> tuple[str, str | None]:
    """Return the kind of the next event, and the title of its task."""
    message = json.loads(await asyncio.wait_for(websocket.recv(), 60))
    event: dict[str, Any] = message["payload"]["data"]["taskChanged"]
    return event["kind"], (event["task"] or {}).get("title")


async def test_first_subscriber_of_a_process_gets_no_resync_if_nothing_has_changed(api: Api) -> None:
    await api.create("before")
    rev = await api.rev()
    async with connected(api.url) as websocket:
        await subscribe(websocket, rev)
        # A second subscriber begins with a RESYNC, so by then the feed is connected, and the first one has subscribed.
        async with connected(api.url) as other:
            await subscribe(other, None)
            assert (await next_event(other))[0] == "RESYNC"
        await api.create("after")
        assert await next_event(websocket) == ("CREATED", "after")


async def test_first_subscriber_of_a_process_gets_a_resync_after_a_change(api: Api) -> None:
    rev = await api.rev()
    await api.create("between")
    async with connected(api.url) as websocket:
        await subscribe(websocket, rev)
        assert await next_event(websocket) == ("RESYNC", None)


async def test_connected_feed_sends_the_changes_since_the_answer(api: Api) -> None:
    async with connected(api.url) as other, connected(api.url) as websocket:
        await subscribe(other, None)
        await next_event(other)
        await api.create("before")
        rev = await api.rev()
        await api.create("between")
        await subscribe(websocket, rev)
        assert await next_event(websocket) == ("CREATED", "between")
        await api.create("after")
        assert await next_event(websocket) == ("CREATED", "after")


async def test_rev_is_not_lower_than_that_of_an_event_that_was_received(api: Api) -> None:
    async with connected(api.url) as websocket:
        await subscribe(websocket, None)
        await next_event(websocket)
        for number in range(5):
            await api.create(str(number))
            message = json.loads(await asyncio.wait_for(websocket.recv(), 60))
            assert await api.rev() == message["payload"]["data"]["taskChanged"]["rev"]


async def test_cached_page_has_a_rev_too(api: Api) -> None:
    before = await api.rev()
    assert await api.rev() == before
    await api.create("a")
    assert await api.rev() != before


async def test_answer_has_no_rev_without_the_header(api: Api) -> None:
    assert await api.rev(**{"X-Millitask-Rev": "0"}) is None


async def test_answer_has_no_rev_without_redis(api: Api, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        connection.flushdb()
    response = await api.http.post(api.url, json={"query": TOTAL}, headers=ASK)
    assert response.json()["data"] == {"tasks": {"totalCount": 0}}
    assert "X-Millitask-Rev" not in response.headers
