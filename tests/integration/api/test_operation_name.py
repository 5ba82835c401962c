"""A request must say which of several operations to run, over every transport."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets import connect

from api.config.settings import Settings
from api.graphql.persisted_queries import sha256_of
from tests.support.graphql_client import TOTAL
from tests.support.http_service import listening_service

CREATE = 'mutation Create { createTask(input: { title: "A task" }) { task { id } } }'
TWO = f"{CREATE} query Total {TOTAL}"
TWO_SUBSCRIPTIONS = "subscription A { taskChanged { kind } } subscription B { taskCountsChanged { all } }"
EVENTS = {"Accept": "text/event-stream"}
UNNAMED: list[dict[str, Any]] = [{}, {"operationName": None}, {"operationName": ""}]


@pytest.fixture(params=["compiled", "standard"])
async def url(request: pytest.FixtureRequest, database_url: str, redis_url: str) -> AsyncIterator[str]:
    settings = Settings(database_url=database_url, redis_url=redis_url, executor=request.param, max_batch=2)
    async with listening_service(settings) as url:
        yield url


def code(body: Any) -> Any:
    [error] = body["errors"]
    assert "operationName" in error["message"]
    return error["extensions"]["code"]


async def test_several_operations_without_a_name_are_refused(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for name in UNNAMED:
            for text, first in ((TWO, "Create, Total"), (f"query Total {TOTAL} {CREATE}", "Total, Create")):
                refused = (await http.post(url, json={"query": text, **name})).json()
                assert code(refused) == "OPERATION_NOT_FOUND"
                assert first in refused["errors"][0]["message"]
            batch = (await http.post(url, json=[{"query": TWO, **name}])).json()
            assert code(batch[0]) == "OPERATION_NOT_FOUND"
        params = {"query": f"query A {TOTAL} query B {TOTAL}"}
        for got in (params, params | {"operationName": ""}):
            assert code((await http.get(url, params=got)).json()) == "OPERATION_NOT_FOUND"
        answer = (await http.post(url, json={"query": TWO, "operationName": "Total"})).json()
        assert answer["data"]["tasks"]["totalCount"] == 0


async def test_persisted_document_with_several_operations_needs_a_name(url: str) -> None:
    persisted = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256_of(TWO)}}}
    async with httpx.AsyncClient() as http:
        named = await http.post(url, json={"query": TWO, "operationName": "Total", **persisted})
        assert "data" in named.json()
        for name in UNNAMED:
            assert code((await http.post(url, json={**persisted, **name})).json()) == "OPERATION_NOT_FOUND"
        answer = (await http.post(url, json={"operationName": "Total", **persisted})).json()
        assert answer["data"] == named.json()["data"]


async def test_streams_with_several_operations_need_a_name(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for name in UNNAMED:
            stream = await http.post(url, json={"query": TWO_SUBSCRIPTIONS, **name}, headers=EVENTS)
            event = json.loads(stream.text.split("data: ")[1].splitlines()[0])
            assert code(event) == "OPERATION_NOT_FOUND"
    async with connect(url.replace("http", "ws"), subprotocols=["graphql-transport-ws"]) as websocket:  # type: ignore[list-item]
        await websocket.send('{"type": "connection_init"}')
        await websocket.recv()
        for name in UNNAMED:
            payload = {"query": TWO_SUBSCRIPTIONS, **name}
            await websocket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            message = json.loads(await websocket.recv())
            assert message["type"] == "error"
            assert code({"errors": message["payload"]}) == "OPERATION_NOT_FOUND"


async def test_empty_name_means_the_only_operation(url: str) -> None:
    async with httpx.AsyncClient() as http:
        for name in UNNAMED:
            answer = (await http.post(url, json={"query": f"query Total {TOTAL}", **name})).json()
            assert answer["data"]["tasks"]["totalCount"] == 0
